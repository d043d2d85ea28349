# SPDX-License-Identifier: GPL-3.0-or-later

import asyncio
import base64
import itertools
import logging
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Any

import pytest
from mesospark_marathon.interfaces import TransportError
from mesospark_marathon.mesos import transport as transport_module
from mesospark_marathon.mesos.transport import MesosTransport
from mesospark_marathon.options import OptionError, Options
from scripted_master import ScriptedMaster, redirect, status

FRAMEWORK = {"name": "marathon", "user": "root"}


class Received:
    """What the transport handed on."""

    def __init__(self) -> None:
        self.events: list[dict[str, Any]] = []
        self.framework_ids: list[str] = []

    @property
    def types(self) -> list[str]:
        return [event["type"] for event in self.events]

    async def until(self, condition: Callable[[], bool], seconds: float = 3.0) -> None:
        async with asyncio.timeout(seconds):
            while not condition():
                await asyncio.sleep(0.005)


@asynccontextmanager
async def running(options: Options, framework: dict[str, Any] = FRAMEWORK) -> AsyncIterator[tuple[Any, Received]]:
    received = Received()
    transport = MesosTransport(options, lambda: framework, received.events.append, received.framework_ids.append, {})
    task = asyncio.create_task(transport.run())
    try:
        yield transport, received
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


def scenario(test: Callable[[], Coroutine[Any, Any, None]]) -> Callable[[], None]:
    """Run an asynchronous test on a loop of its own."""

    def run() -> None:
        asyncio.run(test())

    run.__name__, run.__doc__ = test.__name__, test.__doc__
    return run


@pytest.fixture(autouse=True)
def _short_delays(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transport_module, "REFUSED_DELAY", 0.05)
    monkeypatch.setattr(transport_module, "UNREACHABLE_DELAYS", (0.02, 0.05))


@scenario
async def test_events_come_in_order_and_calls_go_in_order() -> None:
    async with ScriptedMaster() as master, running(Options(master=master.address)) as (transport, received):
        await received.until(lambda: "SUBSCRIBED" in received.types)
        assert received.types == ["CONNECTED", "SUBSCRIBED"]
        assert received.events[0]["master"] == master.address
        assert received.framework_ids == ["F-1"]
        for number in range(20):
            await master.send({"type": "OFFERS", "number": number})
        await asyncio.gather(*(transport.call("DECLINE", {"offer_ids": [number]}) for number in range(20)))
        await transport.call("SUPPRESS", {})
        await received.until(lambda: len(received.events) == 22)
        assert [event["number"] for event in received.events[2:]] == list(range(20))
        assert [call["decline"]["offer_ids"] for call in master.calls[:-1]] == [[number] for number in range(20)]
        assert master.calls[-1] == {"type": "SUPPRESS", "framework_id": {"value": "F-1"}, "stream": "stream-1"}


@scenario
async def test_a_known_framework_id_is_sent_again() -> None:
    framework = FRAMEWORK | {"id": {"value": "F-0"}}
    async with ScriptedMaster() as master, running(Options(master=master.address), framework) as (_, received):
        await received.until(lambda: bool(received.framework_ids))
        assert master.subscribes[0]["framework_id"] == {"value": "F-0"}
        assert master.subscribes[0]["subscribe"]["framework_info"] == framework


@scenario
async def test_the_leader_is_found_through_a_follower() -> None:
    async with ScriptedMaster() as leader, ScriptedMaster(redirect(lambda: leader.address)) as follower:
        options = Options(
            master=f"127.0.0.1:1,{follower.address}",
            mesos_authentication=True,
            mesos_authentication_principal="marathon",
            mesos_authentication_secret="sécret",
        )
        async with running(options) as (_, received):
            await received.until(lambda: bool(received.framework_ids))
            assert received.events[0]["master"] == leader.address
            expected = "Basic " + base64.b64encode("marathon:sécret".encode()).decode()
            assert leader.authorizations == follower.authorizations == [expected]


