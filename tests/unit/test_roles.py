# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What every role has: variables documented with their real defaults, small task files, an up-to-date README."""

from __future__ import annotations

import statistics
from pathlib import Path
from typing import Any

import pytest
import role_readme
import yaml

ROLES = Path(__file__).resolve().parents[2] / "roles"
NAMES = sorted(path.name for path in ROLES.iterdir() if (path / "tasks").is_dir())
LARGEST_TASK_FILE = 120  # lines
MEDIAN_TASK_FILE = 40  # lines


def load(role: str, path: str) -> Any:
    file = ROLES / role / path
    return yaml.safe_load(file.read_text()) if file.is_file() else None


def options(role: str) -> dict[str, Any]:
    return load(role, "meta/argument_specs.yml")["argument_specs"]["main"].get("options", {})


def normal(value: Any) -> Any:
    """Templates mean the same however their lines are broken."""
    if isinstance(value, str):
        return "".join(value.split())
    if isinstance(value, list):
        return [normal(item) for item in value]
    if isinstance(value, dict):
        return {key: normal(item) for key, item in value.items()}
    return value


@pytest.mark.parametrize("role", [name for name in NAMES if name != "common"])  # its variables are the inventory's
def test_documented_variables_are_those_with_defaults(role: str) -> None:
    required = {name for name, details in options(role).items() if details.get("required")}
    assert set(options(role)) - required == set(load(role, "defaults/main.yml") or {})


@pytest.mark.parametrize("role", NAMES)
def test_documented_defaults_are_the_real_ones(role: str) -> None:
    real = load(role, "defaults/main.yml") or {}
    documented = {name: details["default"] for name, details in options(role).items() if "default" in details}
    assert {name: normal(value) for name, value in documented.items()} == {
        name: normal(value) for name, value in real.items() if name in documented
    }
    secret = {name for name, details in options(role).items() if details.get("no_log")}
    assert set(real) - set(documented) <= secret, "only secrets may have an undocumented default"


@pytest.mark.parametrize("role", NAMES)
def test_variables_carry_the_name_of_their_role(role: str) -> None:
    if role != "common":
        assert [name for name in options(role) if not name.startswith(f"{role}_")] == []


@pytest.mark.parametrize("role", NAMES)
def test_secrets_are_never_logged(role: str) -> None:
    suspicious = ("password", "secret")
    assert [
        name
        for name, details in options(role).items()
        if name.endswith(suspicious) and details.get("type", "str") == "str" and not details.get("no_log")
    ] == []


@pytest.mark.parametrize("path", role_readme.documents(), ids=lambda path: str(path.relative_to(ROLES.parent)))
def test_documents_are_up_to_date(path: Path) -> None:
    assert path.read_text() == role_readme.documents()[path], "run: python3 tools/role_readme.py"


def test_task_files_are_small() -> None:
    sizes = {path: len(path.read_text().splitlines()) for path in ROLES.glob("*/tasks/*.yml")}
    assert {path: size for path, size in sizes.items() if size > LARGEST_TASK_FILE} == {}
    assert statistics.median(sizes.values()) <= MEDIAN_TASK_FILE
