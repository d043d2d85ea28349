# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What agents must know to isolate runs, from the table of services and the inventory."""

from __future__ import annotations

import ipaddress
import re
import typing as t

from ansible_collections.mesospark.platform.plugins.module_utils.platform_services import (
    Groups,
    Variables,
    members,
    parsed_range,
    port_ranges,
)

AGENTS = "mesos_agents"
GATEWAYS = "gateways"
NUMBER = "mesos_agent_run_network_number"
CONTAINER_BITS = 5
_SERVICE_KEYS = ("name", "hosts", "ports", "protocol", "jobs")
_SERVICE_NAME = re.compile(r"[a-z0-9][a-z0-9_-]*")
_PROTOCOLS = ("tcp", "udp", "both")

Hostvars = t.Mapping[str, Variables]
Documents = t.List[t.Dict[str, t.Any]]


def network_plan(pool: str, agents: int, teams: int, runs: int) -> None:
    """See that a pool has addresses for so many agents, teams, and runs of each team.

    Raises:
        ValueError: it has not; the message names the variables.
    """
    try:
        network = ipaddress.IPv4Network(pool)
    except ValueError as error:
        raise ValueError(f"mesos_agent_run_network_pool: {pool!r} is no IPv4 network ({error})") from None
    if agents < 1 or agents & (agents - 1):
        raise ValueError(f"mesos_agent_run_network_agents is {agents}, and must be a power of two such as 256")
    bits = 32 - network.prefixlen - CONTAINER_BITS - (agents.bit_length() - 1)
    slots = 1 << bits if bits >= 0 else 0
    if teams * runs > slots:
        raise ValueError(
            f"mesos_agent_run_network_pool {pool} shared by mesos_agent_run_network_agents ({agents}) has addresses "
            f"for {slots} isolated runs at a time, and {teams} teams with mesos_agent_run_network_runs ({runs}) "
            f"each are {teams * runs}: take a larger pool, fewer agents or fewer runs"
        )


def agents_of(hostvars: Hostvars, groups: Groups, agents: int) -> dict[str, dict[str, t.Any]]:
    """Address and number of each agent: the number is the inventory's, or else the last bits of the address.

    Raises:
        ValueError: a number is too large, or two agents have the same.
    """
    found: dict[str, dict[str, t.Any]] = {}
    owners: dict[int, str] = {}
    for host in groups.get(AGENTS, ()):
        address = hostvars[host]["platform_address"]
        own = hostvars[host].get(NUMBER)
        number = int(ipaddress.IPv4Address(address)) % agents if own in (None, "") else int(own)
        if not 0 <= number < agents:
            raise ValueError(
                f"{NUMBER} of {host} is {number}, and must be below mesos_agent_run_network_agents ({agents})"
            )
        if number in owners:
            raise ValueError(
                f"{host} and {owners[number]} both have the number {number} among the networks of isolated runs: "
                f"give one of them another by the host variable {NUMBER} (0 to {agents - 1}), or set "
                "mesos_agent_run_network_agents to more"
            )
        owners[number] = host
        found[host] = {"address": address, "number": number}
    return found


def platform_endpoints(
    table: t.Iterable[t.Mapping[str, t.Any]], hostvars: Hostvars, groups: Groups, defaults: Variables
) -> Documents:
    """Services of the table that every isolated run may use (``isolated_runs``), with addresses and ports."""
    found: Documents = []
    for service in table:
        if not service.get("isolated_runs"):
            continue
        by_ports: dict[tuple[tuple[int, int], ...], list[str]] = {}
        for host in members(service["group"], groups):
            ports = tuple(port_ranges(service, hostvars[host], defaults))
            by_ports.setdefault(ports, []).append(hostvars[host]["platform_address"])
        for ports, addresses in by_ports.items():
            found.append(
                {
                    "name": service["name"],
                    "networks": addresses,
                    "protocol": service["protocol"],
                    "ports": [list(ports) for ports in ports],
                }
            )
    return found


def run_services(services: t.Iterable[t.Mapping[str, t.Any]], hostvars: Hostvars, groups: Groups) -> Documents:
    """Entries of ``platform_run_services`` with addresses and ports instead of names.

    Raises:
        ValueError: an entry can not be used; the message names it.
    """
    found: Documents = []
    for service in services:
        name = str(service.get("name", ""))
        place = f"platform_run_services: {name or service}"
        if not _SERVICE_NAME.fullmatch(name):
            raise ValueError(f"{place} must have a name of lower-case letters, digits, '-' and '_'")
        unknown = sorted(set(service) - set(_SERVICE_KEYS))
        if unknown:
            raise ValueError(f"{place} has {unknown[0]}, which is none of {', '.join(_SERVICE_KEYS)}")
        if any(other["name"] == name for other in found):
            raise ValueError(f"{place} is there twice")
        protocol = service.get("protocol", "tcp")
        if protocol not in _PROTOCOLS:
            raise ValueError(f"{place}: protocol {protocol} is none of {', '.join(_PROTOCOLS)}")
        for key in ("hosts", "ports", *(["jobs"] if "jobs" in service else [])):
            if not isinstance(service.get(key), list) or not service[key]:
                raise ValueError(f"{place} needs {key}, a list")
        networks: list[str] = []
        for listed in service["hosts"]:
            networks += _networks(str(listed), hostvars, groups, place)
        ports = [list(parsed_range(name, entry)) for entry in service["ports"]]
        jobs = [str(job) for job in service.get("jobs", ())]
        found.append({"name": name, "networks": networks, "protocol": protocol, "ports": ports, "jobs": jobs})
    return found


def viewers(hostvars: Hostvars, groups: Groups) -> list[str]:
    """Networks from which the web interfaces of isolated drivers can be seen: gateways, and operators."""
    hosts = list(groups.get("platform", ()))
    operators = list((hostvars[hosts[0]].get("platform_operator_networks") if hosts else None) or ())
    return [*(hostvars[host]["platform_address"] for host in groups.get(GATEWAYS, ())), *operators]


def _networks(listed: str, hostvars: Hostvars, groups: Groups, place: str) -> list[str]:
    if listed in groups:
        return [hostvars[host]["platform_address"] for host in groups[listed]]
    if listed in hostvars:
        return [hostvars[listed]["platform_address"]]
    try:
        return [str(ipaddress.IPv4Network(listed))]
    except ValueError:
        raise ValueError(f"{place}: {listed} is no group, no host and no IPv4 address or network") from None
