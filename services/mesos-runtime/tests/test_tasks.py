# SPDX-License-Identifier: GPL-3.0-or-later
"""Tasks of both executors on a cluster where every connection is TLS with client certificates and credentials."""

import signal
import time
from collections.abc import Callable

import pytest
from mesos_runtime.local_cluster import LocalCluster
from mesos_runtime.local_cluster.framework import Framework, command_task, docker_task
from mesos_runtime.local_cluster.leftovers import processes_of
from runtime_helpers import (
    MakeTask,
    containers_of,
    executor_pid,
    grace,
    is_alive,
    send_to_thread,
    threads_of,
    wait_until,
)

pytestmark = pytest.mark.system
DEAF = "trap '' TERM; while true; do sleep 0.2; done"
POLITE = "trap 'exit 9' TERM; while true; do sleep 0.2; done"


def test_finished_task_and_its_output(
    framework: Framework, make_task: MakeTask, sandbox_file: Callable[[str, str], str]
) -> None:
    task = framework.launch(make_task("echo to-stdout; echo to-stderr >&2; echo kept > $MESOS_SANDBOX/result"))
    framework.wait_for(task, "TASK_FINISHED")
    assert framework.states(task) == ["TASK_STARTING", "TASK_RUNNING", "TASK_FINISHED"]
    assert "to-stdout" in sandbox_file(task, "stdout")
    assert "to-stderr" in sandbox_file(task, "stderr")
    assert sandbox_file(task, "result") == "kept\n"


@pytest.mark.parametrize("status", [1, 3, 127, 255])
def test_exit_status_is_reported(framework: Framework, make_task: MakeTask, status: int) -> None:
    task = framework.launch(make_task(f"exit {status}"))
    ended = framework.wait_for(task, "TASK_FAILED")
    assert f"exited with status {status}" in ended["message"]


def test_term_is_enough_for_a_polite_task(framework: Framework, make_task: MakeTask) -> None:
    task = framework.launch(make_task(POLITE, kill_policy=grace(20)))
    framework.wait_for(task, "TASK_RUNNING")
    time.sleep(0.3)  # the shell sets its trap
    started = time.monotonic()
    framework.kill(task)
    ended = framework.wait_for(task, "TASK_KILLED")
    assert time.monotonic() - started < 15
    assert "status 9" in ended["message"]
    assert framework.states(task) == ["TASK_STARTING", "TASK_RUNNING", "TASK_KILLING", "TASK_KILLED"]


def test_kill_follows_the_grace_period(framework: Framework, make_task: MakeTask) -> None:
    task = framework.launch(make_task(DEAF, kill_policy=grace(2)))
    framework.wait_for(task, "TASK_RUNNING")
    time.sleep(0.3)
    started = time.monotonic()
    framework.kill(task)
    framework.wait_for(task, "TASK_KILLED")
    assert 1.9 < time.monotonic() - started < 15


def test_a_second_kill_may_hurry(framework: Framework, make_task: MakeTask) -> None:
    task = framework.launch(make_task(DEAF, kill_policy=grace(60)))
    framework.wait_for(task, "TASK_RUNNING")
    time.sleep(0.3)
    framework.kill(task)
    framework.wait_for(task, "TASK_KILLING")
    started = time.monotonic()
    framework.kill(task, grace=0)
    framework.wait_for(task, "TASK_KILLED")
    assert time.monotonic() - started < 15


def test_kill_before_the_task_runs(framework: Framework, make_task: MakeTask) -> None:
    task = framework.launch(make_task("sleep 100"))
    framework.wait_for(task, "TASK_STARTING")
    framework.kill(task, grace=1)
    framework.wait_for(task, "TASK_KILLED")


def test_maximum_completion_time(framework: Framework, make_task: MakeTask) -> None:
    task = framework.launch(make_task("sleep 100", max_completion_time={"nanoseconds": int(1e9)}))
    ended = framework.wait_for(task, "TASK_FAILED")
    assert ended["reason"] == "REASON_MAX_COMPLETION_TIME_REACHED"


