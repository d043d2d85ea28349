# SPDX-License-Identifier: GPL-3.0-or-later
"""Every line of a job is found in Graylog: once, in order, traces whole; whatever dies on its way, and for how long."""

import time
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from log_faults import acknowledged, graylog_host, kill, kill_shippers, remove_sandboxes, shipper_figure
from log_runs import NUMBERED_LINES, JobRun, start_numbered_lines, start_run, wait
from log_store import MARKED, LogStore, by_file, texts
from numbered_lines_check import problems

LINES = 40_000
PRINCIPAL = "spark"
EXECUTORS = 4
TRACES = 2  # with the header of a logger, in each file


@pytest.fixture(scope="module")
def logs(platform) -> LogStore:
    return LogStore(platform)


def found_lines(
    logs: LogStore, run: JobRun, lines: int, folder: Path, timeout: str, **search: str
) -> dict[str, list[Any]]:
    """All numbered records of a run by file, when they have come."""
    path = folder / "found.json"
    wish = {"wait_for": {"count": lines}, "wait_timeout": timeout}
    logs.find(run=run.run_id, query=MARKED, dest=str(path), dest_format="json", **wish, **search)
    return by_file(path)


@pytest.mark.hosts
def test_a_job_is_found_by_its_name(platform, logs, tmp_path):
    start = datetime.now().astimezone()
    run = start_numbered_lines(platform, tmp_path, LINES, seconds=20, principal=PRINCIPAL)
    output = run.wait_for_end()
    end = datetime.now().astimezone()
    files = found_lines(logs, run, LINES, tmp_path, "180s", job=NUMBERED_LINES)
    assert problems(texts(files), LINES) == []
    messages = [message for records in files.values() for message in records]
    assert {message["agent_hostname"] for message in messages} == {
        f"{name}.{platform.variables['platform_domain']}" for name in platform.members("mesos_agents")
    }
    assert {message["principal"] for message in messages} == {PRINCIPAL}
    executors = {message["executor_id"] for message in messages}
    assert len(executors) == EXECUTORS + 1
    errors = [message for message in messages if message.get("level") == 3]
    assert len(errors) == TRACES * len(files)
    for message in errors:
        written = datetime.fromisoformat(message["timestamp"])
        assert start - timedelta(seconds=2) < written < end
        assert message["message"].startswith(message["timestamp"].removesuffix("Z"))
    assert run.run_id in output


@pytest.mark.hosts
def test_everything_is_there_five_seconds_after_the_end(platform, logs, tmp_path):
    run = start_run(platform, tmp_path, "wordcount")
    run.wait_for_end()
    end = time.monotonic()
    sizes = {
        (sandbox.framework_id, sandbox.executor_id, stream): size
        for sandbox in run.sandboxes()
        for stream, size in sandbox.sizes.items()
        if size
    }

    def arrived() -> dict[tuple[str, str, str], int]:
        """How many bytes of each file have come."""
        found: dict[tuple[str, str, str], int] = {}
        for message in logs.find(job="wordcount", run=run.run_id)["messages"]:
            file = (message["framework_id"], message["executor_id"], message["stream"])
            found[file] = max(found.get(file, 0), message["offset"] + message["length"])
        return found

    wait(lambda: arrived() == sizes, f"all of {sizes}", 30)
    assert time.monotonic() - end < 5


def expect_no_loss(logs: LogStore, folder: Path, lines: int, writing: int, outage: int) -> None:
    """Run the example while Graylog is away and dies and shippers die, then expect all of its lines.

    writing: seconds that the job writes; outage: seconds that Graylog is stopped meanwhile.
    """
    platform, graylog = logs.platform, graylog_host(logs)
    run = start_numbered_lines(platform, folder, lines, seconds=writing, principal=PRINCIPAL)
    run.wait_for_lines()
    graylog.check_output("systemctl stop graylog")
    down = time.monotonic()
    time.sleep(outage / 2)
    kill_shippers(platform)
    time.sleep(max(0.0, down + outage - time.monotonic()))
    graylog.check_output("systemctl start graylog")
    # While the shippers send what has piled up, it dies. The run and its sandboxes end before it is back.
    wait(lambda: acknowledged(platform) > 0, "Graylog to take lines again")
    kill(graylog, "graylog")
    run.wait_for_end(writing + 120)
    remove_sandboxes(run)
    kill_shippers(platform)
    files = found_lines(logs, run, lines, folder, "240s")
    assert problems(texts(files), lines) == []
    assert shipper_figure(platform, "log_shipper_bytes_dropped_total") == 0


@pytest.mark.hosts
@pytest.mark.timeout(900)
def test_nothing_is_lost(logs, tmp_path):
    expect_no_loss(logs, tmp_path, LINES, writing=150, outage=120)


@pytest.mark.soak
@pytest.mark.timeout(7200)
def test_nothing_is_lost_in_an_hour_without_graylog(logs, tmp_path):
    expect_no_loss(logs, tmp_path, 10 * LINES, writing=3900, outage=3600)
