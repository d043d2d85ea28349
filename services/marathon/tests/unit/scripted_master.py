# SPDX-License-Identifier: GPL-3.0-or-later
"""A master on loopback that answers by a script: what a real one does only in rare moments."""

import asyncio
import json
from collections.abc import Callable
from typing import Any

from aiohttp import web

Answer = Callable[[web.Request], web.Response | None]


class ScriptedMaster:
    """Answers each SUBSCRIBE with the next of `answers`; after the last one (or None) it subscribes the framework."""

    def __init__(self, *answers: Answer | None) -> None:
        self.answers = list(answers)
        self.subscribes: list[dict[str, Any]] = []
        self.subscribed_at: list[float] = []
        self.authorizations: list[str | None] = []
        self.calls: list[dict[str, Any]] = []
        self.call_status = 202
        self.breaks_calls = False
        self.heartbeat_seconds = 15.0
        self.address = ""
        self._streams: list[web.StreamResponse] = []
        self._ended = asyncio.Event()
        self._runner: web.AppRunner | None = None

    async def __aenter__(self) -> "ScriptedMaster":
        application = web.Application()
        application.router.add_post("/api/v1/scheduler", self._answer)
        self._runner = web.AppRunner(application, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        host, port = self._runner.addresses[0][:2]
        self.address = f"{host}:{port}"
        return self

    async def __aexit__(self, *_exception: object) -> None:
        self._ended.set()
        assert self._runner is not None
        await self._runner.cleanup()

    async def send(self, event: dict[str, Any]) -> None:
        """Send an event to the latest subscription."""
        await self._streams[-1].write(_record(event))

    def end_subscriptions(self) -> None:
        self._ended.set()
        self._ended = asyncio.Event()

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        call = await request.json()
        if call["type"] != "SUBSCRIBE":
            self.calls.append(call | {"stream": request.headers.get("Mesos-Stream-Id")})
            if self.breaks_calls and request.transport is not None:
                request.transport.abort()
            return web.Response(status=self.call_status, text="no" if self.call_status != 202 else "")
        self.subscribes.append(call)
        self.subscribed_at.append(asyncio.get_running_loop().time())
        self.authorizations.append(request.headers.get("Authorization"))
        scripted = self.answers.pop(0) if self.answers else None
        if scripted is not None and (answer := scripted(request)) is not None:
            return answer
        stream = web.StreamResponse(headers={"Mesos-Stream-Id": f"stream-{len(self.subscribes)}"})
        await stream.prepare(request)
        self._streams.append(stream)
        subscribed = {"framework_id": {"value": "F-1"}, "heartbeat_interval_seconds": self.heartbeat_seconds}
        await stream.write(_record({"type": "SUBSCRIBED", "subscribed": subscribed}))
        await self._ended.wait()
        return stream


def status(code: int, text: str = "") -> Answer:
    return lambda _request: web.Response(status=code, text=text)


def redirect(address: Callable[[], str]) -> Answer:
    return lambda _request: web.Response(status=307, headers={"Location": f"//{address()}/api/v1/scheduler"})


def _record(event: dict[str, Any]) -> bytes:
    text = json.dumps(event).encode()
    return b"%d\n%s" % (len(text), text)
