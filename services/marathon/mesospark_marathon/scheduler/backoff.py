# SPDX-License-Identifier: GPL-3.0-or-later
"""Delays between launches of an app whose tasks end: grown by each end, kept in the store, forgotten in time."""

from dataclasses import dataclass

from mesospark_marathon.model.app import App
from mesospark_marathon.scheduler.instances import (
    DROPPED,
    ERROR,
    FAILED,
    FINISHED,
    GONE,
    PROVISIONED,
    RUNNING,
    STAGING,
    STARTING,
)
from mesospark_marathon.store import Store

RAISING = frozenset({ERROR, FAILED, DROPPED, GONE, FINISHED})
MOVING = frozenset({PROVISIONED, STAGING, STARTING, RUNNING})


@dataclass
class Delay:
    """A delay of `seconds`, counted from `reference`. Times are Unix seconds."""

    seconds: float
    reference: float
    longest: float
    """the app's maxLaunchDelaySeconds"""

    @property
    def until(self) -> float:
        """When the next launch is allowed."""
        return self.reference + self.seconds


class Backoff:
    """The delays of all apps, by app and configuration version."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._delays = {key: Delay(**document) for key, document in store.load("delay").items()}

    @staticmethod
    def _key(app: App) -> str:
        return f"{app.id} {app.last_config_change_at}"

    def until(self, app: App) -> float:
        """When the app may be launched next; 0 when nothing holds it."""
        delay = self._delays.get(self._key(app))
        return delay.until if delay else 0.0

    def observe(self, app: App, condition: str, now: float) -> None:
        """Take notice that an instance of the app came into a condition."""
        key = self._key(app)
        delay = self._delays.get(key)
        if condition in RAISING:
            longest = float(app.document["maxLaunchDelaySeconds"])
            if delay is None:
                seconds = float(app.document["backoffSeconds"])
            else:
                seconds = delay.seconds * app.document["backoffFactor"]
            delay = Delay(min(longest, seconds), now, longest)
        elif delay is not None and condition in MOVING:
            delay.reference = now
        else:
            return
        self._delays[key] = delay
        self._store.put("delay", key, vars(delay))

    def reset(self, app: App) -> None:
        """Allow the next launch at once."""
        self._drop(self._key(app))

    def reset_all(self, app_id: str) -> None:
        """Forget all that is known of an app that is gone."""
        for key in [key for key in self._delays if key.startswith(f"{app_id} ")]:
            self._drop(key)

    def expire(self, now: float) -> None:
        """Forget delays whose app has run, or waited, longer than its longest delay."""
        for key in [key for key, delay in self._delays.items() if now > delay.reference + delay.longest]:
            self._drop(key)

    def next_end(self, now: float) -> float | None:
        """The earliest end of a delay that still lasts."""
        return min((delay.until for delay in self._delays.values() if delay.until > now), default=None)

    def _drop(self, key: str) -> None:
        if self._delays.pop(key, None) is not None:
            self._store.delete("delay", key)
