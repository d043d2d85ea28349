# SPDX-License-Identifier: GPL-3.0-or-later
"""GET /v2/events: server-sent events."""

import asyncio
import logging
from collections.abc import Callable, Mapping
from typing import Any

from aiohttp import web

from mesospark_marathon.access.caller import Caller, apps_of_event, caller_of
from mesospark_marathon.events.bus import EventBus, Subscription
from mesospark_marathon.model.app import App

log = logging.getLogger(__name__)

EVENTS_PATH = "/v2/events"
KEEP_ALIVE_SECONDS = 10.0
"""An empty line after this silence shows a client that died without a word, here and to proxies in between."""
SEND_TIMEOUT_SECONDS = 60.0
"""A client that takes nothing for so long is disconnected, even if few events wait for it."""


class EventResource:
    """Streams the events of a bus to each client that asks for text/event-stream."""

    def __init__(
        self,
        bus: EventBus,
        known_app: Callable[[str], App | None],
        caller_now: Callable[[Caller, web.Request], Caller],
    ) -> None:
        """known_app: an app as it is or last was; caller_now: the rights that a caller has by now."""
        self._bus = bus
        self._known_app = known_app
        self._caller_now = caller_now

    async def get(self, request: web.Request) -> web.StreamResponse:
        """The stream: all events, or those named by `event_type` parameters.

        Plans in deployment events are always in the light form, as with the real Marathon's plan-format=light.
        """
        if "text/event-stream" not in request.headers.get("Accept", ""):
            return web.Response(status=405)
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream;charset=utf-8"})
        await response.prepare(request)
        remote = request.remote or ""
        transport = request.transport
        if transport is None:
            return response

        def may_see(fields: Mapping[str, Any]) -> bool:
            return self._may_see(self._caller_now(caller_of(request), request), fields)

        subscription = self._bus.attach(remote, request.query.getall("event_type", []), transport.abort, may_see)
        try:
            await self._send(response, subscription)
        except (ConnectionError, TimeoutError):
            pass  # the client has gone: nobody is left to tell
        finally:
            self._bus.detach(subscription, remote)
        if subscription.overrun:
            log.warning("The event stream client %s is too slow and was disconnected", remote)
        return response

    def _may_see(self, caller: Caller, fields: Mapping[str, Any]) -> bool:
        """A team sees events of its own apps, and of those that it last had, and none that are of no app."""
        if caller.sees_all:
            return True
        app_ids = apps_of_event(fields)
        apps = [self._known_app(app_id) for app_id in app_ids]
        return bool(apps) and all(app is not None and caller.owns(app) for app in apps)

    async def _send(self, response: web.StreamResponse, subscription: Subscription) -> None:
        while True:
            try:
                async with asyncio.timeout(KEEP_ALIVE_SECONDS):
                    frames = await subscription.take()
            except TimeoutError:
                frames = b"\r\n"
            if not frames:
                return
            async with asyncio.timeout(SEND_TIMEOUT_SECONDS):
                await response.write(frames)
