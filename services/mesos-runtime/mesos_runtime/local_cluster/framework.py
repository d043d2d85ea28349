# SPDX-License-Identifier: GPL-3.0-or-later
"""A small framework on Mesos' v1 scheduler API, to run single tasks in tests."""

import base64
import http.client
import json
import ssl
import threading
import time
import urllib.parse
import uuid
from collections.abc import Callable, Mapping, Sequence
from types import TracebackType
from typing import Any, TypeVar

from mesos_runtime.local_cluster.cluster import LocalCluster
from mesos_runtime.local_cluster.errors import ClusterError

Json = dict[str, Any]
TERMINAL = frozenset(
    f"TASK_{state}" for state in ("FINISHED", "FAILED", "KILLED", "LOST", "ERROR", "DROPPED", "GONE", "UNREACHABLE")
)
_Value = TypeVar("_Value")


class Framework:
    """Subscribed within a `with` block, torn down at its end. `updates` holds every TaskStatus in order."""

    def __init__(
        self,
        cluster: LocalCluster,
        *,
        principal: str | None = None,
        secret: str | None = None,
        checkpoint: bool = True,
        user: str = "root",
        task_killing_state: bool = True,
        name: str = "test",
    ) -> None:
        url = urllib.parse.urlsplit(cluster.master_url)
        self._host, self._port = url.hostname or "", url.port
        self._context: ssl.SSLContext | None = cluster.client_context()
        self._headers = {"Content-Type": "application/json", "Accept": "application/json"}
        capabilities = [{"type": "MULTI_ROLE"}] + [{"type": "TASK_KILLING_STATE"}] * task_killing_state
        self._info: Json = {
            "user": user,
            "name": name,
            "roles": ["*"],
            "checkpoint": checkpoint,
            "failover_timeout": 60.0,
            "capabilities": capabilities,
        }
        if principal is None and cluster.authentication:
            principal = cluster.authentication.frameworks[0]
        if principal is not None:
            secret = cluster.credentials[principal] if secret is None else secret
            self._headers["Authorization"] = "Basic " + base64.b64encode(f"{principal}:{secret}".encode()).decode()
            self._info["principal"] = principal
        self.framework_id = ""
        self.updates: list[Json] = []
        self.errors: list[str] = []
        self._offers: dict[str, Json] = {}
        self._changed = threading.Condition()
        self._closing = False

    def __enter__(self) -> "Framework":
        self._stream = self._connection()
        self._post(self._stream, {"type": "SUBSCRIBE", "subscribe": {"framework_info": self._info}})
        answer = self._stream.getresponse()
        if answer.status != 200:
            raise ClusterError(f"SUBSCRIBE was answered {answer.status} {answer.read().decode(errors='replace')}")
        self._headers["Mesos-Stream-Id"] = answer.getheader("Mesos-Stream-Id", "")
        threading.Thread(target=self._read, args=(answer,), daemon=True).start()
        self._wait(lambda: self.framework_id, "SUBSCRIBED", 20)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._closing = True
        self._call({"type": "TEARDOWN"})

    def launch(self, task: Json, agent_host: str | None = None) -> str:
        """Launch on the next good offer; the task's id."""

        def suitable() -> Json | None:
            for offer in self._offers.values():
                cpus = sum(r["scalar"]["value"] for r in offer["resources"] if r["name"] == "cpus")
                if cpus >= 1 and agent_host in (None, offer["hostname"]):
                    return offer
            return None

        offer = self._wait(suitable, "an offer", 30)
        del self._offers[offer["id"]["value"]]
        operation = {"type": "LAUNCH", "launch": {"task_infos": [{**task, "agent_id": offer["agent_id"]}]}}
        accept = {"offer_ids": [offer["id"]], "operations": [operation], "filters": {"refuse_seconds": 0.0}}
        self._call({"type": "ACCEPT", "accept": accept})
        task_id: str = task["task_id"]["value"]
        return task_id

    def kill(self, task_id: str, grace: float | None = None) -> None:
        """Kill a task, with `grace` seconds between TERM and KILL instead of its own."""
        kill: Json = {"task_id": {"value": task_id}}
        if grace is not None:
            kill["kill_policy"] = {"grace_period": {"nanoseconds": int(grace * 1e9)}}
        self._call({"type": "KILL", "kill": kill})

    def wait_for(
        self, task_id: str, *states: str, timeout: float = 30, where: Callable[[Json], bool] = lambda status: True
    ) -> Json:
        """The task's first status in one of `states` (default: terminal ones); ClusterError if another end came."""
        wanted = frozenset(states) or TERMINAL

        def found() -> Json | None:
            for status in self.history(task_id):
                if status["state"] in wanted and where(status):
                    return status
                if status["state"] in TERMINAL:
                    raise ClusterError(f"{task_id} ended with {status}, not with {', '.join(sorted(wanted))}")
            return None

        return self._wait(found, f"{', '.join(sorted(wanted))} of {task_id}", timeout)

    def history(self, task_id: str) -> list[Json]:
        """Every status of a task so far."""
        return [status for status in list(self.updates) if status["task_id"]["value"] == task_id]

    def states(self, task_id: str) -> list[str]:
        """The states of `history`."""
        return [status["state"] for status in self.history(task_id)]

    def _connection(self) -> http.client.HTTPConnection:
        if self._context:
            return http.client.HTTPSConnection(self._host, self._port, context=self._context)
        return http.client.HTTPConnection(self._host, self._port)

    def _post(self, connection: http.client.HTTPConnection, body: Json) -> None:
        connection.request("POST", "/api/v1/scheduler", json.dumps(body), self._headers)

    def _call(self, body: Json) -> None:
        connection = self._connection()
        try:
            self._post(connection, {**body, "framework_id": {"value": self.framework_id}})
            answer = connection.getresponse()
            text = answer.read().decode(errors="replace")
        finally:
            connection.close()
        if answer.status != 202:
            raise ClusterError(f"{body['type']} was answered {answer.status} {text}")

    def _wait(self, condition: Callable[[], _Value | None], what: str, timeout: float) -> _Value:
        deadline = time.monotonic() + timeout
        with self._changed:
            while not (value := condition()):
                left = deadline - time.monotonic()
                if left <= 0:
                    raise ClusterError(f"no {what} within {timeout:g} s; seen {self.updates[-5:]} {self.errors}")
                self._changed.wait(min(left, 0.5))
        return value

    def _read(self, answer: http.client.HTTPResponse) -> None:
        try:
            while (line := answer.readline()).strip():
                self._on_event(json.loads(answer.read(int(line))))
        except (OSError, ValueError, http.client.HTTPException) as error:
            if not self._closing:
                self.errors.append(f"stream ended: {error}")

    def _on_event(self, event: Json) -> None:
        with self._changed:
            kind = event["type"]
            if kind == "SUBSCRIBED":
                self.framework_id = event["subscribed"]["framework_id"]["value"]
            elif kind == "OFFERS":
                self._offers.update({offer["id"]["value"]: offer for offer in event["offers"]["offers"]})
            elif kind == "RESCIND":
                self._offers.pop(event["rescind"]["offer_id"]["value"], None)
            elif kind == "UPDATE":
                self.updates.append(event["update"]["status"])
            elif kind == "ERROR":
                self.errors.append(event["error"]["message"])
            self._changed.notify_all()
        if kind == "UPDATE" and "uuid" in event["update"]["status"]:
            status = event["update"]["status"]
            acknowledge = {name: status[name] for name in ("agent_id", "task_id", "uuid")}
            try:
                self._call({"type": "ACKNOWLEDGE", "acknowledge": acknowledge})
            except (ClusterError, OSError) as error:
                if not self._closing:
                    self.errors.append(str(error))


