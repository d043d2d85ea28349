# SPDX-License-Identifier: GPL-3.0-or-later

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest
from aiohttp import web
from mesos_runtime.local_cluster.cluster import free_port
from mesospark_marathon.health.runner import HealthCheckRunner
from mesospark_marathon.interfaces import NO_PORT_CAUSE, HealthTarget

Result = tuple[str, int, bool, str | None]


@asynccontextmanager
async def web_task() -> AsyncIterator[int]:
    """A task's web server; its port."""

    async def answer(request: web.Request) -> web.Response:
        await asyncio.sleep(float(request.query.get("sleep", "0")))
        return web.Response(status=int(request.query.get("status", "200")), headers={"Location": "/elsewhere"})

    application = web.Application()
    application.router.add_get("/", answer)
    runner = web.AppRunner(application, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    yield runner.addresses[0][1]
    await runner.cleanup()


def target(port: int | None, protocol: str = "HTTP", path: str = "/") -> HealthTarget:
    return HealthTarget("app.instance-1", 0, protocol, "127.0.0.1", port, path, interval=0.05, timeout=0.2, delay=0)


async def first_result(wanted: HealthTarget) -> Result:
    arrived: asyncio.Queue[Result] = asyncio.Queue()
    runner = HealthCheckRunner(lambda *result: arrived.put_nowait(result))
    runner.set_targets([wanted])
    try:
        return await asyncio.wait_for(arrived.get(), 3)
    finally:
        await runner.close()


@pytest.mark.parametrize(
    ("protocol", "path", "cause"),
    [
        ("HTTP", "/", None),
        ("HTTP", "", None),
        ("HTTP", "/?status=302", None),
        ("HTTP", "/?status=399", None),
        ("HTTP", "/?status=404", "404 Not Found"),
        ("HTTP", "/?status=503", "503 Service Unavailable"),
        ("HTTP", "/?sleep=1", "HTTP health check timed out after 0.2 s"),
        ("TCP", "", None),
    ],
)
def test_probes_of_a_living_task(protocol: str, path: str, cause: str | None) -> None:
    async def run() -> Result:
        async with web_task() as port:
            return await first_result(target(port, protocol, path))

    assert asyncio.run(run()) == ("app.instance-1", 0, cause is None, cause)


@pytest.mark.parametrize("protocol", ["HTTP", "HTTPS", "TCP"])
def test_a_closed_port(protocol: str) -> None:
    _, _, alive, cause = asyncio.run(first_result(target(free_port(), protocol)))
    assert not alive
    assert cause is not None and "onnect" in cause


def test_a_check_without_a_port() -> None:
    assert asyncio.run(first_result(target(None))) == ("app.instance-1", 0, False, NO_PORT_CAUSE)


async def _until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(3):
        while not condition():
            await asyncio.sleep(0.005)


def test_targets_come_and_go() -> None:
    async def run() -> None:
        results: list[Result] = []
        runner = HealthCheckRunner(lambda *result: results.append(result))
        async with web_task() as port:
            stays = target(port)
            goes = replace(stays, instance_id="app.instance-2")
            late = replace(stays, instance_id="app.instance-3", delay=0.3)
            runner.set_targets([stays, goes, late])
            await _until(lambda: len(results) >= 6)
            assert {result[0] for result in results} == {"app.instance-1", "app.instance-2"}
            runner.set_targets([stays, late])
            await asyncio.sleep(0)
            del results[:]
            await _until(lambda: len({result[0] for result in results}) == 2)
            assert {result[0] for result in results} == {"app.instance-1", "app.instance-3"}
            await runner.close()
            del results[:]
            await asyncio.sleep(0.12)
            assert results == []

    asyncio.run(run())
