# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The Mesos master's and agents' operator endpoints: version, agents, frameworks, tasks, and files of sandboxes."""

from __future__ import annotations

import http.client
import json
import typing as t
import urllib.parse
from dataclasses import asdict, dataclass

from .client import Client
from .errors import ApiError, ConnectionFailed

TERMINAL_STATES = frozenset(
    f"TASK_{name}" for name in ("FINISHED", "FAILED", "KILLED", "ERROR", "LOST", "DROPPED", "GONE", "GONE_BY_OPERATOR")
)
# One answer of /files/read holds at most so many bytes.
_READ_LIMIT = 65536
_TAIL_LIMIT = 2 * _READ_LIMIT
_DOWNLOAD_PAGE = 1024 * 1024
_TASK_LIMIT = 2000


@dataclass(frozen=True)
class Agent:
    """An agent: ``resources`` and ``used`` hold cpus (number) and mem (MiB)."""

    id: str
    hostname: str
    address: str
    active: bool
    version: str
    attributes: dict[str, t.Any]
    resources: dict[str, t.Any]
    used: dict[str, t.Any]


class Mesos:
    """Calls return decoded JSON documents in the shapes of the master's endpoints, or Agent."""

    def __init__(self, client: Client) -> None:
        self.client = client

    def version(self) -> dict[str, t.Any]:
        return self.client.request("GET", "/version").json()

    def flags(self) -> dict[str, str]:
        return self.client.request("GET", "/flags").json()["flags"]

    def leader(self) -> dict[str, t.Any]:
        """The leading master's ``{id, hostname, address}``."""
        info = self.client.request("GET", "/state").json().get("leader_info", {})
        return {
            "id": info.get("id"),
            "hostname": info.get("hostname"),
            "address": info.get("pid", "").rpartition("@")[2],
        }

    def agents(self) -> list[Agent]:
        """All registered agents."""
        return [
            Agent(
                id=item["id"],
                hostname=item["hostname"],
                address=item["pid"].rpartition("@")[2],
                active=item["active"],
                version=item.get("version", ""),
                attributes=item.get("attributes", {}),
                resources=item.get("resources", {}),
                used=item.get("used_resources", {}),
            )
            for item in self.client.request("GET", "/slaves").json()["slaves"]
        ]

    @property
    def gateway(self) -> str:
        """URL of the gateway that leads to masters and agents, empty when they are asked themselves.

        A master's URL has no path; a gateway has the masters below ``/mesos`` and each agent below ``/agents``.
        """
        parts = urllib.parse.urlsplit(self.client.url)
        return f"{parts.scheme}://{parts.netloc}{parts.path.rpartition('/')[0]}" if parts.path else ""

    def masters(self) -> list[str]:
        """URLs of the masters, as hosts of the platform reach them."""
        if not self.gateway:
            return list(self.client.connection.urls)
        return self.client.request("GET", "/masters").json()["masters"]

    def url_of(self, agent: Agent) -> str:
        """Where an agent's own endpoints are."""
        if self.gateway:
            return f"{self.gateway}/agents/{agent.hostname}"
        return f"{urllib.parse.urlsplit(self.client.url).scheme}://{agent.address}"

    def seen_from(self, agent: Agent, retry_seconds: float = 2.0) -> Mesos:
        """The same connection, for requests to ``url_of(agent)``: its errors name the agent."""
        service = f"The Mesos agent {agent.hostname}"
        return Mesos(Client(self.client.connection, service, "the address it registered with", retry_seconds))

    def frameworks(self, framework_id: str = "") -> list[dict[str, t.Any]]:
        """Active and completed frameworks with their tasks, one of them if its id is given."""
        query = [("framework_id", framework_id)] if framework_id else None
        document = self.client.request("GET", "/frameworks", query).json()
        return document.get("frameworks", []) + document.get("completed_frameworks", [])

    def tasks(self, framework_id: str = "", task_id: str = "") -> list[dict[str, t.Any]]:
        """Tasks which the master remembers, the newest first: live ones and completed ones."""
        query = [("limit", str(_TASK_LIMIT))]
        query += [("framework_id", framework_id)] if framework_id else []
        query += [("task_id", task_id)] if task_id else []
        return self.client.request("GET", "/tasks", query).json()["tasks"]


