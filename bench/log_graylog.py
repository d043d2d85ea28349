# SPDX-License-Identifier: GPL-3.0-or-later
"""Graylog as the destination: its inputs with mutual TLS, and what of them can be found by a search."""

import os
import socket
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from ansible_collections.mesospark.platform.plugins.module_utils.client import Client, Connection
from ansible_collections.mesospark.platform.plugins.module_utils.graylog import Graylog
from ansible_collections.mesospark.platform.plugins.module_utils.graylog_search import Search, count, export
from log_load import NUMBER
from log_shipper_certificates import Certificates
from log_shipper_process import free_port

INPUT_TYPES = {
    "beats": "org.graylog.plugins.beats.Beats2Input",
    "lines": "org.graylog2.inputs.syslog.tcp.SyslogTCPInput",
}
_SETTINGS = {"output_batch_size": "100"}
"""as the role graylog sets it"""

_PATIENCE = 60.0
"""seconds without progress after which no more is waited for"""

_ANSWER_SECONDS = 30.0
_START_SECONDS = 30.0
_LOOK_SECONDS, _READER_LOOK_SECONDS = 0.25, 1.0


@dataclass(frozen=True)
class Arrival:
    """When the reader had handed over its last record, and when all could be found, by the monotonic clock.

    waiting: the most records that Graylog had taken into its journal and not stored yet.
    """

    handed_over: float
    ended: float
    waiting: int


@contextmanager
def graylog_server() -> Iterator[Graylog]:
    """The Graylog of GRAYLOG_URL, GRAYLOG_USERNAME and GRAYLOG_PASSWORD on this machine, or one made for this."""
    if url := os.environ.get("GRAYLOG_URL"):
        yield _client(url, os.environ.get("GRAYLOG_USERNAME", "admin"), os.environ.get("GRAYLOG_PASSWORD", ""))
        return
    from graylog_server.local_graylog import LocalGraylog

    print("starting Graylog", file=sys.stderr, flush=True)
    with tempfile.TemporaryDirectory(prefix="bench-graylog-") as folder, LocalGraylog(Path(folder), _SETTINGS) as local:
        yield _client(local.url, local.username, local.password)


def _client(url: str, username: str, password: str) -> Graylog:
    connection = Connection(urls=(url.rstrip("/"),), username=username, password=password, timeout=_ANSWER_SECONDS)
    return Graylog(Client(connection, "Graylog", "GRAYLOG_URL"))


class GraylogInput:
    """Within `with`: an input of one of INPUT_TYPES on `port` of 127.0.0.1 that demands client certificates."""

    def __init__(self, graylog: Graylog, protocol: str, certificates: Certificates) -> None:
        self._graylog = graylog
        self._protocol = protocol
        self._certificates = certificates
        self._id = ""
        self.port = free_port()

    def __enter__(self) -> "GraylogInput":
        path = self._certificates.path
        configuration = {
            "bind_address": "127.0.0.1",
            "port": self.port,
            "recv_buffer_size": 1024**2,
            "tls_enable": True,
            "tls_cert_file": str(path("server.pem")),
            "tls_key_file": str(path("server.key")),
            "tls_client_auth": "required",
            "tls_client_auth_cert_file": str(path("ca.pem")),
        }
        if self._protocol == "beats":
            configuration["no_beats_prefix"] = True
        document = {
            "title": f"bench logs {self.port}",
            "type": INPUT_TYPES[self._protocol],
            "global": True,
            "configuration": configuration,
        }
        self._id = self._graylog.create("/system/inputs", document)["id"]
        deadline = time.monotonic() + _START_SECONDS
        while not _listens(self.port):
            if time.monotonic() > deadline:
                raise SystemExit(f"Graylog's {self._protocol} input did not start within {_START_SECONDS:g} s")
            time.sleep(_LOOK_SECONDS)
        return self

    def __exit__(self, *_error: object) -> None:
        self._graylog.remove(f"/system/inputs/{self._id}")

    def found(self) -> int:
        """How many records of this input can be found, repeated ones included."""
        return count(self._graylog, self._search())

    def wait_for(self, records: int, sent: Callable[[], int]) -> Arrival:
        """Wait until so many records can be found, or no more become so. sent: how many the reader says it has sent."""
        found = waiting = 0
        handed_over = None
        look_at_reader = ended = time.monotonic()
        while found < records and time.monotonic() - ended < _PATIENCE:
            time.sleep(_LOOK_SECONDS)
            before, found, now = found, self.found(), time.monotonic()
            if found > before:
                ended = now
            waiting = max(waiting, self._waiting())
            if handed_over is None and now >= look_at_reader:
                look_at_reader = now + _READER_LOOK_SECONDS
                handed_over = now if sent() >= records else None
        return Arrival(handed_over or ended, ended, waiting)

    def lines(self) -> tuple[int, int]:
        """How many different lines there are in the records that can be found, and how many more are repeated."""
        numbers: list[bytes] = []
        for record in export(self._graylog, self._search(), ("message",)):
            numbers += NUMBER.findall(record["message"].encode())
        different = len(set(numbers))
        return different, len(numbers) - different

    def _waiting(self) -> int:
        """How many records Graylog has taken into its journal and not stored yet."""
        return int(self._graylog.read("/system/journal")["uncommitted_journal_entries"])

    def _search(self) -> Search:
        return Search(f"gl2_source_input:{self._id}")


def _listens(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=1):
            return True
    except OSError:
        return False
