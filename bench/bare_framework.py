# SPDX-License-Identifier: GPL-3.0-or-later
"""A framework that does nothing but launch tasks: what the agents themselves need, as the floor of a benchmark."""

from __future__ import annotations

import asyncio
import logging
import time
import uuid
from typing import Any

from mesospark_marathon.mesos.transport import MesosTransport
from mesospark_marathon.options import Options

TIMEOUT_SECONDS = 120.0
EXPECTED_AGENTS = 2
Json = dict[str, Any]


def launch_tasks(master: str, count: int, command: str, cpus: float, memory: float) -> float:
    """Seconds from the first offer of every agent until `count` tasks run; the framework is torn down again."""
    # That the master ends the subscription of a torn-down framework is no news here.
    logging.getLogger("mesospark_marathon").setLevel(logging.ERROR)
    return asyncio.run(asyncio.wait_for(_launch(master, count, command, cpus, memory), TIMEOUT_SECONDS))


async def _launch(master: str, count: int, command: str, cpus: float, memory: float) -> float:
    events: asyncio.Queue[Json] = asyncio.Queue()
    framework = {
        "name": "bench-floor",
        "user": "root",
        "roles": ["*"],
        "capabilities": [{"type": "MULTI_ROLE"}],
    }
    transport = MesosTransport(Options(master=master), lambda: framework, events.put_nowait, lambda _id: None)
    running = asyncio.create_task(transport.run())
    try:
        offers: dict[str, Json] = {}
        while len(offers) < EXPECTED_AGENTS:
            event = await events.get()
            for offer in event.get("offers", {}).get("offers", []):
                offers[offer["agent_id"]["value"]] = offer
        began = time.monotonic()
        for number, offer in enumerate(offers.values()):
            share = count // len(offers) + (1 if number < count % len(offers) else 0)
            tasks = [_task(offer, command, cpus, memory) for _ in range(share)]
            operation = {"type": "LAUNCH", "launch": {"task_infos": tasks}}
            await transport.call("ACCEPT", {"offer_ids": [offer["id"]], "operations": [operation]})
        started: set[str] = set()
        while len(started) < count:
            event = await events.get()
            if event["type"] != "UPDATE":
                continue
            status = event["update"]["status"]
            if status["state"] == "TASK_RUNNING":
                started.add(status["task_id"]["value"])
            elif status["state"] not in ("TASK_STAGING", "TASK_STARTING"):
                raise RuntimeError(f"a task of the floor ended: {status['state']} {status.get('message', '')}")
            await transport.call("ACKNOWLEDGE", {key: status[key] for key in ("agent_id", "task_id", "uuid")})
        seconds = time.monotonic() - began
        await transport.call("TEARDOWN", {})
        return seconds
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


def _task(offer: Json, command: str, cpus: float, memory: float) -> Json:
    return {
        "name": "floor",
        "task_id": {"value": f"floor-{uuid.uuid4()}"},
        "agent_id": offer["agent_id"],
        "command": {"value": command},
        "resources": [
            {"name": name, "type": "SCALAR", "scalar": {"value": value}}
            for name, value in (("cpus", cpus), ("mem", memory))
        ],
    }
