# SPDX-License-Identifier: GPL-3.0-or-later
"""Instances: what each is meant to be, what Mesos says it is, and who has to hear of a change."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from mesospark_marathon.model import paths
from mesospark_marathon.model.timestamps import render
from mesospark_marathon.store import Store

RUNNING_GOAL, DECOMMISSIONED = "Running", "Decommissioned"

SCHEDULED, PROVISIONED, STAGING, STARTING, RUNNING = "Scheduled", "Provisioned", "Staging", "Starting", "Running"
KILLING, UNREACHABLE, INACTIVE = "Killing", "Unreachable", "UnreachableInactive"
FINISHED, FAILED, KILLED, ERROR = "Finished", "Failed", "Killed", "Error"
DROPPED, GONE, UNKNOWN = "Dropped", "Gone", "Unknown"

CONDITION_OF_STATE: Mapping[str, str] = {
    "TASK_STAGING": STAGING,
    "TASK_STARTING": STARTING,
    "TASK_RUNNING": RUNNING,
    "TASK_KILLING": KILLING,
    "TASK_FINISHED": FINISHED,
    "TASK_FAILED": FAILED,
    "TASK_KILLED": KILLED,
    "TASK_ERROR": ERROR,
    "TASK_LOST": GONE,
    "TASK_DROPPED": DROPPED,
    "TASK_UNREACHABLE": UNREACHABLE,
    "TASK_GONE": GONE,
    "TASK_GONE_BY_OPERATOR": GONE,
    "TASK_UNKNOWN": UNKNOWN,
}
TERMINAL = frozenset({FINISHED, FAILED, KILLED, ERROR, DROPPED, GONE, UNKNOWN})
STAGED = frozenset({PROVISIONED, STAGING, STARTING})
_STATE_OF_CONDITION = {
    PROVISIONED: "TASK_STAGING",
    STAGING: "TASK_STAGING",
    STARTING: "TASK_STARTING",
    RUNNING: "TASK_RUNNING",
    KILLING: "TASK_KILLING",
    FINISHED: "TASK_FINISHED",
    FAILED: "TASK_FAILED",
    KILLED: "TASK_KILLED",
    ERROR: "TASK_ERROR",
    DROPPED: "TASK_DROPPED",
    GONE: "TASK_GONE",
    UNKNOWN: "TASK_UNKNOWN",
    UNREACHABLE: "TASK_UNREACHABLE",
    INACTIVE: "TASK_UNREACHABLE",
}


@dataclass
class Instance:
    """One place in which an app runs. It outlives its tasks: each launch is a new task of the same instance.

    Times are Unix seconds.
    """

    id: str
    app_id: str
    version: str
    """of the app, at the last launch"""
    role: str
    scheduled_at: float
    condition: str = SCHEDULED
    goal: str = RUNNING_GOAL
    since: float = 0.0
    """since when it has its condition"""
    launches: int = 0
    agent_id: str | None = None
    host: str | None = None
    attributes: dict[str, str] = field(default_factory=dict)
    """of the agent, with @region and @zone where it has them"""
    ports: list[int | None] = field(default_factory=list)
    """host port by place; None where the app asks for none"""
    ip_addresses: list[dict[str, str]] = field(default_factory=list)
    staged_at: float | None = None
    started_at: float | None = None
    healthy: bool | None = None
    """what a check by the Mesos executor said last"""
    killed_at: float | None = None
    """when a kill was last asked for"""
    kill_reason: str | None = None
    """why a kill was asked for, where that is a failure of the task"""

    @property
    def task_id(self) -> str:
        """The id of the current or last task."""
        return f"{self.id}._app.{self.launches}"

    @property
    def state(self) -> str:
        """The Mesos task state that the condition stands for."""
        return _STATE_OF_CONDITION[self.condition]

    @property
    def has_task(self) -> bool:
        """Whether there is a task to show: a running one, or the last one until the next launch."""
        return self.condition != SCHEDULED

    @property
    def is_active(self) -> bool:
        """Whether a task exists or may exist at an agent."""
        return self.condition != SCHEDULED and self.condition not in TERMINAL

    @property
    def is_wanted(self) -> bool:
        """Whether it counts toward the app's number of instances."""
        return self.goal == RUNNING_GOAL and self.condition != INACTIVE

    @property
    def is_launchable(self) -> bool:
        """Whether it waits for an offer."""
        return self.goal == RUNNING_GOAL and not self.is_active


