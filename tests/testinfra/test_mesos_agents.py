# SPDX-License-Identifier: GPL-3.0-or-later
"""Agents: encrypted, authenticated, with the secrets of job identities and a key that stays."""

import pytest
from certificate_hosts import changed_hosts
from module_calls import run_playbook

pytestmark = pytest.mark.hosts

PORT = 5051
PRINCIPAL_FILES = {
    "mesos.principal": 0o440,
    "mesos.secret": 0o440,
    "driver.properties": 0o440,
    "executor.args": 0o440,
    "client.key": 0o440,
    "client.p12": 0o440,
    "ca.pem": 0o440,
    "truststore.p12": 0o440,
}


@pytest.fixture(scope="module")
def agents(platform):
    names = platform.members("mesos_agents")
    return {name: f"https://{platform.address(name)}:{PORT}" for name in names}


def test_service_runs_and_outlives_failures(platform, agents):
    for name in agents:
        host = platform.host(name)
        assert host.service("mesos-agent").is_running
        assert host.service("mesos-agent").is_enabled
        properties = host.check_output("systemctl show mesos-agent --property=Restart,KillMode,Delegate")
        assert set(properties.split()) == {"Restart=always", "KillMode=process", "Delegate=yes"}


def test_refuses_plain_text_and_strangers(platform, agents, operator):
    for name, url in agents.items():
        assert platform.host(name).run(f"curl --silent {url.replace('https', 'http')}/health").rc != 0
        with pytest.raises(OSError):
            platform.request(f"{url}/state", operator, certificate=False)


@pytest.mark.parametrize("path", ["/state", "/flags", "/monitor/statistics", "/containers", "/files/browse?path=/"])
def test_asks_for_an_account(platform, agents, path):
    for url in agents.values():
        assert platform.request(f"{url}{path}").status == 401
        assert platform.request(f"{url}{path}", ("operator", "wrong")).status == 401


def test_executors_need_a_token(platform, agents):
    subscribe = {
        "type": "SUBSCRIBE",
        "executor_id": {"value": "x"},
        "framework_id": {"value": "x"},
        "subscribe": {"unacknowledged_tasks": [], "unacknowledged_updates": []},
    }
    for url in agents.values():
        assert platform.request(f"{url}/slave(1)/api/v1/executor", method="POST", body=subscribe).status == 401


def test_principals_have_users_and_secrets(platform, agents):
    for name in agents:
        host = platform.host(name)
        for principal in platform.variables["spark_principals"]:
            assert host.user(principal["name"]).uid == principal["uid"]
            folder = host.file(f"/etc/mesospark/principals/{principal['name']}")
            assert (folder.user, folder.group, folder.mode) == ("root", principal["name"], 0o750)
            for file, mode in PRINCIPAL_FILES.items():
                entry = host.file(f"{folder.path}/{file}")
                assert (entry.user, entry.group, entry.mode) == ("root", principal["name"], mode), file
            assert host.file(f"{folder.path}/client.pem").exists


def test_strangers_cannot_read_a_principals_secrets(platform, agents):
    for name in agents:
        for principal in platform.variables["spark_principals"]:
            path = f"/etc/mesospark/principals/{principal['name']}/mesos.secret"
            assert platform.host(name).run(f"setpriv --reuid=nobody --regid=nogroup --clear-groups cat {path}").rc != 0
            assert (
                platform.host(name)
                .run(f"setpriv --reuid={principal['name']} --regid={principal['name']} --init-groups cat {path}")
                .rc
                == 0
            )


def test_certificate_of_a_principal_names_it_and_its_host(platform, agents):
    for name in agents:
        for principal in platform.variables["spark_principals"]:
            path = f"/etc/mesospark/principals/{principal['name']}/client.pem"
            text = platform.host(name).check_output(
                f"openssl x509 -in {path} -noout -subject -ext subjectAltName,extendedKeyUsage"
            )
            assert f"CN = {principal['name']}" in text
            assert f"DNS:{name}.{platform.variables['platform_domain']}" in text
            assert "TLS Web Client Authentication" in text


def test_secrets_are_readable_by_root_alone(platform, agents):
    for name in agents:
        for file in ("credential.json", "http-credentials.json", "docker/config.json", "zookeeper", "jwt.key"):
            secret = platform.host(name).file(f"/etc/mesospark/mesos-agent/{file}")
            assert (secret.user, secret.mode) == ("root", 0o400), file


def test_each_agent_has_its_own_executor_key(platform, agents):
    keys = [platform.host(name).check_output("sha256sum < /etc/mesospark/mesos-agent/jwt.key") for name in agents]
    assert len(set(keys)) == len(keys)


def test_its_layer_can_be_run_by_itself(platform, agents):
    """What the layers above have found out is not needed."""
    result = run_playbook(platform, "platform", "--limit", "mesos_agents", "--tags", "mesos_agent")
    assert result.returncode == 0, result.stdout
    assert changed_hosts(result.stdout) == set()