@scenario
async def test_a_redirect_to_itself_means_no_leader_yet() -> None:
    async with ScriptedMaster() as master, running(Options(master=master.address)) as (_, received):
        master.answers = [redirect(lambda: master.address), status(503)]
        await received.until(lambda: bool(received.framework_ids))
        pauses = [later - earlier for earlier, later in itertools.pairwise(master.subscribed_at)]
        assert len(pauses) == 2
        assert all(0.3 < pause < 0.9 for pause in pauses)


@scenario
async def test_a_redirect_to_a_dead_leader_is_tried_again_soon() -> None:
    async with ScriptedMaster() as master, running(Options(master=master.address)) as (_, received):
        master.answers = [redirect(lambda: "127.0.0.1:1")] * 2
        await received.until(lambda: bool(received.framework_ids))
        pauses = [later - earlier for earlier, later in itertools.pairwise(master.subscribed_at)]
        assert len(pauses) == 2
        assert all(0.3 < pause < 0.9 for pause in pauses)


@scenario
async def test_masters_that_redirect_in_a_ring() -> None:
    async with ScriptedMaster() as one, ScriptedMaster() as two:
        one.answers = [redirect(lambda: two.address)] * 3
        two.answers = [redirect(lambda: one.address)] * 2
        async with running(Options(master=one.address)) as (_, received):
            await received.until(lambda: bool(received.framework_ids))
            assert len(one.subscribes) + len(two.subscribes) == 6


@scenario
async def test_after_the_end_of_a_subscription_comes_the_next() -> None:
    async with ScriptedMaster() as master, running(Options(master=master.address)) as (transport, received):
        await received.until(lambda: bool(received.framework_ids))
        master.end_subscriptions()
        await received.until(lambda: received.types.count("SUBSCRIBED") == 2)
        assert received.types == ["CONNECTED", "SUBSCRIBED", "DISCONNECTED", "CONNECTED", "SUBSCRIBED"]
        await transport.call("REVIVE", {})
        assert master.calls[0]["stream"] == "stream-2"


@scenario
async def test_a_silent_master_is_left() -> None:
    async with ScriptedMaster() as master:
        master.heartbeat_seconds = 0.05
        async with running(Options(master=master.address)) as (_, received):
            await received.until(lambda: "DISCONNECTED" in received.types)
            assert received.events[2]["reason"] == "no heartbeat arrived in time"
            await received.until(lambda: received.types.count("SUBSCRIBED") >= 2)


@scenario
async def test_an_error_event_ends_the_subscription_with_its_message() -> None:
    async with ScriptedMaster() as master, running(Options(master=master.address)) as (_, received):
        await received.until(lambda: bool(received.framework_ids))
        await master.send({"type": "ERROR", "error": {"message": "Framework has been removed"}})
        master.end_subscriptions()
        await received.until(lambda: "DISCONNECTED" in received.types)
        assert received.types[2:] == ["ERROR", "DISCONNECTED"]
        assert received.events[3]["reason"] == "Framework has been removed"
        await received.until(lambda: received.types.count("SUBSCRIBED") == 2)


def test_refused_credentials_are_told_once_and_tried_again(caplog: pytest.LogCaptureFixture) -> None:
    async def run() -> None:
        async with ScriptedMaster(status(401), status(401), status(401)) as master:
            options = Options(
                master=master.address,
                mesos_authentication=True,
                mesos_authentication_principal="marathon",
                mesos_authentication_secret="wrong-secret",
            )
            async with running(options) as (_, received):
                await received.until(lambda: bool(received.framework_ids))

    with caplog.at_level(logging.INFO):
        asyncio.run(run())
    told = [record.message for record in caplog.records if "refused the credentials" in record.message]
    assert len(told) == 1
    assert "principal 'marathon' (401)" in told[0]
    assert "wrong-secret" not in caplog.text


