# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who may speak to a host, from the table of services and the inventory: rules as data, and answers to questions."""

from __future__ import annotations

import ipaddress
import typing as t
from dataclasses import dataclass

from ansible_collections.mesospark.platform.plugins.module_utils.platform_services import (
    Groups,
    PortRange,
    Variables,
    is_member,
    port_ranges,
)

Service = t.Mapping[str, t.Any]
PLATFORM = "platform"
EVERYONE = "everyone"
OPERATORS = "operators"
# Clients of the table that are networks, each with the variable of the inventory that lists them.
NETWORKS = {EVERYONE: "platform_networks", OPERATORS: "platform_operator_networks"}
OWN_CONTAINERS = "containers of this host"


@dataclass(frozen=True)
class Rule:
    """One client of one service may use these ports."""

    service: str
    protocol: str
    ports: PortRange
    client: str

    @property
    def port_text(self) -> str:
        """The ports as nft writes them."""
        first, last = self.ports
        return str(first) if first == last else f"{first}-{last}"

    def concerns(self, port: int, protocol: str) -> bool:
        """Whether it is about this port."""
        return self.protocol == protocol and self.ports[0] <= port <= self.ports[1]


@dataclass(frozen=True)
class Inventory:
    """What rules need of an inventory; it is the same for all hosts, and made once.

    Attributes:
        addresses: IPv4 address of each host of the platform.
        groups: hosts of each group.
        clients: sorted addresses and networks of each client of the table.
    """

    addresses: t.Mapping[str, str]
    groups: Groups
    clients: t.Mapping[str, t.Sequence[str]]

    def client_networks(self, client: str) -> t.Sequence[str]:
        """Addresses and networks of a client: none if the inventory has no such group.

        Raises:
            ValueError: the client is a network, but none of IPv4.
        """
        return [_text(_network(client, "clients"))] if _is_network(client) else self.clients.get(client, ())

    def includes(self, client: str, address: str) -> bool:
        """Whether an address is one of a client's."""
        networks = self.client_networks(client)
        wanted = ipaddress.IPv4Address(address)
        return address in networks or any(wanted in ipaddress.IPv4Network(text) for text in networks if "/" in text)


def inventory_of(
    hostvars: t.Mapping[str, t.Mapping[str, t.Any]],
    groups: Groups,
    table: t.Iterable[Service],
) -> Inventory:
    """Pick from an inventory what rules need of it.

    Args:
        hostvars: variables of each host; ``platform_address`` of every host of the platform is read.
        groups: hosts of each group.
        table: the services; only the groups that it names are kept.

    Raises:
        ValueError: an address is none; the message names who has it.
        KeyError: a host of the platform has no address.
    """
    names = {PLATFORM}.union(*(_groups_of(service) for service in table))
    hosts = list(groups.get(PLATFORM, ()))
    addresses = {host: hostvars[host]["platform_address"] for host in hosts}
    known = {host: _network(address, f"platform_address of {host}") for host, address in addresses.items()}
    members_of = {name: list(groups[name]) for name in sorted(names) if name in groups}
    # A group may hold hosts that are no part of the platform, and have no address in it.
    clients = {
        name: [_text(address) for address in sorted({known[host] for host in found if host in known})]
        for name, found in members_of.items()
    }
    for client, variable in NETWORKS.items():
        listed = (hostvars[hosts[0]].get(variable) if hosts else None) or ()
        networks = [_network(network, variable) for network in listed]
        if client == EVERYONE:  # a host of the platform is one of everybody, wherever it stands
            networks += known.values()
        clients[client] = [_text(network) for network in ipaddress.collapse_addresses(networks)]
    return Inventory(addresses, members_of, clients)


