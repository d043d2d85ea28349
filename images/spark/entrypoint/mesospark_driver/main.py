# SPDX-License-Identifier: GPL-3.0-or-later
"""From the arguments and the environment of the container to an exit status."""

import os
import pwd
import socket
import sys
from collections.abc import Sequence
from pathlib import Path

from . import Refusal
from .arguments import find_application, parse_arguments
from .configuration import SECRETS, SPARK_HOME, check_secrets, read_defaults, spark_configuration
from .environment import driver_environment
from .launch import Launch, read_launch
from .process import run, write_status

REFUSED = 2


def main(arguments: Sequence[str]) -> int:
    """Runs the driver; returns the exit status of the container, which is also left in the sandbox."""
    try:
        launch = read_launch(os.environ)
    except Refusal as refusal:
        return _refuse(str(refusal), os.environ.get("MESOS_SANDBOX", ""))
    if not launch.is_first:
        # Exit status 0, because Marathon would record a failure as the app's last one.
        print(
            f"mesospark-driver: run {launch.run_id} has been executed, {launch.task_id} is not its first launch",
            file=sys.stderr,
        )
        return 0
    try:
        user_name = check_host(launch)
        command = spark_submit(launch, user_name, arguments)
    except Refusal as refusal:
        return _refuse(str(refusal), str(launch.sandbox))
    status = run(command, driver_environment(launch, user_name, os.environ), launch.sandbox)
    write_status(launch.sandbox, status)
    return status


def check_host(launch: Launch) -> str:
    """The name of the user this process runs as. Raises Refusal for what the container lacks."""
    check_secrets(launch.secrets_on_agents)
    try:
        user_name = pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        raise Refusal(
            f"uid {os.getuid()} has no passwd entry in this image: build the image with its principal"
        ) from None
    try:
        socket.getaddrinfo(launch.host, None)
    except OSError as error:
        raise Refusal(f"HOST={launch.host}, the agent's name, does not resolve in the container: {error}") from error
    return user_name


def spark_submit(launch: Launch, user_name: str, arguments: Sequence[str]) -> list[str]:
    """The whole command. Raises Refusal for arguments that cannot work."""
    parsed = parse_arguments(arguments)
    application = find_application(parsed.application, launch.sandbox)
    given = {**read_defaults(SPARK_HOME / "conf" / "spark-defaults.conf"), **parsed.configuration}
    command = [str(SPARK_HOME / "bin" / "spark-submit"), "--properties-file", str(SECRETS / "driver.properties")]
    for key, value in spark_configuration(launch, user_name, given).items():
        command += ["--conf", f"{key}={value}"]
    return [*command, *parsed.options, application, *parsed.application_arguments]


def _refuse(reason: str, sandbox: str) -> int:
    print(f"mesospark-driver: {reason}", file=sys.stderr)
    if sandbox and Path(sandbox).is_dir():
        write_status(Path(sandbox), REFUSED)
    return REFUSED
