# SPDX-License-Identifier: GPL-3.0-or-later
"""Tasks go on while their agent is killed and started again."""

import subprocess
import time

import pytest
from mesos_runtime.local_cluster import LocalCluster
from mesos_runtime.local_cluster.framework import Framework, command_task, docker_task
from mesos_runtime.local_cluster.leftovers import processes_of
from runtime_helpers import containers_of, executor_pid, is_alive, wait_until

pytestmark = pytest.mark.system


def test_tasks_outlive_a_crash_of_their_agent(secured: LocalCluster, framework: Framework, image: str) -> None:
    agent = secured.agents[0]
    going_on = [framework.launch(docker_task(image, "sleep 1000"), agent.host)]
    going_on.append(framework.launch(command_task("sleep 1000"), agent.host))
    ending = [framework.launch(docker_task(image, "sleep 2; exit 5"), agent.host)]
    ending.append(framework.launch(command_task("sleep 2; exit 5"), agent.host))
    for task in (*going_on, *ending):
        framework.wait_for(task, "TASK_RUNNING")
    executors = [executor_pid(task) for task in going_on]
    secured.restart_agent(agent, pause=3)
    for task in ending:
        assert framework.wait_for(task, "TASK_FAILED")["message"].endswith("status 5")
    time.sleep(2)
    assert all(is_alive(pid) for pid in executors)
    for task in going_on:
        assert set(framework.states(task)) == {"TASK_STARTING", "TASK_RUNNING"}
        framework.kill(task, grace=0)
        framework.wait_for(task, "TASK_KILLED")


def test_without_checkpoint_tasks_end_with_their_agent(secured: LocalCluster, image: str) -> None:
    agent = secured.agents[0]
    with Framework(secured, checkpoint=False) as framework:
        polite = "trap exit TERM; while true; do sleep 0.2; done"
        docker = framework.launch(docker_task(image, polite), agent.host)
        command = framework.launch(command_task(polite), agent.host)
        for task in (docker, command):
            framework.wait_for(task, "TASK_RUNNING")
        agent.kill()
        wait_until(lambda: not processes_of(secured.work_folder) and not containers_of(secured), 20)
        agent.start()
        secured.wait_for_agents()


def test_container_killed_from_outside_is_a_failed_task(
    secured: LocalCluster, framework: Framework, image: str
) -> None:
    task = framework.launch(docker_task(image, "exec sleep 1000"))
    running = framework.wait_for(task, "TASK_RUNNING")
    name = "mesos-" + running["container_status"]["container_id"]["value"]
    subprocess.run(["docker", "kill", name], check=True, capture_output=True)
    assert framework.wait_for(task, "TASK_FAILED")["message"] == "Container exited with status 137"
