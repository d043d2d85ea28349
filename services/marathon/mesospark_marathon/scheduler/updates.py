# SPDX-License-Identifier: GPL-3.0-or-later
"""Status updates from Mesos."""

from typing import Any

from mesospark_marathon.model.timestamps import render
from mesospark_marathon.scheduler.context import Context
from mesospark_marathon.scheduler.health import Health
from mesospark_marathon.scheduler.instances import (
    CONDITION_OF_STATE,
    DECOMMISSIONED,
    INACTIVE,
    RUNNING,
    TERMINAL,
    UNREACHABLE,
    Instance,
    app_id_of,
    instance_id_of,
)
from mesospark_marathon.scheduler.kills import Kills

Document = dict[str, Any]

_FAILURES = frozenset(
    {
        "TASK_FAILED",
        "TASK_ERROR",
        "TASK_LOST",
        "TASK_DROPPED",
        "TASK_GONE",
        "TASK_GONE_BY_OPERATOR",
        "TASK_UNKNOWN",
    }
)


class Updates:
    """Moves instances from condition to condition as Mesos reports."""

    def __init__(self, context: Context, kills: Kills, health: Health) -> None:
        self._context = context
        self._kills = kills
        self._health = health

    def handle(self, status: Document) -> None:
        """Take one TaskStatus. It is acknowledged after what it changed is in the store."""
        task_id = status["task_id"]["value"]
        instance = self._context.tracker.get(instance_id_of(task_id))
        if instance is None or not instance.has_task or instance.task_id != task_id:
            self._unknown(task_id, status)
        else:
            self._known(instance, status)
        if "uuid" in status:
            self._context.send(
                "ACKNOWLEDGE",
                {"agent_id": status["agent_id"], "task_id": status["task_id"], "uuid": status["uuid"]},
            )

    def _unknown(self, task_id: str, status: Document) -> None:
        condition = CONDITION_OF_STATE[status["state"]]
        instance_id = instance_id_of(task_id)
        if condition in TERMINAL:
            self._context.publish(
                "unknown_instance_terminated_event",
                {
                    "instanceId": instance_id,
                    "runSpecId": app_id_of(instance_id),
                    "condition": condition,
                },
            )
        elif condition != UNREACHABLE:
            self._kills.kill_unknown(task_id, (status.get("agent_id") or {}).get("value"))

    def _known(self, instance: Instance, status: Document) -> None:
        condition = CONDITION_OF_STATE[status["state"]]
        if instance.condition in TERMINAL:
            return
        if condition == UNREACHABLE and instance.condition == INACTIVE:
            return
        same = condition == instance.condition
        healthy = status.get("healthy")
        if same and (healthy is None or healthy == instance.healthy):
            return
        now = self._context.now()
        if not same:
            instance.condition, instance.since = condition, now
        if condition == RUNNING and instance.started_at is None:
            instance.started_at = now
        addresses = _ip_addresses(status)
        if addresses:
            instance.ip_addresses = addresses
        turned = healthy is not None and healthy != instance.healthy
        instance.healthy = healthy if healthy is not None else instance.healthy
        if turned:
            self._health.observe_mesos(instance)
        self._publish_status(instance, status)
        if same:
            self._context.tracker.save(instance)
            self._publish_health(instance, instance.healthy)
            return
        self._context.tracker.changed(instance, now)
        self._after(instance, status, condition)

    def _publish_health(self, instance: Instance, healthy: bool | None) -> None:
        # The real server tells twice: of the task's health here, and of the instance's where checks are judged.
        fields = {
            "instanceId": instance.id,
            "runSpecId": instance.app_id,
            "healthy": healthy,
            "runSpecVersion": instance.version,
        }
        self._context.publish("instance_health_changed_event", fields)

    def _after(self, instance: Instance, status: Document, condition: str) -> None:
        app = self._context.app(instance.app_id)
        now = self._context.now()
        if app is not None and self._context.is_current(instance, app):
            self._context.backoff.observe(app, condition, now)
        if condition not in TERMINAL:
            return
        if status["state"] in _FAILURES or instance.kill_reason:
            self._keep_failure(instance, status)
        if instance.healthy is not None:
            self._publish_health(instance, None)
        instance.killed_at = instance.kill_reason = None
        instance.healthy = None
        if instance.goal == DECOMMISSIONED:
            self._context.tracker.forget(instance)
        else:
            self._context.tracker.save(instance)

    def _keep_failure(self, instance: Instance, status: Document) -> None:
        self._context.store.put(
            "failure",
            instance.app_id,
            failure := {
                "appId": instance.app_id,
                "host": instance.host,
                "message": instance.kill_reason or status.get("message", ""),
                "state": status["state"],
                "taskId": instance.task_id,
                "timestamp": render(self._context.now()),
                "version": instance.version,
                "slaveId": instance.agent_id,
            },
        )
        self._context.failures[instance.app_id] = failure

    def _publish_status(self, instance: Instance, status: Document) -> None:
        self._context.publish(
            "status_update_event",
            {
                "slaveId": instance.agent_id or "",
                "taskId": instance.task_id,
                "taskStatus": status["state"],
                "message": status.get("message", ""),
                "appId": instance.app_id,
                "host": instance.host or "",
                "ipAddresses": instance.ip_addresses,
                "ports": [port for port in instance.ports if port is not None],
                "version": instance.version,
            },
        )


def _ip_addresses(status: Document) -> list[dict[str, str]]:
    networks = (status.get("container_status") or {}).get("network_infos", [])
    return [
        {"ipAddress": address["ip_address"], "protocol": address.get("protocol", "IPv4")}
        for network in networks
        for address in network.get("ip_addresses", [])
        if address.get("ip_address")
    ]
