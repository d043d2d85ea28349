# SPDX-License-Identifier: GPL-3.0-or-later
"""Who may speak for others: the holder of a certificate with the right name, and nobody else."""

import asyncio
import ssl
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from mesos_runtime.local_cluster.certificates import CertificateAuthority
from mesos_runtime.local_cluster.cluster import free_port
from mesospark_marathon.access.caller import caller_of
from mesospark_marathon.command_line import parse_options
from mesospark_marathon.events.bus import EventBus
from mesospark_marathon.options import OptionError, Options
from mesospark_marathon.server import MarathonServer
from team_rules import rules_file
from test_server import FakeService

Ask = Callable[..., Coroutine[Any, Any, tuple[int, Any]]]


def who_am_i(application: web.Application) -> None:
    async def tell(request: web.Request) -> web.Response:
        caller = caller_of(request)
        return web.json_response([caller.name, caller.is_operator, [team.name for team in caller.teams]])

    application.router.add_get("/v2/who", tell)


def play(folder: Path, script: Callable[[Ask], Coroutine[Any, Any, None]]) -> None:
    """`ask(certificate name or None, account, headers)` gives status and body of a request."""
    authority = CertificateAuthority(folder / "ca")
    host = authority.issue("host", ["127.0.0.1"], ["localhost"])
    port = free_port()
    options = Options(
        disable_http=True,
        https_port=port,
        ssl_certificate_file=str(host.certificate),
        ssl_key_file=str(host.key),
        ssl_ca_file=str(authority.certificate),
        ssl_client_authentication="optional",
        http_credentials="gateway:one\noperator:one\nbob:one",
        rules_file=str(rules_file(folder)),
        trusted_proxies="edge1.platform.test, gateway.platform.test",
    )

    def context_of(name: str | None) -> ssl.SSLContext:
        certificate = authority.issue(name.partition(".")[0], ["127.0.0.1"], [name]) if name else None
        return authority.client_context(certificate)

    async def ask(name: str | None, account: str, headers: list[tuple[str, str]]) -> tuple[int, Any]:
        sent = [("Authorization", aiohttp.encode_basic_auth(account, "one")), *headers]
        connector = aiohttp.TCPConnector(ssl=context_of(name))
        async with (
            aiohttp.ClientSession(connector=connector) as session,
            session.get(f"https://127.0.0.1:{port}/v2/who", headers=sent) as response,
        ):
            return response.status, await response.json()

    async def run() -> None:
        server = MarathonServer(options, FakeService(), EventBus(10), who_am_i)
        await server.start()
        try:
            await script(ask)
        finally:
            await server.stop()

    asyncio.run(run())


def test_a_trusted_proxy_speaks_for_the_user_and_not_for_itself(tmp_path: Path) -> None:
    async def script(ask: Ask) -> None:
        proxy = "gateway.platform.test"
        user = ("X-Remote-User", "bob")
        assert await ask(proxy, "gateway", [user]) == (200, ["bob", False, ["spark"]])
        assert await ask(proxy, "operator", [user]) == (200, ["bob", False, ["spark"]])
        groups = ("X-Remote-Groups", "analytics, staff")
        assert await ask(proxy, "gateway", [("X-Remote-User", "eve"), groups]) == (200, ["eve", False, ["analytics"]])
        assert (await ask(proxy, "gateway", [("X-Remote-User", "eve")]))[0] == 403
        assert (await ask(proxy, "gateway", []))[0] == 403
        for wrong in ([("X-Remote-User", "")], [user, ("X-Remote-User", "alice")], [groups]):
            status, answer = await ask(proxy, "operator", wrong)
            assert status == 403 and answer["message"].startswith("trusted_proxies: a proxy must name one user")

    play(tmp_path, script)


@pytest.mark.parametrize("certificate", [None, "agent1.platform.test"])
def test_the_header_of_anybody_else_is_refused(tmp_path: Path, certificate: str | None) -> None:
    async def script(ask: Ask) -> None:
        for headers in ([("X-Remote-User", "alice")], [("X-Remote-Groups", "operators")]):
            status, answer = await ask(certificate, "bob", headers)
            assert status == 403
            assert answer["message"].startswith("trusted_proxies: X-Remote-User is believed from trusted proxies only")
            assert answer["message"].endswith(certificate or "none")
        assert await ask(certificate, "bob", []) == (200, ["bob", False, ["spark"]])
        assert await ask(certificate, "operator", []) == (200, ["operator", True, []])

    play(tmp_path, script)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--rules_file", "/r.json"], "--rules_file needs --http_credentials_file"),
        (["--trusted_proxies", "edge1"], "--trusted_proxies has no effect without --rules_file"),
        (
            ["--rules_file", "/r.json", "--http_credentials_file", "ACCOUNTS", "--trusted_proxies", "edge1"],
            "--trusted_proxies needs --ssl_client_authentication",
        ),
    ],
)
def test_flags_that_lack_another(tmp_path: Path, arguments: list[str], words: str) -> None:
    accounts = tmp_path / "accounts"
    accounts.write_text("operator:one\n")
    with pytest.raises(OptionError, match=words):
        parse_options([str(accounts) if text == "ACCOUNTS" else text for text in arguments], {})
