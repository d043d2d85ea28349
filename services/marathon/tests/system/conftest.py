# SPDX-License-Identifier: GPL-3.0-or-later
"""A real Mesos cluster and a Marathon for all system tests of one module."""

import collections
import collections.abc
from collections.abc import Iterator

import pytest
from marathon_process import COMMAND_AGENTS, SHORT_INTERVALS, MarathonProcess
from mesos_runtime.local_cluster import LocalCluster

# The client of the package index (0.13.0, its last) looks for a name that Python 3.10 took away.
vars(collections).setdefault("Iterable", collections.abc.Iterable)


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalCluster]:
    with LocalCluster(tmp_path_factory.mktemp("mesos"), COMMAND_AGENTS) as running:
        yield running


@pytest.fixture(scope="module")
def marathon(cluster: LocalCluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[MarathonProcess]:
    """One Marathon on the cluster."""
    folder = tmp_path_factory.mktemp("marathon")
    with MarathonProcess(folder, cluster.master_address, SHORT_INTERVALS) as running:
        yield running
