# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What agents must know to isolate runs."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ansible.errors import AnsibleFilterError
from ansible_collections.mesospark.platform.plugins.filter.firewall_ruleset import services_for
from ansible_collections.mesospark.platform.plugins.filter.services_of_host import documented_defaults
from ansible_collections.mesospark.platform.plugins.module_utils import run_networks


def run_networks_inventory(
    hostvars: Mapping[str, Mapping[str, Any]],
    groups: Mapping[str, Sequence[str]],
    services: Sequence[Mapping[str, Any]],
    pool: str,
    agents: int,
    teams: Sequence[str],
    runs: int,
) -> dict[str, Any]:
    """Return what all agents must know; it is the same for all of them, so that it is made once.

    Args:
        hostvars: variables of each host.
        groups: hosts of each group.
        services: ``platform_run_services``.
        pool: network that the addresses of containers are taken from.
        agents: how many agents share it.
        teams: names of the teams; a team's place in the list decides which addresses are its own.
        runs: most isolated runs of a team at a time.

    Raises:
        AnsibleFilterError: the pool is too small, two agents have the same number, or a service can not be used.
    """
    try:
        run_networks.network_plan(pool, agents, len(teams), runs)
        hosts = groups.get("platform", ())
        table = services_for(hostvars[hosts[0]]) if hosts else []
        return {
            "agents": run_networks.agents_of(hostvars, groups, agents),
            "platform": run_networks.platform_endpoints(table, hostvars, groups, documented_defaults()),
            "services": run_networks.run_services(services, hostvars, groups),
            "viewers": run_networks.viewers(hostvars, groups),
        }
    except KeyError as error:
        raise AnsibleFilterError(f"a host of the platform has no variable {error}") from None
    except ValueError as error:
        raise AnsibleFilterError(str(error)) from None


class FilterModule:
    """The filter of this file."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"run_networks_inventory": run_networks_inventory}
