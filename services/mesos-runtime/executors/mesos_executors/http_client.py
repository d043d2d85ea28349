# SPDX-License-Identifier: GPL-3.0-or-later
"""HTTP/1.1 on TCP, TLS and Unix sockets. http.client would do, but costs every task 3 MB and its start-up time."""

import json
import re
import socket
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from io import BufferedReader
from typing import TYPE_CHECKING, Any

from mesos_executors.values import Json

if TYPE_CHECKING:
    import ssl

_LINE = 65536


class Closed(OSError):
    """The peer closed the connection in the middle of an answer."""


@dataclass(frozen=True)
class Address:
    """A Unix socket (`path`) or a TCP endpoint (`host`, `port`), with TLS where there is a context."""

    host: str = ""
    port: int = 0
    path: str = ""
    tls: "ssl.SSLContext | None" = None

    def connect(self, timeout: float | None) -> socket.socket:
        """A connected socket; OSError if that fails."""
        if self.path:
            unix = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            unix.settimeout(timeout)
            unix.connect(self.path)
            return unix
        tcp = socket.create_connection((self.host, self.port), timeout)
        tcp.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        tcp.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        return self.tls.wrap_socket(tcp, server_hostname=self.host) if self.tls else tcp

    @property
    def authority(self) -> str:
        """The Host header."""
        if self.path:
            return "localhost"
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


class Response:
    """An answer whose body is read as it comes."""

    def __init__(self, stream: BufferedReader) -> None:
        self.stream = stream
        line = stream.readline(_LINE)
        match = re.match(rb"HTTP/1\.[01] (\d+)", line)
        if not match:
            raise Closed(f"no HTTP answer but {line[:80]!r}")
        self.status = int(match[1])
        self.headers: dict[str, str] = {}
        while (line := stream.readline(_LINE)) not in (b"\r\n", b"\n", b""):
            name, _colon, value = line.decode("latin-1").partition(":")
            self.headers[name.strip().lower()] = value.strip()
        self._buffer = bytearray()
        self._chunked = "chunked" in self.headers.get("transfer-encoding", "")
        length = self.headers.get("content-length")
        self._left = int(length) if length is not None else None
        self._done = self.status in (204, 304) or (not self._chunked and self._left == 0)

    def read(self, size: int | None = None) -> bytes:
        """`size` bytes of the body (fewer at its end), or all of it."""
        while (size is None or len(self._buffer) < size) and self._read_more():
            pass
        size = len(self._buffer) if size is None else size
        data = bytes(self._buffer[:size])
        del self._buffer[:size]
        return data

    def records(self) -> Iterator[Json]:
        """The messages of a RecordIO body: a length, a newline, that many bytes of JSON."""
        while True:
            while b"\n" not in self._buffer:
                if not self._read_more():
                    return
            end = self._buffer.index(b"\n")
            size = int(self._buffer[:end])
            del self._buffer[: end + 1]
            data = self.read(size)
            if len(data) < size:
                return
            yield json.loads(data)

    def _read_more(self) -> bool:
        """Move some of the body into the buffer; False at its end."""
        if self._done:
            return False
        if self._chunked:
            return self._read_chunk()
        if self._left is None:
            data = self.stream.read1(_LINE)
            self._done = not data
        else:
            data = self.stream.read(min(self._left, _LINE))
            if not data:
                raise Closed("closed inside a body")
            self._left -= len(data)
            self._done = self._left == 0
        self._buffer += data
        return bool(data)

    def _read_chunk(self) -> bool:
        line = self.stream.readline(100)
        if not line:
            raise Closed("closed between chunks")
        size = int(line.split(b";")[0], 16)
        if size == 0:
            while self.stream.readline(_LINE) not in (b"\r\n", b"\n", b""):
                pass
            self._done = True
            return False
        data = self.stream.read(size)
        if len(data) < size:
            raise Closed("closed inside a chunk")
        self.stream.readline(10)
        self._buffer += data
        return True


class Connection:
    """One kept-alive connection; `timeout` (seconds, None: for ever) is for connecting and for each read."""

    def __init__(self, address: Address, timeout: float | None) -> None:
        self._address = address
        self._timeout = timeout
        self._socket: socket.socket | None = None
        self._stream: BufferedReader | None = None

    def close(self) -> None:
        """Close it; the next request opens it again."""
        for part in (self._stream, self._socket):
            try:
                if part:
                    part.close()
            except OSError:
                pass  # it is gone already
        self._socket = self._stream = None

    def wait_for_ever(self) -> None:
        """From now on a read may take any time."""
        if self._socket:
            self._socket.settimeout(None)

    def request(self, method: str, path: str, body: Any = None, headers: Mapping[str, str] | None = None) -> Response:
        """Send a request, `body` as JSON; the answer's body is still to be read."""
        if not self._socket or not self._stream:
            self._socket = self._address.connect(self._timeout)
            self._stream = self._socket.makefile("rb")
        data = b"" if body is None else json.dumps(body).encode()
        lines = {"Host": self._address.authority, "Accept": "application/json"}
        if body is not None:
            lines["Content-Type"] = "application/json"
        if method == "POST":
            lines["Content-Length"] = str(len(data))
        lines.update(headers or {})
        head = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
        self._socket.sendall(f"{method} {path} HTTP/1.1\r\n{head}\r\n".encode() + data)
        return Response(self._stream)

    def call(
        self, method: str, path: str, body: Any = None, headers: Mapping[str, str] | None = None
    ) -> tuple[int, bytes]:
        """Status and body of an answer; tried once more where a kept connection had been closed meanwhile."""
        kept = self._socket is not None
        try:
            return self._call(method, path, body, headers)
        except OSError:
            self.close()
            if not kept:
                raise
            return self._call(method, path, body, headers)

    def _call(self, method: str, path: str, body: Any, headers: Mapping[str, str] | None) -> tuple[int, bytes]:
        answer = self.request(method, path, body, headers)
        data = answer.read()
        if answer.headers.get("connection", "").lower() == "close":
            self.close()
        return answer.status, data
