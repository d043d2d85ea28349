# SPDX-License-Identifier: GPL-3.0-or-later
"""The collection as Ansible sees it, a scripted server on loopback, and a way to run a module in this process."""

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

_ROOT = Path(__file__).resolve().parents[3]
if (_ROOT / ".collections").is_dir() and str(_ROOT / ".collections") not in sys.path:
    sys.path.insert(0, str(_ROOT / ".collections"))

Answer = tuple[int, Any] | tuple[int, Any, dict[str, str]]
Route = Callable[["Request"], Answer]
WRITES = ("POST", "PUT", "PATCH", "DELETE")


class Request:
    """What the server was asked: ``body`` is decoded JSON, or bytes if it is none."""

    def __init__(self, method: str, target: str, headers: dict[str, str], data: bytes) -> None:
        parts = urlsplit(target)
        self.method, self.path, self.query, self.headers = method, parts.path, dict(parse_qsl(parts.query)), headers
        self.query_list = parse_qsl(parts.query)
        try:
            self.body: Any = json.loads(data) if data else None
        except ValueError:
            self.body = data


class ScriptedServer:
    """Answers by ``routes`` (method and path, or method and path prefix ending in *); unknown paths get 404."""

    def __init__(self) -> None:
        self.routes: dict[str, Answer | Route] = {}
        self.requests: list[Request] = []
        script = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def _answer(self) -> None:
                data = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                request = Request(self.command, self.path, dict(self.headers), data)
                script.requests.append(request)
                status, body, *more = script.find(request)
                content = body if isinstance(body, bytes) else json.dumps(body).encode()
                self.send_response(status)
                for name, value in (more[0] if more else {}).items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                if self.command != "HEAD":
                    self.wfile.write(content)

            do_GET = do_POST = do_PUT = do_DELETE = do_HEAD = do_PATCH = _answer

            def log_message(self, format: str, *args: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self.address = f"127.0.0.1:{self._server.server_port}"
        self._thread = Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        self._thread.start()

    def find(self, request: Request) -> Answer:
        exact = f"{request.method} {request.path}"
        route = self.routes.get(exact)
        if route is None:
            prefixes = [key for key in self.routes if key.endswith("*") and exact.startswith(key[:-1])]
            route = self.routes[max(prefixes, key=len)] if prefixes else (404, {"message": f"no {exact}"})
        return route(request) if callable(route) else route

    @property
    def writes(self) -> list[Request]:
        return [request for request in self.requests if request.method in WRITES]

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


@contextmanager
def scripted_server() -> Iterator[ScriptedServer]:
    server = ScriptedServer()
    try:
        yield server
    finally:
        server.close()


@pytest.fixture
def server() -> Iterator[ScriptedServer]:
    with scripted_server() as running:
        yield running


@pytest.fixture
def other_server() -> Iterator[ScriptedServer]:
    with scripted_server() as running:
        yield running


@pytest.fixture(autouse=True)
def no_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Options have fall-backs in the environment; tests have none."""
    names = ("MARATHON_URL", "MESOS_MASTER_URL", "USERNAME", "PASSWORD", "MESOS_USERNAME", "MESOS_PASSWORD", "CA_PATH")
    kerberos = ("KERBEROS_PRINCIPAL", "KERBEROS_KEYTAB", "KERBEROS_CREDENTIAL_CACHE")
    for name in ("GRAYLOG_URL", "GRAYLOG_USERNAME", "GRAYLOG_PASSWORD"):
        monkeypatch.delenv(name, raising=False)
    for name in (
        *names,
        *kerberos,
        "AUTH",
        "CLIENT_CERT",
        "CLIENT_KEY",
        "REGISTRY_URL",
        "REGISTRY_USERNAME",
        "REGISTRY_PASSWORD",
    ):
        monkeypatch.delenv(name if "URL" in name and "REGISTRY" not in name else f"MESOSPARK_{name}", raising=False)


ModuleRunner = Callable[..., dict[str, Any]]


@pytest.fixture
def run_module(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> ModuleRunner:
    """Runs a module's main() with options and gives its result; ``check_mode`` and ``diff`` as on the command line."""
    from ansible.module_utils.basic import AnsibleModule
    from ansible.module_utils.testing import patch_module_args

    def run(main: Callable[[], None], check_mode: bool = False, **options: Any) -> dict[str, Any]:
        arguments = {**options, "_ansible_check_mode": check_mode, "_ansible_diff": True}
        warnings: list[str] = []
        # Where a test before has loaded Ansible's controller code, warnings go to its display and not into the result.
        monkeypatch.setattr(AnsibleModule, "warn", lambda module, warning, **kwargs: warnings.append(warning))
        with patch_module_args(arguments), pytest.raises(SystemExit):
            main()
        return {**json.loads(capsys.readouterr().out), "warnings": warnings}

    return run
