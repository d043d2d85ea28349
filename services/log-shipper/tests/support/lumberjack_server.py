# SPDX-License-Identifier: GPL-3.0-or-later
"""A destination for tests: it speaks the Beats protocol over mutual TLS, and can be told to misbehave."""

import json
import socket
import ssl
import struct
import threading
import time
import zlib
from collections.abc import Callable
from types import TracebackType
from typing import Any

from log_shipper_certificates import Certificates

Event = dict[str, Any]


class LumberjackServer:
    """Listens on a free port of 127.0.0.1 and keeps every event in `events`, in order, before it acknowledges.

    break_windows: so many windows are kept, and their connection closed instead of acknowledged.
    silent: windows are kept and not acknowledged while it is set.
    """

    def __init__(self, certificates: Certificates) -> None:
        self.events: list[Event] = []
        self.windows: list[int] = []
        self.clients: list[str] = []
        self.break_windows = 0
        self.silent = False
        self.port = 0
        self._context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=str(certificates.path("ca.pem")))
        self._context.load_cert_chain(certificates.path("server.pem"), certificates.path("server.key"))
        self._context.verify_mode = ssl.CERT_REQUIRED
        self._listener: socket.socket | None = None
        self._connections: set[socket.socket] = set()

    def __enter__(self) -> "LumberjackServer":
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def start(self) -> None:
        """Listen; again on the same port after `stop`."""
        self._listener = socket.create_server(("127.0.0.1", self.port))
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, args=(self._listener,), daemon=True).start()

    def stop(self) -> None:
        """Stop listening, close every connection."""
        if self._listener:
            self._listener.shutdown(socket.SHUT_RDWR)
            self._listener.close()
            self._listener = None
        self.disconnect()

    def disconnect(self) -> None:
        """Close every connection."""
        for connection in list(self._connections):
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass  # it is closed already

    def messages(self, **fields: object) -> list[str]:
        """The texts of the events that have these fields, in order of arrival."""
        return [e["message"] for e in list(self.events) if all(e.get(k) == v for k, v in fields.items())]

    def wait(self, condition: Callable[[], object], what: str = "the events", timeout: float = 20.0) -> None:
        """Wait until the condition is true; AssertionError after `timeout` seconds."""
        deadline = time.monotonic() + timeout
        while not condition():
            assert time.monotonic() < deadline, f"waited {timeout:g} s for {what}; last: {self.messages()[-3:]}"
            time.sleep(0.02)

    def wait_for(self, *messages: str, timeout: float = 20.0) -> None:
        """Wait until every one of the texts has arrived."""
        self.wait(lambda: set(messages) <= set(self.messages()), f"{messages}", timeout)

    def wait_for_more_than(self, count: int) -> None:
        """Wait until more than `count` events have arrived."""
        self.wait(lambda: len(self.events) > count)

    def _accept(self, listener: socket.socket) -> None:
        while True:
            try:
                plain, _address = listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(plain,), daemon=True).start()

    def _serve(self, plain: socket.socket) -> None:
        try:
            with self._context.wrap_socket(plain, server_side=True) as connection:
                self._connections.add(connection)
                certificate: Any = connection.getpeercert() or {}
                self.clients.append(certificate["subject"][0][0][1])
                try:
                    while self._window(connection):
                        pass
                finally:
                    self._connections.discard(connection)
        except (OSError, EOFError):
            return  # the client has gone, or was refused

    def _window(self, connection: ssl.SSLSocket) -> bool:
        kind, count = struct.unpack(">2sI", _read(connection, 6))
        assert kind == b"2W", kind
        kind, size = struct.unpack(">2sI", _read(connection, 6))
        assert kind == b"2C", kind
        frames = zlib.decompress(_read(connection, size))
        events = []
        position = 0
        for number in range(1, count + 1):
            kind, sequence, length = struct.unpack_from(">2sII", frames, position)
            assert (kind, sequence) == (b"2J", number)
            events.append(json.loads(frames[position + 10 : position + 10 + length]))
            position += 10 + length
        assert position == len(frames)
        self.events += events
        self.windows.append(count)
        while self.silent:
            time.sleep(0.02)
        if self.break_windows:
            self.break_windows -= 1
            return False
        connection.sendall(struct.pack(">2sI", b"2A", 0))  # servers that are busy say so with an empty answer
        connection.sendall(struct.pack(">2sI", b"2A", count))
        return True


def _read(connection: ssl.SSLSocket, count: int) -> bytes:
    data = bytearray()
    while len(data) < count:
        part = connection.recv(count - len(data))
        if not part:
            raise EOFError
        data += part
    return bytes(data)
