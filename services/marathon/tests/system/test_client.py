# SPDX-License-Identifier: GPL-3.0-or-later
"""The `marathon` client of the package index, written for the real server, works unchanged."""

import json
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from marathon import MarathonClient
from marathon.exceptions import ConflictError, NotFoundError
from marathon.models import MarathonApp, MarathonConstraint, MarathonGroup, MarathonHealthCheck
from marathon.models.container import MarathonContainer, MarathonDockerContainer
from marathon.models.events import MarathonEvent, MarathonStatusUpdateEvent
from marathon_process import MarathonProcess, wait_for

pytestmark = pytest.mark.system

SLEEP = {"cmd": "sleep 600", "cpus": 0.05, "mem": 16.0}


@pytest.fixture
def client(marathon: MarathonProcess) -> Iterator[MarathonClient]:
    client = MarathonClient(marathon.url)
    yield client
    for app in client.list_apps():
        client.delete_app(app.id, force=True)
    wait_for(lambda: not client.list_deployments() and not client.list_tasks(), "an empty server")


def running(client: MarathonClient, app_id: str, count: int) -> bool:
    app = client.get_app(app_id)
    return bool(app.tasks_running == count and not app.deployments)


def queued(client: MarathonClient, app_id: str) -> list[dict[str, Any]]:
    """The queue's entries of an app; `list_queue` of the client does not know the field `role` of Marathon 1.11."""
    items: list[dict[str, Any]] = client._do_request("GET", "/v2/queue").json()["queue"]
    return [item for item in items if item["app"]["id"] == app_id]


def test_server_resources(client: MarathonClient, marathon: MarathonProcess) -> None:
    assert client.ping() == b'"pong"'
    info = client.get_info()
    assert info.leader == f"{marathon.host}:{marathon.port}"
    assert info.elected
    assert client.get_leader() == {"leader": f"{marathon.host}:{marathon.port}"}
    assert client.get_metrics()["version"] == "4.0.0"


def test_the_life_of_an_app(client: MarathonClient) -> None:
    created = client.create_app("client/one", MarathonApp(instances=1, labels={"team": "a"}, **SLEEP))
    assert created.id == "/client/one"
    wait_for(lambda: running(client, "/client/one", 1), "one running task")
    with pytest.raises(ConflictError):
        client.create_app("client/one", MarathonApp(instances=1, **SLEEP))
    (task,) = client.list_tasks("/client/one")
    assert task.started_at is not None
    assert [app.id for app in client.list_apps(label="team==a")] == ["/client/one"]
    assert client.list_apps(label="team==b") == []

    client.scale_app("/client/one", delta=2)
    wait_for(lambda: running(client, "/client/one", 3), "three running tasks")
    assert task.id in {each.id for each in client.list_tasks("/client/one")}

    before = {each.id for each in client.list_tasks("/client/one")}
    client.restart_app("/client/one")
    wait_for(
        lambda: running(client, "/client/one", 3) and not before & {t.id for t in client.list_tasks("/client/one")},
        "three new tasks",
    )
    versions = client.list_versions("/client/one")
    assert len(versions) >= 3
    assert client.get_version("/client/one", min(versions)).instances == 1

    client.delete_app("/client/one")
    with pytest.raises(NotFoundError):
        client.get_app("/client/one")


def test_killing_tasks(client: MarathonClient) -> None:
    client.create_app("client/kill", MarathonApp(instances=2, **SLEEP))
    wait_for(lambda: running(client, "/client/kill", 2), "two running tasks")
    first, second = client.list_tasks("/client/kill")
    assert client.kill_task("/client/kill", first.id).id == first.id
    wait_for(lambda: first.id not in {t.id for t in client.list_tasks("/client/kill")}, "the end of the task")
    wait_for(lambda: running(client, "/client/kill", 2), "its successor")
    client.kill_given_tasks([second.id], scale=True)
    wait_for(lambda: running(client, "/client/kill", 1), "one task less")
    assert client.get_app("/client/kill").instances == 1
    client.kill_tasks("/client/kill", scale=True)
    wait_for(lambda: running(client, "/client/kill", 0), "no task")


