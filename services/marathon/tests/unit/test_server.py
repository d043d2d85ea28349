# SPDX-License-Identifier: GPL-3.0-or-later

import asyncio
import json
import logging
import socket
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from mesos_runtime.local_cluster.certificates import CertificateAuthority
from mesos_runtime.local_cluster.cluster import free_port
from mesospark_marathon.events.bus import EventBus
from mesospark_marathon.model.app import App
from mesospark_marathon.options import OptionError, Options
from mesospark_marathon.server import ListenError, MarathonServer

ACCOUNTS = "operator:one\nreader:two:2"


class FakeService:
    """The core's part of what the server asks for."""

    leader = "marathon.test:8080"

    def metrics(self) -> Mapping[str, float]:
        return {"marathon.apps.active.gauge": 3, "marathon.deployments.counter": 4}

    def known_app(self, app_id: str) -> App | None:
        return None

    async def flushed(self) -> None:
        return None


def add_resources(application: web.Application) -> None:
    async def echo(request: web.Request) -> web.Response:
        return web.Response(body=await request.read(), content_type="application/json")

    async def fault(_request: web.Request) -> web.Response:
        raise ValueError("something is wrong")

    application.router.add_get("/v2/apps", echo)
    application.router.add_post("/v2/apps", echo)
    application.router.add_get("/v2/fault", fault)


@asynccontextmanager
async def serving(**options: Any) -> AsyncIterator[tuple[MarathonServer, EventBus, str]]:
    port = free_port()
    bus = EventBus(100)
    listener = {"https_port": port} if options.get("disable_http") else {"http_port": port}
    server = MarathonServer(Options(**listener, **options), FakeService(), bus, add_resources)
    await server.start()
    try:
        yield server, bus, f"{'https' if options.get('disable_http') else 'http'}://127.0.0.1:{port}"
    finally:
        await server.stop()


def answer(method: str, path: str, headers: Mapping[str, str] | None = None, **options: Any) -> tuple[int, Any, Any]:
    """Status, headers and body of one request to a server with these options."""

    async def run() -> tuple[int, Any, Any]:
        data = options.pop("data", None)
        async with (
            serving(**options) as (_, _, url),
            aiohttp.ClientSession(skip_auto_headers=["Content-Type"]) as session,
            session.request(method, url + path, headers=headers, data=data) as response,
        ):
            return response.status, response.headers, await response.text()

    return asyncio.run(run())


@pytest.mark.parametrize(
    ("method", "path", "headers", "status", "message"),
    [
        ("GET", "/v2/nothing", {}, 500, "URI not found"),
        ("POST", "/nothing/at/all", {}, 500, "URI not found"),
        ("DELETE", "/v2/apps", {}, 405, "Method Not Allowed"),
        ("GET", "/v2/apps", {"Accept": "text/plain"}, 406, "Not Acceptable"),
        ("POST", "/v2/apps", {"Content-Type": "text/plain"}, 415, "Unsupported Media Type"),
        ("GET", "/v2/fault", {}, 500, "something is wrong"),
    ],
)
def test_refusals(method: str, path: str, headers: dict[str, str], status: int, message: str) -> None:
    got, answered, body = answer(method, path, headers, data=b"{}" if method == "POST" else None)
    assert (got, json.loads(body)) == (status, {"message": message})
    assert answered["Content-Type"] == "application/json"
    assert "Allow" not in answered


@pytest.mark.parametrize(
    "headers",
    [
        {"Content-Type": "application/json; charset=utf-8", "Accept": "text/html, */*;q=0.1"},
        {"Content-Type": "Application/JSON", "Accept": "application/*"},
        {"Accept": "application/json"},
    ],
)
def test_json_in_all_its_spellings_is_taken(headers: dict[str, str]) -> None:
    assert answer("POST", "/v2/apps", headers, data=b'{"id":"/x"}')[::2] == (200, '{"id":"/x"}')


def test_every_answer_names_the_leader_and_forbids_caching() -> None:
    for path in ("/ping", "/v2/nothing", "/v2/apps"):
        _, headers, _ = answer("GET", path)
        assert headers["X-Marathon-Leader"] == "http://marathon.test:8080"
        assert headers["Cache-Control"] == "no-cache, no-store, must-revalidate"
        assert (headers["Pragma"], headers["Expires"], headers["X-Frame-Options"]) == ("no-cache", "0", "DENY")
        assert "aiohttp" not in headers["Server"]


