# SPDX-License-Identifier: GPL-3.0-or-later
"""Masters: encrypted, authenticated, and strict about who may do what."""

import ssl

import pytest

pytestmark = pytest.mark.hosts

PORT = 5050


@pytest.fixture(scope="module")
def masters(platform):
    names = platform.members("mesos_masters")
    return {name: f"https://{platform.address(name)}:{PORT}" for name in names}


@pytest.fixture(scope="module")
def leader(platform, masters, operator):
    """URL of the master that leads."""
    for url in masters.values():
        if platform.request(f"{url}/metrics/snapshot", operator).json()["master/elected"] == 1:
            return url
    pytest.fail(f"no master leads among {', '.join(masters.values())}")


def test_service_runs_as_its_own_user(platform, masters):
    for name in masters:
        host = platform.host(name)
        assert host.service("mesos-master").is_running
        assert host.service("mesos-master").is_enabled
        assert host.check_output("ps -o user= -C mesos-master").strip() == "mesos"


def test_every_agent_is_registered(platform, leader, operator):
    agents = platform.request(f"{leader}/slaves", operator).json()["slaves"]
    names = {f"{name}.{platform.variables['platform_domain']}" for name in platform.members("mesos_agents")}
    assert {agent["hostname"] for agent in agents if agent["active"]} == names


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_speaks_current_tls(platform, masters, version):
    for url in masters.values():
        assert platform.request(f"{url}/health", maximum_version=version).status == 200


@pytest.mark.parametrize(
    "option", ["--tls-max 1.1 --ciphers DEFAULT@SECLEVEL=0", "--no-alpn --tls-max 1.0 --ciphers DEFAULT@SECLEVEL=0"]
)
def test_refuses_old_tls(platform, masters, option):
    certificate = " ".join(
        f"--{option} /etc/mesospark/tls/{file}"
        for option, file in {"cacert": "ca.pem", "cert": "host.pem", "key": "host.key"}.items()
    )
    for name, url in masters.items():
        assert platform.host(name).run(f"curl --silent {option} {certificate} {url}/health").rc == 35


def test_refuses_plain_text(platform, masters):
    for name, url in masters.items():
        assert platform.host(name).run(f"curl --silent {url.replace('https', 'http')}/health").rc != 0


def test_refuses_clients_without_certificate(platform, masters, operator):
    for url in masters.values():
        with pytest.raises(OSError):
            platform.request(f"{url}/state", operator, certificate=False)


@pytest.mark.parametrize("path", ["/state", "/flags", "/metrics/snapshot", "/slaves", "/logging/toggle"])
def test_asks_for_an_account(platform, leader, path):
    assert platform.request(f"{leader}{path}").status == 401
    assert platform.request(f"{leader}{path}", ("operator", "wrong")).status == 401


@pytest.mark.parametrize("path", ["/flags", "/metrics/snapshot", "/logging/toggle?level=1&duration=1mins"])
def test_other_identities_are_no_operators(platform, leader, path):
    accounts = {"agent": "mesos_agent_secret", "marathon": "marathon_mesos_secret"}
    accounts |= {
        principal["name"]: f"{principal['name']}_mesos_secret" for principal in platform.variables["spark_principals"]
    }
    for principal, secret in accounts.items():
        method = "POST" if "toggle" in path else "GET"
        assert platform.request(f"{leader}{path}", (principal, platform.secret(secret)), method=method).status == 403, (
            principal
        )


def test_other_identities_see_no_tasks(platform, leader):
    state = platform.request(f"{leader}/state", ("agent", platform.secret("mesos_agent_secret"))).json()
    assert state["frameworks"] == []
    assert state["completed_frameworks"] == []


def subscribe(principal: str, user: str = "nobody", role: str = "*") -> dict[str, object]:
    info = {
        "user": user,
        "name": "testinfra",
        "roles": [role],
        "principal": principal,
        "capabilities": [{"type": "MULTI_ROLE"}],
    }
    return {"type": "SUBSCRIBE", "subscribe": {"framework_info": info}}


def test_wrong_framework_secret_is_refused_and_logged(platform, masters, leader):
    answer = platform.request(
        f"{leader}/api/v1/scheduler", ("marathon", "wrong"), method="POST", body=subscribe("marathon")
    )
    assert answer.status == 401


def test_framework_cannot_take_another_principal(platform, leader):
    account = ("marathon", platform.secret("marathon_mesos_secret"))
    answer = platform.request(f"{leader}/api/v1/scheduler", account, method="POST", body=subscribe("agent"))
    assert answer.status == 400
    assert "principal" in answer.text


def test_secrets_are_readable_by_the_service_alone(platform, masters):
    for name in masters:
        host = platform.host(name)
        for file in ("credentials.json", "zookeeper"):
            secret = host.file(f"/etc/mesospark/mesos-master/{file}")
            assert (secret.user, secret.mode) == ("mesos", 0o400), file
