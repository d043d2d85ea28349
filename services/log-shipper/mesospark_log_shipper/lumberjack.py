# SPDX-License-Identifier: GPL-3.0-or-later
"""Client of the Beats protocol (lumberjack version 2) over mutual TLS: a window of events, then its acknowledgement."""

from __future__ import annotations

import logging
import socket
import ssl
import struct
import time
import zlib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Protocol

LOG = logging.getLogger(__name__)

_CONNECT_SECONDS = 10.0
_TURN_SECONDS = 0.5
_SEND_BYTES = 65536
_COMPRESSION_LEVEL = 1
_pack_header = struct.Struct(">2sII").pack


class Endpoint(Protocol):
    """The addresses of a destination, one of which is used at a time, and the files for mutual TLS."""

    @property
    def servers(self) -> Sequence[tuple[str, int]]: ...

    @property
    def ca_file(self) -> Path: ...

    @property
    def certificate_file(self) -> Path: ...

    @property
    def key_file(self) -> Path: ...


class ConnectionBroken(Exception):
    """The destination can not be reached, or did not acknowledge; the message is one sentence."""


class TlsFiles:
    """The TLS context of a destination, made anew when its files have changed."""

    def __init__(self, destination: Endpoint) -> None:
        self._paths = (destination.ca_file, destination.certificate_file, destination.key_file)
        self._seen: list[tuple[int, int]] = []
        self._context: ssl.SSLContext | None = None

    @property
    def changed(self) -> bool:
        """Whether the files are others than when they were last read."""
        return self._state() != self._seen

    def context(self) -> ssl.SSLContext:
        """A context from the files as they are now, or the last good one if they are not usable."""
        self._seen = self._state()
        authority, certificate, key = self._paths
        try:
            context = ssl.create_default_context(cafile=str(authority))
            context.minimum_version = ssl.TLSVersion.TLSv1_2
            context.load_cert_chain(certificate, key)
        except (OSError, ValueError) as error:
            names = ", ".join(map(str, self._paths))
            if self._context is None:
                raise ConnectionBroken(f"the TLS files {names} are not usable: {error}") from error
            LOG.error("The new TLS files %s are not usable, the old ones stay in use: %s", names, error)
        else:
            self._context = context
        return self._context

    def _state(self) -> list[tuple[int, int]]:
        return [_identity(path) for path in self._paths]


def _identity(path: Path) -> tuple[int, int]:
    try:
        status = path.stat()
    except OSError:
        return 0, 0
    return status.st_ino, status.st_mtime_ns


class LumberjackClient:
    """One connection at a time, to one server of the destination after the other.

    `turn` is called about twice a second while an answer is awaited; what it raises ends the waiting.
    """

    def __init__(self, destination: Endpoint, answer_seconds: float, turn: Callable[[], None]) -> None:
        self.tls = TlsFiles(destination)
        self._servers = destination.servers
        self._next_server = 0
        self._answer_seconds = answer_seconds
        self._turn = turn
        self._socket: ssl.SSLSocket | None = None

    @property
    def connected(self) -> bool:
        """Whether there is a connection, as far as is known."""
        return self._socket is not None

    def connect(self) -> str:
        """Connect to the next server; its address."""
        host, port = self._servers[self._next_server]
        self._next_server = (self._next_server + 1) % len(self._servers)
        context = self.tls.context()
        try:
            plain = socket.create_connection((host, port), timeout=_CONNECT_SECONDS)
            try:
                plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                plain.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
                self._socket = context.wrap_socket(plain, server_hostname=host)
            except BaseException:
                plain.close()
                raise
        except OSError as error:
            raise ConnectionBroken(f"{host}:{port}: {error}") from error
        self._socket.settimeout(_TURN_SECONDS)
        return f"{host}:{port}"

    def close(self) -> None:
        """Close the connection, if there is one."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    def send(self, events: Sequence[bytes]) -> None:
        """Send a window of JSON events; returns when all of them are acknowledged."""
        connection = self._socket
        if connection is None:
            raise ConnectionBroken("there is no connection")
        try:
            self._write(connection, _frames(events))
            acknowledged = 0
            while acknowledged < len(events):
                kind, acknowledged = struct.unpack(">2sI", self._read(connection, 6))
                if kind != b"2A" or acknowledged > len(events):
                    raise ConnectionBroken(f"the answer is no acknowledgement: {kind!r} {acknowledged}")
        except OSError as error:
            raise ConnectionBroken(str(error)) from error

    def _write(self, connection: ssl.SSLSocket, data: bytes) -> None:
        view = memoryview(data)
        position = 0
        deadline = time.monotonic() + self._answer_seconds
        while position < len(view):
            try:
                position += connection.send(view[position : position + _SEND_BYTES])
                deadline = time.monotonic() + self._answer_seconds
            except TimeoutError:
                self._wait(deadline)

    def _read(self, connection: ssl.SSLSocket, count: int) -> bytes:
        data = b""
        deadline = time.monotonic() + self._answer_seconds
        while len(data) < count:
            try:
                part = connection.recv(count - len(data))
            except TimeoutError:
                self._wait(deadline)
                continue
            if not part:
                raise ConnectionBroken("the server closed the connection")
            data += part
        return data

    def _wait(self, deadline: float) -> None:
        if time.monotonic() > deadline:
            raise ConnectionBroken(f"no answer for {self._answer_seconds:g} s")
        self._turn()


def _frames(events: Sequence[bytes]) -> bytes:
    """The frames of a window: its size, then the compressed events with their numbers."""
    frames: list[bytes] = []
    for number, event in enumerate(events, start=1):
        frames += _pack_header(b"2J", number, len(event)), event
    compressed = zlib.compress(b"".join(frames), _COMPRESSION_LEVEL)
    return struct.pack(">2sI2sI", b"2W", len(events), b"2C", len(compressed)) + compressed
