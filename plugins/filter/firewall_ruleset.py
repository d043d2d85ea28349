# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Firewall rules of a host, from the platform's table of services and the inventory."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from typing import Any

from ansible.errors import AnsibleFilterError
from ansible_collections.mesospark.platform.plugins.filter.services_of_host import documented_defaults, table
from ansible_collections.mesospark.platform.plugins.module_utils import firewall
from ansible_collections.mesospark.platform.plugins.module_utils.firewall_ruleset import ruleset_text, widening_text

CONTAINER_INTERFACES = ("docker0", "br-*", "mesosrun-*")


def services_for(variables: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The table, and what a host's variable ``firewall_services`` adds to it."""
    return [*table(), *(variables.get("firewall_services") or [])]


def firewall_inventory(
    hostvars: Mapping[str, Mapping[str, Any]], groups: Mapping[str, Sequence[str]]
) -> dict[str, Any]:
    """Return what rules need of an inventory; it is the same for all hosts, so that it is made once for all of them.

    Raises:
        AnsibleFilterError: a host of the platform has no address, or an address is none.
    """
    hosts = groups.get(firewall.PLATFORM, ())
    services = services_for(hostvars[hosts[0]]) if hosts else table()
    try:
        return asdict(firewall.inventory_of(hostvars, groups, services))
    except KeyError as error:
        raise AnsibleFilterError(f"a host of the group platform has no variable {error}") from None
    except ValueError as error:
        raise AnsibleFilterError(str(error)) from None


def firewall_ruleset(
    host: str, inventory: Mapping[str, Any], variables: Mapping[str, Any], container_interfaces: Sequence[str] = ()
) -> dict[str, str]:
    """Return the texts that nft loads: ``ruleset`` replaces the table, ``widening`` only adds to it.

    Args:
        host: inventory name of the host.
        inventory: what ``firewall_inventory`` returns.
        variables: variables of the host.
        container_interfaces: bridges of containers; without any, those that Docker makes.

    Raises:
        AnsibleFilterError: a port or an address is none.
    """
    known = firewall.Inventory(**inventory)
    try:
        rules = firewall.rules_of_host(services_for(variables), host, known, variables, documented_defaults())
        return {
            "ruleset": ruleset_text(rules, known, container_interfaces or CONTAINER_INTERFACES),
            "widening": widening_text(rules, known),
        }
    except ValueError as error:
        raise AnsibleFilterError(f"{host}: {error}") from None


class FilterModule:
    """The filters of this file."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"firewall_inventory": firewall_inventory, "firewall_ruleset": firewall_ruleset}
