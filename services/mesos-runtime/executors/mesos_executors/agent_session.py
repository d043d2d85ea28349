# SPDX-License-Identifier: GPL-3.0-or-later
"""The connection of an executor to its agent: Mesos' v1 executor API."""

import random
import threading
from collections.abc import Callable
from typing import Protocol

from mesos_executors.http_client import Address, Connection
from mesos_executors.settings import Settings
from mesos_executors.values import Json

_CONNECT_TIMEOUT = 10.0
_CALL_TIMEOUT = 5.0
_LONGEST_PAUSE = 2.0


class SessionListener(Protocol):
    """What a session tells; called in the session's own thread."""

    def session_opened(self) -> None:
        """The agent accepted the subscription."""

    def session_event(self, event: Json) -> None:
        """An event came."""

    def session_lost(self, reason: str) -> None:
        """The connection is gone or was not made."""

    def session_refused(self, reason: str) -> None:
        """The agent has refused the subscription often enough to mean it."""


class AgentSession:
    """Subscribes, and subscribes again whenever the connection is lost.

    `unacknowledged` gives the tasks and updates that a subscription must repeat.
    """

    _REFUSALS = 10

    def __init__(
        self,
        settings: Settings,
        address: Address,
        listener: SessionListener,
        unacknowledged: Callable[[], tuple[list[Json], list[Json]]],
    ) -> None:
        self._address = address
        self._listener = listener
        self._unacknowledged = unacknowledged
        self._path = f"/{settings.agent_process}/api/v1/executor"
        self._headers = {"Authorization": f"Bearer {settings.token}"} if settings.token else {}
        self._ids = {
            "framework_id": {"value": settings.framework_id},
            "executor_id": {"value": settings.executor_id},
        }
        self._calls = Connection(address, _CALL_TIMEOUT)
        self._try_now = threading.Event()

    def start(self) -> None:
        """Begin to subscribe, in a thread of its own."""
        threading.Thread(target=self._subscribe_for_ever, name="subscriber", daemon=True).start()

    def hurry(self) -> None:
        """If it is waiting to subscribe again: do not."""
        self._try_now.set()

    def send_update(self, status: Json) -> tuple[int, str]:
        """Send a status update; the agent's HTTP status (202: taken) and text. OSError if it cannot be reached."""
        body = {"type": "UPDATE", **self._ids, "update": {"status": status}}
        code, data = self._calls.call("POST", self._path, body, self._headers)
        return code, data[:300].decode(errors="replace")

    def drop_call_connection(self) -> None:
        """Forget the connection for calls: the agent behind it may have gone."""
        self._calls.close()

    def _subscribe_for_ever(self) -> None:
        attempts = refusals = 0
        while True:
            connection = Connection(self._address, _CONNECT_TIMEOUT)
            try:
                status, reason, subscribed = self._subscribe(connection)
                if subscribed:
                    attempts = refusals = 0
                elif 400 <= status < 500:  # 503 is an agent that still recovers
                    refusals += 1
                    if refusals == self._REFUSALS:
                        self._listener.session_refused(reason)
            except OSError as error:
                reason = str(error) or type(error).__name__
            finally:
                connection.close()
            self._listener.session_lost(reason)
            attempts += 1
            # The agent may be restarting: soon at first, then less often.
            longest = min(_LONGEST_PAUSE, 0.25 * 2 ** min(attempts, 6))
            self._try_now.wait(0.05 if attempts == 1 else random.uniform(0.1, longest))
            self._try_now.clear()

    def _subscribe(self, connection: Connection) -> tuple[int, str, bool]:
        """Subscribe and read until the stream ends: HTTP status, why it ended, whether SUBSCRIBED was seen."""
        tasks, updates = self._unacknowledged()
        subscribe = {"unacknowledged_tasks": tasks, "unacknowledged_updates": [{"status": s} for s in updates]}
        body = {"type": "SUBSCRIBE", **self._ids, "subscribe": subscribe}
        answer = connection.request("POST", self._path, body, self._headers)
        if answer.status != 200:
            return answer.status, f"the agent answered {answer.status} {answer.read()[:200]!r}", False
        connection.wait_for_ever()
        subscribed = opened = False
        for event in answer.records():
            if not opened:
                self._listener.session_opened()
                opened = True
            subscribed = subscribed or event.get("type") == "SUBSCRIBED"
            self._listener.session_event(event)
        return 200, "end of stream", subscribed
