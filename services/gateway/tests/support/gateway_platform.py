# SPDX-License-Identifier: GPL-3.0-or-later
"""The gateway on its socket, in front of services on loopback that answer as scripted and note what they
were asked.
"""

import base64
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
from aiohttp import web
from gateway_certificates import Certificates
from mesospark_gateway.configuration import read_configuration
from mesospark_gateway.server import Server

RUN, OTHERS_RUN = "count-20261121t120000-ab12", "train-20261121t120000-cd34"
ADDRESS = "https://gateway.platform.test"
ACCOUNTS = ("marathon", "mesos", "registry_pull", "registry_push", "graylog_operators", "graylog_team_spark")
GROUPS = {
    "alice": "operators",
    "bob": "spark",
    "carol": "viewers",
    "dave": "analytics",
}


@dataclass
class Asked:
    """One request that a service got."""

    service: str
    method: str
    path: str
    query: str
    headers: dict[str, str]
    body: bytes

    @property
    def account(self) -> str:
        """User name of the credentials that came along, empty for none."""
        _scheme, _space, encoded = self.headers.get("Authorization", "").partition(" ")
        return base64.b64decode(encoded).decode().partition(":")[0]


@dataclass
class Answer:
    """What the gateway answered."""

    status: int
    headers: dict[str, str]
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def message(self) -> str:
        return str(self.json()["message"])


@dataclass
class GatewayPlatform:
    """Ask the gateway as somebody; `asked` are the requests that reached services."""

    session: aiohttp.ClientSession
    port: int
    asked: list[Asked] = field(default_factory=list)
    marathon_has_rules: bool = True
    master_leads: bool = True
    tags: set[str] = field(default_factory=lambda: {"3.5.8"})

    async def ask(self, user: str, path: str, method: str = "GET", body: bytes | None = None, **headers: str) -> Answer:
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        if user:
            sent |= {"X-Remote-User": user, "X-Remote-Groups": GROUPS.get(user, "")}
        url = aiohttp.client.URL(f"http://gateway{path}", encoded=True)
        async with self.session.request(method, url, headers=sent, data=body, allow_redirects=False) as answer:
            return Answer(answer.status, dict(answer.headers), await answer.read())

    def last(self, service: str) -> Asked:
        return [asked for asked in self.asked if asked.service == service][-1]

    def reached(self, service: str) -> bool:
        return any(asked.service == service for asked in self.asked)


@asynccontextmanager
async def gateway_platform(folder: Path, certificates: Certificates) -> AsyncIterator[GatewayPlatform]:
    """Everything on loopback and a socket, stopped afterwards."""
    runners: list[web.AppRunner] = []
    socket = folder / "gateway.sock"
    platform: GatewayPlatform

    async def handle(request: web.Request) -> web.StreamResponse:
        path, query = request.rel_url.raw_path, request.rel_url.raw_query_string
        service = next((name for start, name in _STARTS.items() if path.startswith(start)), "driver")
        platform.asked.append(Asked(service, request.method, path, query, dict(request.headers), await request.read()))
        return _ANSWERS[service](platform, request, path)

    backend = web.AppRunner(_application(handle), access_log=None)
    await backend.setup()
    runners.append(backend)
    site = web.TCPSite(backend, "127.0.0.1", 0, ssl_context=certificates.server_context())
    await site.start()
    port = backend.addresses[0][1]
    configuration = read_configuration(write_configuration(folder, certificates, socket, port))
    front = web.AppRunner(Server(configuration).application(), access_log=None)
    await front.setup()
    runners.append(front)
    await web.UnixSite(front, str(socket)).start()
    try:
        async with aiohttp.ClientSession(connector=aiohttp.UnixConnector(str(socket))) as session:
            platform = GatewayPlatform(session, port)
            yield platform
    finally:
        for runner in reversed(runners):
            await runner.cleanup()


def write_configuration(folder: Path, certificates: Certificates, socket: Path, port: int, **changes: Any) -> Path:
    accounts = folder / "accounts.json"
    accounts.write_text(json.dumps({name: {"username": name, "password": "secret"} for name in ACCOUNTS}))
    url = f"https://localhost:{port}"
    document = {
        "address": ADDRESS,
        "socket": str(socket),
        "ca_file": str(certificates.ca),
        "certificate_file": str(certificates.certificate),
        "key_file": str(certificates.key),
        "revocation_list": str(certificates.revoked),
        "accounts_file": str(accounts),
        "teams": ["spark", "analytics"],
        "marathon_urls": [url],
        "mesos_urls": [url],
        "graylog_url": f"{url}/graylog-of-test",
        "registry_url": f"{url}/registry-of-test",
        "services": [
            {"name": "Notebooks", "path": "notebooks", "url": f"{url}/notebooks-of-test", "groups": ["spark"]}
        ],
        **changes,
    }
    path = folder / "gateway.json"
    path.write_text(json.dumps(document))
    return path


