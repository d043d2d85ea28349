# SPDX-License-Identifier: GPL-3.0-or-later
"""The client of Graylog on a scripted server."""

from typing import Any

import pytest
from ansible_collections.mesospark.platform.plugins.module_utils.client import Client, Connection, error_message
from ansible_collections.mesospark.platform.plugins.module_utils.errors import ApiError, OptionError
from ansible_collections.mesospark.platform.plugins.module_utils.graylog import Graylog, only


@pytest.fixture
def graylog(server: Any) -> Graylog:
    connection = Connection(urls=(server.url,), username="admin", password="secret", timeout=2)
    return Graylog(Client(connection, "Graylog", "graylog_url"), sleep=lambda seconds: None)


def test_a_read_that_hit_a_list_in_change_is_repeated(server: Any, graylog: Graylog) -> None:
    answers = [(500, {"type": "ApiError", "message": None}), (200, {"streams": [{"id": "1"}]})]
    server.routes["GET /api/streams"] = lambda request: answers.pop(0)
    assert graylog.streams() == [{"id": "1"}]


def test_a_read_that_stays_broken_is_an_error(server: Any, graylog: Graylog) -> None:
    server.routes["GET /api/streams"] = (500, {"type": "ApiError", "message": "out of order"})
    with pytest.raises(ApiError, match="Graylog answered GET /api/streams with 500: out of order"):
        graylog.streams()
    assert len(server.requests) == 4


def test_writes_say_that_they_are_no_browser_and_are_not_repeated(server: Any, graylog: Graylog) -> None:
    server.routes["POST /api/streams"] = (500, {"message": "no"})
    with pytest.raises(ApiError):
        graylog.create("/streams", {"title": "a"})
    (request,) = server.requests
    assert request.headers["X-Requested-By"] and request.body == {"title": "a"}


@pytest.mark.parametrize(("told", "version"), [("3.3.11+9335407", (3, 3, 11)), ("6.3.0-rc.1", (6, 3, 0)), (None, (0,))])
def test_versions(server: Any, graylog: Graylog, told: Any, version: tuple[int, ...]) -> None:
    server.routes["GET /api/system"] = (200, {"version": told})
    assert graylog.version == version and graylog.version == version and len(server.requests) == 1


def test_lists_in_pages(server: Any, graylog: Graylog) -> None:
    views = [{"id": str(number)} for number in range(230)]

    def page(request: Any) -> tuple[int, Any]:
        start = (int(request.query["page"]) - 1) * int(request.query["per_page"])
        return 200, {"views": views[start : start + int(request.query["per_page"])]}

    server.routes["GET /api/views"] = page
    assert graylog.views() == views


def test_removing_what_is_not_there(server: Any, graylog: Graylog) -> None:
    server.routes["DELETE /api/streams/1"] = (204, b"")
    assert graylog.remove("/streams/1") and not graylog.remove("/streams/2")


def test_another_user_of_the_same_server(server: Any, graylog: Graylog) -> None:
    server.routes["GET /api/system"] = (200, {"version": "3.3.11"})
    graylog.as_user("spark", "other").read("/system")
    assert server.requests[0].headers["Authorization"] == "Basic c3Bhcms6b3RoZXI="


def test_a_name_of_several_is_refused() -> None:
    streams = [{"id": "1", "title": "a"}, {"id": "2", "title": "a"}, {"id": "3", "title": "b"}]
    assert only("stream", "b", streams, "title", "id") == only("stream", "3", streams, "title", "id") == streams[2]
    assert only("stream", "c", streams, "title", "id") is None
    with pytest.raises(OptionError, match=r"stream: 'a' is the title of several \(1, 2\); rename or remove"):
        only("stream", "a", streams, "title", "id")


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b'[{"type":"syntax_error","line":1,"reason":"mismatched input"}]', "line 1: mismatched input"),
        (b'{"errors":{"title":["can not be empty."]},"failed":true}', "title: can not be empty."),
        (b'{"type":"ApiError","message":"Port is missing"}', "Port is missing"),
    ],
)
def test_errors_in_words(body: bytes, message: str) -> None:
    assert error_message(body) == message
