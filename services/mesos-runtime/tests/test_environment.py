# SPDX-License-Identifier: GPL-3.0-or-later
"""What a task sets in its environment reaches the task, and nothing else."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from mesos_runtime.local_cluster import AgentSpec, LocalCluster
from mesos_runtime.local_cluster.framework import Framework
from runtime_helpers import MakeTask, environment_of_process, executor_pid

pytestmark = pytest.mark.system
HOSTILE = {
    "LD_PRELOAD_OF_TASK": "from-task",
    "LIBPROCESS_SSL_ENABLED": "from-task",
    "LIBPROCESS_SSL_CA_FILE": "/from-task",
    "LIBPROCESS_SSL_CERT_FILE": "/from-task",
    "LIBPROCESS_IP": "192.0.2.99",
    "MESOS_AGENT_ENDPOINT": "192.0.2.99:1",
    "MESOS_SLAVE_PID": "slave(1)@192.0.2.99:1",
    "MESOS_DIRECTORY": "/from-task",
    "MESOS_FRAMEWORK_ID": "from-task",
    "MESOS_EXECUTOR_ID": "from-task",
    "MESOS_RECOVERY_TIMEOUT": "1ns",
    "MESOS_EXECUTOR_SHUTDOWN_GRACE_PERIOD": "1ns",
    "MESOS_RUNTIME_EXECUTOR_PATH": "/from-task",
    "PATH": "/from-task:/bin:/usr/bin",
    "PYTHONPATH": "/from-task",
    "PYTHONSTARTUP": "/from-task",
    "HOME": "/from-task",
    "SSL_CERT_FILE": "/from-task",
    "DOCKER_HOST": "tcp://192.0.2.99:1",
    "SEVERAL_LINES": "one\ntwo from-task",
}


def test_task_environment_does_not_reach_the_executor(
    framework: Framework, make_task: MakeTask, sandbox_file: Callable[[str, str], str]
) -> None:
    task = framework.launch(make_task("env; sleep 1; exit 5", environment=HOSTILE))
    framework.wait_for(task, "TASK_RUNNING")
    executor = environment_of_process(executor_pid(task))
    own = {name: value for name, value in executor.items() if not name.startswith("MESOS_RUNTIME_TASK_")}
    assert not [name for name, value in own.items() if "from-task" in value or "192.0.2.99" in value]
    allowed = ("LIBPROCESS_SSL_", "MESOS_SLAVE_PID", "MESOS_RECOVERY_TIMEOUT", "MESOS_EXECUTOR_", "PATH")
    assert not [name for name in own if not name.startswith(allowed)]
    assert framework.wait_for(task, "TASK_FAILED")["message"].endswith("status 5")
    seen = sandbox_file(task, "stdout")
    for name, value in HOSTILE.items():
        assert f"{name}={value}" in seen


def test_every_value_arrives_as_it_is(
    framework: Framework, make_task: MakeTask, sandbox_file: Callable[[str, str], str]
) -> None:
    values = {
        "EMPTY": "",
        "BLANKS": "  two  ",
        "QUOTES": "'single' \"double\" `back` \\",
        "HASH": "# no comment",
        "EQUALS": "a=b=c",
        "DOLLAR": "$HOME ${HOME}",
        "LINES": "one\ntwo",
        "UMLAUT": "\u00fc\u20ac",
        "LONG": "x" * 70_000,
    }
    task = framework.launch(make_task("cat /proc/self/environ", environment=values))
    framework.wait_for(task, "TASK_FINISHED")
    seen = sandbox_file(task, "stdout")
    for name, value in values.items():
        assert f"\0{name}={value}\0" in f"\0{seen}"


def test_operator_decides_over_the_executors_environment(tmp_path: Path, make_task: MakeTask) -> None:
    wanted = {"OF_OPERATOR": 'a "quoted" \\ line\nand \u00fc', "PYTHONHASHSEED": "1"}
    specification = AgentSpec(flags={"executor_environment_variables": json.dumps(wanted)})
    with LocalCluster(tmp_path, [specification]) as cluster, Framework(cluster) as framework:
        task = framework.launch(make_task("sleep 1", environment={"OF_OPERATOR": "from-task"}))
        framework.wait_for(task, "TASK_RUNNING")
        executor = environment_of_process(executor_pid(task))
        assert {name: executor[name] for name in wanted} == wanted
        framework.wait_for(task, "TASK_FINISHED")


def test_a_stolen_token_variable_only_locks_the_task_out(
    secured: LocalCluster, framework: Framework, make_task: MakeTask
) -> None:
    """The token is the one variable that Mesos makes per executor: a task that overwrites it has no executor."""
    task = framework.launch(make_task("sleep 1", environment={"MESOS_EXECUTOR_AUTHENTICATION_TOKEN": "from-task"}))
    ended = framework.wait_for(task, timeout=30)
    assert ended["state"] in ("TASK_FAILED", "TASK_LOST")
    secured.wait_for_agents()


def test_the_task_does_not_get_the_token(framework: Framework, make_task: MakeTask) -> None:
    task = framework.launch(make_task('test -z "$MESOS_EXECUTOR_AUTHENTICATION_TOKEN"'))
    framework.wait_for(task, "TASK_FINISHED")
