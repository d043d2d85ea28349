# SPDX-License-Identifier: GPL-3.0-or-later
"""Lets a restarted agent take a running docker task over.

The agent's docker containerizer recovers only executors with a checkpointed libprocess address that still takes
connections; for one that subscribed over HTTP the checkpoint has an `http.marker` instead, and its container is stopped
as an orphan. So the executor holds a port and writes that address into its own place in the agent's checkpoint, where
it wins over the marker. What the agent then sends there (ReconnectExecutorMessage) means: subscribe again, now.
"""

import os
import socket
import threading
from collections.abc import Callable
from pathlib import Path

from mesos_executors.log import log
from mesos_executors.settings import Settings

_IDLE_TIMEOUT = 900.0
_ACCEPTED = b"HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n"


class RecoveryMark:
    """`reconnect` is called, from a thread of the mark, when the restarted agent asks for it."""

    def __init__(self, settings: Settings, reconnect: Callable[[], None]) -> None:
        self._settings = settings
        self._reconnect = reconnect
        self._listener: socket.socket | None = None

    def write(self) -> None:
        """Write (again) the address into the checkpoint; OSError if that fails."""
        settings = self._settings
        run = Path(settings.sandbox).relative_to(settings.agent_work_folder)
        folder = Path(settings.agent_work_folder, "meta", run, "pids")
        if not folder.is_dir():
            log("the agent has no checkpoint at", folder)
            return
        if not self._listener:
            self._listener = socket.create_server((settings.agent_host, 0), backlog=8)
            threading.Thread(target=self._accept, args=(self._listener,), name="mark", daemon=True).start()
        host, port = self._listener.getsockname()[:2]
        temporary = folder / f".libprocess.pid.{os.getpid()}"
        with temporary.open("w", encoding="ascii") as file:
            file.write(f"executor(1)@{host}:{port}")
            file.flush()
            os.fsync(file.fileno())
        temporary.rename(folder / "libprocess.pid")

    def _accept(self, listener: socket.socket) -> None:
        while True:
            peer, _address = listener.accept()
            threading.Thread(target=self._serve, args=(peer,), name="mark", daemon=True).start()

    def _serve(self, peer: socket.socket) -> None:
        """Answer libprocess messages: POST requests whose last path segment names the message."""
        with peer:
            peer.settimeout(_IDLE_TIMEOUT)
            stream = peer.makefile("rb")
            try:
                while (first := stream.readline(4096)).startswith(b"POST "):
                    length = 0
                    while (line := stream.readline(65536)) not in (b"\r\n", b""):
                        if line.lower().startswith(b"content-length:"):
                            length = int(line.partition(b":")[2])
                    stream.read(min(length, 1 << 20))
                    peer.sendall(_ACCEPTED)
                    if b"ReconnectExecutorMessage" in first:
                        self._reconnect()
            except (OSError, ValueError):
                return  # whoever it was: a connection that can be made is all that the agent wants to see
