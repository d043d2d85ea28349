# SPDX-License-Identifier: GPL-3.0-or-later
"""GET /v2/events: server-sent events."""

import asyncio
import logging

from aiohttp import web

from mesospark_marathon.events.bus import EventBus, Subscription

log = logging.getLogger(__name__)

EVENTS_PATH = "/v2/events"
KEEP_ALIVE_SECONDS = 10.0
"""An empty line after this silence shows a client that died without a word, here and to proxies in between."""
SEND_TIMEOUT_SECONDS = 60.0
"""A client that takes nothing for so long is disconnected, even if few events wait for it."""


class EventResource:
    """Streams the events of a bus to each client that asks for text/event-stream."""

    def __init__(self, bus: EventBus) -> None:
        self._bus = bus

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
        subscription = self._bus.attach(remote, request.query.getall("event_type", []), transport.abort)
        try:
            await self._send(response, subscription)
        except (ConnectionError, TimeoutError):
            pass  # the client has gone: nobody is left to tell
        finally:
            self._bus.detach(subscription, remote)
        if subscription.overrun:
            log.warning("The event stream client %s is too slow and was disconnected", remote)
        return response

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
