# SPDX-License-Identifier: GPL-3.0-or-later
"""graylog_messages on a scripted search; what the real Graylog finds is tried in tests/modules."""

import json
import time
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.mesospark.platform.plugins.module_utils import graylog_search
from ansible_collections.mesospark.platform.plugins.module_utils.arguments import graylog_from
from ansible_collections.mesospark.platform.plugins.module_utils.graylog import Graylog
from ansible_collections.mesospark.platform.plugins.modules import graylog_messages
from scripted_search import RUN, ScriptedSearch


def graylog_of(search: ScriptedSearch) -> Graylog:
    names = ("url_username", "url_password", "ca_path", "client_cert", "client_key")
    options = {"timeout": 2, "validate_certs": True, "auth": "basic", **dict.fromkeys(names)}
    return graylog_from({"graylog_url": [search.server.url], **options})


@pytest.fixture
def search(server: Any) -> ScriptedSearch:
    return ScriptedSearch(server)


def test_all_lines_once_in_order(search: ScriptedSearch, run_module: Any) -> None:
    texts = ['quote " and, comma', "two\nlines\r\nand \x00", "\\xff ä😀", "x" * 200_000]
    for number, text in enumerate(texts):
        search.line(number * 300_000 // 60, text, level=6)
    search.messages += search.messages[:2]
    result = run_module(graylog_messages.main, **search.options, run=RUN)
    assert [item["message"] for item in result["messages"]] == texts
    assert (result["count"], result["matched"], result["duplicates"], result["changed"]) == (4, 4, 2, False)
    first = result["messages"][0]
    assert (first["offset"], first["level"], "cut" in first) == (0, 6, False)
    last = run_module(graylog_messages.main, **search.options, run=RUN, limit=1, pattern="ines|x")
    assert (last["count"], last["matched"], last["messages"][0]["message"][0]) == (1, 3, "x")


def test_the_query(search: ScriptedSearch, run_module: Any) -> None:
    options = {"job": 'a "b" \\', "run": RUN, "executors": ["driver", "3"], "level": "warning", "text": "lost task"}
    result = run_module(graylog_messages.main, **search.options, **options, query="stream:stderr OR stream:stdout")
    assert result["query"] == (
        f'job:"a \\"b\\" \\\\" AND run:"{RUN}" AND (task_id:runs_* OR executor_id:"3") AND level:<=4 '
        'AND message:"lost task" AND (stream:stderr OR stream:stdout)'
    )
    assert search.queries() == [result["query"]] and result["messages"] == []


def test_times(search: ScriptedSearch, run_module: Any) -> None:
    options = {**search.options, "job": "pi"}
    run_module(graylog_messages.main, **options, since="2026-11-21T10:15:00+01:00", until="2026-11-21T10:15:00Z")
    run_module(graylog_messages.main, **options, since="2h")
    ranges = [request.body["queries"][0]["timerange"] for request in search.server.requests]
    assert (ranges[0]["from"], ranges[0]["to"]) == ("2026-11-21T09:15:00.000Z", "2026-11-21T10:15:00.000Z")
    assert 0 <= time.time() - 7200 - graylog_search.datetime.fromisoformat(ranges[-1]["from"]).timestamp() < 30


def test_messages_that_do_not_come_are_an_error(search: ScriptedSearch, run_module: Any, monkeypatch: Any) -> None:
    monkeypatch.setattr(graylog_search, "_ATTEMPT_PAUSE", 0.0)
    search.line(0, "first")
    search.line(10, "second")
    search.lost = 1
    result = run_module(graylog_messages.main, **search.options, run=RUN)
    assert "counts 2 messages, but gave 1 of them, 3 times" in result["msg"]


def test_a_refused_query(search: ScriptedSearch, run_module: Any) -> None:
    search.error = "Failed to parse query [(job:]."
    result = run_module(graylog_messages.main, **search.options, query="job:")
    assert result["msg"] == "Graylog refuses the query '(job:)': Failed to parse query [(job:]."


def test_waiting(search: ScriptedSearch, run_module: Any) -> None:
    search.line(0, "first")
    search.messages *= 2
    options = {**search.options, "run": RUN, "wait_timeout": "200ms"}
    result = run_module(graylog_messages.main, **options, wait_for={"count": 2})
    assert "Graylog has 1 of 2, and 1 duplicates" in result["msg"] and result["reasons"]
    result = run_module(graylog_messages.main, **options, wait_for={"pattern": "second"})
    assert "none of 1 matches 'second'" in result["msg"]
    assert run_module(graylog_messages.main, **options, wait_for={"count": 1, "pattern": "f.rst"})["count"] == 1
    start = time.monotonic()
    assert run_module(graylog_messages.main, **options, wait_for={"quiet": "100ms"})["count"] == 1
    assert time.monotonic() - start >= 0.1
    assert run_module(graylog_messages.main, **options, wait_for={"count": 9}, wait=False)["count"] == 1


def test_a_file(search: ScriptedSearch, run_module: Any, tmp_path: Path) -> None:
    search.line(0, "first", agent_hostname="agent1", stream="stdout")
    options = {**search.options, "run": RUN, "dest": str(tmp_path / "run.log")}
    foreseen = run_module(graylog_messages.main, check_mode=True, **options)
    assert foreseen["changed"] and list(tmp_path.iterdir()) == []
    written = run_module(graylog_messages.main, **options)
    assert written["diff"] == foreseen["diff"] and (written["count"], written["messages"]) == (1, [])
    text = (tmp_path / "run.log").read_text(encoding="utf-8")
    assert text == "2026-11-21T12:00:00.000Z agent1 driver stdout first\n"
    assert not run_module(graylog_messages.main, **options)["changed"]
    again = run_module(graylog_messages.main, **options, dest_format="json")
    assert again["changed"] and json.loads((tmp_path / "run.log").read_text(encoding="utf-8"))["offset"] == 0
    assert [path.name for path in tmp_path.iterdir()] == ["run.log"]


def test_too_much_for_a_result(search: ScriptedSearch, run_module: Any, monkeypatch: Any) -> None:
    from ansible_collections.mesospark.platform.plugins.module_utils import graylog_messages as messages

    monkeypatch.setattr(messages, "MOST_RESULT_BYTES", 1000)
    search.line(0, "first")
    search.line(10, "second")
    assert "write them into a file with dest" in run_module(graylog_messages.main, **search.options, run=RUN)["msg"]
    assert run_module(graylog_messages.main, **search.options, run=RUN, limit=1)["matched"] == 2


def test_the_newest_run_is_the_one_that_started_last(search: ScriptedSearch, run_module: Any) -> None:
    older, newer = "pi-20261121t110000-ffff", "pi-20261121t113000-0000"
    search.line(0, "newest line", run=older)
    search.messages.append({**search.messages[0], "run": newer, "timestamp": "2026-11-21T11:30:01.000Z"})
    graylog = graylog_of(search)
    assert graylog_search.newest_run(graylog, "pi") == newer
    assert search.server.requests[-1].body["queries"][0]["timerange"]["from"] == "2026-11-21T11:00:00.000Z"
    search.messages.clear()
    assert graylog_search.newest_run(graylog, "pi") is None


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({}, "job, run, query are all missing; say whose lines are meant, such as job=wordcount."),
        ({"job": "a", "since": "yesterday"}, "since: 'yesterday' is no time; write it as 2026-11-21T10:15:00Z, or as"),
        ({"job": "a", "since": "1h", "until": "2h"}, "until: '2h' is not after since; give a later time."),
        ({"job": "a", "pattern": "("}, "pattern: '(' is no regular expression ("),
        ({"job": "a", "limit": -1}, "limit: -1 is no number of messages; give 0 for all, or more."),
        ({"job": "a", "wait_for": {"pattern": "["}}, "wait_for.pattern: '[' is no regular expression ("),
        ({"job": "a", "wait_for": {"quiet": "2m"}}, "wait_for.quiet: '2m' is not less than wait_timeout; raise"),
        ({"job": "a", "wait_for": {"count": -1}}, "wait_for.count: -1 is no number of messages; give 1 or more."),
    ],
)
def test_bad_options(search: ScriptedSearch, run_module: Any, options: dict[str, Any], message: str) -> None:
    result = run_module(graylog_messages.main, **search.options, **options)
    assert result["failed"] and result["msg"].startswith(message)
    assert search.server.requests == []


def test_a_dest_that_is_none(search: ScriptedSearch, run_module: Any, tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "missing" / "run.log"):
        result = run_module(graylog_messages.main, **search.options, run=RUN, dest=str(path))
        assert result["msg"] == f"dest: '{path}' can not be a file; name a file in a folder that exists."
    assert search.server.requests == []


def test_the_link_has_the_address_for_browsers(search: ScriptedSearch) -> None:
    graylog = graylog_of(search)
    assert graylog_search.browser_url(graylog) == search.server.url
    search.server.routes["GET /config.js"] = (
        200,
        b"window.appConfig = {\n  gl2ServerUrl: 'https://logs:9000/api/',\n};",
    )
    address = graylog_search.browser_url(graylog)
    link = graylog_search.link(address, RUN)
    assert link == f"https://logs:9000/search?q=run%3A%22{RUN}%22&rangetype=relative&relative=0"
