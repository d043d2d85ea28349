# SPDX-License-Identifier: GPL-3.0-or-later
"""What becomes of tasks whose agent does not answer any more, and of those that come back with it."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from marathon_process import COMMAND_AGENTS, SHORT_INTERVALS, MarathonProcess, wait_for
from mesos_runtime.local_cluster import LocalCluster

pytestmark = pytest.mark.system

SLEEP: dict[str, Any] = {"cmd": "sleep 600", "cpus": 0.05, "mem": 16, "instances": 1}
ON_FIRST: dict[str, Any] = {"constraints": [["hostname", "LIKE", COMMAND_AGENTS[0].host]]}


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[LocalCluster]:
    """A cluster whose master gives an agent up after three seconds."""
    impatient = {"agent_ping_timeout": "1secs", "max_agent_ping_timeouts": "2"}
    with LocalCluster(tmp_path / "mesos", COMMAND_AGENTS, master_flags=impatient) as running:
        yield running


class Api:
    """The part of the API that these tests use."""

    def __init__(self, url: str) -> None:
        self._url = url

    def create(self, app_id: str, **settings: Any) -> None:
        answer = requests.post(f"{self._url}/v2/apps", json={"id": app_id, **SLEEP, **settings}, timeout=10)
        assert answer.status_code == 201, answer.text

    def update(self, app_id: str, **settings: Any) -> None:
        answer = requests.put(f"{self._url}/v2/apps{app_id}?force=true", json=settings, timeout=10)
        assert answer.ok, answer.text

    def tasks(self, app_id: str) -> list[tuple[str, str, str]]:
        """(id, state, host) of each task."""
        answer = requests.get(f"{self._url}/v2/apps{app_id}/tasks", timeout=10).json()
        return [(task["id"], task["state"], task["host"]) for task in answer["tasks"]]

    def running(self, app_id: str) -> list[tuple[str, str, str]]:
        return [task for task in self.tasks(app_id) if task[1] == "TASK_RUNNING"]


def test_a_lost_agent_and_its_return(cluster: LocalCluster, tmp_path: Path) -> None:
    first, second = cluster.agents
    with MarathonProcess(tmp_path / "marathon", cluster.master_address, SHORT_INTERVALS) as marathon:
        api = Api(marathon.url)
        api.create("/replaced", **ON_FIRST, unreachableStrategy={"inactiveAfterSeconds": 0, "expungeAfterSeconds": 0})
        api.create("/waits", **ON_FIRST, unreachableStrategy="disabled")
        (lost,) = wait_for(lambda: api.running("/replaced"), "the task that will be replaced")
        (kept,) = wait_for(lambda: api.running("/waits"), "the task that will wait")
        first.kill()
        wait_for(lambda: any(state == "TASK_UNREACHABLE" for _, state, _ in api.tasks("/waits")), "its loss")
        # The successor may run anywhere; with its first constraint it would have to wait for the lost agent.
        wait_for(lambda: lost[0] not in {task[0] for task in api.tasks("/replaced")}, "giving the first task up")
        api.update("/replaced", constraints=[])
        (successor,) = wait_for(lambda: api.running("/replaced"), "the successor")
        assert successor[2] == second.host
        assert [task[:2] for task in api.tasks("/waits")] == [(kept[0], "TASK_UNREACHABLE")]

        first.start()
        wait_for(lambda: api.running("/waits") == [kept], "the return of the waiting task")

        def alive() -> set[str]:
            frameworks = cluster.master_get("/state")["frameworks"]
            tasks = [task for framework in frameworks for task in framework["tasks"]]
            return {task["id"] for task in tasks if task["state"] == "TASK_RUNNING"}

        wait_for(lambda: alive() == {kept[0], successor[0]}, "the end of the task that was replaced")
        assert api.running("/replaced") == [successor]
