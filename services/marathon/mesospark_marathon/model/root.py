# SPDX-License-Identifier: GPL-3.0-or-later
"""The tree of groups and apps. Kept flat, by id: copying it for a change costs little, and old versions share all."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from mesospark_marathon.model import paths
from mesospark_marathon.model.app import App


@dataclass(frozen=True)
class Group:
    """What a group has besides its members."""

    version: str
    dependencies: tuple[str, ...] = ()
    enforce_role: bool | None = None


@dataclass(frozen=True)
class Root:
    """One version of the whole tree."""

    version: str
    apps: Mapping[str, App] = field(default_factory=dict)
    groups: Mapping[str, Group] = field(default_factory=dict)
    """all groups but the root"""
    dependencies: tuple[str, ...] = ()

    def has_group(self, group_id: str) -> bool:
        """Whether the group exists; the root always does."""
        return group_id == paths.ROOT or group_id in self.groups

    def apps_below(self, group_id: str) -> list[App]:
        """Apps of the group and of the groups in it."""
        return [app for app_id, app in self.apps.items() if paths.is_below(app_id, group_id)]

    def child_groups(self, group_id: str) -> list[str]:
        """Groups directly in the group."""
        return [child for child in self.groups if paths.parent(child) == group_id]

    def with_members(
        self, apps: Mapping[str, App], groups: Mapping[str, Group], version: str, touched: Iterable[str]
    ) -> "Root":
        """A new version of the tree. The touched paths' ancestors are made if need be and get the version."""
        result = dict(groups)
        for path in touched:
            for group_id in paths.ancestors(path):
                known = result.get(group_id)
                if known is None:
                    result[group_id] = new_group(group_id, version)
                else:
                    result[group_id] = replace(known, version=version)
        return replace(self, version=version, apps=dict(apps), groups=result)


def new_group(group_id: str, version: str, dependencies: tuple[str, ...] = ()) -> Group:
    """A group as it is made when something is put into it."""
    return Group(version, dependencies, False if paths.is_top_level(group_id) else None)


def put_app(root: Root, app: App, version: str) -> Root:
    """The tree with the app added or replaced."""
    return root.with_members({**root.apps, app.id: app}, root.groups, version, [app.id])


def remove_app(root: Root, app_id: str, version: str) -> Root:
    """The tree without the app; groups it leaves empty stay."""
    apps = {key: app for key, app in root.apps.items() if key != app_id}
    return root.with_members(apps, root.groups, version, [app_id])


def remove_group(root: Root, group_id: str, version: str) -> Root:
    """The tree without the group and all in it; of the root only the members go."""
    apps = {key: app for key, app in root.apps.items() if not paths.is_below(key, group_id)}
    groups = {key: group for key, group in root.groups.items() if key != group_id and not paths.is_below(key, group_id)}
    return root.with_members(apps, groups, version, [group_id])


def conflicts(root: Root) -> Iterator[tuple[str, str]]:
    """(path, error) for ids that are both of an app and of a group."""
    for app_id in root.apps:
        if app_id in root.groups:
            yield place_of(root, paths.parent(app_id)), "Groups and Applications may not have the same identifier."


def place_of(root: Root, group_id: str) -> str:
    """How error messages name a group: / for the root, /groups(0)/groups(2) for one below it."""
    place = ""
    for path in [*paths.ancestors(group_id), group_id] if group_id != paths.ROOT else []:
        siblings = root.child_groups(paths.parent(path))
        place += f"/groups({siblings.index(path)})"
    return place or "/"
