# SPDX-License-Identifier: GPL-3.0-or-later
"""Nothing is lost and nothing is reordered, whatever stops, breaks or goes away."""

import time
from collections import Counter
from pathlib import Path

import pytest
from log_shipper_process import ShipperProcess, free_port
from lumberjack_server import LumberjackServer

pytestmark = pytest.mark.system


def numbered(first: int, last: int) -> list[str]:
    """Lines with numbers."""
    return [f"line {number} of a log" for number in range(first, last)]


def append(path: Path, lines: list[str]) -> None:
    """Append lines to a file, which is made if it is missing."""
    with path.open("a", encoding="utf-8") as file:
        file.writelines(f"{line}\n" for line in lines)


def once(server: LumberjackServer) -> list[str]:
    """The messages without repetitions, in order of offset; the same record id always has the same text."""
    records = {event["record_id"]: event for event in server.events}
    for event in server.events:
        assert records[event["record_id"]]["message"] == event["message"]
    ordered = sorted(records.values(), key=lambda event: (event["file"], event["offset"]))
    return [event["message"] for event in ordered]


def test_ships_in_order_and_once(shipper: ShipperProcess, server: LumberjackServer) -> None:
    """A file's lines arrive once and in order, with the facts of the file."""
    shipper.start()
    append(shipper.logs / "a.log", numbered(0, 5000))
    server.wait_for("line 4999 of a log")
    assert server.messages() == numbered(0, 5000)
    event = server.events[1]
    assert event["agent"] == {"hostname": "agent1.example.org"}
    assert (event["service"], event["file"]) == ("service", str(shipper.logs / "a.log"))
    assert (event["offset"], event["length"]) == (len("line 0 of a log\n"), len("line 1 of a log\n"))
    assert shipper.metric("records_acknowledged_total") == 5000
    assert shipper.metric("connected") == 1
    server.wait(lambda: shipper.metric("lag_bytes") == 0, "the lag to be reported as gone")


def test_clean_restart_continues_exactly(shipper: ShipperProcess, server: LumberjackServer) -> None:
    """After SIGTERM nothing is repeated, and what was written meanwhile is not lost."""
    shipper.start()
    append(shipper.logs / "a.log", numbered(0, 100))
    server.wait_for("line 99 of a log")
    time.sleep(0.2)  # the acknowledgement is on its way
    assert shipper.stop() == 0
    append(shipper.logs / "a.log", numbered(100, 200))
    shipper.start()
    server.wait_for("line 199 of a log")
    assert server.messages() == numbered(0, 200)


def test_killed_in_the_middle(shipper: ShipperProcess, server: LumberjackServer) -> None:
    """kill -9, three times while lines flow: all arrive, repetitions only from shortly before each kill."""
    shipper.start()
    sent = 0
    for _kill in range(3):
        for _piece in range(10):
            append(shipper.logs / "a.log", numbered(sent, sent + 300))
            sent += 300
            time.sleep(0.08)
        arrived = len(server.events)
        server.wait_for_more_than(arrived)
        shipper.kill()
        shipper.start()
    server.wait_for(f"line {sent - 1} of a log")
    assert once(server) == numbered(0, sent)
    assert max(Counter(server.messages()).values()) <= 4


def test_server_outage(shipper: ShipperProcess, server: LumberjackServer) -> None:
    """While the server is away files are only held; afterwards everything arrives."""
    shipper.start()
    append(shipper.logs / "a.log", numbered(0, 100))
    server.wait_for("line 99 of a log")
    server.stop()
    append(shipper.logs / "a.log", numbered(100, 5000))
    append(shipper.logs / "b.log", ["written in the outage"])
    server.wait(lambda: any(shipper.state.glob("files/*.log")) and shipper.metric("lag_bytes") > 0, "the lag")
    server.wait(lambda: len(list(shipper.state.glob("files/*.log"))) == 2, "the new file to be held")
    (shipper.logs / "b.log").unlink()
    server.wait(lambda: shipper.metric("connected") == 0, "the loss to be seen")
    assert shipper.metric("connection_failures_total") > 0
    server.start()
    server.wait_for("line 4999 of a log", "written in the outage")
    assert once(server) == [*numbered(0, 5000), "written in the outage"]


def test_connection_broken_before_acknowledgement(shipper: ShipperProcess, server: LumberjackServer) -> None:
    """A window that was stored but not acknowledged is sent again, with the same record ids."""
    server.break_windows = 2
    append(shipper.logs / "a.log", numbered(0, 1000))
    shipper.start()
    server.wait(lambda: server.messages().count("line 0 of a log") == 3)
    server.wait_for("line 999 of a log")
    assert set(Counter(server.messages()).values()) <= {1, 2, 3}
    assert once(server) == numbered(0, 1000)


def test_rewinds_by_the_margin_only(shipper: ShipperProcess, server: LumberjackServer) -> None:
    """When a connection breaks, what was acknowledged lately is sent again, and nothing older."""
    shipper.limits[0] = 'rewind = "3s"'
    shipper.start()
    append(shipper.logs / "a.log", ["old"])
    server.wait_for("old")
    time.sleep(3.6)
    append(shipper.logs / "a.log", ["late"])
    server.wait_for("late")
    time.sleep(0.2)
    server.disconnect()
    append(shipper.logs / "a.log", ["after"])
    server.wait_for("after")
    assert server.messages() == ["old", "late", "late", "after"]
    assert shipper.metric("bytes_rewound_total") == len("late\n")


def test_second_server_takes_over(shipper: ShipperProcess, server: LumberjackServer) -> None:
    """A destination's next server is used when one can not be reached."""
    nobody = free_port()
    shipper.ports = [nobody, server.port]
    append(shipper.logs / "a.log", ["arrives"])
    shipper.start()
    server.wait_for("arrives")
    assert f"127.0.0.1:{nobody}: [Errno 111] Connection refused" in shipper.log()


def test_memory_stays_bounded_without_a_server(shipper: ShipperProcess, server: LumberjackServer) -> None:
    """200 MB of logs are not read into memory while they can not be sent."""
    server.silent = True
    block = b"x" * 99 + b"\n"
    with (shipper.logs / "a.log").open("wb") as file:
        for _block in range(200):
            file.write(block * 10_000)
    shipper.start()
    server.wait(lambda: len(server.windows) == 1)
    time.sleep(1.5)
    assert shipper.resident_bytes() < 100 * 1024**2
    assert len(server.windows) == 1
    assert shipper.metric("lag_bytes") == 200 * 10_000 * 100
    server.silent = False


def test_chatty_file_does_not_starve_others(shipper: ShipperProcess, server: LumberjackServer) -> None:
    """A small file behind a large one is shipped with one of the first windows."""
    append(shipper.logs / "a.log", numbered(0, 200_000))
    append(shipper.logs / "b.log", ["the quiet one"])
    server.silent = True
    shipper.start()
    server.wait(lambda: server.windows)
    server.silent = False
    server.wait_for("the quiet one")
    assert len(server.events) < 20_000
