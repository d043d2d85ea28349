# SPDX-License-Identifier: GPL-3.0-or-later
"""/v2/tasks and the tasks of an app."""

import re
import uuid
from collections.abc import Iterable
from typing import Any

from aiohttp import web

from mesospark_marathon.access.caller import caller_of
from mesospark_marathon.api.http import (
    METHOD_NOT_ALLOWED,
    flag,
    json_answer,
    path_of,
    plan_answer,
    read_json,
    segments_after,
)
from mesospark_marathon.api.render import task_json
from mesospark_marathon.model import paths
from mesospark_marathon.model.errors import ApiError, invalid_json, unknown_app, unknown_group
from mesospark_marathon.model.reader import compact
from mesospark_marathon.model.root import Root
from mesospark_marathon.scheduler.instances import RUNNING, STAGED, Instance, instance_id_of
from mesospark_marathon.service import MarathonService

Document = dict[str, Any]

_TASK_ID = re.compile(r"(?P<app>.+)\.(?:instance-|marker-)(?P<uuid>[^.]+)(?:\..+)?")
_STATUSES = {"running": frozenset({RUNNING}), "staging": STAGED}


class Tasks:
    """Listing and ending tasks."""

    def __init__(self, service: MarathonService) -> None:
        self._service = service

    async def collection(self, request: web.Request) -> web.Response:
        """/v2/tasks"""
        if request.method not in ("GET", "HEAD"):
            raise METHOD_NOT_ALLOWED
        asked = request.query.getall("status", []) + request.query.getall("status[]", [])
        conditions = frozenset[str]().union(*(_STATUSES.get(status, frozenset()) for status in asked))
        tasks = []
        for app_id in self._service.scheduler.tracker.apps():
            app = self._service.app(app_id)
            if app is None or not caller_of(request).sees(app):
                continue
            for instance in self._service.scheduler.tracker.of_app(app_id):
                if instance.has_task and (not conditions or instance.condition in conditions):
                    tasks.append(task_json(self._service, instance, app.service_ports))
        return json_answer({"tasks": tasks})

    async def delete(self, request: web.Request) -> web.Response:
        """POST /v2/tasks/delete"""
        if request.method != "POST":
            raise METHOD_NOT_ALLOWED
        _refuse_scale_and_wipe(request)
        ids = _read_ids(await read_json(request))
        for task_id in ids:
            _refuse_malformed(task_id)
        found = [self._service.scheduler.tracker.get(instance_id_of(task_id)) for task_id in ids]
        instances = [entry for entry in found if entry is not None and entry.has_task]
        for instance in instances:
            self._require_ownership(request, instance.app_id)
        if flag(request, "scale"):
            return await self._kill_and_scale(request, instances)
        shown = [task_json(self._service, instance) for instance in instances]
        await self._kill(request, instances)
        return json_answer({"tasks": shown})

    async def of_app(self, request: web.Request) -> web.Response:
        """/v2/apps/{id}/tasks[/{task}], and /v2/apps/{group}/*/tasks"""
        segments = segments_after(request, "apps")
        if segments[-1] == "tasks":
            if segments[-2] == "*":
                return self._below(request, path_of(segments[:-2]))
            return await self._all_of_app(request, path_of(segments[:-1]))
        return await self._one_of_app(request, path_of(segments[:-2]), segments[-1])

    def _below(self, request: web.Request, group_id: str) -> web.Response:
        if request.method not in ("GET", "HEAD"):
            raise METHOD_NOT_ALLOWED
        root = self._service.tree.current
        if not root.has_group(group_id):
            raise unknown_group(group_id)
        caller = caller_of(request)
        caller.require_sight_of_group(root, group_id)
        apps = [app for app in root.apps_below(group_id) if caller.sees(app)]
        return self._listed(entry for app in apps for entry in self._instances(app.id))

    def _require_ownership(self, request: web.Request, app_id: str) -> None:
        """ApiError 403 when tasks belong to others, also those of an app that is being removed."""
        caller = caller_of(request)
        app = self._service.known_app(app_id)
        if app is None:
            caller.require_operator(f"ending tasks of {app_id}, which is no longer known,")
        caller.require_ownership(app)

    def _instances(self, app_id: str) -> list[Instance]:
        return [entry for entry in self._service.scheduler.tracker.of_app(app_id) if entry.has_task]

    def _listed(self, instances: Iterable[Instance]) -> web.Response:
        return json_answer({"tasks": [task_json(self._service, instance) for instance in instances]})

    async def _all_of_app(self, request: web.Request, app_id: str) -> web.Response:
        if request.method not in ("GET", "HEAD", "DELETE"):
            raise METHOD_NOT_ALLOWED
        if request.method == "DELETE":
            _refuse_scale_and_wipe(request)
            if flag(request, "scale"):
                return await self._scale_down(request, app_id, "")
        app = self._service.app(app_id)
        if app is None:
            raise unknown_app(app_id)
        instances = self._instances(app_id)
        if request.method != "DELETE":
            caller_of(request).require_sight(app)
            return self._listed(instances)
        self._require_ownership(request, app_id)
        host = request.query.get("host", "*")
        chosen = [entry for entry in instances if host in ("*", entry.host)]
        answer = self._listed(chosen)
        await self._kill(request, chosen)
        return answer

    async def _scale_down(self, request: web.Request, app_id: str, task_id: str) -> web.Response:
        """End tasks of an app, all (of one host) or one, and ask for as many fewer."""
        everyone = self._service.scheduler.tracker.of_app(app_id)
        if not everyone:
            raise ApiError(404, {"message": f"Path '{app_id}' does not exist"})
        self._require_ownership(request, app_id)
        host = request.query.get("host", "*")
        chosen = [
            entry
            for entry in everyone
            if entry.is_active and host in ("*", entry.host) and (not task_id or entry.id == instance_id_of(task_id))
        ]
        return await self._kill_and_scale(request, chosen)

    async def _one_of_app(self, request: web.Request, app_id: str, task_id: str) -> web.Response:
        if request.method != "DELETE":
            raise METHOD_NOT_ALLOWED
        _refuse_scale_and_wipe(request)
        if flag(request, "scale"):
            return await self._scale_down(request, app_id, task_id)
        if self._service.app(app_id) is None:
            raise unknown_app(app_id)
        self._require_ownership(request, app_id)
        instance = self._service.scheduler.tracker.get(instance_id_of(task_id))
        if instance is None or instance.app_id != app_id or not instance.has_task:
            raise ApiError(404, {"message": f"Task '{task_id}' does not exist", "details": []})
        shown = task_json(self._service, instance)
        await self._kill(request, [instance])
        return json_answer({"task": shown})

    async def _kill(self, request: web.Request, instances: list[Instance]) -> None:
        kills = self._service.scheduler.kills
        for instance in instances:
            if flag(request, "wipe"):
                kills.wipe(instance)
            else:
                kills.kill(instance)
        self._service.scheduler.settle()
        self._service.touch()
        await self._service.flushed()

    async def _kill_and_scale(self, request: web.Request, instances: list[Instance]) -> web.Response:
        by_app: dict[str, list[str]] = {}
        for instance in instances:
            by_app.setdefault(instance.app_id, []).append(instance.id)

        def scale_down(root: Root, version: str) -> Root:
            apps = dict(root.apps)
            for app_id, ids in by_app.items():
                if app_id in apps:
                    apps[app_id] = apps[app_id].with_instances(max(0, apps[app_id].instances - len(ids)))
            return root.with_members(apps, root.groups, version, by_app)

        plan = self._service.update(
            paths.ROOT, scale_down, by=caller_of(request), force=flag(request, "force"), kill=by_app
        )
        await self._service.flushed()
        return plan_answer(plan)


def _refuse_scale_and_wipe(request: web.Request) -> None:
    if flag(request, "scale") and flag(request, "wipe"):
        raise ApiError(400, {"message": "You cannot use scale and wipe at the same time."})


def _read_ids(raw: Any) -> list[str]:
    error = None
    if not isinstance(raw, dict):
        error = f"{compact(raw)} is not an object"
    elif "ids" not in raw:
        error = f"'ids' is undefined on object: {compact(raw)}"
    elif not isinstance(raw["ids"], list):
        error = "error.expected.jsarray"
    elif not all(isinstance(entry, str) for entry in raw["ids"]):
        error = "error.expected.jsstring"
    if error is not None:
        raise invalid_json([{"path": "", "errors": [error]}])
    return list(raw["ids"])


def _refuse_malformed(task_id: str) -> None:
    parts = _TASK_ID.fullmatch(task_id)
    if parts is None:
        reason = f"[taskId {task_id} no valid identifier (of class java.lang.String)]"
        raise ApiError(400, {"message": f"Invalid task id '{task_id}'. {reason}"})
    try:
        uuid.UUID(parts["uuid"])
    except ValueError as error:
        raise ApiError(422, {"message": f"Invalid UUID string: {parts['uuid']}"}) from error
