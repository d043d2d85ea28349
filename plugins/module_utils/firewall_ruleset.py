# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The text that nft loads, from rules. Hosts are in sets, so that more hosts do not make more rules."""

from __future__ import annotations

import typing as t

from ansible_collections.mesospark.platform.plugins.module_utils.firewall import (
    EVERYONE,
    NETWORKS,
    OWN_CONTAINERS,
    Inventory,
    Rule,
)

TABLE = "inet mesospark"
# Behind Docker's chains, which have priority 0: what Docker itself forbids need not be judged again.
_PRIORITY = "filter + 10"
_STATE = "ct state vmap { established : accept, related : accept, invalid : drop }"


def ruleset_text(rules: t.Sequence[Rule], inventory: Inventory, container_interfaces: t.Sequence[str]) -> str:
    """Return a file that puts the table ``inet mesospark`` in the place of the one there is, in one transaction.

    Args:
        rules: what is allowed to the host.
        inventory: all hosts.
        container_interfaces: bridges of containers, ``*`` at the end for any rest of a name.
    """
    interfaces = ", ".join(f'"{name}"' for name in container_interfaces)
    from_containers = f"iifname {{ {interfaces} }}"
    input_rules = [
        f"type filter hook input priority {_PRIORITY}; policy drop;",
        "iif lo accept",
        _STATE,
        "icmp type echo-request accept",
        "icmpv6 type { echo-request, nd-router-advert, nd-neighbor-solicit, nd-neighbor-advert } accept",
        'udp sport 67 udp dport 68 accept comment "DHCP"',
        'ip6 saddr fe80::/10 udp sport 547 udp dport 546 accept comment "DHCPv6"',
        *([f"{from_containers} jump own_containers"] if interfaces else []),
        "jump services",
        "jump refuse",
    ]
    forward_rules = [
        f"type filter hook forward priority {_PRIORITY}; policy drop;",
        _STATE,
        *([f'{from_containers} accept comment "containers speak to others as their host does"'] if interfaces else []),
        'ct status dnat jump services comment "published ports of containers"',
        "jump refuse",
    ]
    refuse_rules = [
        "meta pkttype { broadcast, multicast } drop",
        'limit rate 10/minute burst 20 packets log prefix "mesospark-firewall refused: "',
        # Who belongs here is told at once; others wait for nothing.
        *([f"{from_containers} counter reject with icmpx admin-prohibited"] if interfaces else []),
        f"ip saddr @{EVERYONE} counter reject with icmpx admin-prohibited",
        "counter drop",
    ]
    return "\n".join(
        [
            f"table {TABLE}",
            f"delete table {TABLE}",
            f"table {TABLE} {{",
            *_sets_and_services(rules, inventory),
            *_chain("refuse", refuse_rules),
            *_chain("input", input_rules),
            *_chain("forward", forward_rules),
            "}",
            "",
        ]
    )


def widening_text(rules: t.Sequence[Rule], inventory: Inventory) -> str:
    """Return a file that adds these rules and addresses to those of the table there is, and takes none away."""
    return "\n".join([f"table {TABLE} {{", *_sets_and_services(rules, inventory), "}", ""])


def rule_text(rule: Rule) -> str:
    """Return one rule as nft writes it.

    It looks at the port that the client asked for, so that it holds for a container behind a published port as well.
    """
    source = {OWN_CONTAINERS: ""}.get(rule.client, f"ip saddr {_source(rule.client)} ")
    comment = f"{rule.service}: {rule.client}"
    # nft keeps 128 characters.
    return (
        f"{source}meta l4proto {rule.protocol} ct original proto-dst {rule.port_text} counter accept "
        f'comment "{comment[:120]}"'
    )


def _source(client: str) -> str:
    return client if client[:1].isdigit() else f"@{client}"


def _sets_and_services(rules: t.Sequence[Rule], inventory: Inventory) -> list[str]:
    named = {rule.client for rule in rules if not rule.client[:1].isdigit()} - {OWN_CONTAINERS}
    lines: list[str] = []
    for client in sorted(named | {EVERYONE}):
        lines += _set(client, inventory.client_networks(client))
    lines += _chain("own_containers", [rule_text(rule) for rule in rules if rule.client == OWN_CONTAINERS])
    return lines + _chain("services", [rule_text(rule) for rule in rules if rule.client != OWN_CONTAINERS])


def _set(name: str, elements: t.Sequence[str]) -> list[str]:
    lines = [f"\tset {name} {{", "\t\ttype ipv4_addr"]
    if name in NETWORKS:
        # Adding what is there already, as widening does, needs auto-merge.
        lines += ["\t\tflags interval", "\t\tauto-merge"]
    if elements:
        lines += ["\t\telements = {", *(f"\t\t\t{element}," for element in elements), "\t\t}"]
    return [*lines, "\t}"]


def _chain(name: str, rules: t.Sequence[str]) -> list[str]:
    return [f"\tchain {name} {{", *(f"\t\t{rule}" for rule in rules), "\t}"]
