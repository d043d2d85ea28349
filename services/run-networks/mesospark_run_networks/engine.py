# SPDX-License-Identifier: GPL-3.0-or-later
"""Docker's engine by its socket: networks, containers and events."""

import json
import socket
from collections.abc import Iterator
from http.client import HTTPConnection
from typing import Any
from urllib.parse import quote

from mesospark_run_networks import Refusal

LABEL = "mesospark.isolated-run"
_TIMEOUT = 60.0  # seconds
# A created container is about to start.
_LIVING = ["created", "running", "paused", "restarting"]


class _SocketConnection(HTTPConnection):
    def __init__(self, path: str, timeout: float) -> None:
        super().__init__("engine", timeout=timeout)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self._path)


class Engine:
    """Calls raise OSError when the engine does not answer, and Refusal when it refuses."""

    def __init__(self, path: str) -> None:
        self._path = path

    def networks(self) -> list[dict[str, Any]]:
        """Those of isolated runs."""
        found: list[dict[str, Any]] = self._call("GET", f"/networks?filters={_filters(label=[LABEL])}")
        return found

    def create_network(self, name: str, subnet: str, gateway: str, bridge: str, mtu: str, run_id: str) -> None:
        """A bridge whose traffic Docker does not translate: our own rules do, for what goes outside."""
        document = {
            "Name": name,
            "CheckDuplicate": True,
            "Driver": "bridge",
            "IPAM": {"Driver": "default", "Config": [{"Subnet": subnet, "Gateway": gateway}]},
            "Options": {
                "com.docker.network.bridge.name": bridge,
                "com.docker.network.bridge.enable_ip_masquerade": "false",
                "com.docker.network.driver.mtu": mtu,
            },
            "Labels": {LABEL: run_id},
        }
        self._call("POST", "/networks/create", document)

    def remove_network(self, name: str) -> None:
        """Remove a network that has no running containers."""
        self._call("DELETE", f"/networks/{quote(name)}")

    def has_containers(self, name: str) -> bool:
        """Whether a container lives in a network, or is about to."""
        return bool(self._call("GET", f"/containers/json?all=1&filters={_filters(network=[name], status=_LIVING)}"))

    def ends(self, pause: float) -> Iterator[None]:
        """Yield at each end of a container or network, and after ``pause`` seconds without any."""
        query = _filters(type=["container", "network"], event=["die", "destroy"])
        connection = _SocketConnection(self._path, pause)
        try:
            connection.request("GET", f"/events?filters={query}")
            answer = connection.getresponse()
            while True:
                try:
                    if not answer.readline():
                        return
                except TimeoutError:
                    # The answer can not be read any further after a timeout.
                    yield
                    return
                yield
        finally:
            connection.close()

    def _call(self, method: str, path: str, document: Any = None) -> Any:
        connection = _SocketConnection(self._path, _TIMEOUT)
        try:
            body = None if document is None else json.dumps(document)
            connection.request(method, path, body, {"Content-Type": "application/json"} if body else {})
            answer = connection.getresponse()
            data = answer.read()
        finally:
            connection.close()
        if answer.status >= 400:
            raise Refusal(f"Docker refuses {method} {path.partition('?')[0]}: {data.decode(errors='replace').strip()}")
        return json.loads(data) if data else None


def _filters(**values: list[str]) -> str:
    return quote(json.dumps(values))