def _application(handler: Callable[[web.Request], Any]) -> web.Application:
    application = web.Application(client_max_size=0)
    application.router.add_route("*", "/{path:.*}", handler)
    return application


def _app(run_id: str, team: str, port: int) -> dict[str, Any]:
    return {
        "id": f"/runs/{run_id}",
        "labels": {"run_id": run_id, "job": run_id.partition("-")[0], "principal": team},
        "tasks": [
            {
                "id": f"runs_{run_id}.instance-1._app.1",
                "state": "TASK_RUNNING",
                "host": "localhost",
                "ports": [1, 2, port],
                "startedAt": "2026-11-21T12:00:00.000Z",
            }
        ],
    }


def _marathon(platform: GatewayPlatform, request: web.Request, path: str) -> web.Response:
    user = request.headers.get("X-Remote-User")
    if platform.marathon_has_rules and user is None:
        return web.json_response({"message": "teams: gateway is in no team"}, status=403)
    apps = [_app(RUN, "spark", platform.port), _app(OTHERS_RUN, "analytics", platform.port)]
    if path == "/v2/info":
        return web.json_response({"frameworkId": "F-marathon"})
    if path == "/v2/apps":
        return web.json_response({"apps": apps}, status=201 if request.method == "POST" else 200)
    found = [app for app in apps if path == f"/v2/apps{app['id']}"]
    return web.json_response({"app": found[0]}) if found else web.json_response({"message": "no app"}, status=404)


def _mesos(platform: GatewayPlatform, _request: web.Request, path: str) -> web.Response:
    if path == "/redirect":
        return web.Response(status=307, headers={"Location": f"//localhost:{platform.port}"})
    if not platform.master_leads:
        return web.Response(status=307, headers={"Location": f"//localhost:{platform.port}{path}"})
    label = [{"key": "principal", "value": "analytics"}]
    driver = {"id": "driver-1", "executor_id": "", "framework_id": "F-marathon", "labels": label}
    frameworks = {
        "frameworks": [
            {"id": "F-marathon", "principal": "marathon", "tasks": [driver], "completed_tasks": []},
            {"id": "F-spark", "principal": "spark", "tasks": [{"id": "0", "framework_id": "F-spark"}]},
        ],
        "completed_frameworks": [{"id": "F-analytics", "principal": "analytics", "tasks": []}],
    }
    documents: dict[str, Any] = {
        "/frameworks": frameworks,
        "/state": {"leader_info": {}, "orphan_tasks": [1], **frameworks},
        "/tasks": {"tasks": [driver, {"id": "0", "framework_id": "F-spark"}]},
        "/slaves": {
            "slaves": [
                {
                    "id": "S-1",
                    "hostname": "localhost",
                    "pid": f"slave(1)@127.0.0.1:{platform.port}",
                    "active": True,
                    "resources": {"cpus": 4, "mem": 2048},
                    "used_resources": {"cpus": 1.5, "mem": 512},
                }
            ]
        },
    }
    return web.json_response(documents.get(path, {"path": path}))


def _registry(platform: GatewayPlatform, request: web.Request, path: str) -> web.Response:
    path = path.removeprefix("/registry-of-test")
    if path == "/v2/_catalog":
        return web.json_response({"repositories": ["mesospark/spark"]})
    if path.endswith("/tags/list"):
        return web.json_response({"tags": sorted(platform.tags)})
    if "/manifests/" in path and request.method == "GET" and path.rpartition("/")[2] not in platform.tags:
        return web.json_response({"errors": []}, status=404)
    if request.method == "POST":
        return web.Response(status=202, headers={"Location": "/v2/mesospark/spark/blobs/uploads/1?_state=x"})
    return web.json_response({})


def _driver(platform: GatewayPlatform, _request: web.Request, path: str) -> web.Response:
    if path == "/":
        return web.Response(status=302, headers={"Location": f"https://localhost:{platform.port}/jobs/"})
    return web.Response(
        text="<h1>Spark Jobs</h1>", content_type="text/html", headers={"Set-Cookie": "a=b", "WWW-Authenticate": "x"}
    )


def _further(_platform: GatewayPlatform, _request: web.Request, _path: str) -> web.Response:
    return web.json_response({"message": "here"})


_STARTS = {
    **dict.fromkeys(("/redirect", "/frameworks", "/state", "/tasks", "/slaves", "/version", "/teardown"), "mesos"),
    "/files/": "mesos",
    "/v2/": "marathon",
    "/graylog-of-test": "graylog",
    "/registry-of-test": "registry",
    "/notebooks-of-test": "notebooks",
}
_ANSWERS: dict[str, Callable[[GatewayPlatform, web.Request, str], web.Response]] = {
    "marathon": _marathon,
    "mesos": _mesos,
    "registry": _registry,
    "driver": _driver,
    "graylog": _further,
    "notebooks": _further,
}
