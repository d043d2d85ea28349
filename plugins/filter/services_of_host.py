# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The services of a host, from the platform's table of services."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from ansible.errors import AnsibleFilterError
from ansible_collections.mesospark.platform.plugins.module_utils import platform_services

ROLES = Path(__file__).resolve().parents[2] / "roles"


@cache
def table() -> list[dict[str, Any]]:
    """The table of services."""
    services: list[dict[str, Any]] = yaml.safe_load((ROLES / "common/vars/services.yml").read_text())["common_services"]
    return services


@cache
def documented_defaults() -> dict[str, Any]:
    """Default of each role variable that has one."""
    found: dict[str, Any] = {}
    for path in ROLES.glob("*/meta/argument_specs.yml"):
        options = yaml.safe_load(path.read_text())["argument_specs"]["main"].get("options", {})
        found.update({name: details["default"] for name, details in options.items() if "default" in details})
    return found


def services_of_host(
    host: str, hostvars: Mapping[str, Mapping[str, Any]], groups: Mapping[str, Sequence[str]]
) -> list[dict[str, Any]]:
    """Return the entries of the table that a host has, with ports as pairs of first and last.

    Raises:
        AnsibleFilterError: a variable of the inventory holds no port.
    """
    try:
        return platform_services.services_of_host(table(), host, groups, hostvars[host], documented_defaults())
    except ValueError as error:
        raise AnsibleFilterError(f"{host}: {error}") from None


class FilterModule:
    """The filter of this file."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"services_of_host": services_of_host}
