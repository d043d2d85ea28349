# SPDX-License-Identifier: GPL-3.0-or-later
"""Which files are read, and when one is done with; the clock is the test's."""

from pathlib import Path

import pytest
from agent_folder import end_run, make_run
from mesospark_log_shipper.catalog import Catalog
from mesospark_log_shipper.configuration import Configuration, Destination
from mesospark_log_shipper.metrics import Metrics
from prometheus_client import CollectorRegistry


@pytest.fixture
def catalog(tmp_path: Path) -> Catalog:
    """That of a destination without a connection: nobody reads."""
    destination = Destination("graylog", (("127.0.0.1", 5044),), Path("/a"), Path("/b"), Path("/c"))
    configuration = Configuration(tmp_path / "state", "agent1", (destination,), tmp_path / "agent")
    metrics = Metrics(CollectorRegistry()).of("graylog")
    return Catalog(configuration, tmp_path / "state/graylog", metrics)


def test_last_words_after_a_long_silence(catalog: Catalog, tmp_path: Path) -> None:
    """A run that was quiet for long writes a line and ends between two looks at its files: they are read on."""
    run = make_run(tmp_path / "agent", "c1")
    catalog.discover(100.0, 1e9)
    catalog.review(100.0)
    assert len(catalog.awake) == 2
    catalog.review(120.0)
    assert not catalog.awake, "quiet files are asleep"
    (run.sandbox / "stdout").write_text("last words\n", encoding="utf-8")
    end_run(run)
    for second in (121.0, 122.0, 123.0):
        catalog.review(second)
    assert [file.path.name for file in catalog.awake] == ["stdout"]


def test_lag_while_there_is_no_connection(catalog: Catalog, tmp_path: Path) -> None:
    """It grows with the files and with time."""
    run = make_run(tmp_path / "agent", "c1")
    catalog.discover(100.0, 1e9)
    catalog.review(100.0)
    assert (catalog.lag_bytes, catalog.lag(100.0)) == (0, 0.0)
    (run.sandbox / "stdout").write_text("line\n" * 10, encoding="utf-8")
    catalog.review(101.0)
    assert (catalog.lag_bytes, catalog.lag(101.0)) == (50, 0.0)
    catalog.review(161.0)
    assert (catalog.lag_bytes, catalog.lag(161.0)) == (50, 60.0)