class Sandbox:
    """The sandbox of one executor, read through the files API of its agent."""

    def __init__(self, mesos: Mesos, agent: Agent, framework_id: str, executor_id: str) -> None:
        self._client = mesos.client
        self._base_url = mesos.url_of(agent)
        self._folder = f"/frameworks/{framework_id}/executors/{executor_id}/runs/latest"

    def content(self, name: str, limit: int) -> t.Optional[str]:
        """A whole file, or None when there is no such file, it has more than ``limit`` bytes, or the agent does not
        give it.
        """
        try:
            if self._size(name) > limit:
                return None
            query = [("path", f"{self._folder}/{name}")]
            answer = self._client.request("GET", "/files/download", query, base_url=self._base_url)
            return answer.data.decode(errors="replace")
        except (ApiError, ConnectionFailed):
            return None

    def tail(self, name: str, lines: int) -> list[str]:
        """The last lines of a file, none when it can not be read."""
        if not lines:
            return []
        try:
            size = self._size(name)
            start = max(size - _TAIL_LIMIT, 0)
            offsets = range(start, size, _READ_LIMIT)
            text = "".join(self._read(name, offset, min(size - offset, _READ_LIMIT))["data"] for offset in offsets)
        except (ApiError, ConnectionFailed):
            return []
        return text.splitlines()[-lines:]

    def entries(self, folder: str = "") -> list[dict[str, t.Any]]:
        """What is in a folder of the sandbox: ``{path, size, mtime, mode, directory}``, the path relative to the
        sandbox, the size in bytes, the time in whole seconds since the epoch. Raises ApiError (404) when the folder
        is gone.
        """
        place = f"{self._folder}/{folder}" if folder else self._folder
        answer = self._client.request("GET", "/files/browse", [("path", place)], base_url=self._base_url)
        return [
            {
                "path": item["path"].removeprefix(self._folder + "/"),
                "size": int(item["size"]),
                "mtime": int(item["mtime"]),
                "mode": item["mode"],
                "directory": item["mode"].startswith("d"),
            }
            for item in answer.json()
        ]

    def pages(self, name: str, size: int) -> t.Iterator[bytes]:
        """The first ``size`` bytes of a file as they are, page by page; fewer if the file has become shorter.

        A download that breaks off is continued where it broke.
        """
        offset = 0
        query = [("path", f"{self._folder}/{name}")]
        try:
            with self._client.open("GET", "/files/download", query, base_url=self._base_url) as stream:
                while offset < size and (data := stream.read(min(_DOWNLOAD_PAGE, size - offset))):
                    offset += len(data)
                    yield data
        except (OSError, http.client.HTTPException):
            pass  # The rest comes in small answers, each of which is asked for again when it breaks off.
        while offset < size:
            data = self.page(name, offset, size - offset)
            if not data:
                return
            offset += len(data)
            yield data

    def page(self, name: str, offset: int, length: int) -> bytes:
        """Bytes of a file as they are, at most 64 KiB of them; none behind its end."""
        query = [("path", f"{self._folder}/{name}"), ("offset", str(offset)), ("length", str(min(length, _READ_LIMIT)))]
        answer = self._client.request("GET", "/files/read", query, base_url=self._base_url)
        try:
            # Agents put bytes that are no UTF-8 into their JSON as they are.
            text = json.loads(answer.data.decode("utf-8", "surrogateescape"))["data"]
        except (ValueError, KeyError) as error:
            raise ConnectionFailed(f"{answer.url} answered with something that is no page of a file.") from error
        return text.encode("utf-8", "surrogateescape")

    def _size(self, name: str) -> int:
        """Bytes of a file: where reading would begin that begins at the end."""
        return self._read(name, -1, 0)["offset"]

    def _read(self, name: str, offset: int, length: int) -> dict[str, t.Any]:
        query = [("path", f"{self._folder}/{name}"), ("offset", str(offset)), ("length", str(length))]
        return self._client.request("GET", "/files/read", query, base_url=self._base_url).json()


def cluster_state(mesos: Mesos) -> dict[str, t.Any]:
    """Version, leader, agents, frameworks and the sums of the agents' resources."""
    agents = mesos.agents()
    active = [agent for agent in agents if agent.active]
    sums = {
        name: {kind: sum(getattr(agent, field).get(kind, 0) for agent in active) for kind in ("cpus", "mem")}
        for name, field in (("total", "resources"), ("used", "used"))
    }
    frameworks = [
        {
            "id": item["id"],
            "name": item["name"],
            "principal": item.get("principal"),
            "active": item.get("active", False),
            "roles": item.get("roles") or [item.get("role", "*")],
            "tasks": len(item.get("tasks", [])),
            "used": item.get("used_resources", {}),
        }
        for item in mesos.frameworks()
        if item.get("connected") or item.get("active")
    ]
    return {
        "version": mesos.version()["version"],
        "leader": mesos.leader(),
        "agents": [asdict(agent) for agent in agents],
        "frameworks": frameworks,
        "resources": sums,
    }


def labels_of(task: dict[str, t.Any]) -> dict[str, str]:
    """A task's labels as a dictionary."""
    return {label["key"]: label.get("value", "") for label in task.get("labels", [])}


def last_status(task: dict[str, t.Any]) -> dict[str, t.Any]:
    """The newest status ``{state, timestamp, message?}`` of a task, or an empty one."""
    statuses = task.get("statuses", [])
    return max(statuses, key=lambda status: status["timestamp"]) if statuses else {}


def container_of(task: dict[str, t.Any]) -> str:
    """The id of the container in which a task runs or ran, empty if it was not told."""
    told = [status.get("container_status", {}).get("container_id", {}) for status in task.get("statuses", [])]
    return next((container["value"] for container in told if container.get("value")), "")


def running_since(task: dict[str, t.Any]) -> t.Optional[float]:
    """When (seconds since the epoch) a task was first seen running."""
    times = [status["timestamp"] for status in task.get("statuses", []) if status["state"] == "TASK_RUNNING"]
    return min(times) if times else None
