# SPDX-License-Identifier: GPL-3.0-or-later
"""The health of instances: results of checks by Marathon and by the Mesos executor, and what follows from them."""

from dataclasses import dataclass
from typing import Any

from mesospark_marathon.interfaces import HealthTarget
from mesospark_marathon.model.app import App
from mesospark_marathon.model.app_rules import MARATHON_CHECKS
from mesospark_marathon.model.timestamps import render
from mesospark_marathon.scheduler.context import Context
from mesospark_marathon.scheduler.instances import RUNNING, Instance
from mesospark_marathon.scheduler.kills import Kills
from mesospark_marathon.scheduler.task_info import check_port

Document = dict[str, Any]


@dataclass
class CheckResult:
    """What one check of one task has said so far. Times are Unix seconds."""

    alive: bool = False
    consecutive_failures: int = 0
    first_success: float | None = None
    last_success: float | None = None
    last_failure: float | None = None
    cause: str | None = None


class Health:
    """Health by task and check. Not stored: checks run again after a restart."""

    def __init__(self, context: Context, kills: Kills) -> None:
        self._context = context
        self._kills = kills
        self._results: dict[str, tuple[str, dict[int, CheckResult]]] = {}
        """by instance: the task they are about, and its results by check. They stay until the next task is launched."""
        context.tracker.when_forgotten = self._forget

    def _forget(self, instance: Instance) -> None:
        self._results.pop(instance.id, None)

    def _results_of(self, instance: Instance) -> dict[int, CheckResult]:
        task_id, results = self._results.get(instance.id, ("", {}))
        if task_id != instance.task_id:
            results = {}
            self._results[instance.id] = (instance.task_id, results)
        return results

    def is_healthy(self, app: App, instance: Instance) -> bool | None:
        """All checks alive, some dead, or None while one has not spoken yet."""
        if not app.health_checks or instance.condition != RUNNING:
            return None
        known = self._results_of(instance).values()
        if any(not result.alive for result in known):
            return False
        return True if len(known) >= len(app.health_checks) else None

    def results_json(self, instance: Instance) -> list[Document]:
        """`healthCheckResults` of a task."""
        if instance.id not in self._results:
            return []
        return [_result_json(instance, result) for _index, result in sorted(self._results_of(instance).items())]

    def targets(self) -> list[HealthTarget]:
        """The checks that Marathon has to run now."""
        return [
            _target(app, instance, index, check)
            for instance in self._context.tracker.all()
            if instance.condition == RUNNING
            and (app := self._context.app(instance.app_id)) is not None
            and self._context.is_current(instance, app)
            for index, check in enumerate(app.health_checks)
            if check["protocol"] in MARATHON_CHECKS
        ]

    def report(self, instance_id: str, index: int, alive: bool, cause: str | None) -> None:
        """Take the result of one probe by Marathon."""
        instance = self._context.tracker.get(instance_id)
        app = self._context.app(instance.app_id) if instance else None
        if instance is None or app is None or instance.condition != RUNNING or index >= len(app.health_checks):
            return
        if alive:
            self._success(app, instance, index)
            return
        check = app.health_checks[index]
        known = self._results_of(instance).get(index)
        in_grace = self._context.now() < (instance.started_at or 0) + check["gracePeriodSeconds"]
        if in_grace and (known is None or known.first_success is None):
            return
        # The real server counts the failures before this one: the kill comes with one more than the app says.
        before = known.consecutive_failures if known is not None else 0
        self._failure(app, instance, index, cause)
        limit = check["maxConsecutiveFailures"]
        if limit and before >= limit and instance.killed_at is None:
            self._kill(app, instance, cause)

    def observe_mesos(self, instance: Instance) -> None:
        """Take the health that the executor reported with the instance's last status."""
        app = self._context.app(instance.app_id)
        if app is None or instance.healthy is None:
            return
        for index, check in enumerate(app.health_checks):
            if check["protocol"] in MARATHON_CHECKS:
                continue
            if instance.healthy:
                self._success(app, instance, index)
            else:
                self._failure(app, instance, index, "")

    def _success(self, app: App, instance: Instance, index: int) -> None:
        before = self.is_healthy(app, instance)
        result = self._results_of(instance).setdefault(index, CheckResult())
        turned, result.alive = not result.alive, True
        result.consecutive_failures = 0
        result.last_success = self._context.now()
        result.first_success = result.first_success or result.last_success
        self._changed(app, instance, result, turned, before)

    def _failure(self, app: App, instance: Instance, index: int, cause: str | None) -> None:
        before = self.is_healthy(app, instance)
        result = self._results_of(instance).setdefault(index, CheckResult())
        turned, result.alive = result.alive, False
        result.consecutive_failures += 1
        result.last_failure = self._context.now()
        result.cause = cause or ""
        fields = {"appId": app.id, "taskId": instance.id, "healthCheck": app.health_checks[index]}
        self._context.publish("failed_health_check_event", fields)
        self._changed(app, instance, result, turned, before)

    def _changed(self, app: App, instance: Instance, result: CheckResult, turned: bool, before: bool | None) -> None:
        """turned: the check now says the opposite; before: what the instance's health was."""
        self._context.tracker.changed_apps.add(app.id)
        if turned:
            fields = {"appId": app.id, "instanceId": instance.id, "version": app.version, "alive": result.alive}
            self._context.publish("health_status_changed_event", fields)
        if self.is_healthy(app, instance) != before:
            self._publish_health(app, instance)

    def _publish_health(self, app: App, instance: Instance) -> None:
        self._context.publish(
            "instance_health_changed_event",
            {
                "instanceId": instance.id,
                "runSpecId": app.id,
                "healthy": self.is_healthy(app, instance),
                "runSpecVersion": instance.version,
            },
        )

    def _kill(self, app: App, instance: Instance, cause: str | None) -> None:
        self._context.publish(
            "unhealthy_instance_kill_event",
            {
                "appId": app.id,
                "taskId": instance.task_id,
                "instanceId": instance.id,
                "version": instance.version,
                "reason": cause or "",
                "host": instance.host,
                "slaveId": instance.agent_id,
            },
        )
        self._kills.kill(instance, f"Task was killed since health check failed. Reason: {cause or ''}")


def _result_json(instance: Instance, result: CheckResult) -> Document:
    document: Document = {"alive": result.alive, "consecutiveFailures": result.consecutive_failures}
    if result.first_success is not None:
        document["firstSuccess"] = render(result.first_success)
    document["instanceId"] = f"instance [{instance.id}]"
    if result.last_failure is not None:
        document |= {"lastFailure": render(result.last_failure), "lastFailureCause": result.cause}
    if result.last_success is not None:
        document["lastSuccess"] = render(result.last_success)
    return document


def _target(app: App, instance: Instance, index: int, check: Document) -> HealthTarget:
    return HealthTarget(
        instance_id=instance.id,
        check_index=index,
        protocol=check["protocol"],
        host=instance.host or "",
        port=check_port(app, check, instance.ports, inside=False),
        path=check.get("path", "/"),
        interval=float(check["intervalSeconds"]),
        timeout=float(check["timeoutSeconds"]),
        delay=0.0,
        ignore_http_1xx=bool(check.get("ignoreHttp1xx", False)),
    )