def test_teardown_ends_task_and_executor(secured: LocalCluster, make_task: MakeTask) -> None:
    with Framework(secured) as framework:
        task = framework.launch(make_task(POLITE))
        framework.wait_for(task, "TASK_RUNNING")
        assert processes_of(secured.work_folder)
    started = time.monotonic()
    # The agent's own patience is 15 s: less means that the executor went by itself.
    wait_until(lambda: not processes_of(secured.work_folder), 13, started)
    assert not containers_of(secured)


def test_executor_never_misses_a_signal(secured: LocalCluster, framework: Framework, make_task: MakeTask) -> None:
    task = framework.launch(make_task(POLITE))
    framework.wait_for(task, "TASK_RUNNING")
    time.sleep(0.3)
    executor = executor_pid(task)
    # To a thread that is not the main one, as the kernel may choose to.
    threads = [thread for thread in threads_of(executor) if thread != executor]
    send_to_thread(executor, threads[-1], signal.SIGTERM)
    framework.wait_for(task, "TASK_KILLED", timeout=10)
    wait_until(lambda: not is_alive(executor), 10)


def test_missing_program(framework: Framework, make_task: MakeTask) -> None:
    task = framework.launch(make_task(["/no/such/program"]))
    ended = framework.wait_for(task, "TASK_FAILED")
    assert ended["message"] == "Container exited with status 127" or "No such file" in ended["message"]


def test_image_that_does_not_exist(framework: Framework, image: str) -> None:
    task = framework.launch(docker_task("mesospark-test-no-such-image:0", "true"))
    ended = framework.wait_for(task, "TASK_FAILED")
    assert ended["reason"] == "REASON_CONTAINER_LAUNCH_FAILED"


def test_bad_docker_parameter(framework: Framework, image: str, sandbox_file: Callable[[str, str], str]) -> None:
    task = framework.launch(docker_task(image, "true", parameters={"no-such-option": "1"}))
    ended = framework.wait_for(task, "TASK_FAILED")
    assert ended["message"] == "Container exited with status 125"
    assert "unknown flag" in sandbox_file(task, "stderr")


def test_contradictory_docker_task(framework: Framework, image: str) -> None:
    task = docker_task(image, "true")
    task["container"]["hostname"] = "own-name"
    ended = framework.wait_for(framework.launch(task), "TASK_FAILED")
    assert "cannot have a host name of its own" in ended["message"]


def test_bridged_container_reports_its_address(framework: Framework, image: str) -> None:
    task = framework.launch(docker_task(image, "sleep 1", network="BRIDGE"))
    running = framework.wait_for(task, "TASK_RUNNING")
    addresses = running["container_status"]["network_infos"][0]["ip_addresses"]
    assert addresses[0]["protocol"] == "IPv4"
    framework.wait_for(task, "TASK_FINISHED")


def test_terminal_output_is_raw(framework: Framework, image: str, sandbox_file: Callable[[str, str], str]) -> None:
    task = framework.launch(docker_task(image, "test -t 1; echo status=$?", parameters={"tty": "true"}))
    framework.wait_for(task, "TASK_FINISHED")
    assert "status=0" in sandbox_file(task, "stdout")


def test_much_output_is_complete(
    framework: Framework, make_task: MakeTask, sandbox_file: Callable[[str, str], str]
) -> None:
    script = "i=0; while [ $i -lt 20000 ]; do echo line-$i-of-the-output; i=$((i+1)); done"
    task = framework.launch(make_task(script))
    framework.wait_for(task, "TASK_FINISHED")
    lines = [line for line in sandbox_file(task, "stdout").splitlines() if line.startswith("line-")]
    assert lines == [f"line-{i}-of-the-output" for i in range(20000)]


def test_background_processes_end_with_the_task(framework: Framework, sandbox_file: Callable[[str, str], str]) -> None:
    """What a command started in the background belongs to the task and ends with it."""
    task = framework.launch(command_task("sleep 1000 & echo child=$!"))
    framework.wait_for(task, "TASK_FINISHED")
    child = int(sandbox_file(task, "stdout").partition("child=")[2].split()[0])
    wait_until(lambda: not is_alive(child), 5)
