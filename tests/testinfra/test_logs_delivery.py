# SPDX-License-Identifier: GPL-3.0-or-later
"""Every line of a job is found in Graylog: once, in order, traces whole; and nobody has read along."""

import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta

import pytest
from log_runs import NUMBERED_LINES, start_numbered_lines, start_run, wait
from log_store import MARKED, LogStore, texts
from numbered_lines import SECRET
from numbered_lines_check import problems
from testinfra.host import Host

pytestmark = pytest.mark.hosts

LINES = 40_000
PRINCIPAL = "spark"
EXECUTORS = 4
TRACES = 2  # with the header of a logger, in each file
PACKETS = "/run/testinfra-packets"

CAPTURE = f"""
import socket
taps = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.ntohs(3))
with open("{PACKETS}", "wb") as file:
    while True:
        packet, address = taps.recvfrom(65536)
        if address[0] != "lo":
            file.write(packet)
            file.flush()
"""


@dataclass(frozen=True)
class Finished:
    """A run that has ended, what its playbook wrote, and when it began and ended."""

    run_id: str
    output: str
    start: datetime
    end: datetime


@contextmanager
def captured(host: Host) -> Iterator[None]:
    """Keep every packet that leaves or reaches the host meanwhile."""
    host.check_output(f"systemd-run --quiet --unit=testinfra-capture python3 -c '{CAPTURE}'")
    try:
        yield
    finally:
        host.check_output("systemctl stop testinfra-capture")


@pytest.fixture(scope="module")
def logs(platform) -> LogStore:
    return LogStore(platform)


@pytest.fixture(scope="module")
def agent(platform) -> Host:
    return platform.host(platform.members("mesos_agents")[0])


@pytest.fixture(scope="module")
def finished(platform, logs, agent, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Finished]:
    """A run whose lines have all arrived, while the packets of one agent were kept."""
    with captured(agent):
        start = datetime.now().astimezone()
        run = start_numbered_lines(platform, tmp_path_factory.mktemp("job"), LINES, seconds=20, principal=PRINCIPAL)
        output = run.wait_for_end()
        end = datetime.now().astimezone()
        logs.find(run=run.run_id, query=MARKED, limit=1, wait_for={"count": LINES}, wait_timeout="180s")
    yield Finished(run.run_id, output, start, end)
    agent.check_output(f"rm {PACKETS}")


def test_every_line_of_a_job_is_found_by_its_name(platform, logs, finished, tmp_path):
    files = logs.numbered(finished.run_id, LINES, tmp_path, "60s", job=NUMBERED_LINES)
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
        assert finished.start - timedelta(seconds=2) < written < finished.end
        assert message["message"].startswith(message["timestamp"].removesuffix("Z"))


def test_the_playbook_says_where_the_logs_are(finished):
    assert finished.run_id in re.search(r"log: (https://graylog\S+)", finished.output)[1]


def test_settings_with_secret_names_are_redacted(logs, finished):
    settings = logs.find(run=finished.run_id, text="spark.hadoop.ledger.secret.key")["messages"]
    assert {message["message"] for message in settings} == {"spark.hadoop.ledger.secret.key=*********(redacted)"}
    found = logs.find(run=finished.run_id, query=f"NOT ({MARKED})")["messages"]
    assert found
    assert [message for message in found if SECRET in message["message"]] == []


def test_logs_travel_encrypted(agent, finished):
    # Much has been kept, so the tap has worked.
    assert int(agent.check_output(f"stat --format=%s {PACKETS}")) > 1_000_000
    for text in ("line 000", "no newline follows", "org.example.ledger", finished.run_id, SECRET):
        assert agent.run(f"grep --text --quiet --fixed-strings '{text}' {PACKETS}").rc == 1, text


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
