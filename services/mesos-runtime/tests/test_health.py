# SPDX-License-Identifier: GPL-3.0-or-later
"""Mesos health checks of the three kinds, on both executors."""

from typing import Any

import pytest
from mesos_runtime.local_cluster.cluster import free_port
from mesos_runtime.local_cluster.framework import Framework, docker_task
from runtime_helpers import Json, MakeTask, grace

pytestmark = pytest.mark.system
_TIMES = {
    "delay_seconds": 0.0,
    "interval_seconds": 0.3,
    "timeout_seconds": 2.0,
    "grace_period_seconds": 0.0,
    "consecutive_failures": 3,
}


def check(kind: str, port: int = 0, **more: Any) -> Json:
    """A health check; a COMMAND check looks for the file `healthy` in the sandbox."""
    if kind == "COMMAND":
        target: Json = {"command": {"shell": True, "value": "test -e $MESOS_SANDBOX/healthy"}}
    elif kind == "HTTP":
        target = {"http": {"port": port, "path": "/healthy"}}
    else:
        target = {"tcp": {"port": port}}
    return {**_TIMES, "type": kind, **target, **more}


def server(kind: str, port: int) -> str:
    """A task that is healthy for two seconds and goes on living."""
    serve = f"cd $MESOS_SANDBOX; busybox httpd -f -p 127.0.0.1:{port} & server=$!;"
    unhealthy = "kill $server" if kind == "TCP" else "rm healthy"
    return f"{serve} touch healthy; sleep 2; {unhealthy}; sleep 1000"


@pytest.mark.parametrize("kind", ["COMMAND", "HTTP", "TCP"])
def test_health_and_its_end(framework: Framework, make_task: MakeTask, kind: str) -> None:
    port = free_port()
    lenient = check(kind, port, grace_period_seconds=10.0)
    task = framework.launch(make_task(server(kind, port), health_check=lenient, kill_policy=grace(1)))
    framework.wait_for(task, "TASK_RUNNING", where=lambda status: status.get("healthy") is True)
    ended = framework.wait_for(task, "TASK_KILLED")
    assert ended["healthy"] is False
    health = [status["healthy"] for status in framework.history(task) if "healthy" in status]
    assert health == [True, False, False, False, False]  # each failure, and the end


def test_never_healthy_task_is_killed(framework: Framework, make_task: MakeTask) -> None:
    task = framework.launch(make_task("sleep 1000", health_check=check("TCP", free_port()), kill_policy=grace(1)))
    ended = framework.wait_for(task, "TASK_KILLED")
    assert ended["healthy"] is False


def test_failures_in_the_grace_period_do_not_count(framework: Framework, make_task: MakeTask) -> None:
    lenient = check("COMMAND", grace_period_seconds=20.0, consecutive_failures=1)
    task = framework.launch(make_task("sleep 2; touch $MESOS_SANDBOX/healthy; sleep 1000", health_check=lenient))
    framework.wait_for(task, "TASK_RUNNING", where=lambda status: status.get("healthy") is True)
    assert [status["healthy"] for status in framework.history(task) if "healthy" in status] == [True]
    framework.kill(task, grace=0)
    framework.wait_for(task, "TASK_KILLED")


def test_a_hanging_command_check_fails(framework: Framework, make_task: MakeTask) -> None:
    hanging = check("COMMAND", timeout_seconds=0.5, consecutive_failures=1)
    hanging["command"] = {"shell": True, "value": "sleep 1000"}
    task = framework.launch(make_task("sleep 1000", health_check=hanging, kill_policy=grace(1)))
    ended = framework.wait_for(task, "TASK_KILLED")
    assert ended["healthy"] is False


@pytest.mark.parametrize("kind", ["HTTP", "TCP"])
def test_checks_enter_the_network_of_a_bridged_container(framework: Framework, image: str, kind: str) -> None:
    """The server listens on the container's own loopback address, which no other way leads to."""
    script = "touch /tmp/healthy; exec busybox httpd -f -p 127.0.0.1:8080 -h /tmp"
    lenient = check(kind, 8080, grace_period_seconds=10.0)
    task = framework.launch(docker_task(image, script, network="BRIDGE", health_check=lenient))
    framework.wait_for(task, "TASK_RUNNING", where=lambda status: status.get("healthy") is True)
    framework.kill(task, grace=0)
    framework.wait_for(task, "TASK_KILLED")
