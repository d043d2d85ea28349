# SPDX-License-Identifier: GPL-3.0-or-later
"""Command tasks in control groups of version 1."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from mesos_runtime.local_cluster import AgentSpec, LocalCluster
from mesos_runtime.local_cluster.framework import Framework, command_task

CGROUPS = Path("/sys/fs/cgroup")
pytestmark = [
    pytest.mark.system,
    pytest.mark.skipif(not (CGROUPS / "memory/tasks").exists(), reason="no cgroup v1 memory (see README, Tests)"),
]


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalCluster]:
    """An agent that limits memory itself."""
    flags = {"launcher": "linux", "isolation": "cgroups/cpu,cgroups/mem"}
    with LocalCluster(tmp_path_factory.mktemp("linux"), [AgentSpec(containerizers="mesos", flags=flags)]) as made:
        yield made
    assert not list(CGROUPS.glob(f"*/{made.cgroups_root}"))


def test_task_runs_and_is_killed_in_its_groups(cluster: LocalCluster) -> None:
    with Framework(cluster) as framework:
        task = framework.launch(command_task("sleep 1000"))
        framework.wait_for(task, "TASK_RUNNING")
        assert list(CGROUPS.glob(f"memory/{cluster.cgroups_root}/*"))
        framework.kill(task)
        framework.wait_for(task, "TASK_KILLED")


def test_memory_limit(cluster: LocalCluster) -> None:
    with Framework(cluster) as framework:
        task = framework.launch(command_task("python3 -c 'print(len(bytearray(500 << 20)))'"))
        ended = framework.wait_for(task, "TASK_FAILED")
        assert ended["reason"] == "REASON_CONTAINER_LIMITATION_MEMORY"
