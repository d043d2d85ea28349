# SPDX-License-Identifier: GPL-3.0-or-later
"""A framework whose events a test reads; see Probe.java."""

import queue
import subprocess
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from types import TracebackType

from driver_testing.java import Java


@dataclass(frozen=True)
class Event:
    """`time` in seconds since 1970."""

    time: float
    text: str


class Probe:
    """Runs until the end of a `with` block, where it stops its framework."""

    def __init__(
        self,
        java: Java,
        master: str,
        credential: tuple[str, str] | None = None,
        properties: Mapping[str, str] | None = None,
        class_path: str | None = None,
    ) -> None:
        options = [f"-D{name}={value}" for name, value in (properties or {}).items()]
        command = [java.command, "-Xmx64m", "-cp", class_path or java.class_path(), *options]
        self._command = [*command, "org.mesospark.testing.Probe", master, *(credential or ())]
        self._events: queue.Queue[Event] = queue.Queue()
        self.log = ""

    def __enter__(self) -> "Probe":
        self._process = subprocess.Popen(
            self._command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        self._readers = [threading.Thread(target=read) for read in (self._read_events, self._read_log)]
        for reader in self._readers:
            reader.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _read_events(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            milliseconds, text = line.rstrip("\n").split(" ", 1)
            self._events.put(Event(int(milliseconds) / 1000, text))

    def _read_log(self) -> None:
        assert self._process.stderr is not None
        for line in self._process.stderr:
            self.log += line

    def stop(self) -> int:
        """Ends the framework; exit status 0, or 1 if the driver aborted."""
        if self._process.stdin is not None and not self._process.stdin.closed:
            try:
                self._process.stdin.close()
            except BrokenPipeError:
                pass  # it has ended already
        try:
            status = self._process.wait(20)
        except subprocess.TimeoutExpired:
            self._process.kill()
            status = self._process.wait()
        for reader in self._readers:
            reader.join()
        return status

    def wait_for(self, start: str, timeout: float = 20) -> Event:
        """The next event that starts so; those before it are forgotten."""
        deadline = time.monotonic() + timeout
        while True:
            try:
                event = self._events.get(timeout=max(0.0, deadline - time.monotonic()))
            except queue.Empty:
                raise AssertionError(f"waited {timeout} s for {start!r}; log:\n{self.log}") from None
            if event.text.startswith(start):
                return event
