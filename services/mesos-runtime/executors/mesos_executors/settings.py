# SPDX-License-Identifier: GPL-3.0-or-later
"""What an executor knows about its agent before it talks to it.

Mesos lets a task's environment overwrite all of its executor's. The launchers of this runtime undo that (see
native/agent_environment.cpp and containerizer_environment.cpp): the variables read here come from the agent alone, and
the ids come from the sandbox's path, which no variable can change.
"""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass

from mesos_executors.values import seconds_of_text

TASK_PREFIX = "MESOS_RUNTIME_TASK_"
_SANDBOX = re.compile(
    r"(?P<work>.+)/slaves/(?P<agent>[^/]+)/frameworks/(?P<framework>[^/]+)/executors/(?P<executor>.+)/runs/(?P<container>[^/]+)/?"
)


@dataclass(frozen=True)
class Settings:
    """Durations are seconds; `token` is the executor's secret, None without executor authentication."""

    sandbox: str
    agent_work_folder: str
    agent_id: str
    framework_id: str
    executor_id: str
    agent_host: str
    agent_port: int
    agent_process: str
    recovery_timeout: float
    shutdown_grace_period: float
    token: str | None
    domain_socket: str | None  # path of the agent's Unix socket for executors, if it has one

    @classmethod
    def read(cls, sandbox: str, environment: Mapping[str, str]) -> "Settings":
        """From the sandbox's path and the environment; ValueError if this is no executor's sandbox or environment."""
        match = _SANDBOX.fullmatch(sandbox)
        if not match:
            raise ValueError(f"{sandbox} is not the sandbox of an executor")
        process, at, endpoint = environment.get("MESOS_SLAVE_PID", "").partition("@")
        host, _colon, port = endpoint.rpartition(":")
        if not at or not port.isdigit():
            raise ValueError("MESOS_SLAVE_PID is missing: this program is started by a Mesos agent")
        return cls(
            sandbox=sandbox,
            agent_work_folder=match["work"],
            agent_id=match["agent"],
            framework_id=match["framework"],
            executor_id=match["executor"],
            agent_host=host.strip("[]"),
            agent_port=int(port),
            agent_process=process,
            recovery_timeout=seconds_of_text(environment.get("MESOS_RECOVERY_TIMEOUT"), 900.0),
            shutdown_grace_period=seconds_of_text(environment.get("MESOS_EXECUTOR_SHUTDOWN_GRACE_PERIOD"), 5.0),
            token=environment.get("MESOS_EXECUTOR_AUTHENTICATION_TOKEN"),
            domain_socket=environment.get("MESOS_DOMAIN_SOCKET"),
        )


def task_environment() -> dict[str, str]:
    """The environment that Mesos put together for the task of a mesos-executor."""
    return {name.removeprefix(TASK_PREFIX): value for name, value in os.environ.items() if name.startswith(TASK_PREFIX)}