def test_ping_in_text_and_json() -> None:
    assert answer("GET", "/ping")[::2] == (200, "pong")
    status, headers, body = answer("GET", "/ping", {"Accept": "application/json"})
    assert (status, headers["Content-Type"], body) == (200, "application/json", '"pong"')


@pytest.mark.parametrize(
    ("user", "password", "status"),
    [
        ("operator", "one", 200),
        ("reader", "two:2", 200),
        ("operator", "two:2", 401),
        ("operator", "", 401),
        ("nobody", "", 401),
        ("nobody", "one", 401),
    ],
)
def test_credentials(user: str, password: str, status: int) -> None:
    headers = {"Authorization": aiohttp.encode_basic_auth(user, password)}
    assert answer("GET", "/ping", headers, http_credentials=ACCOUNTS)[0] == status


@pytest.mark.parametrize("authorization", ["", "Basic", "Basic !!!", "Basic /w==", "Bearer b25l", "Basic b3BlcmF0b3I="])
@pytest.mark.parametrize("path", ["/ping", "/v2/apps", "/v2/events", "/metrics", "/nothing"])
def test_a_stranger_gets_the_same_401_everywhere(path: str, authorization: str) -> None:
    headers = {"Authorization": authorization} if authorization else {}
    status, answered, body = answer("GET", path, headers, http_credentials=ACCOUNTS, http_realm="cluster")
    assert status == 401
    assert answered["WWW-Authenticate"] == 'Basic realm="cluster"'
    assert "html" in answered["Content-Type"] and "Unauthorized" in body


def test_changes_and_refusals_are_logged_with_who_sent_them(caplog: pytest.LogCaptureFixture) -> None:
    headers = {"Authorization": aiohttp.encode_basic_auth("operator", "one"), "Content-Type": "application/json"}
    with caplog.at_level(logging.INFO):
        answer("POST", "/v2/apps", headers, data=b"{}", http_credentials=ACCOUNTS)
        answer("GET", "/v2/apps", headers, http_credentials=ACCOUNTS)
        answer("DELETE", "/v2/apps%0Aforged", http_credentials=ACCOUNTS)
    lines = [record.message for record in caplog.records if "/v2" in record.message]
    assert lines == [
        "POST /v2/apps from 127.0.0.1 (operator): 200",
        "Refused DELETE /v2/apps%0Aforged from 127.0.0.1: no or wrong credentials",
    ]


@pytest.mark.parametrize("accept", ["application/json", "*/*", ""])
def test_events_need_their_accept_header(accept: str) -> None:
    status, headers, body = answer("GET", "/v2/events", {"Accept": accept})
    assert (status, body, headers.get("Content-Type")) == (405, "", None)


def test_the_event_stream_and_its_end() -> None:
    async def run() -> None:
        async with serving() as (server, bus, url), aiohttp.ClientSession() as session:
            headers = {"Accept": "text/event-stream"}
            async with session.get(f"{url}/v2/events?event_type=a&event_type=b", headers=headers) as stream:
                assert stream.headers["Content-Type"] == "text/event-stream;charset=utf-8"
                assert stream.headers["X-Marathon-Leader"]
                while not bus.attached:
                    await asyncio.sleep(0.01)
                bus.publish("c", {})
                bus.publish("b", {"n": 1})
                assert await stream.content.readline() == b"event: b\r\n"
                assert json.loads((await stream.content.readline()).removeprefix(b"data: "))["n"] == 1
                async with asyncio.timeout(3):
                    await server.stop()
                    assert (await stream.content.read()).strip() == b""
        assert bus.attached == 0

    asyncio.run(run())


def test_a_client_that_does_not_read_is_disconnected() -> None:
    async def run() -> None:
        async with serving() as (_, bus, url):
            reader, writer = await asyncio.open_connection("127.0.0.1", int(url.rpartition(":")[2]), limit=1024)
            writer.write(b"GET /v2/events HTTP/1.1\r\nHost: x\r\nAccept: text/event-stream\r\n\r\n")
            async with asyncio.timeout(10):
                while not bus.attached:
                    await asyncio.sleep(0.01)
                while bus.attached:
                    bus.publish("tick", {"filling": "x" * 10_000})
                    await asyncio.sleep(0)
                with pytest.raises((ConnectionError, asyncio.IncompleteReadError)):
                    await reader.readexactly(1_000_000_000)
            writer.close()

    asyncio.run(run())


