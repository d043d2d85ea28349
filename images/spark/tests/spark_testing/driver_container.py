# SPDX-License-Identifier: GPL-3.0-or-later
"""A driver's container, started with what Marathon and the Mesos docker executor would give it."""

import json
import os
import secrets
import shutil
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from mesos_runtime.local_cluster.cluster import free_port

SANDBOX = "/mnt/mesos/sandbox"
# A user that has the same ids in the image and on this machine: Mesos gives executors' sandboxes to it.
USER, USER_ID = "nobody", 65534
# Apart from 127.0.0.1, where the processes of one driver speak to each other.
HOST = "127.0.0.3"


# As the kernel's tables write them.
LISTENING = "0A"
LOOPBACK = "0100007F"


class DriverContainer:
    """Removes its container at the end of a `with` block. `sandbox` is the host's folder."""

    def __init__(
        self,
        image: str,
        folder: Path,
        arguments: Sequence[str],
        environment: Mapping[str, str],
        secrets_folder: Path,
        launch: int = 1,
    ) -> None:
        self.run_id = f"test-{secrets.token_hex(4)}"
        self.name = f"mesospark-spark-test-{self.run_id}"
        self.sandbox = folder / self.run_id
        self.sandbox.mkdir(parents=True)
        os.chown(self.sandbox, USER_ID, USER_ID)
        variables = {
            "SPARK_RUN_ID": self.run_id,
            "SPARK_JOB_NAME": "test",
            "SPARK_EXECUTOR_IMAGE": image,
            "MESOS_TASK_ID": f"runs_{self.run_id}.instance-0._app.{launch}",
            "MESOS_SANDBOX": SANDBOX,
            # Of an agent; Spark would take itself for an executor.
            "MESOS_EXECUTOR_ID": "executor",
            "MESOS_FRAMEWORK_ID": "marathon",
            "HOST": HOST,
            **{f"PORT{number}": str(free_port()) for number in range(3)},
            **environment,
        }
        self.ports = [int(variables[f"PORT{number}"]) for number in range(3)]
        command = ["docker", "run", "--detach", "--network=host", f"--name={self.name}", f"--user={USER}"]
        command += [f"--volume={self.sandbox}:{SANDBOX}", f"--volume={secrets_folder}:/run/secrets/spark:ro"]
        command += [f"--env={name}={value}" for name, value in variables.items()]
        self._command = [*command, image, *arguments]

    def __enter__(self) -> "DriverContainer":
        subprocess.run(self._command, check=True, capture_output=True)
        return self

    def __exit__(self, *_: object) -> None:
        subprocess.run(["docker", "rm", "--force", "--volumes", self.name], check=False, capture_output=True)
        shutil.rmtree(self.sandbox, ignore_errors=True)

    def give(self, file: Path) -> None:
        """Puts a file into the sandbox, as the fetcher would; before the start."""
        shutil.copy(file, self.sandbox)

    def wait_for_result(self, timeout: float = 150) -> None:
        """Until the job has left its result; the driver's log explains why it did not."""
        try:
            wait_until((self.sandbox / "result.json").exists, "a result", timeout)
        except AssertionError as error:
            raise AssertionError(f"{error}\n{self.log()}") from None

    def wait(self, timeout: float) -> int:
        """The container's exit status."""
        waited = subprocess.run(
            ["docker", "wait", self.name], check=True, capture_output=True, text=True, timeout=timeout
        )
        return int(waited.stdout)

    def terminate(self) -> None:
        """What the Mesos docker executor does to end a task."""
        subprocess.run(["docker", "stop", "--time=20", self.name], check=True, capture_output=True)

    def listening_ports(self) -> list[int]:
        """TCP ports of HOST, or of all addresses, on which the container's processes listen."""
        top = subprocess.run(["docker", "top", self.name, "-eo", "pid"], check=True, capture_output=True, text=True)
        sockets = set()
        for pid in top.stdout.split()[1:]:
            for descriptor in Path(f"/proc/{pid}/fd").iterdir():
                try:
                    sockets.add(descriptor.readlink().name)
                except OSError:
                    continue  # closed in the meantime
        ports = set()
        for table in ("tcp", "tcp6"):
            for line in Path("/proc/net", table).read_text().splitlines()[1:]:
                _, local, _, state, *_, inode = line.split()[:10]
                address, port = local.split(":")
                if state == LISTENING and f"socket:[{inode}]" in sockets and not address.endswith(LOOPBACK):
                    ports.add(int(port, 16))
        return sorted(ports)

    def log(self) -> str:
        """Standard output and error."""
        logs = subprocess.run(["docker", "logs", self.name], check=True, capture_output=True, text=True)
        return logs.stdout + logs.stderr

    def read(self, name: str) -> str:
        """A file of the sandbox."""
        return (self.sandbox / name).read_text()

    def result(self) -> Any:
        """What the job left as its result."""
        return json.loads(self.read("result.json"))


def containers_of(run_id: str) -> list[dict[str, Any]]:
    """`docker inspect` of the run's executors, ended ones included."""
    listed = subprocess.run(
        ["docker", "ps", "--all", "--quiet", f"--filter=label=run_id={run_id}"],
        check=True,
        capture_output=True,
        text=True,
    ).stdout.split()
    if not listed:
        return []
    inspected = subprocess.run(["docker", "inspect", *listed], check=True, capture_output=True, text=True)
    return list(json.loads(inspected.stdout))


def wait_until(condition: Any, what: str, timeout: float = 60) -> Any:
    """The condition's first true value."""
    deadline = time.monotonic() + timeout
    while not (value := condition()):
        assert time.monotonic() < deadline, f"waited {timeout} s for {what}"
        time.sleep(0.2)
    return value
