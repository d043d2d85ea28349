# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Answers on the controller, which alone knows the whole inventory. The module of the same name documents it."""

from __future__ import annotations

from typing import Any

from ansible.errors import AnsibleActionFail
from ansible.plugins.action import ActionBase
from ansible_collections.mesospark.platform.plugins.filter.firewall_ruleset import services_for
from ansible_collections.mesospark.platform.plugins.filter.services_of_host import documented_defaults
from ansible_collections.mesospark.platform.plugins.module_utils import firewall


class ActionModule(ActionBase):
    """May one speak to another."""

    TRANSFERS_FILES = False
    _requires_connection = False

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Return the module's result."""
        super().run(tmp, task_vars)
        _result, options = self.validate_argument_spec(
            {
                "source": {"type": "str", "required": True},
                "destination": {"type": "str", "required": True},
                "port": {"type": "int", "required": True},
                "protocol": {"type": "str", "choices": ["tcp", "udp"], "default": "tcp"},
                "from_container": {"type": "bool", "default": False},
            }
        )
        known = task_vars or {}
        hostvars, groups, destination = known["hostvars"], known["groups"], options["destination"]
        if destination not in groups.get(firewall.PLATFORM, ()):
            raise AnsibleActionFail(f"destination: {destination!r} is no host of the group platform")
        variables = hostvars[destination]
        services = services_for(variables)
        try:
            inventory = firewall.inventory_of(hostvars, groups, services)
            rules = firewall.rules_of_host(services, destination, inventory, variables, documented_defaults())
            return {"changed": False, **firewall.explain(rules, inventory, **options)}
        except KeyError as error:
            raise AnsibleActionFail(f"a host of the group platform has no variable {error}") from None
        except ValueError as error:
            raise AnsibleActionFail(str(error)) from None
