# SPDX-License-Identifier: GPL-3.0-or-later
"""Signals to a process and everything it has started."""

import os
import signal
from pathlib import Path


def signal_tree(pid: int, number: signal.Signals) -> None:
    """Send a signal to the process group `pid` and to every descendant of process `pid`, as far as they live."""
    targets = _descendants(pid)
    try:
        os.killpg(pid, number)
    except OSError:
        pass  # it has ended
    for target in targets:
        try:
            os.kill(target, number)
        except OSError:
            pass  # it has ended


def _descendants(pid: int) -> list[int]:
    children: dict[int, list[int]] = {}
    for process in Path("/proc").iterdir():
        if not process.name.isdigit():
            continue
        try:
            parent = int((process / "stat").read_bytes().rpartition(b")")[2].split()[1])
        except OSError:
            continue  # it has ended
        children.setdefault(parent, []).append(int(process.name))
    found: list[int] = []
    todo = [pid]
    while todo:
        for child in children.get(todo.pop(), []):
            found.append(child)
            todo.append(child)
    return found