def test_missing_credentials_are_told(caplog: pytest.LogCaptureFixture) -> None:
    async def run() -> None:
        async with (
            ScriptedMaster(status(401)) as master,
            running(Options(master=master.address)) as (_, received),
        ):
            await received.until(lambda: bool(received.framework_ids))

    asyncio.run(run())
    assert "give --mesos_authentication" in caplog.text


@scenario
async def test_calls_without_a_subscription_fail() -> None:
    transport = MesosTransport(Options(), lambda: FRAMEWORK, print, print, {})
    with pytest.raises(TransportError, match="REVIVE was not sent: not subscribed"):
        await transport.call("REVIVE", {})


@scenario
async def test_a_refused_call_fails_with_the_masters_words() -> None:
    async with ScriptedMaster() as master, running(Options(master=master.address)) as (transport, received):
        await received.until(lambda: bool(received.framework_ids))
        master.call_status = 403
        with pytest.raises(TransportError, match="ACCEPT was refused by the Mesos master: 403 no"):
            await transport.call("ACCEPT", {"offer_ids": []})


@scenario
async def test_a_call_that_may_be_lost_renews_the_subscription() -> None:
    async with ScriptedMaster() as master, running(Options(master=master.address)) as (transport, received):
        await received.until(lambda: bool(received.framework_ids))
        master.breaks_calls = True
        with pytest.raises(TransportError, match="ACCEPT did not reach the Mesos master"):
            await transport.call("ACCEPT", {"offer_ids": []})
        master.breaks_calls = False
        await received.until(lambda: received.types.count("SUBSCRIBED") == 2)
        assert received.types == ["CONNECTED", "SUBSCRIBED", "DISCONNECTED", "CONNECTED", "SUBSCRIBED"]
        await transport.call("REVIVE", {})
        assert master.calls[-1]["stream"] == "stream-2"


def test_a_fault_in_handling_an_event_does_not_cost_the_subscription(caplog: pytest.LogCaptureFixture) -> None:
    async def run() -> None:
        seen: list[str] = []

        def handle(event: dict[str, Any]) -> None:
            seen.append(event["type"])
            if event["type"] == "OFFERS":
                raise ValueError("a fault")

        async with ScriptedMaster() as master:
            transport = MesosTransport(Options(master=master.address), lambda: FRAMEWORK, handle, lambda _id: None, {})
            task = asyncio.create_task(transport.run())
            await Received().until(lambda: "SUBSCRIBED" in seen)
            await master.send({"type": "OFFERS"})
            await master.send({"type": "HEARTBEAT"})
            await Received().until(lambda: "HEARTBEAT" in seen)
            assert len(master.subscribes) == 1
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    asyncio.run(run())
    assert "type OFFERS could not be handled" in caplog.text


@pytest.mark.parametrize(
    ("environment", "words"),
    [
        ({"LIBPROCESS_SSL_ENABLED": "maybe"}, "LIBPROCESS_SSL_ENABLED=maybe: must be true or false"),
        ({"LIBPROCESS_SSL_ENABLED": "1", "LIBPROCESS_SSL_CA_FILE": "/nonexistent"}, "CA_FILE=/nonexistent: can not"),
        ({"LIBPROCESS_SSL_ENABLED": "1", "LIBPROCESS_SSL_CA_FILE": "/dev/null"}, "not a PEM file"),
        ({"LIBPROCESS_SSL_ENABLED": "1", "LIBPROCESS_SSL_CERT_FILE": "/dev/null"}, "must be given together"),
        (
            {
                "LIBPROCESS_SSL_ENABLED": "1",
                "LIBPROCESS_SSL_CERT_FILE": "/dev/null",
                "LIBPROCESS_SSL_KEY_FILE": "/dev/null",
            },
            "not a PEM certificate",
        ),
    ],
)
def test_wrong_tls_settings_are_named(environment: dict[str, str], words: str) -> None:
    with pytest.raises(OptionError, match=words):
        MesosTransport(Options(), lambda: FRAMEWORK, print, print, environment)
