# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Marathon's event stream, read by a thread that reconnects by itself.

Events may be lost while the connection is away, so whoever waits must read the state again whenever wait() returns.
"""

from __future__ import annotations

import http.client
import json
import queue
import threading
import time
import typing as t

from .errors import PlatformError
from .marathon import Marathon

SILENCE = 60.0
RECONNECT_PAUSE = 1.0
_NEWS: dict[str, t.Any] = {}


class EventStream:
    """Delivers the events of one app. Open it before the change whose events are awaited."""

    def __init__(self, marathon: Marathon, app_id: str, kinds: t.Sequence[str]) -> None:
        self._marathon = marathon
        self._app_id = app_id
        self._kinds = list(kinds)
        self._queue: queue.Queue[dict[str, t.Any]] = queue.Queue()
        self._closed = threading.Event()

    def open(self) -> None:
        """Connect, and go on reading in the background. Raises what the client raises when the first connection
        fails.
        """
        response = self._marathon.open_events(self._kinds, SILENCE)
        threading.Thread(target=self._read, args=(response,), daemon=True).start()

    def close(self) -> None:
        """Stop reading; the thread ends with the next event or silence."""
        self._closed.set()

    def wait(self, seconds: float) -> list[dict[str, t.Any]]:
        """Events since the last call; returns early with the first one, and also (perhaps empty) after a
        reconnection.
        """
        events = []
        try:
            events.append(self._queue.get(timeout=max(seconds, 0.01)))
            while True:
                events.append(self._queue.get_nowait())
        except queue.Empty:
            pass
        return [event for event in events if event is not _NEWS]

    def _read(self, response: t.Any) -> None:
        while not self._closed.is_set():
            try:
                for line in response:
                    if self._closed.is_set():
                        break
                    if line.startswith(b"data:"):
                        self._deliver(line[5:])
            except (OSError, ValueError, http.client.HTTPException):
                pass  # the stream was cut: Marathon restarts, or its leader changed
            response.close()
            response = self._reconnect()

    def _reconnect(self) -> t.Any:
        while not self._closed.is_set():
            try:
                response = self._marathon.open_events(self._kinds, SILENCE)
                self._queue.put(_NEWS)
                return response
            except PlatformError:
                time.sleep(RECONNECT_PAUSE)
        return iter(())

    def _deliver(self, data: bytes) -> None:
        event = json.loads(data)
        if self._app_id in (event.get("appId"), event.get("runSpecId")) or self._concerns_app(event):
            self._queue.put(event)

    def _concerns_app(self, event: dict[str, t.Any]) -> bool:
        """Deployment events name their app within a plan's steps."""
        steps = (event.get("plan") or {}).get("steps", [])
        return any(action.get("app") == self._app_id for step in steps for action in step.get("actions", []))
