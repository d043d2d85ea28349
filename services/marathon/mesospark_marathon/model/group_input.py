# SPDX-License-Identifier: GPL-3.0-or-later
"""Changes of groups: reading what a client sent and laying it over the tree."""

import math
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from mesospark_marathon.model import paths
from mesospark_marathon.model.app import App
from mesospark_marathon.model.app_input import InputRules, build_app
from mesospark_marathon.model.app_rules import refuse_broken
from mesospark_marathon.model.errors import rejected_tree
from mesospark_marathon.model.reader import Errors, read_fields
from mesospark_marathon.model.root import Group, Root, new_group
from mesospark_marathon.model.schema import GROUP

Document = dict[str, Any]


def read_group(raw: Any) -> Document:
    """The typed document of a group update; ApiError 422 for wrong types."""
    errors = Errors()
    document = read_fields(errors, "", raw, GROUP)
    errors.refuse()
    return document


def group_id_of(document: Document, base: str) -> str:
    """The canonical id that a document names, or base when it names none."""
    return paths.canonical(document["id"], base) if "id" in document else base


def check_group(root: Root, document: Document, group_id: str, rules: InputRules) -> None:
    """Refuses an update that breaks a rule (ApiError 422): first the apps in it, one after the other, then groups.

    group_id: the group that the document describes.
    """
    _check_apps(document, group_id, rules)
    refuse_broken(_problems(root, document, group_id, _changes_apps(document), ""))


def _check_apps(document: Document, group_id: str, rules: InputRules) -> None:
    for child in document.get("groups", []):
        _check_apps(child, group_id_of(child, group_id), rules)
    for app in document.get("apps", []):
        build_app(app, paths.canonical(app["id"], group_id), "", rules, base=group_id)


def _changes_apps(document: Document) -> bool:
    return any(key in document for key in ("version", "scaleBy", "apps")) or any(
        _changes_apps(child) for child in document.get("groups", [])
    )


def _problems(
    root: Root, document: Document, group_id: str, changes_apps: bool, place: str
) -> Iterator[tuple[str, str]]:
    for key in ("scaleBy", "version"):
        if key in document and len(document) > 1:
            yield f"{place}/{key}", "not allowed in conjunction with other properties."
    enforced = document.get("enforceRole", False)
    if enforced and not paths.is_top_level(group_id):
        yield (
            f"{place}/enforceRole",
            f"enforceRole can only be set for top-level groups, and {group_id} is not top-level",
        )
    if "id" in document and changes_apps and root.has_group(group_id):
        known = root.groups[group_id].enforce_role if group_id in root.groups else None
        if known is not enforced:
            yield (
                f"{place}/enforceRole",
                "enforceRole cannot be modified in a request that adds, removes or modifies services; "
                "please make these changes in separate requests.",
            )
    for index, app in enumerate(document.get("apps", [])):
        if paths.parent(paths.canonical(app["id"], group_id)) != group_id:
            yield f"{place}/apps({index})/id", f"Identifier is not child of '{group_id}'"
    for index, child in enumerate(document.get("groups", [])):
        yield from _problems(root, child, group_id_of(child, group_id), changes_apps, f"{place}/groups({index})")


def apply_group(root: Root, document: Document, group_id: str, version: str, rules: InputRules) -> Root:
    """The tree with the update laid over it: `apps` and `groups` that are given replace the group's own whole.

    Raises ApiError where an app breaks a rule, RejectedUpdate where a group is given that is no child.
    """
    apps, groups = dict(root.apps), dict(root.groups)
    touched: list[str] = []
    misplaced: list[str] = []
    _lay_over(document, group_id, version, rules, apps, groups, touched, misplaced)
    dependencies = root.dependencies
    if group_id == paths.ROOT and "dependencies" in document:
        dependencies = _dependencies(document, group_id)
    changed = replace(root, dependencies=dependencies).with_members(apps, groups, version, touched)
    if misplaced:
        raise _misplaced(changed, misplaced[0])
    return changed


