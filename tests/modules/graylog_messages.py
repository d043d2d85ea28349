# SPDX-License-Identifier: GPL-3.0-or-later
"""What the tests do at Graylog besides the modules: send messages and search as somebody."""

import json
import time
import urllib.request
from collections.abc import Callable
from typing import Any

from ansible_collections.mesospark.platform.plugins.module_utils.client import Client, Connection
from ansible_collections.mesospark.platform.plugins.module_utils.graylog import Graylog


def server(options: dict[str, str], username: str = "", password: str = "") -> Graylog:
    """The client of the modules, as admin or as somebody else."""
    connection = Connection(
        urls=(options["graylog_url"],),
        username=username or options["url_username"],
        password=password or options["url_password"],
        ca_path=options.get("ca_path") or None,
    )
    return Graylog(Client(connection, "Graylog", "graylog_url"))


def send(port: int, **fields: Any) -> None:
    """One GELF message over HTTP on loopback; fields are its own."""
    message = {"version": "1.1", "host": "test", "short_message": "a line", "timestamp": time.time(), "level": 6}
    message |= {f"_{name}": value for name, value in fields.items()}
    request = urllib.request.Request(f"http://127.0.0.1:{port}/gelf", json.dumps(message).encode(), method="POST")
    with urllib.request.urlopen(request, timeout=10) as answer:
        assert answer.status == 202


def found(graylog: Graylog, query: str, stream: str = "") -> list[dict[str, Any]]:
    """The messages of the last five minutes that a search finds, within a stream if its id is given."""
    asked = [("query", query), ("range", "300"), ("limit", "100")]
    if stream:
        asked.append(("filter", f"streams:{stream}"))
    answer = graylog.read("/search/universal/relative", asked)
    return [entry["message"] | {"index": entry["index"]} for entry in answer["messages"]]


def found_anywhere(graylog: Graylog, query: str) -> list[dict[str, Any]]:
    """The same in all streams which this user may read."""
    messages = {"id": "m", "type": "messages", "limit": 100, "offset": 0, "sort": [], "decorators": []}
    search = {
        "id": f"{time.time_ns():024x}",
        "queries": [
            {
                "id": "q",
                "query": {"type": "elasticsearch", "query_string": query},
                "timerange": {"type": "relative", "range": 300},
                "filter": None,
                "search_types": [messages],
            }
        ],
        "parameters": [],
    }
    answer = graylog.create("/views/search/sync", search)["results"]["q"]
    assert not answer["errors"], answer["errors"]
    return [entry["message"] for entry in answer["search_types"]["m"]["messages"]]


def eventually(probe: Callable[[], Any], timeout: float = 30) -> Any:
    """What ``probe`` gives as soon as it is something; AssertionError if that takes too long."""
    deadline = time.monotonic() + timeout
    while time.monotonic() < deadline:
        answer = probe()
        if answer:
            return answer
        time.sleep(0.3)
    raise AssertionError(f"{probe} gave nothing in {timeout} s")
