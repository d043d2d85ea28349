# SPDX-License-Identifier: GPL-3.0-or-later
"""No secret stands where anybody but its service looks: interfaces, process lists, environments, logs, sandboxes."""

import base64
from collections.abc import Iterator

import pytest
from testinfra.host import Host

pytestmark = pytest.mark.hosts

PATTERNS = "/run/testinfra-secrets"

PLACES = {
    "process list": "ps axwwo args",
    "environments of processes": "cat /proc/[0-9]*/environ | tr '\\0' '\\n'",
    "journal": "journalctl --no-pager --output=cat",
    "containers": "command -v docker > /dev/null && docker ps --all --quiet | xargs --no-run-if-empty docker inspect",
    "units": "systemctl cat '*.service'",
}

FOLDERS = ["/var/lib/mesos-agent", "/var/log", "/var/cache/mesos-agent", "/var/lib/graylog", "/opt"]

MASTER_PATHS = ["/state", "/flags", "/slaves", "/frameworks", "/tasks", "/metrics/snapshot"]
AGENT_PATHS = ["/state", "/flags", "/containers", "/metrics/snapshot"]
MARATHON_PATHS = [
    "/v2/info",
    "/v2/apps?embed=apps.tasks&embed=apps.lastTaskFailure",
    "/v2/queue",
    "/v2/deployments",
    "/metrics",
]


@pytest.fixture(scope="module")
def secrets(platform) -> dict[str, str]:
    """Each secret by its name, also as it stands in an HTTP basic header."""
    found = platform.secrets()
    for name in platform.members("mesos_agents"):
        found[f"jwt.key of {name}"] = platform.host(name).check_output("cat /etc/mesospark/mesos-agent/jwt.key")
    accounts = {
        "marathon_http_password": "operator",
        "mesos_operator_secret": "operator",
        "registry_pull_password": "pull",
    }
    if platform.members("graylogs"):
        accounts["graylog_admin_password"] = "admin"
    for name, user in accounts.items():
        found[f"{name} in base64"] = base64.b64encode(f"{user}:{found[name]}".encode()).decode()
    assert all(len(secret) >= 16 for secret in found.values()), "a secret this short would be found anywhere"
    return found


@pytest.fixture(scope="module")
def armed_hosts(platform, secrets) -> Iterator[dict[str, Host]]:
    """All hosts, each with a file of the secrets to look for."""
    hosts = {name: platform.host(name) for name in platform.members("platform")}
    lines = "\n".join(secrets.values())
    for host in hosts.values():
        host.check_output(f"umask 077; cat > {PATTERNS} <<'END'\n{lines}\nEND")
    yield hosts
    for host in hosts.values():
        host.check_output(f"rm {PATTERNS}")


@pytest.mark.parametrize("place", PLACES)
def test_no_secret_in(armed_hosts, place):
    for name, host in armed_hosts.items():
        found = host.run(f"({PLACES[place]}) | grep --fixed-strings --file={PATTERNS} --count")
        # The shell that this very check runs in is told nothing but the file's name.
        assert found.stdout.strip() == "0", f"{name}: {place}"


def test_no_secret_in_files_of_tasks_and_logs(armed_hosts):
    for name, host in armed_hosts.items():
        folders = [folder for folder in FOLDERS if host.file(folder).exists]
        found = host.run(
            f"grep --recursive --no-messages --files-with-matches --fixed-strings --file={PATTERNS} {' '.join(folders)}"
        )
        assert found.stdout == "", name


def test_no_secret_in_interfaces(platform, operator, secrets):
    marathon_account = ("operator", platform.secret("marathon_http_password"))
    urls = [
        (f"https://{platform.address(name)}:5050{path}", operator)
        for name in platform.members("mesos_masters")
        for path in MASTER_PATHS
    ]
    urls += [
        (f"https://{platform.address(name)}:5051{path}", operator)
        for name in platform.members("mesos_agents")
        for path in AGENT_PATHS
    ]
    urls += [
        (f"https://{platform.address(name)}:8443{path}", marathon_account)
        for name in platform.members("marathons")
        for path in MARATHON_PATHS
    ]
    for url, account in urls:
        answer = platform.request(url, account)
        assert answer.status == 200, url
        assert [name for name, secret in secrets.items() if secret in answer.text] == [], url
