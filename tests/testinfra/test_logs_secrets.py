# SPDX-License-Identifier: GPL-3.0-or-later
"""Logs tell no secrets, neither in Graylog nor on their way to it."""

import base64
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from log_runs import JobRun, start_numbered_lines
from log_store import MARKED, LogStore
from numbered_lines import SECRET
from testinfra.host import Host

pytestmark = pytest.mark.hosts

LINES = 400
PACKETS = "/run/testinfra-packets"

CAPTURE = f"""
import socket, struct, time
taps = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.ntohs(3))
with open("{PACKETS}", "wb") as file:
    while True:
        packet, address = taps.recvfrom(65536)
        if address[0] != "lo":
            file.write(packet)
            file.flush()
"""


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
def run(platform, logs, tmp_path_factory: pytest.TempPathFactory) -> Iterator[JobRun]:
    """A run whose logs have all arrived, and the packets of one agent meanwhile."""
    agent = platform.host(platform.members("mesos_agents")[0])
    with captured(agent):
        run = start_numbered_lines(platform, tmp_path_factory.mktemp("job"), LINES, seconds=1)
        run.wait_for_end()
        logs.find(run=run.run_id, query=MARKED, limit=1, wait_for={"count": LINES})
    yield run
    agent.check_output(f"rm {PACKETS}")


@pytest.fixture(scope="module")
def exported(run, logs, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Everything that Graylog has but numbered lines: all of Spark, Mesos and the platform's services."""
    path = tmp_path_factory.mktemp("logs") / "exported.json"
    assert logs.find(query=f"NOT ({MARKED})", dest=str(path), dest_format="json")["count"] > 0
    return path


def test_a_job_setting_with_a_secret_name_is_redacted(run, exported):
    text = exported.read_text()
    assert "spark.hadoop.ledger.secret.key=*********(redacted)" in text
    assert SECRET not in text


def test_no_secret_of_the_platform_is_in_graylog(platform, exported):
    text = exported.read_text()
    secrets = platform.secrets()
    assert all(len(secret) >= 16 for secret in secrets.values()), "a secret this short would be found anywhere"
    encoded = {name: base64.b64encode(secret.encode()).decode().rstrip("=") for name, secret in secrets.items()}
    assert [name for name, secret in secrets.items() if secret in text or encoded[name] in text] == []


def test_logs_travel_encrypted(platform, run):
    agent = platform.host(platform.members("mesos_agents")[0])
    # Bytes of TLS records: they are there, so the tap has worked.
    assert int(agent.check_output(f"stat --format=%s {PACKETS}")) > 100_000
    for text in ("line 000", "no newline follows", "org.example.ledger", run.run_id, SECRET):
        assert agent.run(f"grep --text --quiet --fixed-strings '{text}' {PACKETS}").rc == 1, text
