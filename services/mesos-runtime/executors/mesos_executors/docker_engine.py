# SPDX-License-Identifier: GPL-3.0-or-later
"""The Docker engine: its CLI for `create` and `exec`, its socket for everything else."""

import json
import os
import subprocess
from collections.abc import Sequence

from mesos_executors.docker_arguments import CreateCommand
from mesos_executors.http_client import Address, Connection
from mesos_executors.values import Json, environment_of

# Longest line that the CLI reads from a file of variables.
_LONGEST_LINE = 60_000


class DockerEngine:
    """One engine and one container on it."""

    def __init__(self, program: str, socket_path: str, container: str) -> None:
        self._program = program
        self._host = socket_path if "://" in socket_path else f"unix://{socket_path}"
        self._address = Address(path=self._host.partition("://")[2])
        self.container = container

    def connection(self, timeout: float | None) -> Connection:
        """A new connection to the engine's socket."""
        return Connection(self._address, timeout)

    def call(self, method: str, action: str, timeout: float = 10.0) -> tuple[int, bytes]:
        """Call /containers/<container>`action`: HTTP status and body; OSError if the engine does not answer."""
        connection = self.connection(timeout)
        try:
            return connection.call(method, self.path(action))
        finally:
            connection.close()

    def path(self, action: str) -> str:
        """The API path of an action on the container."""
        return f"/containers/{self.container}{action}"

    def inspect(self) -> Json | None:
        """The container's description; None while there is none."""
        status, data = self.call("GET", "/json")
        if status != 200:
            return None
        found: Json = json.loads(data)
        return found

    def create(self, command: CreateCommand) -> subprocess.Popen[bytes]:
        """Start `docker create`, so that every parameter of the CLI works; its stderr is the sandbox's.

        Variables go through a file in memory: what stands in arguments can be read by every user of the host.
        """
        in_file = {name: value for name, value in command.environment.items() if _fits_in_file(name, value)}
        in_arguments = {name: value for name, value in command.environment.items() if name not in in_file}
        file = os.memfd_create("environment", 0)
        try:
            os.write(file, "".join(f"{name}={value}\n" for name, value in sorted(in_file.items())).encode())
            variables = ["--env-file", f"/proc/self/fd/{file}"]
            for name, value in sorted(in_arguments.items()):
                variables += ["-e", f"{name}={value}"]
            return subprocess.Popen(
                [*self._cli("create"), *variables, *command.options, *command.image_and_command],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                pass_fds=(file,),
            )
        finally:
            os.close(file)

    def execute(self, command: Json, timeout: float) -> tuple[bool, str]:
        """Run a CommandInfo in the container: whether it ended with 0, and how it ended."""
        words = self._cli("exec")
        for name, value in environment_of(command).items():
            words += ["-e", f"{name}={value}"]
        words.append(self.container)
        words += _words_of(command)
        process = subprocess.Popen(words, stdin=subprocess.DEVNULL)
        try:
            status = process.wait(timeout)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            return False, f"no end after {timeout:g} s"
        return status == 0, f"status {status}"

    def _cli(self, command: str) -> list[str]:
        return [self._program, "-H", self._host, command]


def _words_of(command: Json) -> Sequence[str]:
    if command.get("shell", True):
        return ["sh", "-c", command.get("value", "")]
    arguments = command.get("arguments") or [command["value"]]
    return [command["value"], *arguments[1:]]


def _fits_in_file(name: str, value: str) -> bool:
    """Whether the CLI takes a variable from a file as it is."""
    plain_name = bool(name) and not name.startswith("#") and not any(character.isspace() for character in name)
    return plain_name and not set(value) & set("\r\n") and len(f"{name}={value}".encode()) <= _LONGEST_LINE
