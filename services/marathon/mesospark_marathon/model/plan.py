# SPDX-License-Identifier: GPL-3.0-or-later
"""Deployment plans: the steps that lead from one version of the tree to the next."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from mesospark_marathon.model.app import App, restored
from mesospark_marathon.model.dependencies import levels
from mesospark_marathon.model.root import Root, put_app, remove_app

Document = dict[str, Any]

START, STOP, SCALE, RESTART = "StartApplication", "StopApplication", "ScaleApplication", "RestartApplication"


@dataclass(frozen=True)
class Action:
    """One change of one app."""

    kind: str
    app_id: str

    def as_json(self) -> Document:
        """As answered and published."""
        return {"action": self.kind, "app": self.app_id}


@dataclass(frozen=True)
class Plan:
    """What a deployment does. The apps are kept as they were and as they shall be, for the steps and for a rollback."""

    id: str
    version: str
    steps: Sequence[Sequence[Action]]
    before: Mapping[str, App | None]
    """affected apps by id; None where it did not exist"""
    after: Mapping[str, App | None]
    new_groups: Sequence[str] = ()
    """groups that did not exist before"""
    kill: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """by app id: ids of instances that a scaling shall end first"""

    @property
    def affected(self) -> list[str]:
        """Ids of the apps that the plan changes."""
        return list(self.before)

    def as_json(self) -> Document:
        """The plan as events show it."""
        return {"id": self.id, "steps": [step_json(step) for step in self.steps], "version": self.version}

    def stored(self) -> Document:
        """What the store keeps; `restored_plan` is the inverse."""
        return {
            "id": self.id,
            "version": self.version,
            "steps": [[[action.kind, action.app_id] for action in step] for step in self.steps],
            "before": {app_id: app and app.stored() for app_id, app in self.before.items()},
            "after": {app_id: app and app.stored() for app_id, app in self.after.items()},
            "newGroups": list(self.new_groups),
            "kill": {app_id: list(ids) for app_id, ids in self.kill.items()},
        }


def restored_plan(stored: Document) -> Plan:
    """A plan from what `Plan.stored` gave."""

    def apps(documents: Document) -> dict[str, App | None]:
        return {app_id: restored(document) if document else None for app_id, document in documents.items()}

    return Plan(
        id=stored["id"],
        version=stored["version"],
        steps=[[Action(*action) for action in step] for step in stored["steps"]],
        before=apps(stored["before"]),
        after=apps(stored["after"]),
        new_groups=stored["newGroups"],
        kill=stored["kill"],
    )


def step_json(step: Sequence[Action]) -> Document:
    """A step as answered and published."""
    return {"actions": [action.as_json() for action in step]}


def make_plan(
    plan_id: str, before: Root, after: Root, version: str, kill: Mapping[str, Sequence[str]] | None = None
) -> Plan:
    """The steps from one tree to the other: stop what goes, start what comes, then by dependency scale and restart."""
    gone = [app_id for app_id in before.apps if app_id not in after.apps]
    changed = [app_id for app_id, app in after.apps.items() if before.apps.get(app_id) is not app]
    new = [app_id for app_id in changed if app_id not in before.apps]
    wanted_kills = dict(kill or {})
    steps = []
    if gone:
        steps.append([Action(STOP, app_id) for app_id in gone])
    if new:
        steps.append([Action(START, app_id) for app_id in new])
    by_level: dict[int, list[Action]] = {}
    level = levels(after, changed) if changed else {}
    for app_id in changed:
        kind = _kind_of_change(before.apps.get(app_id), after.apps[app_id])
        if kind is not None:
            by_level.setdefault(level[app_id], []).append(Action(kind, app_id))
    steps += [by_level[key] for key in sorted(by_level)]
    affected = list(dict.fromkeys(action.app_id for step in steps for action in step))
    return Plan(
        id=plan_id,
        version=version,
        steps=steps,
        before={app_id: before.apps.get(app_id) for app_id in affected},
        after={app_id: after.apps.get(app_id) for app_id in affected},
        new_groups=[group_id for group_id in after.groups if group_id not in before.groups],
        kill=wanted_kills,
    )


def _kind_of_change(old: App | None, new: App) -> str | None:
    if old is None:
        return SCALE
    if old.last_config_change_at != new.last_config_change_at:
        return RESTART
    return SCALE if old.instances != new.instances else None


def revert(plan: Plan, current: Root, version: str) -> Root:
    """The current tree with all that the plan changed as it was before; versions are set by the caller."""
    result = current
    for app_id, app in plan.before.items():
        if app is not None:
            result = put_app(result, app, version)
        elif app_id in result.apps:
            result = remove_app(result, app_id, version)
    empty = {group_id for group_id in plan.new_groups if group_id in result.groups and not result.apps_below(group_id)}
    groups = {group_id: group for group_id, group in result.groups.items() if group_id not in empty}
    return result.with_members(result.apps, groups, version, [])
