# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs of the examples on the platform, which go on beside a test."""

import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml
from module_calls import REPOSITORY, call_module, mesos_access

NUMBERED_LINES = "numbered-lines"
WORK_DIRECTORY = "/var/lib/mesos-agent"
PROCESSES = 5


def wait(condition: Callable[[], Any], what: str, timeout: float = 120.0) -> Any:
    """The first true value of `condition`; the test fails after `timeout` seconds."""
    deadline = time.monotonic() + timeout
    while time.monotonic() < deadline:
        if value := condition():
            return value
        time.sleep(0.5)
    pytest.fail(f"waited {timeout:.0f} s for {what}")


@dataclass(frozen=True)
class Sandbox:
    """Where a driver or executor of a run has its files."""

    agent: str
    folder: str
    framework_id: str
    executor_id: str
    sizes: dict[str, int]
    """bytes by stream"""


@dataclass
class JobRun:
    """A run that was started by a playbook."""

    platform: Any
    run_id: str
    output: Path
    process: subprocess.Popen[bytes]

    def sandboxes(self) -> list[Sandbox]:
        """Those of the driver and of all executors, as far as they are there by now."""
        streams = ["stdout", "stderr"]
        result = call_module("mesos_sandbox", **mesos_access(self.platform), run_id=self.run_id, patterns=streams)
        return [
            Sandbox(
                agent=entry["host"].partition(".")[0],
                folder=f"{WORK_DIRECTORY}/slaves/{entry['agent_id']}/frameworks/{entry['framework_id']}"
                f"/executors/{entry['executor_id']}",
                framework_id=entry["framework_id"],
                executor_id=entry["executor_id"],
                sizes={file["path"]: file["size"] for file in entry["files"]},
            )
            for entry in result.get("sandboxes", [])
            if entry["files"]
        ]

    def wait_for_lines(self) -> None:
        """Wait until the driver and all executors write."""
        least = 10_000  # bytes, more than what Mesos writes
        wait(
            lambda: sum(sandbox.sizes["stdout"] > least for sandbox in self.sandboxes()) == PROCESSES,
            f"the driver and the executors of {self.run_id} to write",
            180,
        )

    def wait_for_end(self, timeout: float = 280) -> str:
        """Wait until the playbook has ended well; what it has written."""
        self.process.wait(timeout)
        text = self.output.read_text()
        assert self.process.returncode == 0, text
        return text


def start_numbered_lines(platform, folder: Path, lines: int, seconds: int, **job: Any) -> JobRun:
    """Start the job that writes so many numbered lines over so many seconds."""
    return start_run(platform, folder, NUMBERED_LINES, arguments=[str(lines), str(seconds)], **job)


def start_run(platform, folder: Path, example: str, **job: Any) -> JobRun:
    """Start an example by the playbook submit.yml, and wait until Marathon knows it.

    folder: where a copy of the example is made. job: keys of the job file that differ from the example's.
    """
    shutil.copytree(REPOSITORY / "examples" / example, folder, dirs_exist_ok=True)
    described = {**yaml.safe_load((folder / "job.yml").read_text()), **job}
    (folder / "job.yml").write_text(yaml.safe_dump(described))
    output = folder / "output"
    command = [str(Path(sys.executable).with_name("ansible-playbook")), "--inventory", platform.inventory]
    command += [str(REPOSITORY / "playbooks/submit.yml"), "--extra-vars", f"job={folder / 'job.yml'}"]
    name = described["name"]
    before = run_ids(platform, name)
    with output.open("w") as file:
        process = subprocess.Popen(command, cwd=REPOSITORY, stdout=file, stderr=subprocess.STDOUT)

    def started() -> str | None:
        assert process.poll() is None, output.read_text()
        return next(iter(run_ids(platform, name) - before), None)

    return JobRun(platform, wait(started, f"a run of {name}"), output, process)


def run_ids(platform, name: str) -> set[str]:
    """Runs of a job that Marathon knows."""
    account = ("operator", platform.secret("marathon_http_password"))
    url = f"https://{platform.address(platform.members('marathons')[0])}:8443/v2/apps?id=/runs/{name}-"
    apps = platform.request(url, account).json()["apps"]
    return {app["id"].removeprefix("/runs/") for app in apps}
