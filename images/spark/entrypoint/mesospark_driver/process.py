# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs spark-submit as a child, hands signals on to it, and keeps its exit status."""

import signal
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import FrameType

FORWARDED = (signal.SIGTERM, signal.SIGINT)


def run(command: Sequence[str], environment: Mapping[str, str], folder: Path) -> int:
    """Waits for the command's end; returns its exit status, 128 + n if signal n ended it."""
    child: subprocess.Popen[bytes] | None = None
    early: list[int] = []

    def forward(number: int, frame: FrameType | None) -> None:
        if child is None:
            early.append(number)
        else:
            child.send_signal(number)

    for number in FORWARDED:
        signal.signal(number, forward)
    child = subprocess.Popen(list(command), env=dict(environment), cwd=folder)
    for early_number in early:
        child.send_signal(early_number)
    return shell_status(child.wait())


def shell_status(return_code: int) -> int:
    """A return code of `subprocess` as a shell would report it."""
    return return_code if return_code >= 0 else 128 - return_code


def write_status(sandbox: Path, status: int) -> None:
    """Leaves the exit status in the sandbox, whole or not at all."""
    unfinished = sandbox / ".exit_status"
    unfinished.write_text(f"{status}\n")
    unfinished.replace(sandbox / "exit_status")
