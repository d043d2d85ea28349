# SPDX-License-Identifier: GPL-3.0-or-later
"""Who may write logs, and who may read which: hosts of the platform, each team its own, strangers nothing."""

import json
import socket
import ssl
import struct
import subprocess
import uuid
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

import pytest
from log_runs import wait
from log_store import LogStore

pytestmark = pytest.mark.hosts

BEATS = 5044
OWN_STREAM = "jobs of {}"
PLATFORM = "the platform's services"
STRANGE_PORTS = [9200, 9300, 27017]  # Elasticsearch and the store of Graylog


@pytest.fixture(scope="module")
def logs(platform) -> LogStore:
    return LogStore(platform)


@pytest.fixture(scope="module")
def strange_certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, str]:
    """Certificate and key of an authority that nobody here knows."""
    folder = tmp_path_factory.mktemp("stranger")
    files = [str(folder / name) for name in ("stranger.pem", "stranger.key")]
    command = [
        "openssl",
        "req",
        "-x509",
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:P-256",
        "-nodes",
        "-days",
        "1",
    ]
    subprocess.run(
        [*command, "-subj", "/CN=agent1", "-out", files[0], "-keyout", files[1]], check=True, capture_output=True
    )
    return files[0], files[1]


@contextmanager
def tls_to_input(
    logs: LogStore, certificate: tuple[str, str] | None, newest: ssl.TLSVersion
) -> Iterator[socket.socket]:
    context = ssl.create_default_context(cafile=str(logs.platform.secrets_folder / "ca.pem"))
    context.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
    context.maximum_version = newest
    context.set_ciphers("DEFAULT:@SECLEVEL=0")  # so that it is the other side that refuses old versions
    if certificate:
        context.load_cert_chain(*certificate)
    with (
        socket.create_connection((logs.address, BEATS), timeout=10) as plain,
        context.wrap_socket(plain, server_hostname=logs.address) as connection,
    ):
        yield connection


def window(event: dict[str, object]) -> bytes:
    """One event as a log shipper sends it."""
    now = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    data = json.dumps({**event, "@timestamp": now, "agent": {"hostname": "testinfra"}}).encode()
    frames = zlib.compress(b"2J" + struct.pack(">II", 1, len(data)) + data)
    return b"2W" + struct.pack(">I", 1) + b"2C" + struct.pack(">I", len(frames)) + frames


def acknowledges(connection: socket.socket, event: dict[str, object]) -> bool:
    """Send one event; whether the other side takes it."""
    try:
        connection.sendall(window(event))
        return connection.recv(6) == b"2A" + struct.pack(">I", 1)
    except OSError:
        return False


def writes(
    logs: LogStore,
    event: dict[str, object],
    certificate: tuple[str, str] | None,
    newest: ssl.TLSVersion = ssl.TLSVersion.TLSv1_3,
) -> bool:
    try:
        with tls_to_input(logs, certificate, newest) as connection:
            return acknowledges(connection, event)
    except OSError:
        return False


def own_certificate(logs: LogStore) -> tuple[str, str]:
    folder = logs.platform.secrets_folder
    return str(folder / "operator.pem"), str(folder / "operator.key")


def found(logs: LogStore, text: str, account: tuple[str, str] | None = None) -> int:
    return int(logs.find(account, query=f'message:"{text}"')["count"])


def test_only_hosts_of_the_platform_write(logs, strange_certificate):
    text = f"testinfra {uuid.uuid4().hex}"
    with socket.create_connection((logs.address, BEATS), timeout=10) as connection:
        assert not acknowledges(connection, {"message": f"{text} in clear"})
    assert not writes(logs, {"message": f"{text} without certificate"}, None)
    assert not writes(logs, {"message": f"{text} of a stranger"}, strange_certificate)
    assert not writes(logs, {"message": f"{text} by old TLS"}, own_certificate(logs), ssl.TLSVersion.TLSv1_1)
    # What was refused would have come before this.
    assert writes(logs, {"message": f"{text} of our own"}, own_certificate(logs))
    wait(lambda: found(logs, f"{text} of our own"), "the message of the platform's own host", 30)
    assert found(logs, text) == 1


@pytest.mark.parametrize("account", [None, ("admin", "admin"), ("admin", "wrong"), ("stranger", "")])
def test_strangers_read_nothing(logs, account):
    assert logs.ask("/streams", account).status == 401
    assert search(logs, account, "*").status == 401
    assert logs.ask("/search/universal/relative?query=*&range=0", account).status == 401


def test_the_interface_speaks_modern_tls_only(logs):
    with pytest.raises((ssl.SSLError, ConnectionError)):
        logs.ask("", maximum_version=ssl.TLSVersion.TLSv1_1)
    with socket.create_connection((logs.address, 9000), timeout=10) as connection:
        connection.sendall(b"GET /api/ HTTP/1.0\r\n\r\n")
        answer = connection.recv(4096)
    assert b" 200 " not in answer.split(b"\r\n")[0]
    assert b"cluster_id" not in answer


@pytest.mark.parametrize("port", STRANGE_PORTS)
def test_what_stores_the_logs_is_out_of_reach(logs, port):
    with pytest.raises(OSError):  # nobody listens there, or the firewall does not let in
        socket.create_connection((logs.address, port), timeout=10)


