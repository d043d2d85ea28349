# SPDX-License-Identifier: GPL-3.0-or-later
"""httpd in front of the gateway: tickets of a real Kerberos server, passwords, groups, and what is dropped.

Behind the socket stands something that says what reached it.
"""

import asyncio
import json
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from gateway_front import NAME, Front, Realm
from mesos_runtime.local_cluster.certificates import CertificateAuthority

pytestmark = pytest.mark.system

GROUPS = {"alice": "operators", "bob": "spark", "carol": "viewers"}
TEAMS = ["spark", "analytics"]
FORGED = ("--header", "X-Remote-User: alice", "--header", "X-Remote-Groups: operators")


@pytest.fixture(scope="module")
def socket(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Answers with the headers and the path of each request."""
    # httpd's own user must get at it.
    folder = tmp_path_factory.mktemp("socket")
    for path in (folder, *folder.parents[:2]):
        path.chmod(0o755)
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()

    async def echo(request: web.Request) -> web.Response:
        length = len(await request.read())
        names = {name: request.headers.getall(name) for name in request.headers}
        return web.json_response({"path": request.rel_url.raw_path_qs, "headers": names, "length": length})

    async def listen() -> web.AppRunner:
        application = web.Application(client_max_size=0)
        application.router.add_route("*", "/{path:.*}", echo)
        runner = web.AppRunner(application, access_log=None)
        await runner.setup()
        await web.UnixSite(runner, str(folder / "socket")).start()
        (folder / "socket").chmod(0o666)
        return runner

    runner = asyncio.run_coroutine_threadsafe(listen(), loop).result(10)
    yield folder / "socket"
    asyncio.run_coroutine_threadsafe(runner.cleanup(), loop).result(10)
    loop.call_soon_threadsafe(loop.stop)
    thread.join()
    loop.close()


@pytest.fixture(scope="module")
def front(socket: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Front]:
    folder = tmp_path_factory.mktemp("front")
    folder.chmod(0o755)
    certificate = CertificateAuthority(folder / "tls").issue("gateway", names=[NAME])
    with (
        Realm(folder, [*GROUPS, "mallory", "spark"]) as realm,
        Front(folder, realm, certificate, socket, GROUPS, TEAMS) as running,
    ):
        yield running


def seen(answer: tuple[int, str]) -> dict[str, Any]:
    """What reached the socket."""
    assert answer[0] == 200, answer
    return dict(json.loads(answer[1]))


def test_nobody_gets_in_without_a_proof(front: Front) -> None:
    assert front.ask("", "/")[0] == 401
    assert front.ask("", "/health", *FORGED)[0] == 401
    assert front.ask_with("/", "--user", "bob:wrong")[0] == 401
    assert front.ask_with("/", "--user", "nobody:nobody-password")[0] == 401


@pytest.mark.parametrize(
    ("user", "groups"), [("alice", "operators"), ("bob", "spark"), ("carol", "viewers"), ("spark", "spark")]
)
def test_name_and_groups_are_handed_on(front: Front, user: str, groups: str) -> None:
    by_ticket = seen(front.ask(user, "/"))["headers"]
    by_password = seen(front.ask_with("/", "--user", f"{user}:{user}-password"))["headers"]
    for headers in (by_ticket, by_password):
        assert (headers["X-Remote-User"], headers["X-Remote-Groups"]) == ([user], [groups])


def test_whoever_is_in_no_group_is_refused(front: Front) -> None:
    status, body = front.ask("mallory", "/", *FORGED)
    assert status == 403
    assert json.loads(body)["message"].startswith("groups: ")


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH"])
def test_viewers_only_look(front: Front, method: str) -> None:
    assert front.ask("carol", "/marathon/v2/apps", "--request", method)[0] == 403
    assert front.ask("bob", "/marathon/v2/apps", "--request", method)[0] == 200


def test_what_a_caller_says_of_himself_is_dropped(front: Front) -> None:
    headers = seen(front.ask("bob", "/", *FORGED))["headers"]
    assert (headers["X-Remote-User"], headers["X-Remote-Groups"]) == (["bob"], ["spark"])
    # A header that is declared to be for one hop takes httpd's own with it: the program then refuses.
    answer = seen(front.ask("bob", "/", *FORGED, "--header", "Connection: X-Remote-User, X-Remote-Groups"))
    assert answer["headers"].get("X-Remote-User", ["bob"]) == ["bob"]
    assert answer["headers"].get("X-Remote-Groups", ["spark"]) == ["spark"]


def test_paths_arrive_as_they_were_sent(front: Front) -> None:
    path = "/marathon/v2/apps//runs%2Fx?embed=a%2Fb"
    assert seen(front.ask("bob", path))["path"] == path


def test_large_bodies_arrive(front: Front, tmp_path: Path) -> None:
    data = tmp_path / "layer"
    data.write_bytes(bytes(20_000_000))
    assert seen(front.ask("bob", "/v2/x/blobs/uploads/1", "--upload-file", str(data)))["length"] == 20_000_000


def test_nothing_is_served_in_clear(front: Front) -> None:
    assert front.ask_with(f"http://127.0.0.1:{front.port}/")[0] == 400
    assert front.ask_with("/", "--tls-max", "1.1")[0] == 0


def test_every_request_is_logged(front: Front) -> None:
    front.ask("bob", '/audit?a="b')
    front.ask("", "/audit")
    time.sleep(0.2)
    lines = [line for line in front.audit.read_text().splitlines() if 'path="/audit"' in line]
    known = [line for line in lines if line.startswith("user=bob@PLATFORM.TEST client=127.0.0.1 method=GET ")]
    assert len(known) == 1
    assert 'query="?a=\\"b" status=200' in known[0]
    assert any(line.startswith("user=- ") and "status=401" in line for line in lines)
