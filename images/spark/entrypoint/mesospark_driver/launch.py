# SPDX-License-Identifier: GPL-3.0-or-later
"""What the app and the platform say about a launch, read from the environment."""

import re
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from . import Refusal

# Marathon numbers the launches of an instance: only the first one's task id ends so.
FIRST_LAUNCH = "._app.1"
DEFAULT_PRINCIPAL = "spark"
PRINCIPALS_FOLDER = "/etc/mesospark/principals"
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
MASTERS = re.compile(r"mesos://[^\s,]+(,[^\s,]+)*")


@dataclass(frozen=True)
class Launch:
    """One launch of a driver; ports are TCP ports of the agent offered to this task.

    An isolated run has a `network`, and there an address and ports of its own.
    """

    run_id: str
    job: str
    master: str
    executor_image: str
    secrets_on_agents: Path
    task_id: str
    sandbox: Path
    host: str
    driver_port: int
    block_manager_port: int
    ui_port: int
    network: str = ""
    own_address: str = ""

    @property
    def address(self) -> str:
        """Where executors reach the driver."""
        return self.own_address or self.host

    @property
    def is_first(self) -> bool:
        """False when Marathon starts an app again whose run has been executed."""
        return self.task_id.endswith(FIRST_LAUNCH)

    @property
    def result_file(self) -> Path:
        """Where the job may leave its result."""
        return self.sandbox / "result.json"


def read_launch(environment: Mapping[str, str]) -> Launch:
    """The launch that the environment describes. Raises Refusal for the first variable that is missing or wrong."""
    sandbox = Path(_required(environment, "MESOS_SANDBOX", "the Mesos executor gives it, start this image by Marathon"))
    if not sandbox.is_dir():
        raise Refusal(f"MESOS_SANDBOX={sandbox} is not a folder in the container")
    master = _required(environment, "SPARK_MASTER", "the app must give it, for example mesos://master1:5050")
    if not MASTERS.fullmatch(master):
        raise Refusal(f"SPARK_MASTER={master} must look like mesos://host:5050[,host:5050...]")
    network = environment.get("SPARK_NETWORK", "")
    return Launch(
        run_id=_name(environment, "SPARK_RUN_ID"),
        job=_name(environment, "SPARK_JOB_NAME"),
        master=master,
        executor_image=_required(environment, "SPARK_EXECUTOR_IMAGE", "the app must give it"),
        secrets_on_agents=_secrets_on_agents(environment),
        task_id=_required(environment, "MESOS_TASK_ID", "Marathon gives it, start this image by Marathon"),
        sandbox=sandbox,
        host=_required(environment, "HOST", "Marathon gives it, start this image by Marathon"),
        driver_port=_port(environment, "PORT0"),
        block_manager_port=_port(environment, "PORT1"),
        ui_port=_port(environment, "PORT2"),
        network=network,
        own_address=_own_address() if network else "",
    )


def _own_address() -> str:
    """The container's address: its name stands with it in its /etc/hosts."""
    try:
        return socket.gethostbyname(socket.gethostname())
    except OSError as error:
        raise Refusal(f"the container does not know its own address in its network: {error}") from error


def _secrets_on_agents(environment: Mapping[str, str]) -> Path:
    folder = Path(environment.get("SPARK_PRINCIPALS_FOLDER") or PRINCIPALS_FOLDER)
    return folder / (environment.get("SPARK_PRINCIPAL") or DEFAULT_PRINCIPAL)


def _required(environment: Mapping[str, str], name: str, hint: str) -> str:
    value = environment.get(name, "")
    if not value:
        raise Refusal(f"{name} is not set: {hint}")
    return value


def _name(environment: Mapping[str, str], variable: str) -> str:
    value = _required(environment, variable, "the app must give it")
    if not NAME.fullmatch(value):
        raise Refusal(f"{variable}={value} may hold letters, digits, '.', '_' and '-' only")
    return value


def _port(environment: Mapping[str, str], variable: str) -> int:
    value = _required(environment, variable, "Marathon gives it to an app with three port definitions")
    if not value.isascii() or not value.isdigit() or not 0 < int(value) < 65536:
        raise Refusal(f"{variable}={value} is not a TCP port")
    return int(value)
