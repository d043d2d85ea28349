# SPDX-License-Identifier: GPL-3.0-or-later
"""Figures about the scheduler, by Marathon's metric names."""

from collections import Counter
from typing import Any

from mesospark_marathon.model.root import Root
from mesospark_marathon.scheduler.core import Scheduler
from mesospark_marathon.scheduler.instances import RUNNING, STAGED

_LAUNCH_OVERDUE = 60.0
"""seconds"""


class Counters:
    """What has happened since the start."""

    def __init__(self) -> None:
        self.values: Counter[str] = Counter()

    def count_event(self, event: dict[str, Any]) -> None:
        """Take notice of an event from Mesos."""
        if event["type"] == "OFFERS":
            self.values["marathon.mesos.offers.incoming.counter"] += len(event["offers"]["offers"])
        elif event["type"] == "UPDATE":
            state = event["update"]["status"]["state"].lower().replace("_", "-")
            self.values[f"marathon.mesos.task-updates.{state}.counter"] += 1

    def count_call(self, call_type: str, body: dict[str, Any]) -> None:
        """Take notice of a call to Mesos."""
        if call_type in ("REVIVE", "SUPPRESS"):
            self.values[f"marathon.mesos.calls.{call_type.lower()}.counter"] += 1
        elif call_type == "DECLINE":
            self.values["marathon.mesos.offers.declined.counter"] += len(body["offer_ids"])
        elif call_type == "ACCEPT":
            self.values["marathon.mesos.offers.used.counter"] += len(body["offer_ids"])
            launched = sum(len(operation["launch"]["task_infos"]) for operation in body["operations"])
            self.values["marathon.mesos.offer-operations.launch.counter"] += launched
            self.values["marathon.tasks.launched.counter"] += launched


_ALWAYS_THERE = (
    "marathon.mesos.calls.revive.counter",
    "marathon.mesos.calls.suppress.counter",
    "marathon.mesos.offer-operations.launch.counter",
    "marathon.mesos.offers.declined.counter",
    "marathon.mesos.offers.incoming.counter",
    "marathon.mesos.offers.used.counter",
    "marathon.tasks.launched.counter",
)


def scheduler_metrics(scheduler: Scheduler, root: Root, counters: Counters, uptime: float) -> dict[str, float]:
    """All figures by name. uptime: seconds."""
    instances = list(scheduler.tracker.all())
    now = scheduler.context.now()
    overdue = sum(entry.condition in STAGED and now - (entry.staged_at or now) > _LAUNCH_OVERDUE for entry in instances)
    return {
        **dict.fromkeys(_ALWAYS_THERE, 0.0),
        **{name: float(value) for name, value in counters.values.items()},
        "marathon.apps.active.gauge": float(len(root.apps)),
        "marathon.groups.active.gauge": float(1 + len(root.groups)),
        "marathon.deployments.active.gauge": float(len(scheduler.deployments.running())),
        "marathon.instances.running.gauge": float(sum(entry.condition == RUNNING for entry in instances)),
        "marathon.instances.staged.gauge": float(sum(entry.condition in STAGED for entry in instances)),
        "marathon.instances.launch-overdue.gauge": float(overdue),
        "marathon.instances.inflight-kills.gauge": float(
            sum(entry.killed_at is not None and entry.is_active for entry in instances)
        ),
        "marathon.leadership.duration.gauge.seconds": uptime,
        "marathon.uptime.gauge.seconds": uptime,
    }
