# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What agents are told of an inventory; the agents' program itself takes it."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any

import pytest
from ansible.errors import AnsibleFilterError
from ansible_collections.mesospark.platform.plugins.filter.run_networks import run_networks_inventory

PROGRAM = Path(__file__).resolve().parents[4] / "services" / "run-networks"
HOSTS = {
    "infra1": "10.0.0.10",
    "master1": "10.0.0.20",
    "agent1": "10.0.0.31",
    "agent2": "10.0.1.32",
    "edge1": "10.0.0.40",
}
GROUPS = {
    "platform": list(HOSTS),
    "dns_servers": ["infra1"],
    "docker_registries": ["infra1"],
    "mesos_masters": ["master1"],
    "mesos_agents": ["agent1", "agent2"],
    "gateways": ["edge1"],
}
STORE = {"name": "store", "hosts": ["edge1", "10.9.0.0/24"], "ports": [8020, "9866-9868"], "jobs": ["staging-*"]}
MANY = 512


def known(services: Any = (), agents: int = MANY, pool: str = "100.64.0.0/10", runs: int = 16, **more: Any) -> Any:
    hostvars = {
        name: {"platform_address": address, "platform_operator_networks": ["10.9.9.0/28"], **more.get(name, {})}
        for name, address in HOSTS.items()
    }
    return run_networks_inventory(hostvars, GROUPS, services, pool, agents, ["spark", "analytics"], runs)


def test_agents_are_numbered_by_their_addresses() -> None:
    assert known()["agents"] == {
        "agent1": {"address": "10.0.0.31", "number": 31},
        "agent2": {"address": "10.0.1.32", "number": 288},
    }
    assert known(agent2={"mesos_agent_run_network_number": 7})["agents"]["agent2"]["number"] == 7


def test_what_every_run_reaches() -> None:
    found = {service["name"]: (service["networks"], service["ports"]) for service in known()["platform"]}
    assert found == {
        "DNS": (["10.0.0.10"], [[53, 53]]),
        "image registry": (["10.0.0.10"], [[5443, 5443]]),
        "Mesos master": (["10.0.0.20"], [[5050, 5050]]),
    }
    assert known()["viewers"] == ["10.0.0.40", "10.9.9.0/28"]


def test_services_have_addresses_instead_of_names() -> None:
    (store,) = known([STORE])["services"]
    assert store["networks"] == ["10.0.0.40", "10.9.0.0/24"]
    assert (store["ports"], store["protocol"]) == ([[8020, 8020], [9866, 9868]], "tcp")


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"agents": 500}, "must be a power of two"),
        ({"pool": "100.64.0.0/20"}, "take a larger pool, fewer agents or fewer runs"),
        ({"pool": "100.64.0.1/10"}, "is no IPv4 network"),
        ({"runs": 200}, "2 teams with mesos_agent_run_network_runs"),
        ({"agent2": {"mesos_agent_run_network_number": 31}}, "agent2 and agent1 both have the number 31"),
        ({"agent2": {"mesos_agent_run_network_number": 512}}, "must be below mesos_agent_run_network_agents"),
        ({"services": [{**STORE, "name": "a.b"}]}, "lower-case letters"),
        ({"services": [STORE, STORE]}, "is there twice"),
        ({"services": [{**STORE, "hosts": ["nowhere"]}]}, "nowhere is no group, no host and no IPv4 address"),
        ({"services": [{**STORE, "jobs": []}]}, "needs jobs, a list"),
        ({"services": [{**STORE, "ports": ["many"]}]}, "neither a port nor a range"),
        ({"services": [{**STORE, "protocol": "sctp"}]}, "sctp is none of tcp, udp, both"),
        ({"services": [{**STORE, "port": 1}]}, "has port, which is none of"),
    ],
)
def test_what_can_not_work_is_said_before_anything_changes(options: dict[str, Any], words: str) -> None:
    with pytest.raises(AnsibleFilterError, match=words):
        known(**options)


def test_the_agents_program_takes_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(PROGRAM))
    inventory = known([STORE])
    settings = importlib.import_module("mesospark_run_networks.settings").settings_of(
        {
            "engine": "/var/run/docker.sock",
            "pool": "100.64.0.0/10",
            "agents": MANY,
            "agent": inventory["agents"]["agent1"],
            "peers": [inventory["agents"]["agent2"]],
            "teams": ["spark", "analytics"],
            "runs_per_team": 16,
            "tunnel_port": 4790,
            "task_users": [1850],
            "isolated_jobs": [],
            **{key: inventory[key] for key in ("viewers", "platform", "services")},
        }
    )
    text = importlib.import_module("mesospark_run_networks.ruleset").ruleset(settings, [])
    assert "10.0.0.40 . tcp . 9866-9868" in text
    # Both sides count the same slots.
    assert settings.plan.slots == 256
