# SPDX-License-Identifier: GPL-3.0-or-later
"""The guard on a real Graylog whose Elasticsearch is away: shippers wait, and nothing that was acknowledged is lost."""

import json
import signal
import socket
import struct
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from graylog_server import journal_guard
from graylog_server.local_graylog import LocalGraylog

pytestmark = pytest.mark.system

JOURNAL = 40  # MB
SIZE = 200_000  # bytes of a message


@pytest.fixture(scope="module")
def graylog(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalGraylog]:
    settings = {"message_journal_max_size": f"{JOURNAL}mb", "message_journal_segment_size": "2mb"}
    with LocalGraylog(tmp_path_factory.mktemp("graylog"), settings) as running:
        yield running


def guard_settings(graylog: LocalGraylog) -> dict[str, str]:
    account = {"username": graylog.username, "password": graylog.password}
    return {"url": graylog.url, **account, "title": "beats"}


@pytest.fixture
def guard_log(graylog: LocalGraylog, tmp_path: Path) -> Iterator[Path]:
    """The guard runs; what it says."""
    settings, log = tmp_path / "guard.json", tmp_path / "guard.log"
    settings.write_text(json.dumps(guard_settings(graylog)))
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, journal_guard.__file__, str(settings)], stdout=output, stderr=output
        )
        yield log
        process.terminate()
        process.wait(10)


def send(port: int, number: int) -> bool:
    """Whether a message of 200 kB was acknowledged."""
    # Graylog drops messages that have neither source nor time.
    now = time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime())
    text = f"number {number} " + "some words " * (SIZE // 11)
    event = {"@timestamp": now, "host": {"name": "local"}, "message": text, "job": "flood"}
    frame = json.dumps(event).encode()
    try:
        with socket.create_connection(("127.0.0.1", port), 5) as stream:
            stream.settimeout(10)
            stream.sendall(b"2W" + struct.pack(">I", 1) + b"2J" + struct.pack(">II", 1, len(frame)) + frame)
            return stream.recv(6) == b"2A" + struct.pack(">I", 1)
    except OSError:
        return False


def eventually(ready: Callable[[], bool], what: str, timeout: float = 90) -> None:
    deadline = time.monotonic() + timeout
    while not ready():
        assert time.monotonic() < deadline, what
        time.sleep(0.5)


def test_nothing_acknowledged_is_lost_while_elasticsearch_is_away(graylog: LocalGraylog, guard_log: Path) -> None:
    port = graylog.open_beats()
    graylog.search.send_signal(signal.SIGSTOP)
    try:
        acknowledged = []
        for number in range(4 * JOURNAL * 1_000_000 // SIZE):
            if not send(port, number):
                break
            acknowledged.append(number)
            time.sleep(0.1)
        assert JOURNAL * 1_000_000 * 0.7 < len(acknowledged) * SIZE < JOURNAL * 1_000_000
        eventually(lambda: "is closed" in guard_log.read_text(), "the guard says what it did")
        time.sleep(3)
        assert not send(port, -1), "the input stays closed"
    finally:
        graylog.search.send_signal(signal.SIGCONT)
    eventually(lambda: send(port, 1_000_000), "the input is open again", 180)
    assert "is open" in guard_log.read_text()
    query = "/search/universal/relative?range=0&limit=1&query=job:flood"
    wanted = len(acknowledged) + 1
    eventually(lambda: graylog.call("GET", query)["total_results"] >= wanted, f"{wanted} messages are found")


def test_an_input_that_was_left_closed_is_opened(graylog: LocalGraylog) -> None:
    api = journal_guard.Graylog(**guard_settings(graylog))
    if api.input_id() is None:
        graylog.open_beats()
    input_id = api.input_id()
    assert input_id is not None
    eventually(lambda: api.journal_use() < journal_guard.OPEN_BELOW, "the journal has space")
    api.stop_input(input_id)
    eventually(lambda: api.is_closed(input_id), "it is closed")
    guard = journal_guard.Guard(api)
    assert [guard.look() for _unused in range(journal_guard.SETTLED_AFTER - 1)] == [None] * 4, "not at once"
    assert "is open" in str(guard.look())
    # One that somebody closes later on stays as it is.
    eventually(lambda: not api.is_closed(input_id), "it is open")
    time.sleep(3)
    api.stop_input(input_id)
    assert [guard.look() for _unused in range(8)] == [None] * 8


def test_no_such_input(graylog: LocalGraylog) -> None:
    other = journal_guard.Graylog(**{**guard_settings(graylog), "title": "no such input"})
    assert journal_guard.Guard(other).look() is None


def test_wrong_usage() -> None:
    done = subprocess.run([sys.executable, journal_guard.__file__], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (2, "usage: journal_guard.py FILE\n")
