# SPDX-License-Identifier: GPL-3.0-or-later
"""No line of a job is lost, whatever dies on its way to Graylog, and for how long. Graylog is down meanwhile."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from log_faults import acknowledged, graylog_host, kill, kill_shippers, remove_sandboxes, shipper_figure
from log_runs import start_numbered_lines, wait
from log_store import LogStore, texts
from numbered_lines_check import problems

LINES = 40_000


@pytest.fixture
def logs(platform) -> Iterator[LogStore]:
    store = LogStore(platform)
    yield store
    graylog_host(store).check_output("systemctl start graylog")  # also when a test fails


def expect_no_loss(logs: LogStore, folder: Path, lines: int, writing: int, outage: int) -> None:
    """Run the example while Graylog is away and dies and shippers die, then expect all of its lines.

    writing: seconds that the job writes; outage: seconds that Graylog is stopped meanwhile.
    """
    platform, graylog = logs.platform, graylog_host(logs)
    run = start_numbered_lines(platform, folder, lines, seconds=writing)
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
    files = logs.numbered(run.run_id, lines, folder, "240s")
    assert problems(texts(files), lines) == []
    assert shipper_figure(platform, "log_shipper_bytes_dropped_total") == 0


@pytest.mark.hosts
@pytest.mark.faults
@pytest.mark.timeout(900)
def test_nothing_is_lost(logs, tmp_path):
    expect_no_loss(logs, tmp_path, LINES, writing=150, outage=120)


@pytest.mark.soak
@pytest.mark.timeout(7200)
def test_nothing_is_lost_in_an_hour_without_graylog(logs, tmp_path):
    expect_no_loss(logs, tmp_path, 10 * LINES, writing=3900, outage=3600)
