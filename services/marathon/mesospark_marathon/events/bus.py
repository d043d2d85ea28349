# SPDX-License-Identifier: GPL-3.0-or-later
"""Hands each published event to every attached client of the event stream."""

import asyncio
import json
from collections import deque
from collections.abc import Callable, Collection, Mapping
from datetime import UTC, datetime
from typing import Any

Filter = Callable[[Mapping[str, Any]], bool]
"""Takes an event's fields: whether a client may see it."""


class Subscription:
    """What one client of the event stream has not read yet.

    A client that is more than `maximum` events behind is cut off: the bus never waits for it. `cut_off` is called then,
    to break a connection that hangs in sending.
    """

    def __init__(
        self, maximum: int, event_types: Collection[str], cut_off: Callable[[], None], may_see: Filter | None
    ) -> None:
        self._maximum = maximum
        self._types = frozenset(event_types)
        self._may_see = may_see
        self._cut_off = cut_off
        self._waiting: deque[bytes] = deque()
        self._changed = asyncio.Event()
        self.overrun = False
        self.closed = False

    def wants(self, event_type: str) -> bool:
        return not self._types or event_type in self._types

    def may_see(self, fields: Mapping[str, Any]) -> bool:
        return self._may_see is None or self._may_see(fields)

    def put(self, frame: bytes) -> None:
        if self.overrun:
            return
        self._changed.set()
        if len(self._waiting) < self._maximum:
            self._waiting.append(frame)
            return
        self.overrun = True
        self._waiting.clear()
        self._cut_off()

    def close(self) -> None:
        self.closed = True
        self._changed.set()

    async def take(self) -> bytes:
        """All waiting events as bytes to send; waits for one. Empty once the stream has ended (closed or overrun)."""
        while not self._waiting:
            if self.closed or self.overrun:
                return b""
            self._changed.clear()
            await self._changed.wait()
        frames = b"".join(self._waiting)
        self._waiting.clear()
        return frames


class EventBus:
    """All clients of the event stream; see `interfaces.EventSink`.

    `max_outstanding` is how many events a client may be behind before it is cut off.
    """

    def __init__(self, max_outstanding: int) -> None:
        self._max_outstanding = max_outstanding
        self._subscriptions: set[Subscription] = set()

    @property
    def attached(self) -> int:
        """Number of clients."""
        return len(self._subscriptions)

    def publish(self, event_type: str, fields: Mapping[str, Any]) -> None:
        """Queue an event for every client that wants its type. Never blocks."""
        wanting = [
            subscription
            for subscription in self._subscriptions
            if subscription.wants(event_type) and subscription.may_see(fields)
        ]
        if not wanting:
            return
        frame = _frame(event_type, fields)
        for subscription in wanting:
            subscription.put(frame)

    def attach(
        self,
        remote_address: str,
        event_types: Collection[str],
        cut_off: Callable[[], None],
        may_see: Filter | None = None,
    ) -> Subscription:
        """Add a client. Empty `event_types` means all; its first event is then event_stream_attached.

        `cut_off` is called when the client is too slow; `may_see` hides events, None shows all.
        """
        subscription = Subscription(self._max_outstanding, event_types, cut_off, may_see)
        attached = {"remoteAddress": remote_address}
        self.publish("event_stream_attached", attached)
        self._subscriptions.add(subscription)
        if subscription.wants("event_stream_attached"):
            # Whoever sees nothing of others is told of himself.
            subscription.put(_frame("event_stream_attached", attached))
        return subscription

    def detach(self, subscription: Subscription, remote_address: str) -> None:
        self._subscriptions.discard(subscription)
        self.publish("event_stream_detached", {"remoteAddress": remote_address})

    def close(self) -> None:
        """End all streams, after what is still waiting in them."""
        for subscription in self._subscriptions:
            subscription.close()


def _frame(event_type: str, fields: Mapping[str, Any]) -> bytes:
    event = dict(fields)
    event.setdefault("eventType", event_type)
    if "timestamp" not in event:
        event["timestamp"] = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    data = json.dumps(event, separators=(",", ":"), ensure_ascii=False)
    return f"event: {event_type}\r\ndata: {data}\r\n\r\n".encode()
