# SPDX-License-Identifier: GPL-3.0-or-later
"""A destination that costs little: a process that takes logs over mutual TLS and counts their lines by number.

It speaks either the Beats protocol, and acknowledges a window as soon as it has all its bytes, or takes plain lines.
"""

import multiprocessing
import socket
import ssl
import struct
import threading
import time
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing.connection import Connection
from types import TracebackType

from log_load import NUMBER
from log_shipper_certificates import Certificates
from process_figures import on_processor

BEATS, LINES = "beats", "lines"
SINK_PROCESSOR = 1

_FIRST_PATIENCE, _PATIENCE = 60.0, 15.0
"""seconds until the first line, and between two, after which no more is waited for"""

_LOOK_SECONDS = 0.01
_RECEIVE_BYTES = 1 << 18
_FORK = multiprocessing.get_context("fork")


@dataclass(frozen=True)
class Received:
    """What has arrived. began, ended: the first and the last bytes of lines, by `time.monotonic()`."""

    lines: int
    twice: int
    records: int
    began: float
    ended: float

    @property
    def seconds(self) -> float:
        """From the first line to the last."""
        return self.ended - self.began


class Sink:
    """Within `with` it listens on `port` of 127.0.0.1, in a process and on a processor of its own."""

    def __init__(self, protocol: str, certificates: Certificates, lines: int) -> None:
        self._results, answers = _FORK.Pipe(duplex=False)
        self._process = _FORK.Process(target=_run, args=(protocol, certificates, lines, answers), daemon=True)
        self.port = 0

    def __enter__(self) -> "Sink":
        with on_processor(SINK_PROCESSOR):
            self._process.start()
        self.port = self._results.recv()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.kill()
        self._process.join()

    def wait_for_first(self) -> None:
        """Wait until the first bytes of lines have come, or so long that none are awaited any more."""
        self._results.recv()

    def wait(self) -> Received:
        """After `wait_for_first`: what has arrived when all lines are there, or no more come. It still listens then."""
        received: Received = self._results.recv()
        return received


class _Tally:
    def __init__(self, lines: int, answers: Connection) -> None:
        self._expected = lines
        self._answers = answers
        self._seen = bytearray(lines)
        self._lines = self._twice = self._records = 0
        self._began = self._ended = 0.0

    def begin(self) -> None:
        if not self._began:
            self._began = time.monotonic()
            self._answers.send(None)

    def add(self, data: bytes, records: int) -> None:
        for number in map(int, NUMBER.findall(data)):
            if self._seen[number]:
                self._twice += 1
            else:
                self._seen[number] = 1
                self._lines += 1
        self._records += records
        self._ended = time.monotonic()

    def wait(self) -> Received:
        started = time.monotonic()
        while self._lines < self._expected:
            time.sleep(_LOOK_SECONDS)
            quiet = time.monotonic() - (self._ended or started)
            if quiet > (_PATIENCE if self._ended else _FIRST_PATIENCE):
                break
        self.begin()
        return Received(self._lines, self._twice, self._records, self._began, self._ended)


def _run(protocol: str, certificates: Certificates, lines: int, answers: Connection) -> None:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=str(certificates.path("ca.pem")))
    context.load_cert_chain(certificates.path("server.pem"), certificates.path("server.key"))
    context.verify_mode = ssl.CERT_REQUIRED
    tally = _Tally(lines, answers)
    serve = _serve_beats if protocol == BEATS else _serve_lines
    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=_accept, args=(listener, context, serve, tally), daemon=True).start()
        answers.send(listener.getsockname()[1])
        answers.send(tally.wait())
        threading.Event().wait()


def _accept(
    listener: socket.socket, context: ssl.SSLContext, serve: Callable[[ssl.SSLSocket, _Tally], None], tally: _Tally
) -> None:
    def take(plain: socket.socket) -> None:
        try:
            with context.wrap_socket(plain, server_side=True) as connection:
                serve(connection, tally)
        except (OSError, EOFError):
            return  # the client has gone

    while True:
        plain, _address = listener.accept()
        plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        threading.Thread(target=take, args=(plain,), daemon=True).start()


def _serve_beats(connection: ssl.SSLSocket, tally: _Tally) -> None:
    with connection.makefile("rb", buffering=_RECEIVE_BYTES) as stream:
        while True:
            window, count, _frame, size = struct.unpack(">2sI2sI", _read(stream.read, 12))
            if window != b"2W":
                raise EOFError
            tally.begin()
            compressed = _read(stream.read, size)
            connection.sendall(struct.pack(">2sI", b"2A", count))
            tally.add(zlib.decompress(compressed), count)


def _serve_lines(connection: ssl.SSLSocket, tally: _Tally) -> None:
    rest = b""
    while data := connection.recv(_RECEIVE_BYTES):
        tally.begin()
        whole, newline, rest = (rest + data).rpartition(b"\n")
        if newline:
            tally.add(whole, whole.count(b"\n") + 1)


def _read(read: Callable[[int], bytes], count: int) -> bytes:
    data = read(count)
    if len(data) < count:
        raise EOFError
    return data
