# SPDX-License-Identifier: GPL-3.0-or-later
"""Apps, tasks and groups as they are answered."""

import re
from collections.abc import Collection, Iterable, Mapping
from statistics import mean, median
from typing import Any

from mesospark_marathon.access.caller import Caller
from mesospark_marathon.model import paths
from mesospark_marathon.model.app import App
from mesospark_marathon.model.reader import compact
from mesospark_marathon.model.root import Root
from mesospark_marathon.model.timestamps import render
from mesospark_marathon.scheduler.instances import RUNNING, STAGED, TERMINAL, Instance
from mesospark_marathon.service import MarathonService

Document = dict[str, Any]

COUNTS, DEPLOYMENTS, TASKS, FAILURE = "counts", "deployments", "tasks", "lastTaskFailure"
STATISTICS, READINESS = "taskStats", "readiness"

_EMBEDDED: Mapping[str, tuple[str, ...]] = {
    "tasks": (TASKS, DEPLOYMENTS),
    "failures": (TASKS, FAILURE, DEPLOYMENTS),
    **{part: (part,) for part in (COUNTS, DEPLOYMENTS, FAILURE, STATISTICS, READINESS)},
}
_PREFIX = re.compile(r"^(?:group\.apps\.|apps\.|app\.)")


def embedded_parts(embed: Iterable[str]) -> set[str]:
    """The parts of apps that values of the embed parameter ask for; each prefix, and none, is taken everywhere."""
    return {part for value in embed for part in _EMBEDDED.get(_PREFIX.sub("", value, count=1), ())}


def app_text(service: MarathonService, app: App, parts: Collection[str]) -> str:
    """An app as JSON text with the named parts added."""
    added: Document = {}
    instances = service.scheduler.tracker.of_app(app.id)
    if COUNTS in parts:
        added |= _counts(service, app, instances)
    if DEPLOYMENTS in parts:
        running = service.scheduler.deployments.of_app(app.id)
        added["deployments"] = [{"id": deployment.plan.id} for deployment in running]
    if READINESS in parts:
        added["readinessCheckResults"] = []
    if TASKS in parts:
        added["tasks"] = [task_json(service, instance) for instance in instances if instance.has_task]
    failure = service.scheduler.context.failures.get(app.id)
    if FAILURE in parts and failure is not None:
        added["lastTaskFailure"] = failure
    if STATISTICS in parts:
        added["tasksStats"] = _statistics(service, app, instances)
    return f"{app.text},{compact(added)[1:]}" if added else app.text + "}"


def _counts(service: MarathonService, app: App, instances: list[Instance]) -> Document:
    health = [service.scheduler.health.is_healthy(app, instance) for instance in instances] if app.health_checks else []
    return {
        "tasksStaged": sum(instance.condition in STAGED for instance in instances),
        "tasksRunning": sum(instance.condition == RUNNING for instance in instances),
        "tasksHealthy": sum(alive is True for alive in health),
        "tasksUnhealthy": sum(alive is False for alive in health),
    }


def _statistics(service: MarathonService, app: App, instances: list[Instance]) -> Document:
    groups = {
        "startedAfterLastScaling": [entry for entry in instances if entry.version >= app.last_scaling_at],
        "withLatestConfig": [entry for entry in instances if entry.version >= app.last_config_change_at],
        "withOutdatedConfig": [entry for entry in instances if entry.version < app.last_config_change_at],
        "totalSummary": instances,
    }
    shown = {name: [entry for entry in group if entry.is_active] for name, group in groups.items()}
    return {name: {"stats": _figures(service, app, group)} for name, group in shown.items() if group}


def _figures(service: MarathonService, app: App, instances: list[Instance]) -> Document:
    counts = _counts(service, app, instances)
    figures: Document = {
        "counts": {
            "staged": counts["tasksStaged"],
            "running": counts["tasksRunning"],
            "healthy": counts["tasksHealthy"],
            "unhealthy": counts["tasksUnhealthy"],
        }
    }
    now = service.now()
    ages = [round(now - entry.started_at, 3) for entry in instances if entry.started_at is not None]
    if ages:
        figures["lifeTime"] = {"averageSeconds": round(mean(ages), 3), "medianSeconds": round(median(ages), 3)}
    return figures


def task_json(service: MarathonService, instance: Instance, service_ports: list[int] | None = None) -> Document:
    """A task. One that is over is shown, with less to say, until its successor is launched."""
    over = instance.condition in TERMINAL
    task: Document = {
        "appId": instance.app_id,
        "healthCheckResults": service.scheduler.health.results_json(instance),
        "host": instance.host,
        "id": instance.task_id,
        "ipAddresses": instance.ip_addresses,
        "ports": [] if over else [port for port in instance.ports if port is not None],
        "servicePorts": service_ports or [],
        "slaveId": instance.agent_id,
        "state": instance.state,
    }
    if not over:
        if instance.staged_at is not None:
            task["stagedAt"] = render(instance.staged_at)
        if instance.started_at is not None:
            task["startedAt"] = render(instance.started_at)
        task["version"] = instance.version
    task["localVolumes"] = []
    for name in ("region", "zone"):
        if f"@{name}" in instance.attributes:
            task[name] = instance.attributes[f"@{name}"]
    return task | {"role": instance.role}


class GroupRenderer:
    """A group with what lies in it, as JSON text."""

    def __init__(self, service: MarathonService, root: Root, embed: Collection[str] | None, caller: Caller) -> None:
        """embed: the values of the embed parameter; None for none given, which shows apps and groups.

        caller: who reads; what he may not see is left out.
        """
        wanted = {"group.apps", "group.groups"} if embed is None else set(embed)
        self._service = service
        self._with_apps = "group.apps" in wanted
        self._with_groups = "group.groups" in wanted
        self._parts = embedded_parts(value for value in wanted if value.startswith("group.apps."))
        self._root = root
        self._apps: dict[str, list[App]] = {}
        self._children: dict[str, list[str]] = {}
        for app_id, app in root.apps.items():
            if not caller.sees(app):
                continue
            self._apps.setdefault(paths.parent(app_id), []).append(app)
        for group_id in root.groups:
            if not caller.sees_group(root, group_id):
                continue
            self._children.setdefault(paths.parent(group_id), []).append(group_id)

    def text(self, group_id: str) -> str:
        """The group of this id, which must exist."""
        group = self._root.groups.get(group_id)
        apps, groups = "", ""
        if self._with_apps:
            apps = ",".join(app_text(self._service, app, self._parts) for app in self._apps.get(group_id, []))
        if self._with_groups:
            groups = ",".join(self.text(child) for child in self._children.get(group_id, []))
        last: Document = {
            "dependencies": list(group.dependencies if group else self._root.dependencies),
            "version": group.version if group else self._root.version,
        }
        if group is not None and group.enforce_role is not None:
            last["enforceRole"] = group.enforce_role
        return f'{{"id":"{group_id}","apps":[{apps}],"pods":[],"groups":[{groups}],{compact(last)[1:]}'