def instance_id_of(task_id: str) -> str:
    """The instance a task belongs to."""
    return task_id.rpartition("._app.")[0] or task_id


def app_id_of(instance_id: str) -> str:
    """The app an instance belongs to, by its id alone."""
    return paths.unsafe(instance_id.partition(".instance-")[0])


class Tracker:
    """All instances, by id and by app; keeps the store up to date and publishes changes."""

    def __init__(self, store: Store, publish: Callable[[str, Mapping[str, Any]], None]) -> None:
        self._store = store
        self._publish = publish
        self._instances: dict[str, Instance] = {}
        self._by_app: dict[str, dict[str, Instance]] = {}
        self.launchable: dict[str, Instance] = {}
        """instances that wait for an offer, by id"""
        self.unreachable: dict[str, Instance] = {}
        """instances whose agent is lost, by id"""
        self.changed_apps: set[str] = set()
        """apps whose instances changed since the set was last emptied"""
        self.when_forgotten: Callable[[Instance], None] = lambda _instance: None
        """called with each instance that is dropped"""
        for document in store.load("instance").values():
            self._add(Instance(**document))

    def _add(self, instance: Instance) -> None:
        self._instances[instance.id] = instance
        self._by_app.setdefault(instance.app_id, {})[instance.id] = instance
        self._index(instance)

    def _index(self, instance: Instance) -> None:
        self.changed_apps.add(instance.app_id)
        for index, belongs in (
            (self.launchable, instance.is_launchable),
            (self.unreachable, instance.condition in (UNREACHABLE, INACTIVE)),
        ):
            if belongs:
                index[instance.id] = instance
            else:
                index.pop(instance.id, None)

    def get(self, instance_id: str) -> Instance | None:
        """The instance, if it is known."""
        return self._instances.get(instance_id)

    def of_app(self, app_id: str) -> list[Instance]:
        """The app's instances in the order they were made."""
        return list(self._by_app.get(app_id, {}).values())

    def all(self) -> Iterable[Instance]:
        """Every instance."""
        return self._instances.values()

    def apps(self) -> list[str]:
        """Apps that have instances."""
        return list(self._by_app)

    def schedule(self, instance: Instance) -> None:
        """Take on a new instance."""
        self._add(instance)
        self.changed(instance, instance.scheduled_at)

    def save(self, instance: Instance) -> None:
        """Keep a change that nobody has to hear of."""
        self._index(instance)
        self._store.put("instance", instance.id, asdict(instance))

    def changed(self, instance: Instance, now: float) -> None:
        """Keep a change of condition or goal and publish it."""
        self.save(instance)
        self._publish(
            "instance_changed_event",
            {
                "instanceId": instance.id,
                "condition": instance.condition,
                "runSpecId": instance.app_id,
                "agentId": instance.agent_id,
                "host": instance.host,
                "runSpecVersion": instance.version,
                "timestamp": render(now),
            },
        )

    def forget(self, instance: Instance) -> None:
        """Drop an instance."""
        self.changed_apps.add(instance.app_id)
        for index in (self._instances, self.launchable, self.unreachable):
            index.pop(instance.id, None)
        siblings = self._by_app.get(instance.app_id, {})
        siblings.pop(instance.id, None)
        if not siblings:
            self._by_app.pop(instance.app_id, None)
        self._store.delete("instance", instance.id)
        self.when_forgotten(instance)
