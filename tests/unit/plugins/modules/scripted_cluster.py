# SPDX-License-Identifier: GPL-3.0-or-later
"""Marathon and Mesos as far as the modules ask them, with the state in plain dictionaries."""

from typing import Any

MARATHON_FRAMEWORK = "f-marathon"
AGENT_ID = "s-1"


class ScriptedCluster:
    """``apps`` by id, ``driver_tasks`` and ``frameworks`` as Mesos shows them, ``sandbox`` files by name."""

    def __init__(self, marathon: Any, mesos: Any) -> None:
        self.marathon, self.mesos = marathon, mesos
        self.apps: dict[str, dict[str, Any]] = {}
        self.driver_tasks: list[dict[str, Any]] = []
        self.frameworks: list[dict[str, Any]] = []
        self.queue: list[dict[str, Any]] = []
        self.deployments: list[dict[str, Any]] = []
        self.sandbox: dict[str, str] = {}
        self.events = b""
        marathon.routes |= {
            "GET /v2/info": lambda request: (200, {"frameworkId": MARATHON_FRAMEWORK, "version": "1.11.24"}),
            "GET /v2/apps": lambda request: (200, {"apps": self._selected(request.query.get("label", ""))}),
            "GET /v2/apps/*": self._app,
            "POST /v2/apps": self._create,
            "PUT /v2/apps/*": self._put,
            "POST /v2/apps/*": (200, {"deploymentId": "d", "version": "v"}),
            "DELETE /v2/apps/*": self._delete,
            "GET /v2/queue": lambda request: (200, {"queue": self.queue}),
            "GET /v2/deployments": lambda request: (200, self.deployments),
            "GET /v2/events": lambda request: (200, self.events, {"Content-Type": "text/event-stream"}),
        }
        mesos.routes |= {
            "GET /slaves": lambda request: (200, {"slaves": [self.agent()]}),
            "GET /frameworks": lambda request: (200, {"frameworks": self.frameworks, "completed_frameworks": []}),
            "GET /tasks": lambda request: (200, {"tasks": self.driver_tasks}),
            "GET /version": lambda request: (200, {"version": "1.11.0"}),
            "GET /flags": lambda request: (200, {"flags": {"quorum": "1"}}),
            "GET /state": lambda request: (
                200,
                {"leader_info": {"hostname": "master1", "pid": "master@10.0.0.1:5050"}},
            ),
            "GET /files/browse": self._browse,
            "GET /files/read": self._file,
            "GET /files/download": self._download,
        }

    @property
    def options(self) -> dict[str, Any]:
        """The connection options of every module."""
        return {"marathon_url": self.marathon.url, "mesos_url": self.mesos.url, "timeout": 2}

    @property
    def writes(self) -> list[Any]:
        return self.marathon.writes + self.mesos.writes

    def agent(self) -> dict[str, Any]:
        """The only agent; its files API is the scripted Mesos server's."""
        return {
            "id": AGENT_ID,
            "hostname": "agent1",
            "pid": f"slave(1)@{self.mesos.address}",
            "active": True,
            "resources": {"cpus": 4, "mem": 6144},
            "used_resources": {"cpus": 1, "mem": 512},
        }

    def driver_task(self, run_id: str, state: str, message: str = "", job: str = "pi") -> dict[str, Any]:
        """Remember the first launch of a run's driver in a state."""
        statuses = [{"state": "TASK_RUNNING", "timestamp": 100.0}]
        if state != "TASK_RUNNING":
            statuses.append({"state": state, "timestamp": 121.5, "message": message})
        labels = {"run_id": run_id, "job": job, "principal": "spark"}
        task = {
            "id": f"runs_{run_id}.instance-0b0f2d6e-c6c4-11f0-8b2a-0242ac110002._app.1",
            "framework_id": MARATHON_FRAMEWORK,
            "executor_id": "",
            "slave_id": AGENT_ID,
            "state": state,
            "labels": [{"key": key, "value": value} for key, value in labels.items()],
            "statuses": statuses,
        }
        self.driver_tasks.append(task)
        return task

    def _selected(self, selector: str) -> list[dict[str, Any]]:
        wanted = dict(part.split("==") for part in selector.split(",") if "==" in part)
        exists = [part for part in selector.split(",") if part and "==" not in part]
        return [
            app
            for app in self.apps.values()
            if wanted.items() <= app.get("labels", {}).items() and all(name in app.get("labels", {}) for name in exists)
        ]

    def _app(self, request: Any) -> tuple[int, Any]:
        app = self.apps.get(request.path.removeprefix("/v2/apps"))
        return (200, {"app": app}) if app else (404, {"message": "App does not exist"})

    def _create(self, request: Any) -> tuple[int, Any]:
        if request.body["id"] in self.apps:
            return 409, {"message": f"An app with id [{request.body['id']}] already exists."}
        self.apps[request.body["id"]] = {**request.body, "tasks": [], "version": "v1"}
        return 201, request.body

    def _put(self, request: Any) -> tuple[int, Any]:
        app_id = request.path.removeprefix("/v2/apps")
        self.apps[app_id] = {**self.apps.get(app_id, {"instances": 1}), **request.body, "id": app_id, "version": "v2"}
        return 200, {"deploymentId": "d1", "version": "v2"}

    def _delete(self, request: Any) -> tuple[int, Any]:
        found = self.apps.pop(request.path.removeprefix("/v2/apps"), None)
        return (200, {"deploymentId": "d2", "version": "v3"}) if found else (404, {"message": "App does not exist"})

    def _browse(self, request: Any) -> tuple[int, Any]:
        place = request.query["path"]
        entry = {"mtime": 1000.0, "mode": "-rw-r--r--"}
        return 200, [
            {**entry, "path": f"{place}/{name}", "size": len(text.encode())} for name, text in self.sandbox.items()
        ]

    def _file(self, request: Any) -> tuple[int, Any]:
        text = self.sandbox.get(request.query["path"].rpartition("/")[2])
        if text is None:
            return 404, b""
        offset, length = int(request.query["offset"]), int(request.query["length"])
        return 200, {"offset": len(text), "data": ""} if offset < 0 else {
            "offset": offset,
            "data": text[offset:][:length],
        }

    def _download(self, request: Any) -> tuple[int, Any]:
        text = self.sandbox.get(request.query["path"].rpartition("/")[2])
        return (404, b"") if text is None else (200, text.encode())
