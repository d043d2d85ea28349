# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What has to happen so that secrets are replaced by new ones."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

_PREVIOUS = ".previous"


def rotation_plan(
    rotate: str | Sequence[str],
    known: Sequence[Mapping[str, Any]],
    files: Iterable[str],
    begun: Iterable[str] = (),
    principals: Sequence[str] = (),
    users: Sequence[str] = (),
) -> dict[str, Any]:
    """Return what to do, and what stands against it.

    Args:
        rotate: names of secrets, as a list or with commas; ``all`` stands for each that can be rotated.
        known: the table of secrets (playbooks/vars/secrets.yml).
        files: names of the files with secrets that there are.
        begun: secrets that have a new value from a run before, which did not end well.
        principals: names of job identities.
        users: names of people.

    Returns:
        ``renew`` (secrets that get a new value), ``names`` (these and those begun), ``roles`` (in the table's order of
        their first use), ``principals`` (whose runs must have ended), ``zookeeper`` (accounts there, each with its
        secret's ``name``), ``problems`` (sentences).
    """
    existing = set(files)
    table = _expanded(known, principals, users)
    wanted = _names(rotate)
    if "all" in wanted:
        wanted = [name for name, entry in table.items() if name in existing and "refusal" not in entry]
    problems = [problem for name in wanted if (problem := _problem(name, table, existing))]
    finished_before = [name for name in begun if name in table]
    names = list(dict.fromkeys([*finished_before, *(name for name in wanted if name in table)]))
    entries = [entry for name, entry in table.items() if name in names and "refusal" not in entry]
    return {
        "renew": [name for name in dict.fromkeys(wanted) if name not in finished_before],
        "names": names,
        "roles": list(dict.fromkeys(role for entry in entries for role in entry["roles"])),
        "principals": list(dict.fromkeys(entry["principal"] for entry in entries if entry.get("runs"))),
        "zookeeper": [{"name": entry["name"], **entry["zookeeper"]} for entry in entries if "zookeeper" in entry],
        "problems": problems,
    }


def runs_in_the_way(apps: Iterable[Mapping[str, Any]], principals: Iterable[str]) -> list[str]:
    """Return ids of runs that these job identities have now, from Marathon's apps."""
    wanted = set(principals)
    return sorted(
        app["labels"]["run_id"]
        for app in apps
        if app.get("labels", {}).get("principal") in wanted
        and "run_id" in app["labels"]
        and any(task.get("state") in ("TASK_STAGING", "TASK_STARTING", "TASK_RUNNING") for task in app.get("tasks", ()))
    )


def _names(rotate: str | Sequence[str]) -> list[str]:
    parts = rotate.split(",") if isinstance(rotate, str) else rotate
    return [name for part in parts if (name := part.strip())]


def _expanded(
    known: Iterable[Mapping[str, Any]], principals: Sequence[str], users: Sequence[str]
) -> dict[str, dict[str, Any]]:
    """Entries by the name of their secret; one that stands there by itself counts more than a pattern."""
    found: dict[str, dict[str, Any]] = {}
    for entry in known:
        name = entry["name"]
        if "{principal}" in name:
            variants = [(name.replace("{principal}", principal), principal) for principal in principals]
        elif "{user}" in name:
            variants = [(name.replace("{user}", user), "") for user in users]
        else:
            variants = [(name, "")]
        for variant, principal in variants:
            if variant not in found or variant == name:
                found[variant] = {**entry, "name": variant, "principal": principal}
    return found


def _problem(name: str, table: Mapping[str, Mapping[str, Any]], existing: Iterable[str]) -> str:
    if name.endswith(_PREVIOUS):
        return f"rotate: {name} is what {name.removesuffix(_PREVIOUS)} was before; it goes away when its rotation ends"
    if name not in table:
        return f"rotate: there is no secret {name}; the page docs/secrets.md lists them"
    if refusal := table[name].get("refusal"):
        return f"rotate: {name} can not be rotated: {refusal}"
    if name not in existing:
        return (
            f"rotate: {name} has no file in platform_secrets_dir: if its value stands in the inventory, change it there"
            " and run playbooks/site.yml; if not, it is made at its first use"
        )
    return ""


class FilterModule:
    """The filters of this file."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"rotation_plan": rotation_plan, "runs_in_the_way": runs_in_the_way}
