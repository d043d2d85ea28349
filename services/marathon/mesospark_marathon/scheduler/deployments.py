# SPDX-License-Identifier: GPL-3.0-or-later
"""Running deployments.

Each action looks at the instances as they are and does what brings them nearer to its aim. Nothing but the plan and
its current step has to be kept: a restart in the middle goes on from what it finds.
"""

import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from mesospark_marathon.model.app import App
from mesospark_marathon.model.plan import RESTART, SCALE, START, Action, Plan, restored_plan, step_json
from mesospark_marathon.scheduler.context import Context
from mesospark_marathon.scheduler.health import Health
from mesospark_marathon.scheduler.instances import INACTIVE, RUNNING, Instance
from mesospark_marathon.scheduler.kills import Kills, choose_victims

Document = dict[str, Any]

CANCELLED = "The upgrade has been cancelled"


@dataclass
class Deployment:
    """A plan and how far it has come."""

    plan: Plan
    step: int = 0
    started: bool = False
    """whether the current step has been begun"""
    finished: set[str] = field(default_factory=set)
    """apps whose action of the current step is done"""

    def as_json(self) -> Document:
        """As answered by /v2/deployments."""
        plan = self.plan
        current = plan.steps[self.step] if self.step < len(plan.steps) else []
        return {
            "id": plan.id,
            "version": plan.version,
            "affectedApps": plan.affected,
            "affectedPods": [],
            "steps": [step_json(step) for step in plan.steps],
            "currentActions": [action.as_json() | {"readinessCheckResults": []} for action in current],
            "currentStep": self.step + 1,
            "totalSteps": len(plan.steps),
        }


