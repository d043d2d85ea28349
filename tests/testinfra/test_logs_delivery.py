# SPDX-License-Identifier: GPL-3.0-or-later
"""Every line of a job is found in Graylog: once, in order, traces whole."""

import time
from datetime import datetime, timedelta

import pytest
from log_runs import NUMBERED_LINES, start_numbered_lines, start_run, wait
from log_store import LogStore, texts
from numbered_lines_check import problems

pytestmark = pytest.mark.hosts

LINES = 40_000
PRINCIPAL = "spark"
EXECUTORS = 4
TRACES = 2  # with the header of a logger, in each file


@pytest.fixture(scope="module")
def logs(platform) -> LogStore:
    return LogStore(platform)


def test_a_job_is_found_by_its_name(platform, logs, tmp_path):
    start = datetime.now().astimezone()
    run = start_numbered_lines(platform, tmp_path, LINES, seconds=20, principal=PRINCIPAL)
    output = run.wait_for_end()
    end = datetime.now().astimezone()
    files = logs.numbered(run.run_id, LINES, tmp_path, "180s", job=NUMBERED_LINES)
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
        for message in logs.find(job="wordcount", run=run.run_id, fields=["framework_id"])["messages"]:
            file = (message["framework_id"], message["executor_id"], message["stream"])
            found[file] = max(found.get(file, 0), message["offset"] + message["length"])
        return found

    wait(lambda: arrived() == sizes, f"all of {sizes}", 30)
    assert time.monotonic() - end < 5
