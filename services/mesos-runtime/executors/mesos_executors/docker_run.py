# SPDX-License-Identifier: GPL-3.0-or-later
"""What `docker run` does, without keeping its process (25 to 40 MB) beside every task."""

import json
import os
import sys
import threading
import time
from collections.abc import Callable
from io import BufferedReader

from mesos_executors.docker_arguments import CreateCommand
from mesos_executors.docker_engine import DockerEngine
from mesos_executors.log import log

# The statuses of docker run where the container did not: engine error, not executable, not found, killed.
_ENGINE_ERROR, _NOT_EXECUTABLE, _NOT_FOUND, _KILLED = 125, 126, 127, 137
_ATTACH_TIMEOUT = 10.0
_LAST_OUTPUT_TIMEOUT = 5.0


class DockerRun:
    """Creates, starts and waits for a container; its output goes to this process' stdout and stderr.

    `on_end(status)` is called once, from the run's thread. An engine that is restarted and keeps its containers alive
    does not end the run.
    """

    def __init__(self, engine: DockerEngine, command: CreateCommand, on_end: Callable[[int], None]) -> None:
        self._engine = engine
        self._on_end = on_end
        self._over = threading.Event()
        self._lock = threading.Lock()
        self._create = engine.create(command)
        threading.Thread(target=self._run, name="run", daemon=True).start()

    @property
    def over(self) -> bool:
        """Whether the container has ended, or will never start."""
        return self._over.is_set()

    def wait(self, timeout: float) -> bool:
        """Wait for the end; whether it came in time."""
        return self._over.wait(timeout)

    def abandon(self) -> None:
        """Wait no longer: the end is now."""
        if self._create.poll() is None:
            self._create.kill()
        self._end(_KILLED)

    def _end(self, status: int) -> None:
        with self._lock:
            if self._over.is_set():
                return
            self._over.set()
        self._on_end(status)

    def _run(self) -> None:
        status = self._create.wait()
        if status or self.over:
            self._end(_ENGINE_ERROR)
            return
        output = self._attach()
        fault = self._start()
        if fault is not None:
            self._end(fault)
            return
        status = self._wait_for_container(output)
        output.join(_LAST_OUTPUT_TIMEOUT)
        self._end(status)

    def _start(self) -> int | None:
        """Start the container; the status of docker run if it cannot be started."""
        try:
            status, data = self._engine.call("POST", "/start", timeout=60)
        except OSError as error:
            status, data = 500, str(error).encode()
        if status in (204, 304):
            return None
        text = data.decode(errors="replace")
        sys.stderr.write(f"{text}\n")
        if "no such file" in text or "not found" in text:
            return _NOT_FOUND
        return _NOT_EXECUTABLE if "permission denied" in text else _ENGINE_ERROR

    def _wait_for_container(self, output: threading.Thread) -> int:
        while not self.over:
            try:
                connection = self._engine.connection(None)
                try:
                    status, data = connection.call("POST", self._engine.path("/wait"))
                finally:
                    connection.close()
                if status == 200:
                    return int(json.loads(data)["StatusCode"])
                if status == 404:
                    return _KILLED
                log("the engine answered", status, "while waiting for the container")
            except (OSError, ValueError, KeyError) as error:
                log("the engine is lost:", error)
            time.sleep(1)
            if not output.is_alive():
                output = self._attach()
        return _KILLED

    def _attach(self) -> threading.Thread:
        attached = threading.Event()
        thread = threading.Thread(target=self._copy_output, args=(attached,), name="output", daemon=True)
        thread.start()
        attached.wait(_ATTACH_TIMEOUT)
        return thread

    def _copy_output(self, attached: threading.Event) -> None:
        connection = self._engine.connection(None)
        try:
            answer = connection.request(
                "POST",
                self._engine.path("/attach?stream=1&stdout=1&stderr=1"),
                headers={"Upgrade": "tcp", "Connection": "Upgrade"},
            )
            attached.set()
            if answer.status not in (101, 200):
                log("the engine answered", answer.status, "instead of giving the output")
            elif self._has_terminal():
                _copy_raw(answer.stream)
            else:
                _copy_frames(answer.stream)
        except OSError as error:
            log("output lost:", error)
        finally:
            attached.set()
            connection.close()

    def _has_terminal(self) -> bool:
        found = self._engine.inspect()
        return bool(found and found["Config"].get("Tty"))


def _copy_raw(stream: BufferedReader) -> None:
    while data := stream.read1(65536):
        _write(1, data)


def _copy_frames(stream: BufferedReader) -> None:
    """A frame has a byte for the descriptor, three of padding, the length in four bytes, and the data."""
    while len(head := stream.read(8)) == 8:
        descriptor = head[0] or 1
        left = int.from_bytes(head[4:], "big")
        while left:
            data = stream.read1(min(left, 65536))
            if not data:
                return
            left -= len(data)
            _write(descriptor, data)


def _write(descriptor: int, data: bytes) -> None:
    while data:
        data = data[os.write(descriptor, data) :]
