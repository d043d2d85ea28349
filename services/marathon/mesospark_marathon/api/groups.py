# SPDX-License-Identifier: GPL-3.0-or-later
"""/v2/groups."""

from typing import Any

from aiohttp import web

from mesospark_marathon.access.caller import Caller, caller_of
from mesospark_marathon.api.http import (
    METHOD_NOT_ALLOWED,
    flag,
    json_answer,
    location,
    path_of,
    plan_answer,
    read_json,
    segments_after,
    text_answer,
)
from mesospark_marathon.api.render import GroupRenderer, app_text
from mesospark_marathon.groups import Change
from mesospark_marathon.model import paths
from mesospark_marathon.model.errors import ApiError, RejectedUpdate, invalid_object, missing_group, unknown_group
from mesospark_marathon.model.group_input import (
    apply_group,
    check_group,
    group_id_of,
    read_group,
    roll_back_group,
    scale_group,
)
from mesospark_marathon.model.plan import step_json
from mesospark_marathon.model.root import Root, remove_group
from mesospark_marathon.model.timestamps import from_path, render, seconds_of
from mesospark_marathon.service import MarathonService

Document = dict[str, Any]


class Groups:
    """Reading and changing groups."""

    def __init__(self, service: MarathonService) -> None:
        self._service = service

    async def resource(self, request: web.Request) -> web.Response:
        """/v2/groups[/{id}], with /versions"""
        segments = segments_after(request, "groups")
        if request.method in ("GET", "HEAD"):
            return self._read(request, segments)
        group_id = path_of(segments)
        if request.method == "POST":
            return await self._create(request, group_id)
        if request.method == "PUT":
            return await self._put(request, group_id)
        if request.method == "PATCH":
            return await self._patch(request, group_id)
        if request.method == "DELETE":
            return await self._delete(request, group_id)
        raise METHOD_NOT_ALLOWED

    def _read(self, request: web.Request, segments: list[str]) -> web.Response:
        root = self._service.tree.current
        caller = caller_of(request)
        embed = request.query.getall("embed", None)
        if segments and segments[-1] == "versions":
            return self._versions(caller, path_of(segments[:-1]))
        if segments and segments[-1] == "apps":
            return self._apps(caller, path_of(segments[:-1]))
        group_id = path_of(segments)
        if len(segments) > 1 and segments[-2] == "versions":
            group_id = path_of(segments[:-2])
            old = self._service.tree.history.get(from_path(segments[-1]))
            if old is None:
                raise unknown_group(group_id)
            root = old
        if not root.has_group(group_id):
            raise unknown_group(group_id)
        caller.require_sight_of_group(root, group_id)
        return text_answer(GroupRenderer(self._service, root, embed, caller).text(group_id))

    def _apps(self, caller: Caller, group_id: str) -> web.Response:
        apps = [app for app in self._service.tree.current.apps_below(group_id) if caller.sees(app)]
        return text_answer("[" + ",".join(app_text(self._service, app, ()) for app in apps) + "]")

    def _versions(self, caller: Caller, group_id: str) -> web.Response:
        if not self._service.tree.current.has_group(group_id):
            raise unknown_group(group_id)
        caller.require_sight_of_group(self._service.tree.current, group_id)
        history = self._service.tree.history.values()
        if group_id == paths.ROOT:
            return json_answer([root.version for root in history])
        groups = [root.groups[group_id] for root in history if group_id in root.groups]
        return json_answer(list(dict.fromkeys(group.version for group in groups)))

    async def _create(self, request: web.Request, base: str) -> web.Response:
        document = read_group(await read_json(request))
        group_id = group_id_of(document, base)
        root = self._service.tree.current
        check_group(root, document, group_id, self._service.rules)
        if root.has_group(group_id):
            message = f"Group {group_id} is already created. Use PUT to change this group."
            raise ApiError(409, {"message": message})
        if group_id in root.apps:
            raise ApiError(409, {"message": f"An app with the path {group_id} already exists."})
        plan = self._service.update(
            paths.parent(base),
            self._laying_over(document, group_id),
            by=caller_of(request),
            force=flag(request, "force"),
        )
        await self._service.flushed()
        return plan_answer(plan, status=201, headers=location(request, group_id))

    def _laying_over(self, document: Document, group_id: str) -> Change:
        return lambda root, version: apply_group(root, document, group_id, version, self._service.rules)

    async def _put(self, request: web.Request, base: str) -> web.Response:
        document = read_group(await read_json(request))
        group_id = group_id_of(document, base)
        check_group(self._service.tree.current, document, group_id, self._service.rules)
        change = self._change_of(document, group_id)
        caller = caller_of(request)
        if flag(request, "dryRun"):
            plan = self._service.dry_run(change, by=caller)
            return json_answer({"steps": [step_json(step) for step in plan.steps]})
        plan = self._service.update(paths.parent(base), change, by=caller, force=flag(request, "force"))
        await self._service.flushed()
        return plan_answer(plan)

    def _change_of(self, document: Document, group_id: str) -> Change:
        if "scaleBy" in document:
            return lambda root, version: scale_group(root, group_id, document["scaleBy"], version)
        if "version" in document:
            old_version = render(seconds_of(document["version"]))
            return lambda root, version: self._rolled_back(root, group_id, old_version, version)
        return self._laying_over(document, group_id)

    def _rolled_back(self, root: Root, group_id: str, old_version: str, version: str) -> Root:
        old = self._service.tree.history.get(old_version)
        if old is None or not old.has_group(group_id):
            message = f"Group {group_id} not available in version {old_version}"
            raise RejectedUpdate(422, {"message": message}, message)
        return roll_back_group(root, old, group_id, version)

    async def _patch(self, request: web.Request, group_id: str) -> web.Response:
        document = read_group(await read_json(request))
        if not paths.is_top_level(group_id):
            raise invalid_object([{"path": "/", "errors": ["Path needs to be top-level"]}])
        if not self._service.tree.current.has_group(group_id):
            raise unknown_group(group_id)
        caller_of(request).require_operator("changing a group's settings")
        self._service.enforce_role(group_id, bool(document.get("enforceRole", False)))
        await self._service.flushed()
        return web.Response(status=200)

    async def _delete(self, request: web.Request, group_id: str) -> web.Response:
        def remove(root: Root, version: str) -> Root:
            if not root.has_group(group_id):
                raise missing_group(group_id)
            return remove_group(root, group_id, version)

        plan = self._service.update(paths.parent(group_id), remove, by=caller_of(request), force=flag(request, "force"))
        await self._service.flushed()
        return plan_answer(plan)