def test_an_app_that_fails_waits_in_the_queue(client: MarathonClient) -> None:
    failing = MarathonApp(cmd="exit 3", cpus=0.05, mem=16.0, instances=1, backoff_seconds=600)
    client.create_app("client/fails", failing)
    wait_for(lambda: client.get_app("/client/fails").last_task_failure, "the failure")
    assert client.get_app("/client/fails").last_task_failure.state == "TASK_FAILED"
    (item,) = queued(client, "/client/fails")
    assert not item["delay"]["overdue"]
    assert item["delay"]["timeLeftSeconds"] > 200
    client.reset_delay("/client/fails")
    wait_for(lambda: client.list_tasks("/client/fails"), "another try")


def test_an_app_that_fits_nowhere(client: MarathonClient) -> None:
    client.create_app("client/big", MarathonApp(cmd="sleep 1", cpus=99.0, mem=16.0, instances=1))
    (item,) = wait_for(lambda: queued(client, "/client/big"), "the queue")
    assert item["count"] == 1


def test_groups(client: MarathonClient) -> None:
    apps = [MarathonApp(id=f"/team/{name}", instances=1, **SLEEP) for name in ("one", "two")]
    client.create_group(MarathonGroup(id="/team", apps=apps))
    wait_for(lambda: running(client, "/team/one", 1) and running(client, "/team/two", 1), "both apps")
    # Not by `get_group`: the client does not know the field `enforceRole` of Marathon 1.11's groups.
    assert {app.id for app in client.list_apps()} == {"/team/one", "/team/two"}
    client.scale_group("/team", 2)
    wait_for(lambda: running(client, "/team/one", 2) and running(client, "/team/two", 2), "twice as many")
    client.delete_group("/team", force=True)
    with pytest.raises(NotFoundError):
        client.get_group("/team")


def test_documents_are_read_back(client: MarathonClient) -> None:
    app = MarathonApp(
        instances=0,
        cpus=0.1,
        mem=32.0,
        args=["sleep", "60"],
        container=MarathonContainer(docker=MarathonDockerContainer(image="example/image", network="HOST")),
        constraints=[MarathonConstraint("hostname", "UNIQUE")],
        health_checks=[MarathonHealthCheck(protocol="COMMAND", command="true", interval_seconds=5)],
        env={"MODE": "test"},
        labels={"team": "b"},
    )
    client.create_app("client/document", app)
    read = client.get_app("/client/document")
    assert read.args == ["sleep", "60"]
    assert read.container.docker.image == "example/image"
    assert [constraint.operator for constraint in read.constraints] == ["UNIQUE"]
    assert read.health_checks[0].command == {"value": "true"}
    assert (read.env, read.labels) == ({"MODE": "test"}, {"team": "b"})


def test_events(client: MarathonClient) -> None:
    """Events with plans are left to the raw form: the client does not know the light plans of Marathon 1.11."""
    typed: list[MarathonEvent] = []
    raw: list[dict[str, Any]] = []
    attached = [threading.Event(), threading.Event()]

    def collect_typed() -> None:
        for event in client.event_stream(event_types=["event_stream_attached", MarathonStatusUpdateEvent]):
            typed.append(event)
            attached[0].set()
            if getattr(event, "task_status", "") == "TASK_RUNNING":
                return

    def collect_raw() -> None:
        for text in client.event_stream(raw=True):
            raw.append(json.loads(text))
            attached[1].set()
            if raw[-1]["eventType"] == "deployment_success":
                return

    collectors = [threading.Thread(target=collect, daemon=True) for collect in (collect_typed, collect_raw)]
    for collector, ready in zip(collectors, attached, strict=True):
        collector.start()
        assert ready.wait(10)
    client.create_app("client/events", MarathonApp(instances=1, **SLEEP))
    for collector in collectors:
        collector.join(30)
        assert not collector.is_alive()
    assert typed[0].event_type == "event_stream_attached"
    states = [event.task_status for event in typed if isinstance(event, MarathonStatusUpdateEvent)]
    assert states == ["TASK_STARTING", "TASK_RUNNING"]
    assert {event["eventType"] for event in raw} >= {"api_post_event", "deployment_info", "deployment_step_success"}
