# SPDX-License-Identifier: GPL-3.0-or-later
"""The tree of groups and apps with its history, in memory and in the store."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any, TypeVar

from mesospark_marathon.model.app import App, restored
from mesospark_marathon.model.root import Group, Root
from mesospark_marathon.store import Store

_KEPT_VERSIONS = 50
_Member = TypeVar("_Member")


class Tree:
    """The current tree, its last versions, and the last versions of each app."""

    def __init__(self, store: Store, version: str) -> None:
        self._store = store
        self.app_versions: dict[str, dict[str, App]] = {}
        """apps by id and version; those of deleted apps stay as long as a kept version of the tree has them"""
        for document in store.load("app_version").values():
            app = restored(document)
            self.app_versions.setdefault(app.id, {})[app.version] = app
        self.current = self._load_current(version)
        self.history: dict[str, Root] = self._load_history()
        """versions of the tree, oldest first, the current one last"""

    def _load_current(self, version: str) -> Root:
        known = self._store.load("root").get("current")
        if known is None:
            return Root(version)
        apps = {
            app_id: self.app_versions[app_id][app_version] for app_id, app_version in self._store.load("app").items()
        }
        groups = {group_id: _group(document) for group_id, document in self._store.load("group").items()}
        return Root(known["version"], apps, groups, tuple(known["dependencies"]))

    def _load_history(self) -> dict[str, Root]:
        """Walks back from the current tree by what each version replaced."""
        versions = [self.current]
        for document in reversed(list(self._store.load("root_version").values())):
            newer = versions[-1]
            apps, groups = dict(newer.apps), dict(newer.groups)
            for app_id, app_version in document["apps"].items():
                apps.pop(app_id, None)
                if app_version is not None:
                    old = self.app_versions.get(app_id, {}).get(app_version)
                    if old is None:
                        return {root.version: root for root in reversed(versions)}
                    apps[app_id] = old
            for group_id, group in document["groups"].items():
                groups.pop(group_id, None)
                if group is not None:
                    groups[group_id] = _group(group)
            versions.append(Root(document["version"], apps, groups, tuple(document["dependencies"])))
        return {root.version: root for root in reversed(versions)}

    def replace(self, new: Root) -> None:
        """Make a new version of the tree the current one."""
        old = self.current
        apps, groups = _replaced(old.apps, new.apps), _replaced(old.groups, new.groups)
        for app_id in apps:
            self._put_app(app_id, new.apps.get(app_id))
        for group_id in groups:
            group = new.groups.get(group_id)
            if group is None:
                self._store.delete("group", group_id)
            else:
                self._store.put("group", group_id, asdict(group))
        self._store.put("root", "current", {"version": new.version, "dependencies": list(new.dependencies)})
        replaced = {
            "version": old.version,
            "dependencies": list(old.dependencies),
            "apps": {app_id: app and app.version for app_id, app in apps.items()},
            "groups": {group_id: group and asdict(group) for group_id, group in groups.items()},
        }
        self._store.put("root_version", new.version, replaced)
        self.current = new
        self.history[new.version] = new
        if len(self.history) > _KEPT_VERSIONS:
            self._prune()

    def amend(self, root: Root) -> None:
        """Change settings of groups in the current version of the tree, without a new version."""
        for group_id in _replaced(self.current.groups, root.groups):
            self._store.put("group", group_id, asdict(root.groups[group_id]))
        self.current = root
        self.history[root.version] = root

    def _put_app(self, app_id: str, app: App | None) -> None:
        if app is None:
            self._store.delete("app", app_id)
            return
        self._store.put("app", app_id, app.version)
        versions = self.app_versions.setdefault(app_id, {})
        versions[app.version] = app
        self._store.put("app_version", f"{app_id} {app.version}", app.stored())
        for version in list(versions)[:-_KEPT_VERSIONS]:
            self._drop_app_version(app_id, version)

    def _drop_app_version(self, app_id: str, version: str) -> None:
        del self.app_versions[app_id][version]
        if not self.app_versions[app_id]:
            del self.app_versions[app_id]
        self._store.delete("app_version", f"{app_id} {version}")

    def _prune(self) -> None:
        oldest = next(iter(self.history))
        dropped = self.history.pop(oldest)
        first_kept = next(iter(self.history))
        self._store.delete("root_version", first_kept)
        for app_id in dropped.apps.keys() - self.current.apps.keys():
            if not any(app_id in root.apps for root in self.history.values()):
                for version in list(self.app_versions.get(app_id, {})):
                    self._drop_app_version(app_id, version)


def _replaced(old: Mapping[str, _Member], new: Mapping[str, _Member]) -> dict[str, _Member | None]:
    """What the old members were that the new ones replace, add to (None) or lack."""
    changed = {key: old.get(key) for key, member in new.items() if old.get(key) is not member}
    return changed | {key: member for key, member in old.items() if key not in new}


def _group(document: Mapping[str, Any]) -> Group:
    return Group(document["version"], tuple(document["dependencies"]), document["enforce_role"])
