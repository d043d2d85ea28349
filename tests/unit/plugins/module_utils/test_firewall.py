# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.mesospark.platform.plugins.filter.services_of_host import documented_defaults, table
from ansible_collections.mesospark.platform.plugins.module_utils.firewall import (
    OWN_CONTAINERS,
    Inventory,
    Rule,
    explain,
    inventory_of,
    rules_of_host,
)
from ansible_collections.mesospark.platform.plugins.module_utils.firewall_ruleset import (
    rule_text,
    ruleset_text,
    widening_text,
)

GOLDEN = Path(__file__).parent / "golden" / "firewall"
HOSTS = {
    "infra1": "10.0.0.10",
    "master1": "10.0.0.20",
    "agent1": "10.0.0.31",
    "agent2": "10.0.0.32",
    "edge1": "10.0.0.40",
}
GROUPS = {
    "platform": list(HOSTS),
    "dns_servers": ["infra1"],
    "docker_registries": ["infra1"],
    "zookeepers": ["master1"],
    "mesos_masters": ["master1"],
    "mesos_agents": ["agent1", "agent2"],
    "marathons": ["edge1"],
    "gateways": ["edge1"],
}
NETWORKS = {"platform_networks": ["10.0.0.0/24"], "platform_operator_networks": ["10.9.0.1"]}
BRIDGES = ["docker0", "br-*"]


def hostvars(**more: Any) -> dict[str, dict[str, Any]]:
    return {name: {"platform_address": address, **NETWORKS, **more} for name, address in HOSTS.items()}


def known(**more: Any) -> Inventory:
    return inventory_of(hostvars(**more), GROUPS, table())


def rules(host: str, services: list[dict[str, Any]] | None = None, **variables: Any) -> list[Rule]:
    return rules_of_host(services or table(), host, known(), variables, documented_defaults())


def question(source: str, destination: str, port: int, protocol: str = "tcp", **more: Any) -> dict[str, Any]:
    return explain(rules(destination), known(), source, destination, port, protocol, **more)


@pytest.mark.parametrize("host", ["infra1", "master1", "agent1", "edge1"])
def test_the_ruleset_of_each_kind_of_host(host: str) -> None:
    """UPDATE_GOLDEN=1 writes the files again: read what git says has changed."""
    text = ruleset_text(rules(host), known(), BRIDGES)
    path = GOLDEN / f"{host}.nft"
    if os.environ.get("UPDATE_GOLDEN"):
        path.write_text(text)
    assert text == path.read_text()


