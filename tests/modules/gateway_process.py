# SPDX-License-Identifier: GPL-3.0-or-later
"""The gateway's program in front of real servers, with something in httpd's place that believes every user name."""

import asyncio
import base64
import json
import sys
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import aiohttp
from aiohttp import web
from mesos_runtime.local_cluster.process import ClusterProcess
from yarl import URL

SERVICE_FOLDER = Path(__file__).resolve().parents[2] / "services/gateway"
_START_SECONDS = 10.0


class GatewayProcess(ClusterProcess):
    """`settings` are those of the program's configuration beside its socket; `groups` are the users' groups."""

    def __init__(
        self, folder: Path, settings: Mapping[str, Any], accounts: Mapping[str, Any], groups: Mapping[str, str]
    ):
        folder.mkdir(parents=True, exist_ok=True)
        self._socket = folder / "gateway.sock"
        self._front = _Front(self._socket, groups)
        (folder / "accounts.json").write_text(json.dumps(accounts))
        document = {
            **settings,
            "address": "https://gateway.test",
            "socket": str(self._socket),
            "accounts_file": str(folder / "accounts.json"),
        }
        (folder / "gateway.json").write_text(json.dumps(document))
        super().__init__(
            "gateway",
            [sys.executable, "-m", "mesospark_gateway", "--config", str(folder / "gateway.json")],
            {"PYTHONPATH": str(SERVICE_FOLDER)},
            folder / "gateway.log",
        )

    def __enter__(self) -> "GatewayProcess":
        self.start()
        deadline = time.monotonic() + _START_SECONDS
        while not self._socket.is_socket():
            assert self.running and time.monotonic() < deadline, f"the gateway does not start{self.log_tail()}"
            time.sleep(0.05)
        self._front.start()
        return self

    def __exit__(self, *_exception: object) -> None:
        self._front.stop()
        self.stop()

    @property
    def url(self) -> str:
        return self._front.url


class _Front:
    """Plain HTTP on loopback: takes the user name of basic credentials, whatever the password is."""

    def __init__(self, socket: Path, groups: Mapping[str, str]) -> None:
        self._socket = socket
        self._groups = groups
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._runner: web.AppRunner | None = None
        self.url = ""

    def start(self) -> None:
        self._thread.start()
        asyncio.run_coroutine_threadsafe(self._listen(), self._loop).result(10)

    def stop(self) -> None:
        if self._runner is not None:
            asyncio.run_coroutine_threadsafe(self._runner.cleanup(), self._loop).result(10)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    async def _listen(self) -> None:
        application = web.Application(client_max_size=0)
        application.router.add_route("*", "/{path:.*}", self._handle)
        self._runner = web.AppRunner(application, access_log=None, handler_cancellation=True, shutdown_timeout=1)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}"

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        _scheme, _space, encoded = request.headers.get("Authorization", "").partition(" ")
        user = base64.b64decode(encoded).decode().partition(":")[0]
        if user not in self._groups:
            return web.Response(status=401)
        headers = {name: value for name, value in request.headers.items() if name not in ("Host", "Authorization")}
        headers |= {"X-Remote-User": user, "X-Remote-Groups": self._groups[user]}
        url = URL(f"http://gateway{request.rel_url.raw_path_qs}", encoded=True)
        async with (
            aiohttp.ClientSession(connector=aiohttp.UnixConnector(str(self._socket)), auto_decompress=False) as session,
            session.request(request.method, url, headers=headers, data=await request.read()) as answer,
        ):
            response = web.StreamResponse(status=answer.status, headers=answer.headers)
            await response.prepare(request)
            async for data in answer.content.iter_any():
                await response.write(data)
            return response
