# SPDX-License-Identifier: GPL-3.0-or-later
"""What outlives the end of Marathon, of the master and of an agent."""

import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from marathon import MarathonClient
from marathon.models import MarathonApp
from marathon_process import COMMAND_AGENTS, SHORT_INTERVALS, MarathonProcess, wait_for
from mesos_runtime.local_cluster import LocalCluster

pytestmark = pytest.mark.system

SLEEP = {"cmd": "sleep 600", "cpus": 0.05, "mem": 16.0}


@pytest.fixture
def own_cluster(tmp_path: Path) -> Iterator[LocalCluster]:
    """A cluster for one test, which may be left in pieces."""
    with LocalCluster(
        tmp_path / "mesos", COMMAND_AGENTS, master_flags={"registry": "replicated_log", "quorum": "1"}
    ) as running:
        yield running


@pytest.fixture
def marathon(own_cluster: LocalCluster, tmp_path: Path) -> Iterator[MarathonProcess]:
    with MarathonProcess(tmp_path / "marathon", own_cluster.master_address, SHORT_INTERVALS) as running:
        yield running


def running_tasks(client: MarathonClient, app_id: str) -> set[str]:
    return {task.id for task in client.list_tasks(app_id) if task.state == "TASK_RUNNING"}


def start_app(client: MarathonClient, app_id: str, instances: int) -> set[str]:
    client.create_app(app_id, MarathonApp(instances=instances, **SLEEP))
    wait_for(lambda: len(running_tasks(client, app_id)) == instances, f"{instances} tasks of {app_id}")
    wait_for(lambda: not client.list_deployments(), "the deployment's end")
    return running_tasks(client, app_id)


def restart(marathon: MarathonProcess, how: signal.Signals) -> None:
    marathon.send_signal(how)
    marathon.wait(15)
    marathon.start()
    marathon.wait_until_answering()


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL])
def test_a_restart_keeps_tasks_apps_and_the_framework(
    own_cluster: LocalCluster, marathon: MarathonProcess, how: signal.Signals
) -> None:
    client = MarathonClient(marathon.url)
    tasks = start_app(client, "/kept", 2)
    framework = client.get_info().framework_id
    versions = client.list_versions("/kept")
    restart(marathon, how)
    assert client.get_info().framework_id == framework
    assert client.list_versions("/kept") == versions
    wait_for(lambda: running_tasks(client, "/kept") == tasks, "the same tasks")
    client.scale_app("/kept", 3)
    wait_for(lambda: len(running_tasks(client, "/kept")) == 3, "a third task")
    assert tasks < running_tasks(client, "/kept")
    assert [each["id"] for each in own_cluster.master_get("/frameworks")["frameworks"]] == [framework]


def test_a_restart_keeps_the_back_off(marathon: MarathonProcess) -> None:
    client = MarathonClient(marathon.url)
    held = MarathonApp(cmd="exit 0", cpus=0.05, mem=16.0, instances=1)
    held.backoff_seconds = held.max_launch_delay_seconds = 600
    client.create_app("/held", held)
    wait_for(lambda: [task for task in client.list_tasks("/held") if task.state == "TASK_FINISHED"], "the task's end")
    restart(marathon, signal.SIGKILL)
    # The client's own `list_queue` does not know the field `role` of Marathon 1.11.
    (item,) = wait_for(lambda: client._do_request("GET", "/v2/queue").json()["queue"], "the queue")
    assert not item["delay"]["overdue"]
    assert item["delay"]["timeLeftSeconds"] > 500
    time.sleep(3)
    assert [task.id.rpartition(".")[2] for task in client.list_tasks("/held")] in ([], ["1"])


