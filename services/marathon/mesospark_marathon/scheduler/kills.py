# SPDX-License-Identifier: GPL-3.0-or-later
"""Ending instances, and choosing which ones to end."""

from collections import Counter
from collections.abc import Iterable, Sequence

from mesospark_marathon.model.app import App
from mesospark_marathon.scheduler.constraints import place_of
from mesospark_marathon.scheduler.context import Context
from mesospark_marathon.scheduler.instances import (
    DECOMMISSIONED,
    INACTIVE,
    KILLED,
    KILLING,
    PROVISIONED,
    RUNNING,
    STAGING,
    STARTING,
    UNREACHABLE,
    Instance,
)

_ALREADY_DEAD = (UNREACHABLE, INACTIVE)
_GONE_FIRST = {UNREACHABLE: 1, PROVISIONED: 2, STAGING: 2, STARTING: 3, RUNNING: 4, KILLING: 4}
"""what costs least to lose goes first; all others wait for a launch or have ended"""


class Kills:
    """Asks Mesos to end tasks, and again until they have ended."""

    def __init__(self, context: Context) -> None:
        self._context = context

    def decommission(self, instance: Instance) -> None:
        """End an instance for good."""
        if instance.goal == DECOMMISSIONED:
            return
        instance.goal = DECOMMISSIONED
        self._context.tracker.changed(instance, self._context.now())
        if not instance.is_active:
            self._context.tracker.forget(instance)
        elif instance.condition in _ALREADY_DEAD:
            self._ask(instance)
            self._context.tracker.forget(instance)
        else:
            self.kill(instance)

    def kill(self, instance: Instance, reason: str | None = None) -> None:
        """End an instance's task; the instance is launched anew if that is its goal.

        reason: makes the end count as a failure of the task.
        """
        if not instance.is_active:
            return
        instance.kill_reason = reason or instance.kill_reason
        self._ask(instance)
        self._context.tracker.save(instance)

    def wipe(self, instance: Instance) -> None:
        """End an instance and forget it without waiting for Mesos."""
        self.decommission(instance)
        if instance.is_active:
            instance.condition = KILLED
            self._context.tracker.changed(instance, self._context.now())
            self._context.tracker.forget(instance)

    def kill_unknown(self, task_id: str, agent_id: str | None) -> None:
        """End a task that belongs to no instance."""
        body: dict[str, object] = {"task_id": {"value": task_id}}
        if agent_id:
            body["agent_id"] = {"value": agent_id}
        self._context.send("KILL", body)

    def retry(self) -> None:
        """Ask again for tasks that were to end long ago."""
        now = self._context.now()
        patience = self._context.options.kill_retry_timeout / 1000
        for instance in list(self._context.tracker.all()):
            waiting = instance.killed_at is not None and instance.is_active
            if waiting and now >= (instance.killed_at or 0) + patience and instance.condition not in _ALREADY_DEAD:
                self._ask(instance)

    def _ask(self, instance: Instance) -> None:
        instance.killed_at = self._context.now()
        self.kill_unknown(instance.task_id, instance.agent_id)


def choose_victims(
    app: App, instances: Iterable[Instance], count: int, preferred: Sequence[str] = ()
) -> list[Instance]:
    """The instances to end when an app has too many.

    First those asked for by id, then those that are farthest from running, then by the app's GROUP_BY constraints the
    most crowded places, then by the app's killSelection the youngest or the oldest.
    """
    left = list(instances)
    oldest_first = app.document["killSelection"] == "OLDEST_FIRST"
    fields = [constraint[0] for constraint in app.constraints if constraint[1] == "GROUP_BY"]
    victims: list[Instance] = []
    while left and len(victims) < count:
        crowds = {field: Counter(place_of(instance).value(field) for instance in left) for field in fields}

        def rank(instance: Instance, crowds: dict[str, Counter[str | None]] = crowds) -> tuple[bool, int, int, float]:
            crowd = sum(counts[place_of(instance).value(field)] for field, counts in crowds.items())
            age = instance.started_at or instance.staged_at or instance.scheduled_at
            return (
                instance.id not in preferred,
                _GONE_FIRST.get(instance.condition, 0),
                -crowd,
                age if oldest_first else -age,
            )

        victim = min(left, key=rank)
        left.remove(victim)
        victims.append(victim)
    return victims