@pytest.mark.skipif(os.geteuid() != 0 or not shutil.which("nft"), reason="nft loads rules for root only")
@pytest.mark.parametrize("host", ["infra1", "agent1"])
def test_nft_loads_them_twice_and_widened(host: str, tmp_path: Path) -> None:
    """In a network namespace of its own."""
    (tmp_path / "whole").write_text(ruleset_text(rules(host), known(), BRIDGES))
    (tmp_path / "more").write_text(widening_text(rules(host), known()))
    commands = "nft -f whole && nft -f whole && nft -f more && nft list table inet mesospark"
    done = subprocess.run(
        ["unshare", "--net", "sh", "-c", commands], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("policy drop") == 2


def test_the_number_of_rules_does_not_grow_with_hosts() -> None:
    def lines(agents: int) -> int:
        names = [f"agent{number}" for number in range(agents)]
        groups = {"platform": names, "mesos_agents": names}
        variables = {
            name: {"platform_address": f"10.1.{number // 250}.{number % 250 + 1}", **NETWORKS}
            for number, name in enumerate(names)
        }
        inventory = inventory_of(variables, groups, table())
        text = ruleset_text(rules_of_host(table(), "agent0", inventory, {}, documented_defaults()), inventory, BRIDGES)
        return len([line for line in text.splitlines() if " counter " in line or "accept" in line])

    assert lines(1) == lines(700)


def test_ports_come_from_the_variables_of_the_host() -> None:
    changed = rules("agent1", mesos_agent_ports="40000-41000", mesos_agent_executor_block_manager_ports="42000-42010")
    assert {rule.ports for rule in changed if rule.service == "Mesos tasks"} == {(40000, 41000)}
    assert {rule.ports for rule in changed if rule.service == "executor block managers"} == {(42000, 42010)}


def test_services_that_an_inventory_adds() -> None:
    added = {"name": "metrics", "group": "platform", "ports": [9100], "protocol": "tcp", "clients": ["10.7.0.0/16"]}
    port = "meta l4proto tcp ct original proto-dst 9100 counter accept"
    assert [rule_text(rule) for rule in rules("agent1", [added])] == [
        f'ip saddr 10.7.0.0/16 {port} comment "metrics: 10.7.0.0/16"',
        f'ip saddr @operators {port} comment "metrics: operators"',
    ]


def test_containers_may_use_what_their_host_may() -> None:
    containers = {rule.service for rule in rules("agent1") if rule.client == OWN_CONTAINERS}
    assert "Mesos tasks" in containers
    assert "SSH" not in containers


@pytest.mark.parametrize(
    ("services", "message"),
    [
        ([{"name": 'a"b', "group": "platform", "ports": [1], "protocol": "tcp", "clients": []}], "quotes"),
        ([{"name": "a", "group": "platform", "ports": ["x"], "protocol": "tcp", "clients": []}], "neither a port"),
        ([{"name": "a", "group": "platform", "ports": [1], "protocol": "tcp", "clients": ["10.0.0.1/8"]}], "IPv4"),
    ],
)
def test_what_can_not_stand_in_a_rule(services: list[dict[str, Any]], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        ruleset_text(rules("agent1", services), known(), BRIDGES)


def test_an_address_that_is_none() -> None:
    with pytest.raises(ValueError, match=r"platform_address of .* 'here'"):
        inventory_of(hostvars(platform_address="here"), GROUPS, table())


def test_everybody_is_the_networks_and_all_hosts() -> None:
    inventory = inventory_of(hostvars(platform_networks=["10.8.0.0/25", "10.8.0.128/25"]), GROUPS, table())
    assert inventory.client_networks("everyone")[-1] == "10.8.0.0/24"
    assert inventory.includes("everyone", "10.0.0.31")


@pytest.mark.parametrize(
    ("source", "destination", "port", "allowed", "reason"),
    [
        ("agent2", "agent1", 31005, True, "Mesos tasks of agent1 lets in mesos_agents"),
        ("edge1", "agent1", 31005, True, "Mesos tasks of agent1 lets in gateways"),
        ("infra1", "agent1", 31005, False, "which lets in mesos_agents, gateways, operators"),
        ("10.9.0.1", "agent1", 22, True, "SSH of agent1 lets in operators"),
        ("agent2", "agent1", 22, False, "tcp port 22 of agent1 is of SSH, which lets in operators: not agent2"),
        ("agent1", "agent1", 22, True, "agent1 may always speak to itself"),
        ("10.0.0.77", "master1", 2281, False, "not 10.0.0.77"),
        ("agent1", "agent2", 6000, False, "no service of agent2 has tcp port 6000"),
    ],
)
def test_may_one_speak_to_another(source: str, destination: str, port: int, allowed: bool, reason: str) -> None:
    answer = question(source, destination, port)
    assert answer["allowed"] is allowed
    assert reason in answer["reason"]


def test_containers_are_their_host_outside_and_asked_inside() -> None:
    assert question("agent2", "agent1", 31005, from_container=True)["client"] == "mesos_agents"
    assert question("agent1", "agent1", 31005, from_container=True)["client"] == OWN_CONTAINERS
    assert not question("agent1", "agent1", 22, from_container=True)["allowed"]


def test_protocols_are_told_apart() -> None:
    assert question("10.0.0.77", "infra1", 53, "udp")["service"] == "DNS"
    assert not question("10.0.0.77", "infra1", 5443, "udp")["allowed"]


def test_a_source_that_is_nobody() -> None:
    with pytest.raises(ValueError, match="'agent7' is neither a host of the platform nor an IPv4 address"):
        question("agent7", "agent1", 22)