def test_a_held_app_is_launched_once_whatever_happens(own_cluster: LocalCluster, marathon: MarathonProcess) -> None:
    """A run of a job ends once: the delay after its end holds against offers that are under way, and restarts."""
    client = MarathonClient(marathon.url)
    count = 12
    for number in range(count):
        once = MarathonApp(cmd=f"exit {number % 2 * 3}", cpus=0.05, mem=16.0, instances=1)
        once.backoff_seconds = once.max_launch_delay_seconds = 86400
        client.create_app(f"/once/app-{number}", once)
        if number == count // 2:
            restart(marathon, signal.SIGKILL)

    def ended() -> list[dict[str, Any]]:
        frameworks = own_cluster.master_get("/state")["frameworks"]
        return [task for framework in frameworks for task in framework["completed_tasks"]]

    wait_for(lambda: len(ended()) >= count, "the end of all tasks")
    restart(marathon, signal.SIGKILL)
    time.sleep(5)
    assert sorted(task["name"] for task in ended()) == sorted(f"app-{number}.once" for number in range(count))
    assert all(task["id"].endswith("._app.1") for task in ended())
    assert not [task for task in client.list_tasks() if task.state in ("TASK_RUNNING", "TASK_STAGING")]


def test_a_deployment_goes_on_after_a_restart(marathon: MarathonProcess) -> None:
    client = MarathonClient(marathon.url)
    client.create_app("/going", MarathonApp(instances=1, constraints=[["hostname", "LIKE", "nowhere"]], **SLEEP))
    (deployment,) = client.list_deployments()
    restart(marathon, signal.SIGKILL)
    assert [each.id for each in client.list_deployments()] == [deployment.id]
    client._do_request("PUT", "/v2/apps/going", {"force": "true"}, '{"constraints": []}')
    wait_for(lambda: len(running_tasks(client, "/going")) == 1, "the task")


def test_tasks_that_ended_meanwhile_are_replaced(own_cluster: LocalCluster, marathon: MarathonProcess) -> None:
    client = MarathonClient(marathon.url)
    client.create_app("/short", MarathonApp(cmd="sleep 4", cpus=0.05, mem=16.0, instances=1))
    wait_for(lambda: running_tasks(client, "/short"), "the task")
    (task,) = running_tasks(client, "/short")
    marathon.kill()
    time.sleep(5)
    marathon.start()
    marathon.wait_until_answering()
    wait_for(lambda: running_tasks(client, "/short") - {task}, "a successor")


def test_the_masters_end_is_survived(own_cluster: LocalCluster, marathon: MarathonProcess) -> None:
    client = MarathonClient(marathon.url)
    tasks = start_app(client, "/kept", 2)
    framework, pid = client.get_info().framework_id, marathon.pid
    own_cluster.master.kill()
    assert client.ping() == b'"pong"'
    assert running_tasks(client, "/kept") == tasks
    own_cluster.start_master()
    wait_for(lambda: marathon.log_text().count(f"as framework {framework}") == 2, "the new subscription", 10)
    for agent in own_cluster.agents:
        # Without ZooKeeper an agent looks for its master only after it missed pings for over a minute.
        own_cluster.restart_agent(agent)
    client.scale_app("/kept", 3)
    wait_for(lambda: len(running_tasks(client, "/kept")) == 3, "a third task")
    assert tasks < running_tasks(client, "/kept")
    assert marathon.pid == pid and marathon.running


def test_a_master_that_comes_late(tmp_path: Path) -> None:
    cluster = LocalCluster(tmp_path / "mesos", COMMAND_AGENTS[:1])
    with MarathonProcess(tmp_path / "marathon", cluster.master_address, SHORT_INTERVALS) as marathon:
        client = MarathonClient(marathon.url)
        client.create_app("/early", MarathonApp(instances=1, **SLEEP))
        wait_for(lambda: "can not be reached with" in marathon.log_text(), "the reason")
        with cluster:
            wait_for(lambda: running_tasks(client, "/early"), "the task")


def test_an_agents_restart_keeps_its_tasks(own_cluster: LocalCluster, marathon: MarathonProcess) -> None:
    client = MarathonClient(marathon.url)
    tasks = start_app(client, "/kept", 2)
    own_cluster.restart_agent(own_cluster.agents[0])
    wait_for(lambda: running_tasks(client, "/kept") == tasks, "the same tasks")
    time.sleep(2)
    assert running_tasks(client, "/kept") == tasks
