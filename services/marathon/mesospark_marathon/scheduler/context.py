# SPDX-License-Identifier: GPL-3.0-or-later
"""What all parts of the scheduler share. Nothing in it does I/O: calls and events are only handed on."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from random import Random
from typing import Any
from uuid import UUID

from mesospark_marathon.model import paths
from mesospark_marathon.model.app import App
from mesospark_marathon.options import Options
from mesospark_marathon.scheduler.backoff import Backoff
from mesospark_marathon.scheduler.instances import Instance, Tracker
from mesospark_marathon.scheduler.launch_queue import LaunchStatistics
from mesospark_marathon.store import Store

_MOST_WAITING = 5000
"""instances: an app that asks for a million by mistake must not take all memory"""

Publish = Callable[[str, Mapping[str, Any]], None]
Send = Callable[[str, dict[str, Any]], None]


@dataclass
class Context:
    """The scheduler's surroundings and its state."""

    now: Callable[[], float]
    """Unix time in seconds"""
    store: Store
    publish: Publish
    """(event type, fields)"""
    send: Send
    """(Mesos call type, body): delivered in order, once the store has committed"""
    options: Options
    random: Random
    app: Callable[[str], App | None]
    """the current version of an app by its id"""
    enforces_role: Callable[[str], bool]
    """whether an app must have the role of its top-level group"""
    framework_info: Callable[[], dict[str, Any]]
    """the framework as Mesos shall know it, with the roles of all apps"""
    tracker: Tracker
    backoff: Backoff
    statistics: LaunchStatistics
    failures: dict[str, dict[str, Any]]
    """the last task failure of each app, as answered"""

    def new_uuid(self) -> str:
        """A random UUID."""
        return str(UUID(int=self.random.getrandbits(128), version=4))

    def schedule(self, app: App, count: int) -> None:
        """Add instances that wait to be launched: not all at once if they are many, the rest as these are launched."""
        for _count in range(min(count, _MOST_WAITING - len(self.tracker.launchable))):
            self._schedule_one(app)

    def _schedule_one(self, app: App) -> None:
        now = self.now()
        instance_id = f"{paths.safe(app.id)}.instance-{self.new_uuid()}"
        self.tracker.schedule(Instance(instance_id, app.id, app.version, app.role, now, since=now))

    def is_current(self, instance: Instance, app: App) -> bool:
        """Whether an instance runs, or will run, the app's current configuration."""
        return instance.version >= app.last_config_change_at
