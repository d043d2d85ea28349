# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The inventories that ship pass the preflight, on hosts that bring along what is needed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible.inventory.manager import InventoryManager
from ansible.parsing.dataloader import DataLoader
from ansible.vars.manager import VariableManager
from ansible_collections.mesospark.platform.plugins.filter.preflight_problems import preflight_problems

ROOT = Path(__file__).resolve().parents[2]
INVENTORIES = [
    *sorted(path for path in (ROOT / "inventories").iterdir() if path.is_dir()),
    *sorted(ROOT.glob("molecule/*/inventory")),
]
REQUIREMENTS = yaml.safe_load((ROOT / "roles" / "common" / "vars" / "main.yml").read_text())
NOW = 1_800_000_000.0


def host(variables: dict[str, Any]) -> dict[str, Any]:
    survey = {
        "operating_system": "debian 12",
        "systemd": True,
        "memory": 65536,
        "clock": NOW,
        "controller_time": NOW,
        "addresses": [variables.get("platform_address")],
        "listeners": [],
        "unresolved": [],
        "certificates": {},
    }
    return {**variables, "_common_preflight_survey": survey}


def load(path: Path) -> tuple[InventoryManager, VariableManager]:
    loader = DataLoader()
    inventory = InventoryManager(loader=loader, sources=[str(path)])
    return inventory, VariableManager(loader=loader, inventory=inventory)


@pytest.mark.parametrize("path", INVENTORIES, ids=lambda path: str(path.relative_to(ROOT)))
def test_passes_the_preflight(path: Path) -> None:
    inventory, manager = load(path)
    hosts = {name.name: host(manager.get_vars(host=name)) for name in inventory.get_hosts("platform")}
    first = next(iter(hosts.values()))
    groups = {name: [member.name for member in group.get_hosts()] for name, group in inventory.groups.items()}
    requirements = {
        **REQUIREMENTS["_common_preflight_requirements"],
        "groups": first.get("platform_required_groups", REQUIREMENTS["_common_preflight_groups"]),
        "clock_tolerance": 5.0,
    }
    assert preflight_problems(hosts, groups, requirements, NOW) == []
    assert len(hosts) >= 3


@pytest.mark.parametrize("path", INVENTORIES, ids=lambda path: str(path.relative_to(ROOT)))
def test_leaves_the_controller_local(path: Path) -> None:
    """Jobs are handed in on the controller, which has none of the platform's addresses."""
    inventory, manager = load(path)
    variables = manager.get_vars(host=inventory.get_host("localhost"))
    assert variables["ansible_connection"] == "local"
    assert "ansible_host" not in variables
