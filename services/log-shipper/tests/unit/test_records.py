# SPDX-License-Identifier: GPL-3.0-or-later
"""Where records end, what their headers say, and that they are the same when they are read again."""

import os
import time
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path

import pytest
from mesospark_log_shipper.checkpoint import Position
from mesospark_log_shipper.configuration import Limits
from mesospark_log_shipper.headers import parse_header
from mesospark_log_shipper.holding import Note
from mesospark_log_shipper.splitter import cut_at, record_ends
from mesospark_log_shipper.tail import TailedFile

NOW = datetime(2026, 11, 21, 14, 0, tzinfo=UTC).timestamp()


def split(text: str) -> list[str]:
    """The records of a text."""
    data = text.encode()
    ends = [0, *record_ends(data), len(data)]
    return [data[start:end].decode() for start, end in pairwise(ends)]


@pytest.mark.parametrize(
    "records",
    [
        ["a\n", "b\n", "c"],
        ["a\n\n\n", "b\n"],
        ["  indented first\n", "b\n"],
        [
            "2026-11-21T13:42:45.851Z ERROR A: b\njava.lang.Error: c\n\tat d\nCaused by: e.F: g\n\t... 7 more\n",
            "next\n",
        ],
        ["[main] ERROR a.B - c\njava.lang.Error: c\n\tat d\n", "WARN a.B - c\nd.e.F: g\n", "next\n"],
        ["2026-11-21 13:42:45,851 ERROR a: b\nTraceback (most recent call last):\n  File c\nKeyError: 'd'\n", "next\n"],
        [
            "Traceback (most recent call last):\n  File a\nb.c.d: e\n",
            "Traceback (most recent call last):\n  File\nE: f\n",
        ],
        ['Exception in thread "main" java.lang.Error: a\n\tat b\n', "example.com: ok\n", "Result: 5\n"],
        ["2026-11-21T13:42:45.851Z INFO A: b\n", "example.com: ok\n", "Pi is roughly 3.14\n"],
        ["I1121 13:42:45.851234 18523 slave.cpp:1] a\n", "W1121 13:42:45.851234 18523 slave.cpp:2] b\n"],
        ["KeyError: not in a traceback\n", "KeyError: again\n"],
    ],
)
def test_records(records: list[str]) -> None:
    """Traces stay whole; other lines are records of their own."""
    assert split("".join(records)) == records


def test_cut() -> None:
    """A record that is too large is cut behind a line, or else between characters."""
    assert cut_at(b"ab\n cd\n ef", 8) == 7
    assert cut_at(b"abcdefgh", 5) == 5
    assert cut_at("abcdé".encode() + b"f", 5) == 4


@pytest.mark.parametrize(
    ("line", "is_service", "expected"),
    [
        ("2026-11-21T13:42:45.851+01:00 WARN Job: a", False, ("2026-11-21T12:42:45.851Z", 4, "Job")),
        ("2026-11-21T13:42:45.851Z FATAL a b", False, ("2026-11-21T13:42:45.851Z", 3, None)),
        ("2026-11-21 13:42:45,851 DEBUG a.b: c", False, (None, 7, "a.b")),
        ("2026-11-21 13:42:45,851 INFO a.b: c", True, ("2026-11-21T13:42:45.851Z", 6, "a.b")),
        ("2026-11-21T14:05:00.000Z INFO A: ahead", False, (None, 6, "A")),
        ("2026-13-21T14:05:00.000Z INFO A: no such month", False, (None, 6, "A")),
        ("E1121 13:42:45.851234 18523 slave.cpp:12] a", True, ("2026-11-21T13:42:45.851Z", 3, "slave.cpp:12")),
        ("I1231 23:42:45.851234     1 slave.cpp:12] a", True, ("2025-12-31T23:42:45.851Z", 6, "slave.cpp:12")),
        ("2026-11-21 13:42:45,851 [main] WARN a.b", True, ("2026-11-21T13:42:45.851Z", 4, None)),
        ("2026-11-21 13:42:45,851 - ERROR [a:B@1] - c", True, ("2026-11-21T13:42:45.851Z", 3, None)),
        ('time="2026-11-21T13:42:45.0057Z" level=error msg="a"', True, ("2026-11-21T13:42:45.005Z", 3, None)),
        ('time="2026-11-21T13:42:45Z" level=panic msg="a"', True, (None, 3, None)),
        ("2026/11/21 13:42:45 [crit] 12#12: a", True, (None, 3, None)),
        ("2026/11/21 13:42:45 [crit] 12#12: a", False, (None, None, None)),
        ("[SessionTracker] INFO org.apache.A - a", True, (None, 6, None)),
        ("2026.11.21 13:42:45 LOG5[1]: a", True, (None, 5, None)),
        ("INFORMATION for you", False, (None, None, None)),
        ("Exception in thread", False, (None, None, None)),
    ],
)
def test_header(
    line: str, is_service: bool, expected: tuple[str | None, int | None, str | None], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Time in UTC, syslog level and logger; nothing is made up."""
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    assert parse_header(line, NOW, is_service) == expected


def test_pause_within_a_record_is_repeated_exactly(tmp_path: Path) -> None:
    """A record that was ended by its writer's pause ends there again after a rewind, and after a restart."""
    path = tmp_path / "log"
    path.write_text("first\n", encoding="utf-8")
    limits = Limits(record_seconds=1.0)

    def tailed(position: Position) -> TailedFile:
        return TailedFile("k-1", os.open(path, os.O_RDONLY), Note(str(path), "s", 0, {"a": 1}), position, limits, 0.0)

    def texts(file: TailedFile, now: float) -> list[bytes]:
        file.look(now)
        return [event.split(b'"')[3] for event, _cut in file.take(now, NOW, 100) if event]

    file = tailed(Position())
    assert texts(file, 0.0) == []
    assert texts(file, 1.1) == [b"first"]
    with path.open("a", encoding="utf-8") as writer:
        writer.write("  second\nthird\n")
    assert texts(file, 1.2) == [b"  second"]
    file.rewind()
    again = tailed(file.position)
    for resumed in (file, again):
        assert texts(resumed, 1.3) + texts(resumed, 1.3) == [b"first", b"  second"]
