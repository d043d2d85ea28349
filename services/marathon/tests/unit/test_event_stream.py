# SPDX-License-Identifier: GPL-3.0-or-later

import asyncio
import json
from typing import Any

from mesospark_marathon.events.bus import EventBus, Subscription


def events_of(frames: bytes) -> list[tuple[str, dict[str, Any]]]:
    found = []
    for frame in frames.decode().split("\r\n\r\n")[:-1]:
        kind, data = frame.split("\r\n")
        found.append((kind.removeprefix("event: "), json.loads(data.removeprefix("data: "))))
    return found


def no_cut() -> None:
    raise AssertionError("the client is quick enough")


async def waiting(subscription: Subscription) -> list[tuple[str, dict[str, Any]]]:
    return events_of(await asyncio.wait_for(subscription.take(), 1))


def test_events_arrive_in_order_after_the_attachment() -> None:
    async def run() -> None:
        bus = EventBus(10)
        bus.publish("lost", {})
        subscription = bus.attach("10.0.0.9", (), no_cut)
        bus.publish("app_terminated_event", {"appId": "/a"})
        bus.publish("app_terminated_event", {"appId": "/b", "timestamp": "2026-01-01T00:00:00.000Z"})
        events = await waiting(subscription)
        assert [kind for kind, _ in events] == ["event_stream_attached", *["app_terminated_event"] * 2]
        assert events[0][1]["remoteAddress"] == "10.0.0.9"
        assert events[1][1]["eventType"] == "app_terminated_event"
        assert events[1][1]["timestamp"].endswith("Z")
        assert events[2][1] == {
            "appId": "/b",
            "timestamp": "2026-01-01T00:00:00.000Z",
            "eventType": "app_terminated_event",
        }

    asyncio.run(run())


def test_a_filter_keeps_other_types_away() -> None:
    async def run() -> None:
        bus = EventBus(10)
        subscription = bus.attach("x", ["deployment_success", "deployment_failed"], no_cut)
        bus.publish("deployment_info", {})
        bus.publish("deployment_failed", {"id": "1"})
        assert [kind for kind, _ in await waiting(subscription)] == ["deployment_failed"]

    asyncio.run(run())


def test_a_slow_client_is_cut_off_and_others_are_not() -> None:
    async def run() -> None:
        bus = EventBus(3)
        cuts: list[str] = []
        slow = bus.attach("slow", (), lambda: cuts.append("slow"))
        quick = bus.attach("quick", (), no_cut)
        await waiting(quick)
        bus.publish("tick", {})
        assert not slow.overrun
        await waiting(quick)
        bus.publish("tick", {})
        bus.publish("tick", {})
        assert slow.overrun and not quick.overrun
        assert cuts == ["slow"]
        assert await slow.take() == b""
        assert len(await waiting(quick)) == 2

    asyncio.run(run())


def test_closing_delivers_what_waits_and_then_ends() -> None:
    async def run() -> None:
        bus = EventBus(10)
        subscription = bus.attach("x", (), no_cut)
        bus.close()
        assert [kind for kind, _ in await waiting(subscription)] == ["event_stream_attached"]
        assert await subscription.take() == b""
        bus.detach(subscription, "x")
        assert bus.attached == 0

    asyncio.run(run())


def test_leaving_is_published_to_the_others() -> None:
    async def run() -> None:
        bus = EventBus(10)
        stays, goes = bus.attach("a", (), no_cut), bus.attach("b", (), no_cut)
        bus.detach(goes, "b")
        assert [kind for kind, _ in await waiting(stays)][-1] == "event_stream_detached"

    asyncio.run(run())
