# SPDX-License-Identifier: GPL-3.0-or-later
"""What the kernel says of a process that runs, and on which processor it may run."""

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_LOOK_SECONDS = 0.01


def cpu_seconds(pid: int) -> float:
    """User and system time of a process and all its threads so far."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def resident_megabytes(pid: int, most: bool = False) -> float:
    """The memory that a process has, or the most that it has had."""
    label = "VmHWM:" if most else "VmRSS:"
    for line in Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines():
        if line.startswith(label):
            return int(line.split()[1]) / 1024
    raise RuntimeError(f"process {pid} has no memory; is it still running?")


def wait_for_connection(port: int, seconds: float) -> None:
    """Wait until some process is connected to a port of 127.0.0.1. Raises RuntimeError after so many seconds."""
    peer = f" 0100007F:{port:04X} 01 "  # as the kernel writes a connection's other end, and that it is established
    deadline = time.monotonic() + seconds
    while peer not in Path("/proc/net/tcp").read_text(encoding="ascii"):
        if time.monotonic() > deadline:
            raise RuntimeError(f"nobody connected to port {port} within {seconds:g} s")
        time.sleep(_LOOK_SECONDS)


@contextmanager
def on_processor(number: int) -> Iterator[None]:
    """Processes that are started meanwhile stay on one processor; `number` counts those that this process may use."""
    allowed = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {sorted(allowed)[number % len(allowed)]})
    try:
        yield
    finally:
        os.sched_setaffinity(0, allowed)
