# SPDX-License-Identifier: GPL-3.0-or-later
"""mesos-executor: one command as one Mesos task, in a container that mesos-containerizer has set up."""

import json
import math
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from mesos_executors.executor import Executor, start
from mesos_executors.health import HealthChecker
from mesos_executors.log import log
from mesos_executors.process_tree import signal_tree
from mesos_executors.settings import Settings, task_environment
from mesos_executors.values import Json, environment_of, is_true, parse_flags

_PROGRAM = "mesos-executor"
_HELP = f"""Usage: {_PROGRAM} [--launcher_dir=PATH] [--task_command=JSON] [--task_environment=JSON]
    [--working_directory=PATH]
Started by a Mesos agent for each command task."""
# What Mesos gives to executors only.
_PRIVATE = ("MESOS_EXECUTOR_AUTHENTICATION_TOKEN", "LIBPROCESS_PORT", "MESOS_DOMAIN_SOCKET")


class CommandExecutor(Executor):
    """`flags` are those the agent gave."""

    def __init__(self, settings: Settings, flags: Mapping[str, str]) -> None:
        super().__init__(settings)
        self._flags = flags
        self._process: subprocess.Popen[bytes] | None = None
        self._deadline = math.inf  # of the SIGKILL that follows a SIGTERM, on the monotonic clock

    def launch(self, task: Json) -> None:
        flag = self._flags.get("task_command")
        words, program = _command_line(json.loads(flag) if flag else task["command"])
        log("running", program, words)
        try:
            process = subprocess.Popen(
                words,
                executable=program,
                env=self._environment(task["command"]),
                start_new_session=True,
                stdin=subprocess.DEVNULL,
                cwd=self._flags.get("working_directory") or None,
            )
        except OSError as error:
            self.update("TASK_FAILED", message=f"Failed to start the command: {error}")
            return
        self._process = process
        log("the command is process", process.pid)
        self.update("TASK_RUNNING")
        threading.Thread(target=self._wait, args=(process,), name="waiter", daemon=True).start()
        check = task.get("health_check")
        if check:

            def report(healthy: bool, hopeless: bool) -> None:
                self.loop.post(lambda: self.report_health(healthy, hopeless))

            self.watch_health(HealthChecker(check, self._run_check, report))
        self.limit_completion_time()

    def kill(self, grace: float | None = None) -> None:
        process = self._process
        if self.terminal or not process:
            return
        if grace is None:
            policy = self.task_grace_period()
            grace = max(0.0, self.shutdown_grace - 1.5) if policy is None else policy
        if not self.killing:
            self.begin_kill()
            signal_tree(process.pid, signal.SIGTERM if grace > 0 else signal.SIGKILL)
        if time.monotonic() + grace < self._deadline:  # a later kill may only hurry
            self._deadline = time.monotonic() + grace
            self.loop.later(grace, lambda: self._kill_hard(process))

    def _kill_hard(self, process: subprocess.Popen[bytes]) -> None:
        if not self.terminal:
            log("the grace period is over")
            signal_tree(process.pid, signal.SIGKILL)

    def _wait(self, process: subprocess.Popen[bytes]) -> None:
        status = process.wait()
        self.loop.post(lambda: self._on_exit(process, status))

    def _on_exit(self, process: subprocess.Popen[bytes], status: int) -> None:
        self.stop_checks()
        # What the command started and left behind belongs to the task.
        signal_tree(process.pid, signal.SIGKILL)
        state, reason = self.end_state(status == 0)
        if state == "TASK_FAILED" and not reason:
            reason = "REASON_COMMAND_EXECUTOR_FAILED"
        self.update(state, message=_how_it_ended(status), reason=reason, healthy=False if self.unhealthy else None)

    def _environment(self, command: Json) -> dict[str, str]:
        variables = task_environment() or dict(os.environ)
        for name in _PRIVATE:
            variables.pop(name, None)
        variables.update(environment_of(command))
        if flag := self._flags.get("task_environment"):
            variables.update(environment_of({"environment": json.loads(flag)}))
        variables.setdefault("MESOS_SANDBOX", self.settings.sandbox)
        return variables

    def _run_check(self, command: Json, timeout: float) -> tuple[bool, str]:
        words, program = _command_line(command)
        process = subprocess.Popen(
            words,
            executable=program,
            stdin=subprocess.DEVNULL,
            env=self._environment(command),
            start_new_session=True,
        )
        try:
            status = process.wait(timeout)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            return False, f"no end after {timeout:g} s"
        return status == 0, f"status {status}"


def _command_line(command: Json) -> tuple[list[str], str]:
    """Arguments (with the name as the first) and program."""
    if command.get("shell", True):
        if "value" not in command:
            raise ValueError("the shell command has no value")
        return ["sh", "-c", command["value"]], "/bin/sh"
    return list(command.get("arguments") or [command["value"]]), command["value"]


def _how_it_ended(status: int) -> str:
    if status >= 0:
        return f"Command exited with status {status}"
    try:
        name = signal.strsignal(-status)
    except ValueError:
        name = None
    return f"Command terminated with signal {name or -status}"


def main(arguments: Sequence[str]) -> None:
    """Serve one task; ends the process."""
    flags = parse_flags(arguments)
    if is_true(flags.get("help")):
        print(_HELP)
        return
    if flags.get("rootfs"):
        sys.exit(f"{_PROGRAM}: an image for a command task is not supported: use a docker container")
    start(_PROGRAM, CommandExecutor, str(Path.cwd().resolve()), flags)
