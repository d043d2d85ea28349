# SPDX-License-Identifier: GPL-3.0-or-later
"""The assembled Graylog works: it takes messages, finds them, keeps them over a crash, and lets no stranger in."""

import json
import socket
import ssl
import struct
import time
import urllib.parse
from collections.abc import Iterator
from pathlib import Path

import pytest
from graylog_server import GRAYLOG_VERSION
from graylog_server.local_graylog import GraylogError, InputTls, LocalGraylog
from mesos_runtime.local_cluster.certificates import CertificateAuthority

pytestmark = pytest.mark.system


@pytest.fixture(scope="module")
def graylog(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalGraylog]:
    with LocalGraylog(tmp_path_factory.mktemp("graylog")) as running:
        yield running


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> CertificateAuthority:
    return CertificateAuthority(tmp_path_factory.mktemp("authority"), "Test")


@pytest.fixture(scope="module")
def port(graylog: LocalGraylog, authority: CertificateAuthority) -> int:
    server = authority.issue("server", ["127.0.0.1"])
    return graylog.open_beats(tls=InputTls(server.certificate, server.key, authority.certificate))


def window(*events: dict[str, object]) -> bytes:
    """A window of the lumberjack protocol, version 2, with one JSON frame for each event."""
    frames = [json.dumps(event).encode() for event in events]
    data = b"".join(b"2J" + struct.pack(">II", number, len(frame)) + frame for number, frame in enumerate(frames, 1))
    return b"2W" + struct.pack(">I", len(frames)) + data


def send(port: int, context: ssl.SSLContext, *events: dict[str, object]) -> bytes:
    """Sends one window; the answer."""
    plain = socket.create_connection(("127.0.0.1", port), 20)
    with plain, context.wrap_socket(plain, server_hostname="127.0.0.1") as stream:
        stream.sendall(window(*events))
        return stream.recv(6)


def event(text: str) -> dict[str, object]:
    now = time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime())
    return {"@timestamp": now, "message": text, "host": {"name": "local"}, "job": "wordcount"}


def find(graylog: LocalGraylog, query: str, count: int) -> list[dict[str, object]]:
    """The messages of a query, once there are that many."""
    path = "/search/universal/relative?range=0&limit=100&query=" + urllib.parse.quote(query)
    deadline = time.monotonic() + 30
    while True:
        answer = graylog.call("GET", path)
        if answer["total_results"] >= count or time.monotonic() > deadline:
            return [found["message"] for found in answer["messages"]]
        time.sleep(0.3)


def test_version(graylog: LocalGraylog) -> None:
    assert graylog.call("GET", "/system")["version"].startswith(GRAYLOG_VERSION)


def test_every_migration_succeeds(graylog: LocalGraylog) -> None:
    assert "Error while running migration" not in graylog.server.log_text()


def test_message_by_mutual_tls(graylog: LocalGraylog, port: int, authority: CertificateAuthority) -> None:
    context = authority.client_context(authority.issue("shipper"))
    assert send(port, context, event("first"), event("second")) == b"2A" + struct.pack(">I", 2)
    found = find(graylog, "job:wordcount", 2)
    assert sorted(str(message["message"]) for message in found) == ["first", "second"]


def test_stranger_can_not_write(port: int, authority: CertificateAuthority, tmp_path: Path) -> None:
    other = CertificateAuthority(tmp_path / "other", "Other").issue("shipper")
    foreign = authority.client_context(other)
    for context in (authority.client_context(), foreign):
        with pytest.raises((ssl.SSLError, ConnectionError)):
            answer = send(port, context, event("intruder"))
            # With TLS 1.3 the refusal comes after the handshake.
            assert answer == b""
            raise ConnectionResetError


def test_stranger_can_not_read(graylog: LocalGraylog) -> None:
    password, graylog.password = graylog.password, "wrong"
    try:
        with pytest.raises(GraylogError, match="HTTP 401"):
            graylog.call("GET", "/search/universal/relative?range=0&query=*")
    finally:
        graylog.password = password


def test_acknowledged_messages_survive_a_crash(
    graylog: LocalGraylog, port: int, authority: CertificateAuthority
) -> None:
    context = authority.client_context(authority.issue("surviving"))
    texts = [f"surviving {number}" for number in range(50)]
    assert send(port, context, *(event(text) for text in texts)) == b"2A" + struct.pack(">I", 50)
    find(graylog, "message:surviving", 50)
    graylog.kill()
    graylog.search.kill()
    graylog.store.kill()
    graylog.start()
    assert sorted(str(message["message"]) for message in find(graylog, "message:surviving", 50)) == sorted(texts)
    # The input was kept, too.
    deadline = time.monotonic() + 30
    while True:
        try:
            assert send(port, context, event("afterwards")) == b"2A" + struct.pack(">I", 1)
            break
        except OSError:
            assert time.monotonic() < deadline
            time.sleep(0.3)
    assert len(find(graylog, "message:afterwards", 1)) == 1


def test_program_that_can_not_start_is_explained(tmp_path: Path) -> None:
    broken = LocalGraylog(tmp_path / "broken", settings={"message_journal_max_size": "much"})
    with pytest.raises(GraylogError, match=r"graylog ended; the end of [\s\S]*message_journal_max_size"), broken:
        pass
    assert not broken.search.running
    assert not broken.store.running
