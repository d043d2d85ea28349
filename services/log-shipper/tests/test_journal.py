# SPDX-License-Identifier: GPL-3.0-or-later
"""What systemd units print, from the journal to the destination."""

import time
from pathlib import Path

import pytest
from journal_stand_in import JournalFile
from log_shipper_process import ShipperProcess
from lumberjack_server import LumberjackServer

pytestmark = pytest.mark.system

SEQUENCE = "5e9" + "0" * 29
TRACE = [
    "2026-11-21 13:42:45,851 ERROR org.example.Master: failed",
    "java.lang.IllegalStateException: no more",
    "\tat org.example.Main$.main(Main.scala:12)",
    "Caused by: java.io.IOException: disk full",
    "\t... 7 more",
]


@pytest.fixture
def journal(tmp_path: Path, shipper: ShipperProcess) -> JournalFile:
    """A journal that the shipper reads."""
    journal = JournalFile(tmp_path)
    shipper.journal = journal
    return journal


def numbered(first: int, last: int) -> list[str]:
    """Lines with numbers."""
    return [f"entry {number}" for number in range(first, last)]


def test_entry_with_its_facts(shipper: ShipperProcess, server: LumberjackServer, journal: JournalFile) -> None:
    """Service, place in the journal, level and time; those of the line count before those of the journal."""
    written = time.time() - 100
    journal.write("named", "zone loaded", written=written, PRIORITY="5")
    journal.write("mesos-agent", "E1121 13:42:45.851234 18523 slave.cpp:12] failed")
    journal.from_manager("mesos-agent", "mesos-agent.service: Main process exited")
    shipper.start()
    server.wait(lambda: len(server.events) == 3)
    zone, failed, exited = server.events
    assert zone["service"] == "named"
    assert zone["file"] == "journal/named"
    assert (zone["offset"], zone["length"], zone["record_id"]) == (1, 1, f"{SEQUENCE}-1-1")
    assert zone["agent"] == {"hostname": "agent1.example.org"}
    assert zone["level"] == 5
    assert zone["@timestamp"] == time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(written)) + zone["@timestamp"][19:]
    assert (failed["level"], failed["logger"], failed["@timestamp"][5:]) == (3, "slave.cpp:12", "11-21T13:42:45.851Z")
    assert (exited["service"], exited["logger"], exited["level"]) == ("mesos-agent", "systemd", 4)


def test_traces_stay_whole(shipper: ShipperProcess, server: LumberjackServer, journal: JournalFile) -> None:
    """A trace is one record, although another unit's entries stand between its lines."""
    shipper.start()
    for line in TRACE:
        journal.write("marathon", line)
        journal.write("named", "in between")
    journal.write("marathon", "next")
    server.wait_for("next")
    assert server.messages(service="marathon") == ["\n".join(TRACE), "next"]
    assert server.messages(service="named") == ["in between"] * 5


def test_any_bytes_and_long_lines(shipper: ShipperProcess, server: LumberjackServer, journal: JournalFile) -> None:
    """Bytes that are no text arrive; journald's pieces of a long line are one line again, up to the limit."""
    shipper.limits.append('record = "100k"')
    shipper.start()
    journal.write("named", [0xFF, 0x41])
    journal.write("named", "a" * 49_000, _LINE_BREAK="line-max")
    journal.write("named", "b" * 49_000)
    journal.write("named", "c" * 150_000)
    journal.write("named", "d" * 90_000, "\te" * 10_000)
    server.wait(lambda: len(server.events) == 5)
    assert server.messages() == ["\\xffA", "a" * 49_000 + "b" * 49_000, "c" * 102_400, "d" * 90_000, "\te" * 10_000]
    assert [event.get("cut") for event in server.events] == [None, None, True, True, None]


def test_kill_and_outage(shipper: ShipperProcess, server: LumberjackServer, journal: JournalFile) -> None:
    """Nothing is lost, and what comes again has the same record id and text."""
    journal.write("named", *numbered(0, 500))
    shipper.start()
    server.wait_for("entry 400")
    server.stop()
    journal.write("named", *numbered(500, 1000))
    journal.write("marathon", *TRACE)
    shipper.kill()
    shipper.start()
    server.start()
    server.wait_for("\n".join(TRACE))
    shipper.kill()
    journal.write("named", *numbered(1000, 1100))
    shipper.start()
    server.wait_for("entry 1099")
    records = {event["record_id"]: event for event in server.events}
    assert all(records[event["record_id"]]["message"] == event["message"] for event in server.events)
    texts = [event["message"] for event in sorted(records.values(), key=lambda event: event["offset"])]
    assert [text for text in texts if text.startswith("entry")] == numbered(0, 1100)


def test_clean_restart_continues_exactly(
    shipper: ShipperProcess, server: LumberjackServer, journal: JournalFile
) -> None:
    """After SIGTERM nothing is repeated, also of a unit that is ahead of another's record that may go on."""
    shipper.limits = ['rewind = "500ms"', 'record_quiet = "2s"']
    shipper.start()
    for number in range(50):
        journal.write("named", f"entry {number}", "\tcontinued")
        journal.write("marathon", f"entry {number}")
    server.wait(lambda: len(server.events) == 98)
    assert shipper.stop() == 0
    journal.write("marathon", "after")
    shipper.start()
    server.wait_for("after", "entry 49\n\tcontinued")
    assert sorted(server.messages(service="marathon")) == sorted([*numbered(0, 50), "after"])
    assert server.messages(service="named") == [f"{text}\n\tcontinued" for text in numbered(0, 50)]


def test_journalctl_that_ends(shipper: ShipperProcess, server: LumberjackServer, journal: JournalFile) -> None:
    """It is started again where it ended, and a record that may go on is not doubled."""
    shipper.limits.append('record_quiet = "2s"')
    shipper.limits.remove('record_quiet = "300ms"')
    shipper.start()
    journal.write("named", "first", "second")
    server.wait_for("first")
    journal.end_reader()
    journal.write("named", "\tgoes on", "third")
    server.wait_for("third")
    assert server.messages() == ["first", "second\n\tgoes on", "third"]
    assert "journalctl ended with status" in shipper.log()
