# SPDX-License-Identifier: GPL-3.0-or-later
"""The image registry: who may read, who may write, and that engines can pull with the account they have."""

import pytest

pytestmark = pytest.mark.hosts


@pytest.fixture(scope="module")
def url(platform) -> str:
    port = platform.variables["platform_registry"].partition(":")[2]
    return f"https://{platform.address(platform.members('docker_registries')[0])}:{port}"


@pytest.fixture(scope="module")
def accounts(platform) -> dict[str, tuple[str, str] | None]:
    return {
        "nobody": None,
        "pull": ("pull", platform.secret("registry_pull_password")),
        "push": ("push", platform.secret("registry_push_password")),
        "wrong": ("pull", "wrong"),
        "crossed": ("push", platform.secret("registry_pull_password")),
    }


@pytest.mark.parametrize(
    ("account", "status"), [("nobody", 401), ("wrong", 401), ("crossed", 401), ("pull", 200), ("push", 200)]
)
def test_reading(platform, url, accounts, account, status):
    assert platform.request(f"{url}/v2/", accounts[account]).status == status


@pytest.mark.parametrize(
    ("account", "status"), [("nobody", 401), ("wrong", 401), ("crossed", 401), ("pull", 401), ("push", 202)]
)
def test_writing(platform, url, accounts, account, status):
    answer = platform.request(f"{url}/v2/testinfra/blobs/uploads/", accounts[account], method="POST")
    assert answer.status == status


def test_wrong_password_stands_in_the_log(platform, url, accounts):
    platform.request(f"{url}/v2/", accounts["wrong"])
    log = platform.host(platform.members("docker_registries")[0]).file("/var/log/nginx/error.log").content_string
    assert 'user "pull": password mismatch' in log


def test_accounts_can_not_be_read(platform):
    for name in platform.members("docker_registries"):
        for file in ("registry-read", "registry-write"):
            accounts = platform.host(name).file(f"/etc/nginx/{file}.htpasswd")
            assert (accounts.mode, accounts.group) == (0o440, "www-data")
            assert all(line.split(":")[1].startswith("$2b$") for line in accounts.content_string.splitlines())


def test_registry_itself_is_behind_a_socket(platform):
    for name in platform.members("docker_registries"):
        socket = platform.host(name).file("/run/docker-registry/registry.sock")
        assert socket.is_socket
        assert socket.mode & 0o007 == 0


def test_engines_trust_the_registry(platform):
    registry = platform.variables["platform_registry"]
    for name in platform.members("mesos_agents"):
        # Refused for the missing account, not for an unknown certificate.
        answer = platform.host(name).run(f"docker pull {registry}/testinfra:none")
        assert answer.rc != 0
        assert "no basic auth credentials" in answer.stderr, answer.stderr


def test_agents_do_not_have_the_push_account(platform):
    password = platform.secret("registry_push_password")
    for name in platform.members("mesos_agents"):
        host = platform.host(name)
        for folder in ("/etc/mesospark", "/etc/docker", "/root"):
            if host.file(folder).exists:
                assert host.run(f"grep --recursive --quiet --fixed-strings -e '{password}' {folder}").rc != 0, name
