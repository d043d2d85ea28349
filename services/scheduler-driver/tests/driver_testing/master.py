# SPDX-License-Identifier: GPL-3.0-or-later
"""A real master without agents."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from mesos_runtime.local_cluster import LocalCluster


@contextmanager
def running_master(folder: Path, **options: Any) -> Iterator[LocalCluster]:
    """A cluster of which the master alone is started; `options` are LocalCluster's."""
    cluster = LocalCluster(folder, [], **options)
    try:
        cluster.start_master()
        yield cluster
    finally:
        cluster.stop()