@pytest.fixture(scope="module")
def messages(logs) -> dict[str, str]:
    """A text that only one message has, by the team whose job has written it, and one of the platform itself."""
    teams = [principal["name"] for principal in logs.platform.variables["spark_principals"]]
    texts = {owner: f"testinfra {uuid.uuid4().hex}" for owner in [*teams, PLATFORM]}
    for owner, text in texts.items():
        facts = {"service": "testinfra", "level": 3} if owner == PLATFORM else {"principal": owner, "job": "testinfra"}
        assert writes(logs, {"message": text, **facts}, own_certificate(logs))
    for owner, text in texts.items():
        wait(lambda text=text: found(logs, text), f"the message of {owner}", 30)
    return texts


def search(logs: LogStore, account: tuple[str, str] | None, query: str, streams: list[str] | None = None):
    """The answer to an export of messages."""
    body = {
        "query_string": {"type": "elasticsearch", "query_string": query},
        "timerange": {"type": "relative", "range": 0},
        "streams": streams or [],
        "fields_in_order": ["message"],
    }
    return logs.ask("/views/search/messages", account, method="POST", body=body, accept="text/csv")


def count(logs: LogStore, account: tuple[str, str], stream: str):
    """The answer to the kind of search that Graylog's interface makes: how many messages a stream has."""
    query = {
        "id": "query",
        "query": {"type": "elasticsearch", "query_string": "*"},
        "timerange": {"type": "relative", "range": 0},
        "filter": {"type": "or", "filters": [{"type": "stream", "id": stream}]},
        "search_types": [{"id": "messages", "type": "messages", "limit": 1}],
    }
    body = {"id": uuid.uuid4().hex[:24], "queries": [query], "parameters": []}
    return logs.ask("/views/search/sync?timeout=20000", account, method="POST", body=body)


def test_a_team_finds_its_own_messages_only(logs, messages):
    for team in messages.keys() - {PLATFORM}:
        seen = {owner for owner, text in messages.items() if found(logs, text, logs.team(team))}
        assert seen == {team}


def test_a_team_gets_no_other_stream(logs, messages):
    streams = {entry["title"]: entry["id"] for entry in logs.ask("/streams", logs.administrator).json()["streams"]}
    for team in messages.keys() - {PLATFORM}:
        account, own = logs.team(team), OWN_STREAM.format(team)
        assert [entry["title"] for entry in logs.ask("/streams", account).json()["streams"]] == [own]
        assert count(logs, account, streams[own]).status == 200
        for title, identifier in streams.items():
            if title == own:
                continue
            assert logs.ask(f"/streams/{identifier}", account).status == 403, title
            answer = search(logs, account, "*", [identifier])
            assert answer.status == 403 or len(answer.text.splitlines()) <= 1, title
            assert count(logs, account, identifier).status == 403, title
            filtered = logs.ask(f"/search/universal/relative?query=*&range=0&filter=streams:{identifier}", account)
            assert filtered.status == 403, title


def test_a_team_gets_no_single_message_of_others(logs, messages):
    for owner, text in messages.items():
        entry = logs.ask(
            f"/search/universal/relative?query=%22{text.replace(' ', '%20')}%22&range=0", logs.administrator
        ).json()["messages"][0]
        path = f"/messages/{entry['index']}/{entry['message']['_id']}"
        for team in messages.keys() - {PLATFORM}:
            assert logs.ask(path, logs.team(team)).status == (200 if team == owner else 403), (owner, team)


NEW_USER = {"username": "testinfra", "password": "x" * 20, "email": "a@b", "full_name": "x", "permissions": ["*"]}
NEW_INPUT = {"title": "testinfra", "type": "org.graylog2.inputs.raw.tcp.RawTCPInput", "configuration": {"port": 1}}


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "/streams", {"title": "testinfra", "rules": [], "index_set_id": "none"}),
        ("POST", "/users", NEW_USER),
        ("PUT", "/users/admin/password", {"password": "x" * 20}),
        ("GET", "/roles", None),
        ("POST", "/system/inputs", NEW_INPUT),
        ("POST", "/system/deflector/cycle", None),
        ("PUT", "/system/messageprocessors/config", {"processor_order": [], "disabled_processors": []}),
    ],
)
def test_a_team_administers_nothing(logs, messages, method, path, body):
    for team in messages.keys() - {PLATFORM}:
        assert logs.ask(path, logs.team(team), method=method, body=body).status == 403, team


def test_a_team_cannot_stop_or_change_its_stream(logs, messages):
    streams = {entry["title"]: entry["id"] for entry in logs.ask("/streams", logs.administrator).json()["streams"]}
    for team in messages.keys() - {PLATFORM}:
        path = f"/streams/{streams[OWN_STREAM.format(team)]}"
        assert logs.ask(f"{path}/pause", logs.team(team), method="POST").status == 403
        assert logs.ask(path, logs.team(team), method="PUT", body={"title": "other"}).status == 403
        assert logs.ask(path, logs.team(team), method="DELETE").status == 403
