# SPDX-License-Identifier: GPL-3.0-or-later
"""What the tests of tasks look at."""

import ctypes
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from mesos_runtime.local_cluster import LocalCluster

Json = dict[str, Any]
MakeTask = Callable[..., Json]
_TGKILL = 234
_PROC = Path("/proc")


def grace(seconds: float) -> Json:
    """A kill policy."""
    return {"grace_period": {"nanoseconds": int(seconds * 1e9)}}


def read_sandbox(cluster: LocalCluster, task_id: str, name: str) -> str:
    """A file of a task's sandbox, on whichever agent it ran."""
    for agent in cluster.agents:
        for path in agent.work_folder.glob(f"slaves/*/frameworks/*/executors/{task_id}/runs/latest/{name}"):
            return path.read_text(errors="replace")
    raise FileNotFoundError(f"{name} of {task_id}")


def executor_pid(task_id: str) -> int:
    """The process of the executor whose sandbox is that of the task."""
    for process in _PROC.iterdir():
        if not process.name.isdigit():
            continue
        try:
            sandbox = str((process / "cwd").readlink())
            words = (process / "cmdline").read_bytes().split(b"\0")
        except OSError:
            continue
        is_executor = len(words) > 2 and words[2].endswith((b"/mesos-executor", b"/mesos-docker-executor"))
        if is_executor and f"/executors/{task_id}/runs/" in sandbox:
            return int(process.name)
    raise AssertionError(f"no executor of {task_id}")


def environment_of_process(pid: int) -> dict[str, str]:
    """The environment a process was started with."""
    entries = (_PROC / str(pid) / "environ").read_bytes().decode(errors="replace").split("\0")
    return dict(entry.split("=", 1) for entry in entries if "=" in entry)


def threads_of(pid: int) -> list[int]:
    """Thread ids of a process."""
    return sorted(int(path.name) for path in (_PROC / str(pid) / "task").iterdir())


def send_to_thread(pid: int, thread: int, number: signal.Signals) -> None:
    """Direct a signal at one thread, as the kernel may do with any signal to the process."""
    assert ctypes.CDLL(None).syscall(_TGKILL, pid, thread, int(number)) == 0


def is_alive(pid: int) -> bool:
    """Whether a process exists and is not waiting to be reaped."""
    try:
        return (_PROC / str(pid) / "stat").read_bytes().rpartition(b")")[2].split()[0] != b"Z"
    except OSError:
        return False


def containers_of(cluster: LocalCluster) -> list[str]:
    """Running containers of the cluster's agents."""
    listed = subprocess.run(["docker", "ps", "--format", "{{.Names}}"], capture_output=True, text=True, check=False)
    runs = {path.name for agent in cluster.agents for path in agent.work_folder.glob("**/executors/*/runs/*")}
    return sorted(name for name in listed.stdout.split() if name.removeprefix("mesos-") in runs)


def wait_until(condition: Callable[[], bool], timeout: float, started: float | None = None) -> None:
    """Wait for a condition; AssertionError `timeout` seconds after `started` (default: now)."""
    deadline = (time.monotonic() if started is None else started) + timeout
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.05)
