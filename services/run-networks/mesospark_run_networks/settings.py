# SPDX-License-Identifier: GPL-3.0-or-later
"""What the role writes for this agent."""

import ipaddress
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mesospark_run_networks import Refusal
from mesospark_run_networks.addresses import AddressPlan
from mesospark_run_networks.names import matches

PATH = Path("/etc/mesospark/run-networks/settings.json")
Endpoint = tuple[str, str, str]
"""network, protocol, port or range of ports"""


@dataclass(frozen=True)
class Service:
    """Where something listens. With `jobs`, it is for isolated runs of these jobs, and for no other task."""

    name: str
    jobs: tuple[str, ...]
    endpoints: tuple[Endpoint, ...]

    def is_for(self, job: str) -> bool:
        """Whether runs of a job may ask for it."""
        return not self.jobs or matches(job, self.jobs)


@dataclass(frozen=True)
class Agent:
    """An agent's address among hosts, and its number among the addresses of containers."""

    address: str
    number: int


@dataclass(frozen=True)
class Settings:
    """`viewers` are networks that may see drivers' web interfaces, `task_users` the user ids of host-network tasks."""

    engine: str
    plan: AddressPlan
    agent: Agent
    peers: tuple[Agent, ...]
    teams: tuple[str, ...]
    runs_per_team: int
    tunnel_port: int
    task_users: tuple[int, ...]
    isolated_jobs: tuple[str, ...]
    viewers: tuple[str, ...]
    platform: tuple[Service, ...]
    services: tuple[Service, ...]

    def service(self, name: str) -> Service | None:
        """What runs know by this name."""
        return next((service for service in self.services if service.name == name), None)


def read_settings(path: Path = PATH) -> Settings:
    """Raises Refusal when there is no such file."""
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise Refusal(
            f"{path}: {error.strerror}; this agent is not set up for isolated runs (role mesos_agent)"
        ) from None
    return settings_of(document)


def settings_of(document: dict[str, Any]) -> Settings:
    """The settings in the file's form."""
    return Settings(
        engine=document["engine"],
        plan=AddressPlan(ipaddress.IPv4Network(document["pool"]), document["agents"]),
        agent=Agent(**document["agent"]),
        peers=tuple(Agent(**peer) for peer in document["peers"]),
        teams=tuple(document["teams"]),
        runs_per_team=document["runs_per_team"],
        tunnel_port=document["tunnel_port"],
        task_users=tuple(document["task_users"]),
        isolated_jobs=tuple(document["isolated_jobs"]),
        viewers=_collapsed(document["viewers"]),
        platform=tuple(_service(service) for service in document["platform"]),
        services=tuple(_service(service) for service in document["services"]),
    )


def _service(document: dict[str, Any]) -> Service:
    return Service(document["name"], tuple(document.get("jobs", ())), tuple(_endpoints(document)))


def _endpoints(document: dict[str, Any]) -> Iterator[Endpoint]:
    """None contains another, because nft takes no such elements."""
    for network in _collapsed(document["networks"]):
        for protocol in ("tcp", "udp") if document["protocol"] == "both" else (document["protocol"],):
            for first, last in _merged(document["ports"]):
                yield network, protocol, str(first) if first == last else f"{first}-{last}"


def _collapsed(networks: Sequence[str]) -> tuple[str, ...]:
    found = ipaddress.collapse_addresses(ipaddress.IPv4Network(network) for network in networks)
    return tuple(str(network.network_address) if network.prefixlen == 32 else str(network) for network in found)


def _merged(ports: Sequence[Sequence[int]]) -> list[list[int]]:
    merged: list[list[int]] = []
    for first, last in sorted((first, last) for first, last in ports):
        if merged and first <= merged[-1][1] + 1:
            merged[-1][1] = max(last, merged[-1][1])
        else:
            merged.append([first, last])
    return merged
