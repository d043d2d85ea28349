# SPDX-License-Identifier: GPL-3.0-or-later
"""One long-running process of a local cluster."""

import os
import signal
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from mesos_runtime.local_cluster.errors import ClusterError

# Variables that the Mesos library itself would read as flags or settings.
_FOREIGN_PREFIXES = ("MESOS_", "LIBPROCESS_", "SSL_")


class ClusterProcess:
    """A process with its log file, that can be killed and started again with the same arguments."""

    def __init__(self, name: str, command: Sequence[str], environment: Mapping[str, str], log: Path) -> None:
        self.name = name
        self.command = list(command)
        self.log = log
        self.environment = {k: v for k, v in os.environ.items() if not k.startswith(_FOREIGN_PREFIXES)}
        self.environment.update(environment)
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        """Process id of the present, or else the last, incarnation."""
        if self._process is None:
            raise ClusterError(f"{self.name} has not been started")
        return self._process.pid

    @property
    def running(self) -> bool:
        """Whether the process lives."""
        return self._process is not None and self._process.poll() is None

    def start(self) -> None:
        """Start it; the log is appended to."""
        if self.running:
            raise ClusterError(f"{self.name} runs already as process {self.pid}")
        self.log.parent.mkdir(parents=True, exist_ok=True)
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                self.command,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def send_signal(self, number: signal.Signals) -> None:
        """Send a signal, if it lives."""
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(number)

    def kill(self) -> None:
        """End it at once, as a crash would (SIGKILL)."""
        self._end(signal.SIGKILL, 10)

    def stop(self, timeout: float = 10.0) -> None:
        """Ask it to end (SIGTERM); kill it after `timeout` seconds."""
        self._end(signal.SIGTERM, timeout)

    def wait(self, timeout: float) -> int:
        """The exit status, negative for a signal; ClusterError if it still runs after `timeout` seconds."""
        if self._process is None:
            raise ClusterError(f"{self.name} has not been started")
        try:
            return self._process.wait(timeout)
        except subprocess.TimeoutExpired:
            raise ClusterError(f"{self.name} still runs after {timeout:g} s{self.log_tail()}") from None

    def log_text(self) -> str:
        """All of its log."""
        return self.log.read_text(errors="replace") if self.log.exists() else ""

    def log_tail(self, lines: int = 25) -> str:
        """The end of its log, set up to be the end of an error message."""
        tail = "\n".join(self.log_text().splitlines()[-lines:])
        return f"; the end of {self.log}:\n{tail}"

    def _end(self, number: signal.Signals, timeout: float) -> None:
        if self._process is None:
            return
        self.send_signal(number)
        try:
            self._process.wait(timeout)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
