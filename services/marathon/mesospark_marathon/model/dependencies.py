# SPDX-License-Identifier: GPL-3.0-or-later
"""In what order apps have to start: those that others depend on first."""

from collections.abc import Iterable

from mesospark_marathon.model import paths
from mesospark_marathon.model.root import Root


class CyclicDependencies(Exception):
    """An app depends on itself, directly or over others."""


def levels(root: Root, wanted: Iterable[str] | None = None) -> dict[str, int]:
    """For each app the length of the longest chain of dependencies below it; raises CyclicDependencies.

    wanted: look at these apps only (and at what they depend on).
    """
    if not _has_dependencies(root):
        return dict.fromkeys(root.apps if wanted is None else wanted, 1)
    known: dict[str, int] = {}
    for app_id in root.apps if wanted is None else wanted:
        _level(root, app_id, known, ())
    return known


def _has_dependencies(root: Root) -> bool:
    return (
        bool(root.dependencies)
        or any(group.dependencies for group in root.groups.values())
        or any("dependencies" in app.document for app in root.apps.values())
    )


def _level(root: Root, app_id: str, known: dict[str, int], chain: tuple[str, ...]) -> int:
    if app_id in chain:
        raise CyclicDependencies
    if app_id not in known:
        chain = (*chain, app_id)
        below = [_level(root, needed, known, chain) for needed in _needed_by(root, app_id)]
        known[app_id] = 1 + max(below, default=0)
    return known[app_id]


def _needed_by(root: Root, app_id: str) -> list[str]:
    names = [*root.dependencies, *root.apps[app_id].dependencies]
    for group_id in paths.ancestors(app_id):
        names += root.groups[group_id].dependencies
    result: list[str] = []
    for name in names:
        if name in root.apps:
            result.append(name)
        elif root.has_group(name):
            result += [app.id for app in root.apps_below(name)]
    return list(dict.fromkeys(result))
