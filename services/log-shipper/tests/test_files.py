# SPDX-License-Identifier: GPL-3.0-or-later
"""Files that rotate, shrink and vanish; records of any size and any bytes."""

import time

import pytest
from log_shipper_process import ShipperProcess
from lumberjack_server import LumberjackServer

pytestmark = pytest.mark.system

JAVA_TRACE = """\
2026-11-21T13:42:45.851Z ERROR Executor: Exception in task 0.0 in stage 1.0 (TID 1)
java.lang.IllegalStateException: no more
\tat org.example.Main$.main(Main.scala:12) ~[main.jar:?]
Caused by: java.io.IOException: disk full
\t... 7 more
"""
PYTHON_TRACE = """\
Traceback (most recent call last):
  File "job.py", line 3, in <module>
    main()
KeyError: 'a'

During handling of the above exception, another exception occurred:

Traceback (most recent call last):
  File "job.py", line 5, in <module>
    raise py4j.Gone("b")
py4j.protocol.Gone: b
"""


def test_truncation(shipper: ShipperProcess, server: LumberjackServer) -> None:
    """A file that is cut to nothing, or rewritten at once to the same size, is read again, under other record ids."""
    log = shipper.logs / "a.log"
    log.write_text("first content\n", encoding="utf-8")
    shipper.start()
    server.wait_for("first content")
    log.write_text("", encoding="utf-8")
    server.wait(lambda: shipper.metric("truncations_total") == 1, "the truncation to be seen")
    log.write_text("other content\n", encoding="utf-8")
    server.wait_for("other content")
    log.write_text("third content, longer\n", encoding="utf-8")
    server.wait_for("third content, longer")
    ids = [event["record_id"] for event in server.events]
    assert server.messages() == ["first content", "other content", "third content, longer"]
    assert len(set(ids)) == 3
    time.sleep(0.7)
    shipper.kill()
    shipper.start()
    with log.open("a", encoding="utf-8") as file:
        file.write("and on\n")
    server.wait_for("and on")
    assert server.messages()[3:] in (["and on"], ["third content, longer", "and on"])


def test_rotation_by_rename(shipper: ShipperProcess, server: LumberjackServer) -> None:
    """The renamed file is read to its end, also after a restart, and the new one from its beginning."""
    log, old = shipper.logs / "a.log", shipper.logs / "a.log.1"
    log.write_text("one\n", encoding="utf-8")
    shipper.start()
    server.wait_for("one")
    writer = log.open("a", encoding="utf-8")
    log.rename(old)
    log.write_text("three\n", encoding="utf-8")
    writer.write("two\n")
    writer.flush()
    server.wait_for("two", "three")
    assert shipper.stop() == 0
    writer.write("four\n")
    writer.close()
    shipper.start()
    server.wait_for("four")
    assert sorted(server.messages()) == ["four", "one", "three", "two"]


def test_deleted_while_reading(shipper: ShipperProcess, server: LumberjackServer) -> None:
    """A file that is removed before it is acknowledged arrives whole, also over kill -9 of the shipper."""
    server.silent = True
    log = shipper.logs / "a.log"
    log.write_text("".join(f"{number}\n" for number in range(6000)) + "the end", encoding="utf-8")
    shipper.start()
    server.wait(lambda: server.windows)
    log.unlink()
    shipper.kill()
    server.silent = False
    shipper.start()
    server.wait_for("the end")
    assert set(server.messages()) == {*map(str, range(6000)), "the end"}


def test_removed_beyond_the_disk_bound(shipper: ShipperProcess, server: LumberjackServer) -> None:
    """Removed files that nobody takes are given up, the oldest first, and counted."""
    shipper.limits.append('held = "64k"')
    server.stop()
    for name in ("a", "b"):
        (shipper.logs / f"{name}.log").write_text(f"{name}\n" * 20_000, encoding="utf-8")
    shipper.start()
    server.wait(lambda: len(list(shipper.state.glob("files/*.log"))) == 2, "the links")
    (shipper.logs / "a.log").unlink()
    (shipper.logs / "b.log").unlink()
    shipper.kill()
    shipper.start()
    server.wait(lambda: "limits.held is reached" in shipper.log(), "a file to be given up")
    assert not (shipper.logs / "a.log").exists()
    server.start()
    server.wait(lambda: len(server.events) >= 20_000)
    assert server.messages() == ["b"] * 20_000


def test_huge_lines(shipper: ShipperProcess, server: LumberjackServer) -> None:
    """A line of 1 MiB arrives whole; a longer one in pieces, all but the last of which are marked."""
    whole, longer = "w" * 1024**2, "é" * (1024**2 + 10)
    (shipper.logs / "a.log").write_text(f"before\n{whole}\n{longer}\nafter\n", encoding="utf-8")
    shipper.start()
    server.wait_for("after")
    texts = server.messages()
    assert texts[0] == "before"
    assert texts[1] == whole
    assert "".join(texts[2:-1]) == longer
    assert [event.get("cut") for event in server.events] == [None, None, True, True, None, None]
    assert shipper.metric("records_cut_total") == 2


def test_any_bytes(shipper: ShipperProcess, server: LumberjackServer) -> None:
    """Bytes that are no UTF-8 arrive as text; NUL, escape sequences, quotes and carriage returns are kept."""
    (shipper.logs / "a.log").write_bytes(
        b'\xff\xfe "q" \\ \x00 \x1b[31m\n\xe4\xbd\xa0\xf0\x9f\x98\x80\na\rb\r\n\n\nlast\n'
    )
    shipper.start()
    server.wait_for("last")
    assert server.messages() == ['\\xff\\xfe "q" \\ \x00 \x1b[31m', "你😀", "a\rb", "last"]


def test_traces_stay_whole(shipper: ShipperProcess, server: LumberjackServer) -> None:
    """Java and Python traces are one record each, also when they are written in two halves."""
    log = shipper.logs / "a.log"
    half = len(JAVA_TRACE) // 2
    log.write_text(PYTHON_TRACE + JAVA_TRACE[:half], encoding="utf-8")
    shipper.start()
    server.wait_for(PYTHON_TRACE.rstrip("\n"))
    with log.open("a", encoding="utf-8") as file:
        file.write(JAVA_TRACE[half:] + "next\n")
    server.wait_for("next")
    assert server.messages() == [PYTHON_TRACE.rstrip("\n"), JAVA_TRACE.rstrip("\n"), "next"]
    assert server.events[1]["level"] == 3
    assert server.events[1]["logger"] == "Executor"
    assert server.events[1]["@timestamp"] == "2026-11-21T13:42:45.851Z"


def test_no_final_newline(shipper: ShipperProcess, server: LumberjackServer) -> None:
    """The last line of a file that nobody writes any more needs no newline; what follows later is its own record."""
    log = shipper.logs / "a.log"
    log.write_text("first\nprogress", encoding="utf-8")
    shipper.start()
    server.wait_for("first", "progress")
    with log.open("a", encoding="utf-8") as file:
        file.write(" done\n")
    server.wait_for(" done")
    assert server.messages() == ["first", "progress", " done"]
