# SPDX-License-Identifier: GPL-3.0-or-later
"""Marathon: HTTPS with an account, registered, confined."""

import pytest

pytestmark = pytest.mark.hosts

PORT = 8443


@pytest.fixture(scope="module")
def marathons(platform):
    names = platform.members("marathons")
    return {name: f"https://{platform.address(name)}:{PORT}" for name in names}


@pytest.fixture(scope="module")
def account(platform):
    return "operator", platform.secret("marathon_http_password")


def test_service_runs_as_its_own_user(platform, marathons):
    for name in marathons:
        service = platform.host(name).service("marathon")
        assert service.is_running
        assert service.is_enabled
        process = service.systemd_properties["MainPID"]
        assert platform.host(name).check_output(f"ps -o user= -p {process}").strip() == "marathon"


def test_is_registered_with_the_masters(platform, marathons, account):
    for url in marathons.values():
        assert platform.request(f"{url}/v2/info", account).json()["frameworkId"]


@pytest.mark.parametrize("path", ["/v2/info", "/v2/apps", "/v2/events", "/ping", "/metrics"])
def test_asks_for_an_account(platform, marathons, path):
    for url in marathons.values():
        assert platform.request(f"{url}{path}").status == 401
        assert platform.request(f"{url}{path}", ("operator", "wrong")).status == 401


def test_refuses_plain_text(platform, marathons):
    for name, url in marathons.items():
        assert platform.host(name).run(f"curl --silent {url.replace('https', 'http')}/ping").rc != 0


def test_listens_on_the_platforms_address_alone(platform, marathons):
    for name in marathons:
        process = platform.host(name).service("marathon").systemd_properties["MainPID"]
        listeners = platform.host(name).check_output("ss --listening --numeric --tcp --processes --no-header")
        own = [line.split()[3] for line in listeners.splitlines() if f"pid={process}," in line]
        assert own == [f"{platform.address(name)}:{PORT}"]


def test_is_confined(platform, marathons):
    for name in marathons:
        properties = platform.host(name).service("marathon").systemd_properties
        assert properties["ProtectSystem"] == "strict"
        assert properties["NoNewPrivileges"] == "yes"
        assert properties.get("CapabilityBoundingSet", "") == ""
        assert properties["Restart"] == "always"


def test_secrets_are_readable_by_the_service_alone(platform, marathons):
    for name in marathons:
        for file in ("http-credentials", "mesos-secret"):
            secret = platform.host(name).file(f"/etc/mesospark/marathon/{file}")
            assert (secret.user, secret.mode) == ("marathon", 0o400), file
        rules = platform.host(name).file("/etc/mesospark/marathon/rules.json")
        assert (rules.user, rules.group, rules.mode) == ("root", "marathon", 0o440)


def test_passwords_are_stored_as_hashes(platform, marathons):
    for name in marathons:
        lines = platform.host(name).file("/etc/mesospark/marathon/http-credentials").content_string.splitlines()
        assert [line for line in lines if ":$scrypt$" not in line] == []


def test_a_job_identity_may_not_mount_the_agents_files(platform, marathons):
    account = ("spark", platform.secret("spark_marathon_password"))
    registry = platform.variables["platform_registry"]
    app = {
        "id": "/runs/testinfra",
        "user": "spark",
        "labels": {"principal": "spark"},
        "container": {
            "type": "DOCKER",
            "docker": {"image": f"{registry}/none", "parameters": [{"key": "user", "value": "spark"}]},
            "volumes": [{"hostPath": "/etc", "containerPath": "/mnt/etc", "mode": "RO"}],
        },
    }
    for url in marathons.values():
        answer = platform.request(f"{url}/v2/apps", account, method="POST", body=app)
        assert (answer.status, answer.json()["message"].partition(":")[0]) == (403, "host_paths")
        assert platform.request(f"{url}/v2/apps/runs/testinfra", account).status == 404


def test_nobody_speaks_for_others(platform, marathons):
    for name, url in marathons.items():
        headers = "--header 'X-Remote-User: alice' --header 'X-Remote-Groups: operators'"
        password = platform.secret("spark_marathon_password")
        answer = platform.host(name).check_output(
            f"printf 'user = \"spark:{password}\"' | curl --silent --config - {headers} {url}/v2/apps"
        )
        assert "trusted_proxies: " in answer
