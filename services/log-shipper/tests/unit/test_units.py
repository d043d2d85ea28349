# SPDX-License-Identifier: GPL-3.0-or-later
"""The pure parts: where records end, what headers say, what the agent has noted, what a configuration may say."""

import os
import time
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path

import pytest
from agent_folder import CHECKPOINT, make_run

from mesospark_log_shipper.checkpoint import Checkpoint, Position
from mesospark_log_shipper.configuration import Limits, read_configuration
from mesospark_log_shipper.discovery import SandboxFinder
from mesospark_log_shipper.holding import Note
from mesospark_log_shipper.meta import decode, run_facts
from mesospark_log_shipper.records import parse_header
from mesospark_log_shipper.splitter import cut_at, record_ends
from mesospark_log_shipper.tail import TailedFile
from mesospark_log_shipper.toml_table import ConfigurationError

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
    ("line", "local_time", "expected"),
    [
        ("2026-11-21T13:42:45.851+01:00 WARN Job: a", False, ("2026-11-21T12:42:45.851Z", 4, "Job")),
        ("2026-11-21T13:42:45.851Z FATAL a b", False, ("2026-11-21T13:42:45.851Z", 3, None)),
        ("2026-11-21 13:42:45,851 DEBUG a.b: c", False, (None, 7, "a.b")),
        ("2026-11-21 13:42:45,851 INFO a.b: c", True, ("2026-11-21T13:42:45.851Z", 6, "a.b")),
        ("2026-11-21T14:05:00.000Z INFO A: ahead", False, (None, 6, "A")),
        ("2026-13-21T14:05:00.000Z INFO A: no such month", False, (None, 6, "A")),
        ("E1121 13:42:45.851234 18523 slave.cpp:12] a", True, ("2026-11-21T13:42:45.851Z", 3, "slave.cpp:12")),
        ("I1231 23:42:45.851234     1 slave.cpp:12] a", True, ("2025-12-31T23:42:45.851Z", 6, "slave.cpp:12")),
        ("INFORMATION for you", False, (None, None, None)),
        ("Exception in thread", False, (None, None, None)),
    ],
)
def test_header(
    line: str, local_time: bool, expected: tuple[str | None, int | None, str | None], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Time in UTC, syslog level and logger; nothing is made up."""
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    header = parse_header(line, NOW, local_time)
    assert (header.timestamp, header.level, header.logger) == expected


def test_facts_of_a_run(tmp_path: Path) -> None:
    """What a real agent had checkpointed; before the task is noted, the facts are known to be incomplete."""
    run = make_run(tmp_path, "c1")
    facts, complete = run_facts(run, "agent1")
    assert complete
    assert (facts["job"], facts["principal"], facts["task_id"]) == ("wordcount", "spark", "0")
    assert "staging" not in facts
    (run.meta / "tasks/0/task.info").unlink()
    facts, complete = run_facts(run, "agent1")
    assert not complete
    assert facts["job"] == "wordcount"
    for length in (0, 3, 50):
        (run.meta.parents[3] / "framework.info").write_bytes((CHECKPOINT / "framework.info").read_bytes()[:length])
        assert "framework" not in run_facts(run, "agent1")[0]


def test_staging_jobs_are_marked(tmp_path: Path) -> None:
    """A job called staging-… carries a field to be filtered by."""
    run = make_run(tmp_path, "c1")
    path = run.meta.parents[3] / "framework.info"
    data = path.read_bytes()[4:].replace(b"\x09wordcount", b"\x09staging-w")
    path.write_bytes(len(data).to_bytes(4, "little") + data)
    facts, _complete = run_facts(run, "agent1")
    assert (facts["job"], facts["staging"]) == ("staging-w", "true")


@pytest.mark.parametrize("data", [b"\x0a\x05ab", b"\x0a", b"\xff", b"\x0b", b"\x09abc"])
def test_no_protobuf(data: bytes) -> None:
    """Half a message is told from a whole one."""
    with pytest.raises(ValueError, match=r"cut short|wire type"):
        decode(data)


def test_finder_lists_only_what_changed(tmp_path: Path) -> None:
    """A run is found when its streams are there, then left alone; a new one is found at once."""
    finder = SandboxFinder(tmp_path)
    assert not list(finder.find(NOW))
    make_run(tmp_path, "c1")
    assert {found.path.name for found in finder.find(NOW)} == {"stdout", "stderr"}
    assert not list(finder.find(NOW + 1))
    second = make_run(tmp_path, "c2", checkpointed=False)
    (second.sandbox / "stderr").unlink()
    assert [found.path for found in finder.find(NOW + 2)] == [second.sandbox / "stdout"]
    (second.sandbox / "stderr").touch()
    assert len(list(finder.find(NOW + 3))) == 2


def test_pause_within_a_record_is_repeated_exactly(tmp_path: Path) -> None:
    """A record that was ended by its writer's pause ends there again after a rewind, and after a restart."""
    path = tmp_path / "log"
    path.write_text("first\n", encoding="utf-8")
    limits = Limits(record_seconds=1.0)

    def tailed(position: Position) -> TailedFile:
        return TailedFile("k-1", os.open(path, os.O_RDONLY), Note(str(path), "s", 0, {"a": 1}), position, limits, 0.0)

    def texts(file: TailedFile, now: float) -> list[bytes]:
        file.look(now)
        return [record.event.split(b'"')[3] for record in file.take(now, NOW, 100) if record.event]

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


def test_broken_checkpoint_is_put_aside(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """It does not stop the shipper; it is kept and reported."""
    path = tmp_path / "positions.json"
    checkpoint = Checkpoint(path)
    checkpoint.save({"a-1": Position(5, 1, "6162", [7])})
    assert Checkpoint(path).load() == {"a-1": Position(5, 1, "6162", [7])}
    path.write_text("{", encoding="utf-8")
    assert Checkpoint(path).load() == {}
    assert path.with_suffix(".broken").exists()
    assert "unreadable" in caplog.text


MINIMUM = """
state_directory = "/var/lib/log-shipper"
[sandboxes]
work_directory = "/var/lib/mesos-agent"
[[destinations]]
name = "graylog"
servers = ["graylog1:5044", "[::1]:5044"]
ca_file = "/a"
certificate_file = "/b"
key_file = "/c"
"""


def test_configuration(tmp_path: Path) -> None:
    """Sizes and durations have units; what is not given has a default."""
    path = tmp_path / "c.toml"
    path.write_text(MINIMUM + '[limits]\nheld = "1.5g"\nrewind = "250ms"\nwindow_records = 10\n', encoding="utf-8")
    configuration = read_configuration(path)
    assert configuration.destinations[0].servers == (("graylog1", 5044), ("::1", 5044))
    assert configuration.limits.held_bytes == 1536 * 1024**2
    assert (configuration.limits.rewind_seconds, configuration.limits.window_records) == (0.25, 10)
    assert configuration.metrics_port is None


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("state_directory", "state_folder", "state_directory: it is missing; give a text"),
        ('"/var/lib/log-shipper"', '"lib"', "state_directory: 'lib' is no absolute path; begin it with /"),
        ("graylog1:5044", "graylog1", r"destinations\[0\].servers: 'graylog1' is no address; write host:port"),
        ("name =", "nam =", r"destinations\[0\].name: it is missing"),
        ("[sandboxes]", "[sandboxes]\nx = 1", "sandboxes.x: there is no such option; known here: work_directory"),
        ("[[destinations]]", "[limits]\nheld = 5\n[[destinations]]", "limits.held: 5 is not a text"),
        (
            "[[destinations]]",
            '[limits]\nheld = "5"\n[[destinations]]',
            "limits.held: '5' is no quantity; give a number",
        ),
        ("[[destinations]]", "[metrics]\nport = 0\n[[destinations]]", "metrics.port: 0 is out of bounds"),
        ("[[destinations]]", "[[destination]]", "destination: there is no such option"),
        ("[sandboxes]", "[sandboxes", "is no TOML"),
    ],
)
def test_faults_of_a_configuration(tmp_path: Path, old: str, new: str, message: str) -> None:
    """One sentence that names the option, the value and the fix."""
    path = tmp_path / "c.toml"
    assert old in MINIMUM
    path.write_text(MINIMUM.replace(old, new), encoding="utf-8")
    with pytest.raises(ConfigurationError, match=message):
        read_configuration(path)


def test_missing_configuration(tmp_path: Path) -> None:
    """The file itself is named."""
    with pytest.raises(ConfigurationError, match=r"--config: cannot read .*c\.toml: No such file"):
        read_configuration(tmp_path / "c.toml")