class Deployments:
    """All running deployments."""

    def __init__(self, context: Context, kills: Kills, health: Health) -> None:
        self._context = context
        self._kills = kills
        self._health = health
        self._running: dict[str, Deployment] = {}
        self._by_app: dict[str, list[Deployment]] = {}
        """deployments in the order of their start, by each app they affect"""
        stored = context.store.load("deployment")
        for plan_id, document in sorted(stored.items(), key=lambda entry: str(entry[1]["plan"]["version"])):
            deployment = Deployment(restored_plan(document["plan"]), document["step"], document["started"])
            self._add(plan_id, deployment)

    def _add(self, plan_id: str, deployment: Deployment) -> None:
        self._running[plan_id] = deployment
        for app_id in deployment.plan.before:
            self._by_app.setdefault(app_id, []).append(deployment)

    def running(self) -> list[Deployment]:
        """Deployments in the order of their start."""
        return sorted(self._running.values(), key=lambda deployment: deployment.plan.version)

    def get(self, plan_id: str) -> Deployment | None:
        """The running deployment of this id."""
        return self._running.get(plan_id)

    def of_app(self, app_id: str) -> list[Deployment]:
        """Running deployments that change the app; one that only waits for the end of a deleted app does not."""
        affecting = self._by_app.get(app_id, ())
        return [deployment for deployment in affecting if deployment.plan.after[app_id] is not None]

    def locks(self, app_ids: Collection[str]) -> list[Deployment]:
        """Running deployments that must be over, or cancelled, before one that changes these apps."""
        found = {id(entry): entry for app_id in app_ids for entry in self.of_app(app_id)}
        return list(found.values())

    def is_locked(self, app_id: str) -> bool:
        """Whether a deployment cares for the app's instances."""
        return bool(self.of_app(app_id))

    def start(self, plan: Plan) -> None:
        """Begin a deployment."""
        deployment = Deployment(plan)
        self._add(plan.id, deployment)
        self._save(deployment)
        self.advance(deployment)

    def cancel(self, deployment: Deployment) -> None:
        """Drop a deployment and leave everything as it is."""
        self._forget(deployment)
        self.publish_failure(deployment.plan, CANCELLED)

    def publish_failure(self, plan: Plan, reason: str) -> None:
        """Tell that a deployment was cancelled or never begun."""
        self._context.publish("deployment_failed", {"id": plan.id, "plan": plan.as_json(), "reason": reason})

    def advance_those_of(self, app_ids: Collection[str]) -> None:
        """Take the deployments of these apps as far as they go now."""
        affected = {id(entry): entry for app_id in app_ids for entry in self._by_app.get(app_id, ())}
        for deployment in affected.values():
            self.advance(deployment)

    def advance(self, deployment: Deployment) -> None:
        """Take one deployment as far as it goes now."""
        plan = deployment.plan
        while deployment.step < len(plan.steps):
            step = plan.steps[deployment.step]
            fields = {"plan": plan.as_json(), "currentStep": step_json(step)}
            if not deployment.started:
                deployment.started = True
                self._save(deployment)
                self._context.publish("deployment_info", fields)
            for action in step:
                if action.app_id not in deployment.finished and self._act(plan, action):
                    deployment.finished.add(action.app_id)
            if len(deployment.finished) < len(step):
                return
            self._context.publish("deployment_step_success", fields)
            deployment.step += 1
            deployment.started = False
            deployment.finished.clear()
            self._save(deployment)
        self._forget(deployment)
        self._context.publish("deployment_success", {"id": plan.id, "plan": plan.as_json()})

    def _save(self, deployment: Deployment) -> None:
        if deployment.step < len(deployment.plan.steps):
            document = {
                "plan": deployment.plan.stored(),
                "step": deployment.step,
                "started": deployment.started,
            }
            self._context.store.put("deployment", deployment.plan.id, document)

    def _forget(self, deployment: Deployment) -> None:
        self._running.pop(deployment.plan.id, None)
        for app_id in deployment.plan.before:
            left = [entry for entry in self._by_app.get(app_id, ()) if entry is not deployment]
            if left:
                self._by_app[app_id] = left
            else:
                self._by_app.pop(app_id, None)
        self._context.store.delete("deployment", deployment.plan.id)

    def _act(self, plan: Plan, action: Action) -> bool:
        """Bring one app nearer to the aim of its action; whether the aim is reached."""
        app = plan.after[action.app_id]
        if app is None:
            return self._stop(plan.before[action.app_id], action.app_id)
        if action.kind == START:
            self._announce_checks(app)
            return True
        if action.kind == SCALE:
            return self._scale(app, plan.kill)
        return action.kind == RESTART and self._replace(app)

    def _announce_checks(self, app: App) -> None:
        for check in app.health_checks:
            fields = {"appId": app.id, "healthCheck": check, "version": app.version}
            self._context.publish("add_health_check_event", fields)

    def _stop(self, app: App | None, app_id: str) -> bool:
        last_version = app.version if app else ""
        own = [entry for entry in self._context.tracker.of_app(app_id) if entry.version <= last_version]
        for instance in own:
            self._kills.decommission(instance)
        if any(self._context.tracker.get(instance.id) for instance in own):
            return False
        if self._context.app(app_id) is None:
            self._context.backoff.reset_all(app_id)
        self._context.publish("app_terminated_event", {"appId": app_id})
        return True

    def _scale(self, app: App, kill: Mapping[str, Collection[str]]) -> bool:
        wanted = self._wanted(app)
        surplus = len(wanted) - app.instances
        if surplus > 0:
            for victim in choose_victims(app, wanted, surplus, list(kill.get(app.id, ()))):
                self._kills.decommission(victim)
        self._context.schedule(app, -surplus)
        everyone = self._context.tracker.of_app(app.id)
        leaving = [instance for instance in everyone if not instance.is_wanted and instance.condition != INACTIVE]
        ready = sum(self._is_ready(app, instance) for instance in self._wanted(app))
        return not leaving and ready >= app.instances

    def _replace(self, app: App) -> bool:
        """Instances of the new configuration come, those of older ones go, within the limits of the upgradeStrategy."""
        strategy = app.document["upgradeStrategy"]
        least = math.ceil(app.instances * strategy["minimumHealthCapacity"])
        most = int(app.instances * (1 + strategy["maximumOverCapacity"]))
        if least == most:
            # Without room in either direction nothing could ever be replaced.
            most += 1
        everyone = self._context.tracker.of_app(app.id)
        new = [entry for entry in everyone if entry.is_wanted and self._context.is_current(entry, app)]
        old = [entry for entry in everyone if not self._context.is_current(entry, app)]
        staying = [entry for entry in old if entry.is_wanted]
        ready = sum(self._is_ready(app, entry) for entry in new)
        if ready >= app.instances:
            victims = staying
        else:
            spare = max(0, len(staying) + ready - least)
            victims = choose_victims(app, staying, spare)
        for victim in victims:
            self._kills.decommission(victim)
        self._remove_surplus(app, new)
        alive = [entry for entry in old if self._context.tracker.get(entry.id) is not None]
        room = max(0, most - len(alive) - len(new))
        self._context.schedule(app, min(app.instances - len(new), room))
        return ready >= app.instances and not alive

    def _remove_surplus(self, app: App, instances: list[Instance]) -> None:
        for victim in choose_victims(app, instances, len(instances) - app.instances):
            self._kills.decommission(victim)

    def _wanted(self, app: App) -> list[Instance]:
        return [instance for instance in self._context.tracker.of_app(app.id) if instance.is_wanted]

    def _is_ready(self, app: App, instance: Instance) -> bool:
        if instance.condition != RUNNING:
            return False
        return not app.health_checks or self._health.is_healthy(app, instance) is True
