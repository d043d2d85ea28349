# SPDX-License-Identifier: GPL-3.0-or-later
"""Makes and removes networks of runs; rules are always those of all networks there are."""

import fcntl
import os
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from ipaddress import IPv4Network
from pathlib import Path

from mesospark_run_networks import Refusal, link, names
from mesospark_run_networks.engine import Engine
from mesospark_run_networks.names import NetworkName
from mesospark_run_networks.ruleset import TABLE, RunNetwork, ruleset
from mesospark_run_networks.settings import Settings

LOCKS = Path("/run/mesospark-run-networks")
PATIENCE = 30.0
"""seconds that a run's containers may take to end when another has its number already"""


def slot_of(settings: Settings, name: NetworkName) -> int:
    """The run's slot; raises Refusal for what the run may not have on this agent."""
    if name.team not in settings.teams:
        raise Refusal(f"network {name.text}: there is no team {name.team}; teams are {', '.join(settings.teams)}")
    if name.number >= settings.runs_per_team:
        raise Refusal(
            f"network {name.text}: a team may have {settings.runs_per_team} isolated runs at a time"
            " (mesos_agent_run_network_runs); wait until one has ended"
        )
    for asked in name.services:
        service = settings.service(asked)
        if service is None:
            known = ", ".join(service.name for service in settings.services) or "none"
            raise Refusal(
                f"run {name.run_id} asks for the service {asked}, which is not among those of the platform: {known}"
            )
        if not service.is_for(name.job):
            raise Refusal(
                f"run {name.run_id} may not use the service {asked}: it is for the jobs {', '.join(service.jobs)}"
            )
    return settings.teams.index(name.team) * settings.runs_per_team + name.number


class RunNetworks:
    """The networks of isolated runs on this agent."""

    def __init__(self, settings: Settings, locks: Path = LOCKS) -> None:
        self._settings = settings
        self._engine = Engine(settings.engine)
        self._locks = locks

    def provide(self, name: NetworkName) -> int:
        """Have the network of a run, with its rules.

        Returns:
            A file descriptor: as long as a process holds it open, the network stays.
        """
        slot = slot_of(self._settings, name)
        if not link.is_up():
            raise Refusal("this agent has no way to the others: systemctl status mesospark-run-networks")
        deadline = time.monotonic() + PATIENCE
        while True:
            with self._locked():
                other = self._make_way(name, slot)
                if not other:
                    return self._hold(name, slot)
            if time.monotonic() > deadline:
                raise Refusal(f"network {name.text}: its addresses are those of {other}, which has containers")
            time.sleep(0.5)

    def _make_way(self, name: NetworkName, slot: int) -> str:
        """Name of the run's predecessor in the slot, if its last containers have not ended yet."""
        in_slot = [network for network in self._engine.networks() if self._slot_of(network) == slot]
        if all(network["Name"] == name.text for network in in_slot):
            return ""
        self._remove_unused()
        others = [network["Name"] for network in self._engine.networks() if self._slot_of(network) == slot]
        return next((str(other) for other in others if other != name.text), "")

    def _hold(self, name: NetworkName, slot: int) -> int:
        held = self._open(f"slot-{slot}")
        fcntl.flock(held, fcntl.LOCK_SH)
        if not any(network["Name"] == name.text for network in self._engine.networks()):
            subnet = self._settings.plan.network(self._settings.agent.number, slot)
            wanted = RunNetwork(slot, subnet, name.run_id, name.services)
            self._load([*self._present(), wanted])
            gateway = str(subnet[1])
            self._engine.create_network(name.text, str(subnet), gateway, wanted.bridge, link.mtu(), name.run_id)
        elif not _is_loaded():
            self._load(self._present())
        return held

    def sweep(self) -> None:
        """Remove networks whose last container has ended, and their rules; bring back what somebody has removed."""
        with self._locked():
            if not link.is_ready():
                link.bring_up(self._settings)
            if self._remove_unused() or not _is_loaded():
                self._load(self._present())

    def reload(self) -> None:
        """Remove what is not used, and load the rules for what is."""
        with self._locked():
            self._remove_unused()
            self._load(self._present())

    def _remove_unused(self) -> bool:
        removed = False
        for network in self._engine.networks():
            held = self._open(f"slot-{self._slot_of(network)}")
            try:
                fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
                if not self._engine.has_containers(network["Name"]):
                    self._engine.remove_network(network["Id"])
                    link.forget_connections(_subnet(network))
                    removed = True
            except BlockingIOError:
                pass  # a container is being made in a network of this slot
            finally:
                os.close(held)
        return removed

    def _present(self) -> list[RunNetwork]:
        return sorted(
            (self._run_network(network) for network in self._engine.networks()), key=lambda network: network.slot
        )

    def _slot_of(self, network: dict[str, object]) -> int:
        return self._settings.plan.slot_of(_subnet(network))

    def _run_network(self, network: dict[str, object]) -> RunNetwork:
        subnet = _subnet(network)
        name = names.parse(str(network["Name"]))
        allowed = [self._settings.service(asked) for asked in name.services]
        # Settings may have changed since it was made.
        services = tuple(found.name for found in allowed if found and found.is_for(name.job))
        return RunNetwork(self._slot_of(network), subnet, name.run_id, services)

    def _load(self, networks: list[RunNetwork]) -> None:
        link.run(["nft", "-f", "-"], ruleset(self._settings, networks))

    def _open(self, name: str) -> int:
        self._locks.mkdir(mode=0o700, parents=True, exist_ok=True)
        return os.open(self._locks / name, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)

    @contextmanager
    def _locked(self) -> Iterator[None]:
        """One process at a time looks and changes."""
        held = self._open("lock")
        try:
            fcntl.flock(held, fcntl.LOCK_EX)
            yield
        finally:
            os.close(held)


def _subnet(network: dict[str, object]) -> IPv4Network:
    management = network["IPAM"]
    if not isinstance(management, dict):
        raise Refusal(f"Docker says nothing of the addresses of network {network['Name']}")
    return IPv4Network(management["Config"][0]["Subnet"])


def _is_loaded() -> bool:
    command = ["nft", "list", "chain", *TABLE.split(), "forward"]
    return subprocess.run(command, capture_output=True, check=False).returncode == 0