def command_task(command: str | Sequence[str], *, environment: Mapping[str, str] | None = None, **more: Any) -> Json:
    """TaskInfo of a command task: a shell line, or program and arguments. `more`: further fields of TaskInfo."""
    name = f"task-{uuid.uuid4().hex[:8]}"
    if isinstance(command, str):
        info: Json = {"shell": True, "value": command}
    else:
        info = {"shell": False, "value": command[0], "arguments": list(command)}
    if environment:
        info["environment"] = {"variables": [{"name": n, "value": v} for n, v in environment.items()]}
    resources = [{"name": n, "type": "SCALAR", "scalar": {"value": v}} for n, v in (("cpus", 0.1), ("mem", 64))]
    return {"name": name, "task_id": {"value": name}, "resources": resources, "command": info, **more}


def docker_task(
    image: str,
    command: str | Sequence[str],
    *,
    network: str = "HOST",
    parameters: Mapping[str, str] | None = None,
    environment: Mapping[str, str] | None = None,
    **more: Any,
) -> Json:
    """TaskInfo of a docker task: a shell line, or arguments of the image's entry point."""
    task = command_task(command, environment=environment, **more)
    if not isinstance(command, str):
        task["command"].update(value=command[0], arguments=list(command[1:]))
    docker: Json = {"image": image, "network": network}
    docker["parameters"] = [{"key": key, "value": value} for key, value in (parameters or {}).items()]
    return {**task, "container": {"type": "DOCKER", "docker": docker}}