def test_metrics_in_both_forms() -> None:
    _, _, body = answer("GET", "/metrics")
    document = json.loads(body)
    assert document["version"] == "4.0.0"
    assert document["gauges"]["marathon.apps.active.gauge"] == {"value": 3}
    assert document["gauges"]["marathon.http.requests.active.gauge"] == {"value": 1}
    assert document["counters"]["marathon.deployments.counter"] == {"count": 4}
    assert document["timers"]["marathon.http.requests.get.duration.timer.seconds"]["count"] == 0
    _, headers, text = answer("GET", "/metrics/prometheus")
    assert headers["Content-Type"].startswith("text/plain")
    assert "marathon_apps_active_gauge 3.0" in text
    assert "process_resident_memory_bytes" in text


def test_a_port_in_use_is_named() -> None:
    async def run(port: int) -> None:
        server = MarathonServer(Options(http_port=port), FakeService(), EventBus(1), add_resources)
        with pytest.raises(ListenError, match=f"can not listen on 127.0.0.1:{port}"):
            await server.start()

    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        asyncio.run(run(taken.getsockname()[1]))


@pytest.mark.parametrize(("wanted", "without", "with_certificate"), [("optional", 200, 200), ("required", 0, 200)])
def test_client_certificates(tmp_path: Path, wanted: str, without: int, with_certificate: int) -> None:
    authority, stranger = CertificateAuthority(tmp_path / "ca"), CertificateAuthority(tmp_path / "stranger")
    host = authority.issue("host", ["127.0.0.1"], ["localhost"])
    options = {
        "disable_http": True,
        "ssl_certificate_file": str(host.certificate),
        "ssl_key_file": str(host.key),
        "ssl_ca_file": str(authority.certificate),
        "ssl_client_authentication": wanted,
    }

    async def status(url: str, issuer: CertificateAuthority | None) -> int:
        certificate = issuer.issue("client", ["127.0.0.1"], ["client"]) if issuer else None
        context = authority.client_context(certificate)
        async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(ssl=context)) as session:
            try:
                async with session.get(f"{url}/ping") as response:
                    return response.status
            except aiohttp.ClientError:
                return 0

    async def run() -> None:
        async with serving(**options) as (_, _, url):
            assert await status(url, None) == without
            assert await status(url, authority) == with_certificate
            assert await status(url, stranger) == 0

    asyncio.run(run())


def test_a_renewed_certificate_is_used_and_a_broken_one_is_not(tmp_path: Path) -> None:
    authority = CertificateAuthority(tmp_path / "ca")
    first, second = (authority.issue(name, ["127.0.0.1"], ["localhost"]) for name in ("first", "second"))
    options = {
        "disable_http": True,
        "ssl_certificate_file": str(first.certificate),
        "ssl_key_file": str(first.key),
    }

    async def serial(url: str) -> str:
        port = int(url.rpartition(":")[2])
        _, writer = await asyncio.open_connection("127.0.0.1", port, ssl=authority.client_context())
        certificate = writer.get_extra_info("peercert")
        writer.close()
        return str(certificate["serialNumber"])

    async def run() -> None:
        async with serving(**options) as (server, _, url):
            before = await serial(url)
            first.certificate.write_bytes(b"nothing")
            server.reload_certificate()
            assert await serial(url) == before
            first.certificate.write_bytes(second.certificate.read_bytes())
            first.key.write_bytes(second.key.read_bytes())
            server.reload_certificate()
            assert await serial(url) != before

    asyncio.run(run())


def test_a_broken_certificate_is_named(tmp_path: Path) -> None:
    broken = tmp_path / "broken.pem"
    broken.write_text("nothing")
    options = Options(ssl_certificate_file=str(broken), ssl_key_file=str(broken))
    with pytest.raises(OptionError, match=r"broken\.pem: not a PEM certificate"):
        MarathonServer(options, FakeService(), EventBus(1), add_resources)
