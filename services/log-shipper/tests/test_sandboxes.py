# SPDX-License-Identifier: GPL-3.0-or-later
"""Sandboxes of a Mesos agent: found, named, read to their end, and let go."""

import os
from pathlib import Path

import pytest
from agent_folder import AGENT_ID, FRAMEWORK_ID, collect_garbage, end_run, make_run
from log_shipper_process import ShipperProcess
from lumberjack_server import LumberjackServer

pytestmark = pytest.mark.system

RUN_ID = "wordcount-20261121t134500-ab12"


def test_run_with_its_facts(shipper: ShipperProcess, server: LumberjackServer) -> None:
    """Both streams of a run that appears while the shipper runs, with all that the agent knows of it."""
    shipper.start()
    run = make_run(shipper.agent, "c1")
    (run.sandbox / "stdout").write_text("out\n", encoding="utf-8")
    (run.sandbox / "stderr").write_text("2026-11-21T13:42:45.851+01:00 WARN Job: slow\n", encoding="utf-8")
    server.wait(lambda: len(server.events) == 2)
    events = {event["stream"]: event for event in server.events}
    read = events["stdout"].pop("read")
    assert events["stdout"] == {
        "message": "out",
        "@timestamp": read,
        "offset": 0,
        "length": 4,
        "record_id": "c1-stdout-0-4",
        "job": "wordcount",
        "run": RUN_ID,
        "application": RUN_ID,
        "principal": "spark",
        "framework_id": FRAMEWORK_ID,
        "framework": RUN_ID,
        "executor_id": "0",
        "task_id": "0",
        "task_name": "Task 0",
        "container_id": "c1",
        "agent": {"hostname": "agent1.example.org", "id": AGENT_ID},
        "stream": "stdout",
        "file": "stdout",
    }
    assert events["stderr"]["@timestamp"] == "2026-11-21T12:42:45.851Z"
    assert (events["stderr"]["level"], events["stderr"]["logger"]) == (4, "Job")
    assert "secret" not in str(server.events)


def test_framework_without_checkpoint(shipper: ShipperProcess, server: LumberjackServer) -> None:
    """Where the agent keeps nothing, the ids come from the path."""
    run = make_run(shipper.agent, "c1", checkpointed=False)
    (run.sandbox / "stdout").write_text("out\n", encoding="utf-8")
    shipper.start()
    server.wait_for("out")
    event = server.events[0]
    assert (event["framework_id"], event["executor_id"], event["container_id"]) == (FRAMEWORK_ID, "0", "c1")
    assert "job" not in event


def test_end_of_a_run(shipper: ShipperProcess, server: LumberjackServer) -> None:
    """The unterminated last line comes with the run's end; then links go, and after a restart nothing is repeated."""
    shipper.limits = ['rewind = "500ms"', 'line_quiet = "1h"']
    run = make_run(shipper.agent, "c1")
    (run.sandbox / "stdout").write_text("first\nlast", encoding="utf-8")
    shipper.start()
    server.wait(lambda: shipper.state.is_dir() and len(list(shipper.state.glob("files/*.log"))) == 2, "the links")
    end_run(run)
    server.wait_for("first", "last")
    server.wait(lambda: not list(shipper.state.glob("files/*.log")), "the links to go")
    shipper.kill()
    shipper.start()
    (shipper.logs / "a.log").write_text("later\n", encoding="utf-8")
    server.wait_for("later")
    assert server.messages() == ["first", "last", "later"]
    assert shipper.stop() == 0
    collect_garbage(run)
    shipper.start()
    server.wait(lambda: len(list(shipper.state.glob("files/*.json"))) == 1, "the notes to go")


def test_garbage_collection_before_acknowledgement(shipper: ShipperProcess, server: LumberjackServer) -> None:
    """A sandbox that is removed in an outage arrives with all its facts, over kill -9 of the shipper too."""
    server.stop()
    shipper.start()
    run = make_run(shipper.agent, "c1")
    (run.sandbox / "stdout").write_text("".join(f"{number}\n" for number in range(3000)) + "end", encoding="utf-8")
    server.wait(lambda: len(list(shipper.state.glob("files/*.log"))) == 2, "the links")
    end_run(run)
    collect_garbage(run)
    shipper.kill()
    server.start()
    shipper.start()
    server.wait_for("end")
    assert server.messages() == [*map(str, range(3000)), "end"]
    assert {(event["job"], event["task_id"]) for event in server.events} == {("wordcount", "0")}


def test_rotating_container_logger(shipper: ShipperProcess, server: LumberjackServer) -> None:
    """A stream that is renamed is read on, and the next one has record ids of its own."""
    run = make_run(shipper.agent, "c1")
    stream = run.sandbox / "stdout"
    stream.write_text("same text\n", encoding="utf-8")
    shipper.start()
    server.wait_for("same text")
    shipper.kill()
    stream.rename(run.sandbox / "stdout.1")
    stream.write_text("same text\n", encoding="utf-8")
    shipper.start()
    server.wait(lambda: len({event["record_id"] for event in server.events}) == 2, "the second file")
    assert {event["record_id"] for event in server.events} == {"c1-stdout-0-a", "c1-stdout-1-0-a"}


def test_sandbox_can_not_lead_elsewhere(tmp_path: Path, shipper: ShipperProcess, server: LumberjackServer) -> None:
    """A job that puts a symbolic link or a pipe in a stream's place ships nothing and stops nothing."""
    (tmp_path / "secret").write_text("a secret of the host\n", encoding="utf-8")
    run = make_run(shipper.agent, "c1")
    for stream in ("stdout", "stderr"):
        (run.sandbox / stream).unlink()
    (run.sandbox / "stdout").symlink_to(tmp_path / "secret")
    os.mkfifo(run.sandbox / "stderr")
    (make_run(shipper.agent, "c2").sandbox / "stdout").write_text("fine\n", encoding="utf-8")
    shipper.start()
    server.wait_for("fine")
    assert server.messages() == ["fine"]
