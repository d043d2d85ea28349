# SPDX-License-Identifier: GPL-3.0-or-later
"""When networks are made and removed, with an engine that remembers."""

import os
from pathlib import Path
from typing import Any

import pytest
from mesospark_run_networks import Refusal, names, networks
from mesospark_run_networks.networks import RunNetworks

FIRST = names.parse("isolated.spark.3.staging-count-20261121t101500-3fa8.hdfs-staging")
SECOND = names.parse("isolated.analytics.0.report-20261121t101500-3fa9")


class Engine:
    """Networks by name, and names of those with containers."""

    def __init__(self) -> None:
        self.present: dict[str, dict[str, Any]] = {}
        self.busy: set[str] = set()

    def networks(self) -> list[dict[str, Any]]:
        return list(self.present.values())

    def create_network(self, name: str, subnet: str, gateway: str, bridge: str, mtu: str, run_id: str) -> None:
        configuration = [{"Subnet": subnet, "Gateway": gateway}]
        self.present[name] = {"Id": name, "Name": name, "IPAM": {"Config": configuration}, "bridge": bridge}

    def remove_network(self, name: str) -> None:
        del self.present[name]

    def has_containers(self, name: str) -> bool:
        return name in self.busy


class Rules:
    """What nft has loaded."""

    text = ""

    def __init__(self) -> None:
        self.forgotten: list[str] = []

    def forget(self, subnet: object) -> None:
        self.forgotten.append(str(subnet))

    def run(self, command: list[str], text: str = "") -> str:
        assert command == ["nft", "-f", "-"]
        self.text = text
        return ""


@pytest.fixture
def rules(monkeypatch: pytest.MonkeyPatch) -> Rules:
    rules = Rules()
    monkeypatch.setattr(networks.link, "run", rules.run)
    monkeypatch.setattr(networks.link, "forget_connections", rules.forget)
    monkeypatch.setattr(networks.link, "is_up", lambda: True)
    monkeypatch.setattr(networks.link, "is_ready", lambda: True)
    monkeypatch.setattr(networks.link, "mtu", lambda: "1450")
    monkeypatch.setattr(networks, "_is_loaded", lambda: bool(rules.text))
    return rules


@pytest.fixture
def engine() -> Engine:
    return Engine()


@pytest.fixture
def agent(settings, rules: Rules, engine: Engine, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> RunNetworks:
    monkeypatch.setattr(networks, "Engine", lambda _path: engine)
    return RunNetworks(settings, tmp_path)


def test_a_network_has_its_rules_before_it_is_there(agent: RunNetworks, engine: Engine, rules: Rules) -> None:
    loaded_before = []
    make = engine.create_network

    def create_network(*arguments: str) -> None:
        loaded_before.append("chain run_3_leaving" in rules.text)
        make(*arguments)

    engine.create_network = create_network  # type: ignore[method-assign]
    os.close(agent.provide(FIRST))
    assert loaded_before == [True]
    assert engine.present[FIRST.text]["IPAM"]["Config"] == [{"Subnet": "100.67.224.96/27", "Gateway": "100.67.224.97"}]
    assert engine.present[FIRST.text]["bridge"] == "mesosrun-3"


def test_the_next_container_finds_it(agent: RunNetworks, engine: Engine) -> None:
    os.close(agent.provide(FIRST))
    engine.busy.add(FIRST.text)
    os.close(agent.provide(FIRST))
    assert list(engine.present) == [FIRST.text]


def test_it_stays_while_a_container_is_made_and_goes_with_the_last(
    agent: RunNetworks, engine: Engine, rules: Rules
) -> None:
    held = agent.provide(FIRST)
    agent.sweep()
    assert FIRST.text in engine.present
    engine.busy.add(FIRST.text)
    os.close(held)
    agent.sweep()
    assert FIRST.text in engine.present
    engine.busy.clear()
    agent.sweep()
    assert engine.present == {}
    assert "run_3" not in rules.text
    assert rules.forgotten == ["100.67.224.96/27"]


def test_rules_are_those_of_all_networks(agent: RunNetworks, engine: Engine, rules: Rules) -> None:
    os.close(agent.provide(FIRST))
    engine.busy = {FIRST.text, SECOND.text}
    os.close(agent.provide(SECOND))
    assert "chain run_3_leaving" in rules.text and "chain run_16_leaving" in rules.text
    rules.text = ""  # somebody has removed them
    agent.sweep()
    assert "chain run_3_leaving" in rules.text and "chain run_16_leaving" in rules.text


def test_two_runs_never_share_addresses(agent: RunNetworks, engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(networks, "PATIENCE", 0.0)
    os.close(agent.provide(FIRST))
    engine.busy.add(FIRST.text)
    successor = names.parse("isolated.spark.3.other-20261121t101500-3fa8")
    with pytest.raises(Refusal, match=r"its addresses are those of isolated\.spark\.3\.staging-count"):
        agent.provide(successor)
    engine.busy.clear()
    os.close(agent.provide(successor))
    assert list(engine.present) == [successor.text]


def test_an_agent_without_tunnels_says_so(agent: RunNetworks, engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(networks.link, "is_up", lambda: False)
    with pytest.raises(Refusal, match="systemctl status mesospark-run-networks"):
        agent.provide(FIRST)
    assert engine.present == {}
