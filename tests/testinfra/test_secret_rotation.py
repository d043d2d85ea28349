# SPDX-License-Identifier: GPL-3.0-or-later
"""Secrets get other values: who uses one follows and is restarted, nobody else, and runs go on."""

import pytest
from certificate_hosts import changed_hosts
from log_runs import start_numbered_lines, wait
from module_calls import run_playbook

pytestmark = [pytest.mark.hosts, pytest.mark.soak, pytest.mark.timeout(1200)]

PLAYBOOK = "secrets"
UNITS = {
    "mesos_masters": "mesos-master",
    "mesos_agents": "mesos-agent",
    "marathons": "marathon",
    "gateways": "mesospark-gateway",
    "zookeepers": "zookeeper",
    "docker_registries": "docker-registry",
}


def starts(platform) -> dict[tuple[str, str], str]:
    """When each unit of each host was started."""
    command = "systemctl show --property=ActiveEnterTimestampMonotonic --value"
    return {
        (name, unit): platform.host(name).check_output(f"{command} {unit}")
        for group, unit in UNITS.items()
        for name in platform.members(group)
    }


def restarted(platform, before: dict[tuple[str, str], str]) -> set[str]:
    """Units that were started since, on whatever host."""
    return {unit for (name, unit), at in starts(platform).items() if before[name, unit] != at}


def active_agents(platform) -> int:
    master = platform.address(platform.members("mesos_masters")[0])
    account = ("operator", platform.secret("mesos_operator_secret"))
    agents = platform.request(f"https://{master}:5050/slaves", account).json()["slaves"]
    return sum(agent["active"] for agent in agents)


def expect_nothing_left(platform) -> None:
    again = run_playbook(platform, PLAYBOOK)
    assert again.returncode == 0, again.stdout
    assert changed_hosts(again.stdout) == set()
    assert list(platform.secrets_folder.glob("*.previous")) == []


def test_agents_and_masters_follow_under_a_run(platform, tmp_path):
    names = ["mesos_agent_secret", "zookeeper_mesos_password"]
    former, before = {name: platform.secret(name) for name in names}, starts(platform)
    run = start_numbered_lines(platform, tmp_path, 20_000, seconds=120, wait_timeout="10m")
    run.wait_for_lines()

    rotation = run_playbook(platform, PLAYBOOK, "--extra-vars", f"rotate={','.join(names)}")
    assert rotation.returncode == 0, rotation.stdout
    assert [name for name in names if platform.secret(name) == former[name]] == []
    assert [secret for secret in [*former.values(), *map(platform.secret, names)] if secret in rotation.stdout] == []
    assert restarted(platform, before) == {"mesos-master", "mesos-agent"}
    wait(lambda: active_agents(platform) == len(platform.members("mesos_agents")), "the agents", 60)
    run.wait_for_end(480)
    expect_nothing_left(platform)


def test_all_of_them(platform, tmp_path):
    before = platform.secrets()
    rotation = run_playbook(platform, PLAYBOOK, "--extra-vars", "rotate=all")
    assert rotation.returncode == 0, rotation.stdout
    after = platform.secrets()
    kept = {name for name, value in before.items() if after[name] == value}
    assert {name for name in kept if not name.endswith("_kerberos_password")} <= {
        "graylog_password_secret",
        "kerberos_master_password",
    }
    assert [name for name, value in after.items() if value in rotation.stdout] == []
    expect_nothing_left(platform)

    run = start_numbered_lines(platform, tmp_path, 1_000, seconds=5, wait_timeout="5m")
    run.wait_for_end()


def test_what_can_not_be_rotated_is_refused_before_anything_changes(platform):
    before = platform.secrets()
    refused = run_playbook(platform, PLAYBOOK, "--extra-vars", "rotate=mesos_agent_secret,kerberos_master_password")
    assert refused.returncode != 0
    assert "the Kerberos database is encrypted with it" in refused.stdout
    assert platform.secrets() == before
