# SPDX-License-Identifier: GPL-3.0-or-later
"""The service: first the store, then Mesos; and what happens when one of them fails."""

import asyncio
from collections.abc import Callable, Coroutine, Mapping, Sequence
from typing import Any

import pytest
from memory_store import MemoryStore
from mesospark_marathon.access.caller import OPERATOR
from mesospark_marathon.interfaces import HealthTarget, Json, TransportError
from mesospark_marathon.model.app_input import InputRules, build_app, read_app
from mesospark_marathon.model.root import put_app
from mesospark_marathon.options import Options
from mesospark_marathon.service import MarathonService
from mesospark_marathon.store import StoreError
from world import offer_of


class Journal(MemoryStore):
    """A store that notes its commits, or fails."""

    def __init__(self) -> None:
        super().__init__()
        self.log: list[str] = []
        self.broken = False

    def commit(self) -> None:
        if self.broken:
            raise StoreError("the store can not be written: disk full")
        self.log.append("commit")
        super().commit()


class Edges:
    """Transport, health runner and event sink in one."""

    def __init__(self, log: list[str]) -> None:
        self.log = log
        self.bodies: list[Json] = []
        self.refusing = False
        self.targets: Sequence[HealthTarget] = ()

    async def run(self) -> None:
        await asyncio.Event().wait()

    async def call(self, call_type: str, body: Json) -> None:
        if self.refusing:
            raise TransportError("not subscribed")
        self.log.append(call_type)
        self.bodies.append(body)

    def publish(self, event_type: str, fields: Mapping[str, Any]) -> None:
        assert fields["timestamp"]

    def set_targets(self, targets: Sequence[HealthTarget]) -> None:
        self.targets = targets

    async def close(self) -> None:
        self.targets = ()


def _play(script: Callable[[MarathonService, Edges, Journal], Coroutine[Any, Any, None]]) -> None:
    async def run() -> None:
        store = Journal()
        edges = Edges(store.log)
        service = MarathonService(Options(hostname="here"), store, edges)
        service.start(edges, edges)
        await script(service, edges, store)
        store.broken = False
        await service.close()

    asyncio.run(run())


def _create(service: MarathonService, **fields: Any) -> None:
    document = read_app({"id": "/app", "cmd": "sleep 1", "cpus": 0.1, "mem": 16} | fields)
    app = build_app(document, "/app", "", InputRules())
    service.update("/", lambda root, version: put_app(root, app, version), by=OPERATOR)


async def _settled() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


def _offers() -> Json:
    return {"type": "OFFERS", "offers": {"offers": [offer_of(1)]}}


def test_mesos_hears_of_a_launch_after_the_store_has_it() -> None:
    async def script(service: MarathonService, edges: Edges, store: Journal) -> None:
        service.on_mesos_event({"type": "SUBSCRIBED", "subscribed": {}})
        _create(service)
        await _settled()
        store.log.clear()
        service.on_mesos_event(_offers())
        assert store.log == []
        await _settled()
        assert store.log[:2] == ["commit", "ACCEPT"]
        (document,) = store.load("instance").values()
        assert document["condition"] == "Provisioned"

    _play(script)


def test_an_update_is_acknowledged_after_the_store_has_it() -> None:
    async def script(service: MarathonService, edges: Edges, store: Journal) -> None:
        status = {
            "task_id": {"value": "app.instance-1._app.1"},
            "agent_id": {"value": "a"},
            "state": "TASK_FINISHED",
            "uuid": "u",
        }
        store.log.clear()
        service.on_mesos_event({"type": "UPDATE", "update": {"status": status}})
        await _settled()
        assert store.log[:2] == ["commit", "ACKNOWLEDGE"]

    _play(script)


def test_flushed_waits_for_the_commit_and_many_changes_share_one() -> None:
    async def script(service: MarathonService, edges: Edges, store: Journal) -> None:
        await _settled()
        store.log.clear()
        for number in range(10):
            service.on_framework_id(f"id-{number}")
        await service.flushed()
        assert store.log == ["commit"]
        assert store.load("framework") == {"id": "id-9"}

    _play(script)


def test_a_store_that_can_not_be_written_ends_the_process_and_nothing_is_sent() -> None:
    async def script(service: MarathonService, edges: Edges, store: Journal) -> None:
        service.on_mesos_event({"type": "SUBSCRIBED", "subscribed": {}})
        _create(service)
        await _settled()
        store.log.clear()
        store.broken = True
        service.on_mesos_event(_offers())
        await asyncio.wait_for(service.ended.wait(), 1)
        assert service.failed
        assert store.log == []

    _play(script)


def test_an_event_that_can_not_be_handled_ends_the_process() -> None:
    async def script(service: MarathonService, edges: Edges, store: Journal) -> None:
        service.on_mesos_event({"type": "UPDATE", "update": {}})
        assert service.failed
        assert service.ended.is_set()

    _play(script)


def test_a_call_that_does_not_arrive_is_no_reason_to_end() -> None:
    async def script(service: MarathonService, edges: Edges, store: Journal) -> None:
        edges.refusing = True
        service.on_mesos_event({"type": "SUBSCRIBED", "subscribed": {}})
        await _settled()
        edges.refusing = False
        _create(service)
        await _settled()
        assert "REVIVE" in store.log
        assert not service.failed

    _play(script)


def test_the_framework_keeps_its_id() -> None:
    async def script(service: MarathonService, edges: Edges, store: Journal) -> None:
        assert "id" not in service.framework_info()
        service.on_framework_id("known")
        await service.flushed()
        again = MarathonService(Options(hostname="here"), store, edges)
        assert again.framework_info()["id"] == {"value": "known"}

    _play(script)


def test_the_framework_as_mesos_sees_it() -> None:
    async def script(service: MarathonService, edges: Edges, store: Journal) -> None:
        info = service.framework_info()
        assert info["checkpoint"] is True
        assert info["roles"] == ["*"]
        assert info["failover_timeout"] == 604800.0
        assert [entry["type"] for entry in info["capabilities"]] == ["PARTITION_AWARE", "REGION_AWARE", "MULTI_ROLE"]

    _play(script)


@pytest.mark.parametrize("protocol", ["HTTP", "TCP"])
def test_checks_are_handed_to_the_runner_and_taken_back(protocol: str) -> None:
    async def script(service: MarathonService, edges: Edges, store: Journal) -> None:
        service.on_mesos_event({"type": "SUBSCRIBED", "subscribed": {}})
        _create(service, portDefinitions=[{"port": 0}], healthChecks=[{"protocol": protocol}])
        service.on_mesos_event(_offers())
        (instance,) = service.scheduler.tracker.of_app("/app")
        status = {
            "task_id": {"value": instance.task_id},
            "agent_id": {"value": "a"},
            "state": "TASK_RUNNING",
            "uuid": "u",
        }
        service.on_mesos_event({"type": "UPDATE", "update": {"status": status}})
        await _settled()
        assert [target.protocol for target in edges.targets] == [protocol]
        service.on_mesos_event({"type": "UPDATE", "update": {"status": status | {"state": "TASK_FAILED"}}})
        await _settled()
        assert list(edges.targets) == []

    _play(script)
