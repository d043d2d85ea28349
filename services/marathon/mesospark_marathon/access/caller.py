# SPDX-License-Identifier: GPL-3.0-or-later
"""Who sends a request, and what he may see and change."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from mesospark_marathon.access.team import Team
from mesospark_marathon.model import paths
from mesospark_marathon.model.app import App
from mesospark_marathon.model.errors import ApiError, RejectedUpdate
from mesospark_marathon.model.plan import Plan
from mesospark_marathon.model.root import Group, Root

_READING = frozenset(("GET", "HEAD", "OPTIONS"))


def refused(sentence: str) -> ApiError:
    """403 in the words of a rule."""
    return RejectedUpdate(403, {"message": sentence}, sentence)


@dataclass(frozen=True)
class Caller:
    """An account with its rights: operators everything, viewers look at everything, teams have their own apps."""

    name: str
    is_operator: bool = False
    is_viewer: bool = False
    teams: tuple[Team, ...] = ()

    @property
    def sees_all(self) -> bool:
        """Whether nothing is hidden."""
        return self.is_operator or self.is_viewer

    def owns(self, app: App) -> bool:
        """Whether the caller may change or end an app."""
        return self.is_operator or any(team.owns(app) for team in self.teams)

    def sees(self, app: App) -> bool:
        """Whether the caller may look at an app, its tasks, deployments, place in the queue and events."""
        return self.sees_all or self.owns(app)

    def sees_plan(self, plan: Plan) -> bool:
        """Whether all apps of a deployment may be seen."""
        return self.sees_all or all(map(self.owns, _apps_of(plan)))

    def sees_group(self, root: Root, group_id: str) -> bool:
        """Whether a group is on the way to apps of a team, holds some, or is an empty one among them."""
        if self.sees_all or group_id == paths.ROOT or self._leads_to_own(group_id):
            return True
        inside = root.apps_below(group_id)
        return any(map(self.owns, inside)) or (not inside and self._is_own_group(group_id))

    def refusal_of(self, method: str) -> str | None:
        """Why no request of this method is taken, None when it depends on the request."""
        if not (self.sees_all or self.teams):
            return f"teams: {self.name} is in no team of the rules, and neither an operator nor a viewer"
        if method not in _READING and not (self.is_operator or self.teams):
            return f"viewers: {self.name} may look, and change nothing"
        return None

    def require_operator(self, action: str) -> None:
        """ApiError 403 for anybody else."""
        if not self.is_operator:
            raise refused(f"operators: {action} is for operators only, and {self.name} is none")

    def require_sight(self, app: App) -> None:
        """ApiError 403 when an app is hidden."""
        if not self.sees(app):
            raise self._foreign(app.id)

    def require_ownership(self, app: App | None) -> None:
        """ApiError 403 when an app belongs to others; None is nobody's."""
        if app is not None and not self.owns(app):
            raise self._foreign(app.id)

    def require_sight_of_group(self, root: Root, group_id: str) -> None:
        """ApiError 403 when a group is hidden."""
        if not self.sees_group(root, group_id):
            raise self._foreign(group_id)

    def check_change(self, before: Root, after: Root) -> None:
        """ApiError 403 when the step from one tree to the other touches what belongs to others, or breaks a rule.

        All ways to change apps and groups end here, so that none goes around the rules.
        """
        if self.is_operator:
            return
        if not self.teams:
            raise refused(self.refusal_of("POST") or "")
        changed = [
            app_id for app_id in {**before.apps, **after.apps} if before.apps.get(app_id) is not after.apps.get(app_id)
        ]
        foreign = [app_id for app_id in changed if app_id in before.apps and not self.owns(before.apps[app_id])]
        if foreign and len(changed) == 1:
            raise self._foreign(foreign[0])
        if foreign:
            raise refused(f"teams: this would change {len(foreign)} apps that belong to no team of {self.name}")
        for app_id in changed:
            app = after.apps.get(app_id)
            if app is not None and not _only_shrinks(before.apps.get(app_id), app):
                self._check_app(app)
        self._check_groups(before, after)

    def check_cancel(self, plan: Plan) -> None:
        """ApiError 403 when a deployment touches apps of others."""
        if not all(map(self.owns, _apps_of(plan))):
            raise refused(f"teams: the deployment {plan.id} changes apps that belong to no team of {self.name}")

    def _check_app(self, app: App) -> None:
        refusals = [team.refusal(app) for team in self.teams]
        if all(refusals):
            # Whoever is in several teams is told by the one that the app says it belongs to.
            own = (sentence for team, sentence in zip(self.teams, refusals, strict=True) if team.owns(app))
            raise refused(next(own, refusals[0]) or "")

    def _check_groups(self, before: Root, after: Root) -> None:
        if before.dependencies != after.dependencies:
            raise refused("groups: dependencies of the root group are for operators only")
        for group_id in {**before.groups, **after.groups}:
            old, new = before.groups.get(group_id), after.groups.get(group_id)
            if old is new or self._is_own_group(group_id):
                continue
            made = old is None and self._leads_to_own(group_id)
            if new is None or not (made or old is not None) or _settings(new) != _settings(old):
                raise refused(f"groups: the group {group_id} is not one of {self._prefixes()}")

    def _is_own_group(self, group_id: str) -> bool:
        return any(team.may_be_named(group_id) for team in self.teams)

    def _leads_to_own(self, group_id: str) -> bool:
        return any(entry.startswith(group_id + "/") for team in self.teams for entry in team.app_ids)

    def _prefixes(self) -> str:
        return ", ".join(dict.fromkeys(entry for team in self.teams for entry in team.app_ids)) or "none"

    def _foreign(self, path: str) -> ApiError:
        teams = ", ".join(team.name for team in self.teams) or "none"
        return refused(f"teams: {path} belongs to no team of {self.name} ({teams})")


OPERATOR = Caller("", is_operator=True)
"""Everybody, where there are no rules."""

CALLER = web.RequestKey("caller", Caller)


def caller_of(request: web.Request) -> Caller:
    """Who sent a request; KeyError when nobody has found out, which refuses it."""
    return request[CALLER]


def apps_of_event(fields: Mapping[str, Any]) -> frozenset[str]:
    """Ids of the apps that an event tells of; empty when it is of none."""
    named = {fields.get("appId"), fields.get("runSpecId"), (fields.get("appDefinition") or {}).get("id")}
    steps = [*(fields.get("plan") or {}).get("steps", ()), fields.get("currentStep") or {}]
    named |= {action["app"] for step in steps for action in step.get("actions", ())}
    return frozenset(app_id for app_id in named if app_id)


def _apps_of(plan: Plan) -> Iterable[App]:
    return (app for apps in (plan.before, plan.after) for app in apps.values() if app is not None)


def _only_shrinks(before: App | None, after: App) -> bool:
    """An app that operators made, or that older rules allowed, may still be ended by its team."""
    return before is not None and after.instances < before.instances and after.configuration == before.configuration


def _settings(group: Group | None) -> tuple[tuple[str, ...], bool]:
    return (group.dependencies, bool(group.enforce_role)) if group is not None else ((), False)
