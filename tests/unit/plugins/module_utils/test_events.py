# SPDX-License-Identifier: GPL-3.0-or-later
"""The event stream against a server that cuts it."""

import json
import time
from typing import Any

from ansible_collections.mesospark.platform.plugins.module_utils.client import Client, Connection
from ansible_collections.mesospark.platform.plugins.module_utils.events import EventStream
from ansible_collections.mesospark.platform.plugins.module_utils.marathon import Marathon


def event(app_id: str, state: str) -> bytes:
    document = {"eventType": "status_update_event", "appId": app_id, "taskStatus": state}
    return b"event: status_update_event\ndata: " + json.dumps(document).encode() + b"\n\n"


def stream(server: Any) -> EventStream:
    marathon = Marathon(Client(Connection(urls=(server.url,), timeout=2), "Marathon", "marathon_url"))
    return EventStream(marathon, "/runs/a", ["status_update_event"])


def test_events_of_the_app_only(server: Any) -> None:
    server.routes["GET /v2/events"] = (200, event("/other", "TASK_FAILED") + event("/runs/a", "TASK_RUNNING"))
    events = stream(server)
    events.open()
    assert [found["taskStatus"] for found in events.wait(5)] == ["TASK_RUNNING"]
    events.close()
    assert server.requests[0].query_list == [("event_type", "status_update_event")]
    assert server.requests[0].headers["Accept"] == "text/event-stream"


def test_a_cut_stream_is_opened_again_and_wakes_the_waiter(server: Any) -> None:
    answers = iter([(200, b""), (503, b""), (200, event("/runs/a", "TASK_FINISHED"))])
    server.routes["GET /v2/events"] = lambda request: next(answers, (200, b""))
    events = stream(server)
    events.open()
    found: list[dict[str, Any]] = []
    deadline = time.monotonic() + 10
    while not found and time.monotonic() < deadline:
        found = events.wait(1)
    events.close()
    assert [item["taskStatus"] for item in found] == ["TASK_FINISHED"]


def test_deployments_name_their_apps_in_steps(server: Any) -> None:
    plan = {"steps": [{"actions": [{"action": "StartApplication", "app": "/runs/a"}]}]}
    document = {"eventType": "deployment_success", "plan": plan}
    server.routes["GET /v2/events"] = (200, b"data: " + json.dumps(document).encode() + b"\n\n")
    events = stream(server)
    events.open()
    assert events.wait(5)[0]["eventType"] == "deployment_success"
    events.close()