def _misplaced(root: Root, group_id: str) -> Exception:
    children = [child for child in _depth_first(root, paths.ROOT) if child != group_id]
    message = "Group has to be child of groups with parent id"
    return rejected_tree(
        [{"path": f"/groups({len(children)})", "errors": [message]}],
        f'groups [at index {len(children)}] with value "{describe(root, group_id)}" {message}',
    )


def _depth_first(root: Root, group_id: str) -> Iterator[str]:
    for child in root.child_groups(group_id):
        yield child
        yield from _depth_first(root, child)


def _dependencies(document: Document, group_id: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(paths.canonical(path, group_id) for path in document["dependencies"]))


def _lay_over(
    document: Document,
    group_id: str,
    version: str,
    rules: InputRules,
    apps: dict[str, App],
    groups: dict[str, Group],
    touched: list[str],
    misplaced: list[str],
) -> None:
    if group_id != paths.ROOT:
        known = groups.get(group_id) or new_group(group_id, version)
        if "dependencies" in document:
            known = replace(known, dependencies=_dependencies(document, group_id))
        if document.get("enforceRole") is not None:
            known = replace(known, enforce_role=document["enforceRole"])
        groups[group_id] = replace(known, version=version)
    touched.append(group_id)
    if document.get("apps") is not None:
        _replace_apps(document["apps"], group_id, version, rules, apps)
    if document.get("groups") is not None:
        wanted = {group_id_of(child, group_id): child for child in document["groups"]}
        for child in [child for child in groups if paths.is_below(child, group_id)]:
            if not any(child == kept or paths.is_below(child, kept) for kept in wanted):
                _drop_group(child, apps, groups)
        for child_id, child in wanted.items():
            if paths.parent(child_id) != group_id:
                misplaced.append(child_id)
            _lay_over(child, child_id, version, rules, apps, groups, touched, misplaced)


def _replace_apps(
    documents: list[Document], group_id: str, version: str, rules: InputRules, apps: dict[str, App]
) -> None:
    built = {}
    for document in documents:
        app_id = paths.canonical(document["id"], group_id)
        built[app_id] = build_app(document, app_id, version, rules, base=group_id)
    for app_id in [app_id for app_id in apps if paths.parent(app_id) == group_id]:
        if app_id not in built:
            del apps[app_id]
    apps.update(built)


def _drop_group(group_id: str, apps: dict[str, App], groups: dict[str, Group]) -> None:
    del groups[group_id]
    for app_id in [app_id for app_id in apps if paths.is_below(app_id, group_id)]:
        del apps[app_id]


def scale_group(root: Root, group_id: str, factor: float, version: str) -> Root:
    """The tree with the instances of all apps in the group multiplied, rounded up."""
    scaled = {app.id: app.with_instances(math.ceil(app.instances * factor)) for app in root.apps_below(group_id)}
    return root.with_members({**root.apps, **scaled}, root.groups, version, scaled)


def roll_back_group(root: Root, old: Root, group_id: str, version: str) -> Root:
    """The tree with the group as it was in an old version of the tree."""
    inside = [group_id] if group_id != paths.ROOT else []

    def is_part(path: str) -> bool:
        return path in inside or paths.is_below(path, group_id)

    apps = {key: app for key, app in root.apps.items() if not is_part(key)}
    apps.update({key: app for key, app in old.apps.items() if is_part(key)})
    groups = {key: group for key, group in root.groups.items() if not is_part(key)}
    groups.update({key: replace(group, version=version) for key, group in old.groups.items() if is_part(key)})
    return root.with_members(apps, groups, version, [group_id])


def describe(root: Root, group_id: str) -> str:
    """A group in the words of Marathon's validation failures."""
    group = root.groups.get(group_id)
    apps = ", ".join(app_id for app_id in root.apps if paths.parent(app_id) == group_id)
    children = ", ".join(root.child_groups(group_id))
    needs = ", ".join(group.dependencies if group else root.dependencies)
    enforced = "None"
    if group is not None and group.enforce_role is not None:
        enforced = f"Some({str(group.enforce_role).lower()})"
    version = group.version if group else root.version
    return (
        f"Group({group_id}, apps = Seq({apps}), pods = Seq(), groups = Seq({children}), "
        f"dependencies = Seq({needs}), version = {version}, enforceRole = {enforced})"
    )
