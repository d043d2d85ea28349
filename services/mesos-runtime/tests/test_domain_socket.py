# SPDX-License-Identifier: GPL-3.0-or-later
"""Executors on the agent's Unix socket: tasks of any user, where TLS with client certificates rules all else."""

import http.client
import shutil
import socket
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from mesos_runtime.local_cluster import AgentSpec, Authentication, LocalCluster, Tls
from mesos_runtime.local_cluster.framework import Framework, command_task, docker_task
from runtime_helpers import environment_of_process, executor_pid, read_sandbox

pytestmark = pytest.mark.system


@pytest.fixture(scope="module")
def cluster(runtime: Path) -> Iterator[LocalCluster]:
    """A secured cluster with the socket, in a folder that every user can reach."""
    folder = Path(tempfile.mkdtemp(prefix="mesospark-test-", dir="/tmp"))
    try:
        folder.chmod(0o755)
        shutil.copytree(runtime, folder / "mesos", symlinks=True)
        agents = [AgentSpec(flags={"http_executor_domain_sockets": ""})]
        with LocalCluster(
            folder / "cluster", agents, tls=Tls(), authentication=Authentication(), runtime=folder / "mesos"
        ) as made:
            yield made
    finally:
        shutil.rmtree(folder)


def test_command_task_of_an_ordinary_user(cluster: LocalCluster) -> None:
    with Framework(cluster, user="nobody") as framework:
        task = framework.launch(command_task("id -un; exit 3"))
        assert framework.wait_for(task, "TASK_FAILED")["message"] == "Command exited with status 3"
        assert read_sandbox(cluster, task, "stdout").strip() == "nobody"


def test_tasks_outlive_their_agent(cluster: LocalCluster, image: str) -> None:
    with Framework(cluster) as framework:
        tasks = [framework.launch(docker_task(image, "sleep 1000")), framework.launch(command_task("sleep 1000"))]
        for task in tasks:
            framework.wait_for(task, "TASK_RUNNING")
            assert environment_of_process(executor_pid(task))["MESOS_DOMAIN_SOCKET"].endswith("/agent.sock")
        cluster.restart_agent(cluster.agents[0], pause=1)
        for task in tasks:
            framework.kill(task, grace=0)
            framework.wait_for(task, "TASK_KILLED")


def test_the_socket_wants_a_token(cluster: LocalCluster) -> None:
    agent = cluster.agents[0]
    connection = http.client.HTTPConnection("agent")
    connection.sock = socket.socket(socket.AF_UNIX)
    connection.sock.connect(str(agent.work_folder.parent / "run/agent.sock"))
    connection.request("POST", "/slave(1)/api/v1/executor", "{}", {"Content-Type": "application/json"})
    assert connection.getresponse().status == 401
    connection.close()