def rules_of_host(
    table: t.Iterable[Service], host: str, inventory: Inventory, variables: Variables, defaults: Variables
) -> list[Rule]:
    """Return what is allowed to a host, in the table's order; everything else is refused.

    Operators may use every service: whoever may log in to all hosts as root gains nothing by it, and can probe them.

    Args:
        table: entries of the table of services.
        host: whose rules.
        inventory: all hosts.
        variables: variables of the host.
        defaults: the documented default of each variable.

    Raises:
        ValueError: a port, an address or a service's name can not stand in a rule.
    """
    rules: list[Rule] = []
    for service in table:
        if not is_member(host, service["group"], inventory.groups):
            continue
        if '"' in service["name"] or "\n" in service["name"]:
            raise ValueError(f"a service is called {service['name']!r}: quotes and line breaks can not stand in a rule")
        protocols = ("tcp", "udp") if service["protocol"] == "both" else (service["protocol"],)
        for ports in port_ranges(service, variables, defaults):
            for protocol in protocols:
                rules += [
                    Rule(service["name"], protocol, ports, client) for client in _clients(service, host, inventory)
                ]
    return rules


def explain(
    rules: t.Sequence[Rule],
    inventory: Inventory,
    source: str,
    destination: str,
    port: int,
    protocol: str = "tcp",
    from_container: bool = False,
) -> dict[str, t.Any]:
    """Say whether a source may speak to a port of a host, and by which rule.

    Args:
        rules: those of the destination.
        inventory: all hosts.
        source: a host of the inventory, or an IPv4 address.
        destination: a host of the inventory.
        port: port that the source connects to: of the host, also where a container is behind it.
        protocol: tcp or udp.
        from_container: the source is a container in a network of its own on the host named. Outside of that host it
            has the host's address.

    Returns:
        ``allowed``, ``service`` and ``client`` of the rule (empty without one), and a sentence, ``reason``.

    Raises:
        ValueError: the source is neither a host nor an address.
    """
    who = f"a container on {source}" if from_container else source
    about = [rule for rule in rules if rule.concerns(port, protocol)]
    if source == destination and not from_container:
        return _answer(True, "", "", f"{destination} may always speak to itself")
    if source == destination:
        matching = [rule for rule in about if rule.client == OWN_CONTAINERS]
    else:
        address = _source_address(source, inventory)
        others = [rule for rule in about if rule.client != OWN_CONTAINERS]
        matching = [rule for rule in others if inventory.includes(rule.client, address)]
    if matching:
        rule = matching[0]
        return _answer(True, rule.service, rule.client, f"{rule.service} of {destination} lets in {rule.client}")
    if not about:
        return _answer(False, "", "", f"no service of {destination} has {protocol} port {port}")
    clients = ", ".join(dict.fromkeys(rule.client for rule in about))
    reason = f"{protocol} port {port} of {destination} is of {about[0].service}, which lets in {clients}: not {who}"
    return _answer(False, about[0].service, "", reason)


def _answer(allowed: bool, service: str, client: str, reason: str) -> dict[str, t.Any]:
    return {"allowed": allowed, "service": service, "client": client, "reason": reason}


def _clients(service: Service, host: str, inventory: Inventory) -> list[str]:
    clients = list(dict.fromkeys([*service["clients"], OPERATORS]))
    address = inventory.addresses[host]
    own = any(inventory.includes(client, address) for client in clients)
    # Containers with a network of their own may use what their host may use.
    return [*clients, OWN_CONTAINERS] if own else clients


def _groups_of(service: Service) -> set[str]:
    names = {part.lstrip("!") for part in service["group"].split(":")}
    return names | {client for client in service["clients"] if client not in NETWORKS and not _is_network(client)}


def _source_address(source: str, inventory: Inventory) -> str:
    if source in inventory.addresses:
        return inventory.addresses[source]
    try:
        return str(ipaddress.IPv4Address(source))
    except ValueError:
        raise ValueError(f"source: {source!r} is neither a host of the platform nor an IPv4 address") from None


def _is_network(client: str) -> bool:
    return client[:1].isdigit()


def _network(value: str, name: str) -> ipaddress.IPv4Network:
    try:
        return ipaddress.IPv4Network(str(value))
    except ValueError:
        raise ValueError(f"{name}: {value!r} is neither an IPv4 address nor an IPv4 network") from None


def _text(network: ipaddress.IPv4Network) -> str:
    return str(network.network_address) if network.prefixlen == 32 else str(network)
