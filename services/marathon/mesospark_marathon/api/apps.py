# SPDX-License-Identifier: GPL-3.0-or-later
"""/v2/apps and what lies below it, but for tasks."""

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
from mesospark_marathon.api.render import COUNTS, DEPLOYMENTS, FAILURE, TASKS, app_text, embedded_parts
from mesospark_marathon.groups import Change
from mesospark_marathon.model import paths
from mesospark_marathon.model.app import App, restarted
from mesospark_marathon.model.app_input import app_id_of, build_app, merge, read_app, read_update, read_updates
from mesospark_marathon.model.errors import RejectedUpdate, invalid_object, missing_app, unknown_app, unknown_group
from mesospark_marathon.model.label_selector import matches_labels
from mesospark_marathon.model.root import Root, put_app, remove_app
from mesospark_marathon.model.timestamps import from_path
from mesospark_marathon.service import MarathonService

Document = dict[str, Any]


class Apps:
    """Reading and changing apps."""

    def __init__(self, service: MarathonService) -> None:
        self._service = service
        self._listed: dict[str, tuple[int, str]] = {}
        """answers to listings by query, and the revision they were made at"""

    async def collection(self, request: web.Request) -> web.Response:
        """/v2/apps"""
        if request.method in ("GET", "HEAD"):
            return text_answer(self._list(request))
        if request.method == "POST":
            return await self._create(request)
        if request.method in ("PUT", "PATCH"):
            return await self._update_many(request)
        raise METHOD_NOT_ALLOWED

    async def member(self, request: web.Request) -> web.Response:
        """/v2/apps/{id}, with /restart and /versions"""
        segments = segments_after(request, "apps")
        if segments[-1] == "restart" and request.method == "POST":
            return await self._restart(request, path_of(segments[:-1]))
        if segments[-1] == "versions" and len(segments) > 1:
            return self._versions(request, path_of(segments[:-1]))
        if len(segments) > 2 and segments[-2] == "versions":
            return self._version(request, path_of(segments[:-2]), segments[-1])
        if segments[-1] == "*" and request.method in ("GET", "HEAD"):
            return self._all_below(caller_of(request), path_of(segments[:-1]))
        app_id = path_of(segments)
        if request.method in ("GET", "HEAD"):
            return self._get(request, app_id)
        if request.method in ("PUT", "PATCH"):
            return await self._update(request, app_id)
        if request.method == "DELETE":
            return await self._delete(request, app_id)
        raise METHOD_NOT_ALLOWED

    def _list(self, request: web.Request) -> str:
        caller = caller_of(request)
        key = request.query_string
        known = self._listed.get(key) if caller.sees_all else None
        if known is not None and known[0] == self._service.revision:
            return known[1]
        parts = {COUNTS, DEPLOYMENTS} | embedded_parts(request.query.getall("embed", []))
        everything = self._service.tree.current.apps.values()
        apps = [app for app in everything if caller.sees(app) and _is_asked_for(app, request)]
        text = '{"apps":[' + ",".join(app_text(self._service, app, parts) for app in apps) + "]}"
        if not caller.sees_all:
            return text
        if known is None and len(self._listed) > 16:
            self._listed.clear()
        self._listed[key] = (self._service.revision, text)
        return text

    def _all_below(self, caller: Caller, group_id: str) -> web.Response:
        root = self._service.tree.current
        if not root.has_group(group_id):
            raise unknown_group(group_id)
        caller.require_sight_of_group(root, group_id)
        parts = {COUNTS, DEPLOYMENTS, TASKS, FAILURE}
        texts = [app_text(self._service, app, parts) for app in root.apps_below(group_id) if caller.sees(app)]
        return text_answer('{"*":[' + ",".join(texts) + "]}")

    def _get(self, request: web.Request, app_id: str) -> web.Response:
        app = self._service.app(app_id)
        if app is None:
            raise unknown_app(app_id)
        caller_of(request).require_sight(app)
        parts = {COUNTS, DEPLOYMENTS, TASKS, FAILURE} | embedded_parts(request.query.getall("embed", []))
        return text_answer('{"app":' + app_text(self._service, app, parts) + "}")

    async def _create(self, request: web.Request) -> web.Response:
        document = read_app(await read_json(request))
        app_id = app_id_of(document)
        caller = caller_of(request)
        caller.require_ownership(self._service.app(app_id))
        app = build_app(document, app_id, "", self._service.rules)

        def add(root: Root, version: str) -> Root:
            if app_id in root.apps:
                message = f"An app with id [{app_id}] already exists."
                raise RejectedUpdate(409, {"message": message}, message)
            return put_app(root, app, version)

        plan = self._service.update(paths.parent(app_id), add, by=caller, force=flag(request, "force"))
        sent = App(app.document, plan.version, plan.version, plan.version).as_json(version_info=False)
        self._publish_post(request, sent)
        await self._service.flushed()
        counts = {"tasksStaged": 0, "tasksRunning": 0, "tasksHealthy": 0, "tasksUnhealthy": 0}
        body = sent | counts | {"deployments": [{"id": plan.id}]}
        headers = location(request, app_id) | {"Marathon-Deployment-Id": plan.id}
        return json_answer(body, status=201, headers=headers)

    def _publish_post(self, request: web.Request, app: Document) -> None:
        fields = {"clientIp": request.remote or "", "uri": request.rel_url.raw_path, "appDefinition": app}
        self._service.publish("api_post_event", fields)

    async def _update(self, request: web.Request, app_id: str) -> web.Response:
        update = read_update(await read_json(request))
        partial = request.method == "PATCH" or flag(request, "partialUpdate", default=True)
        known = self._service.app(app_id)
        caller = caller_of(request)
        caller.require_ownership(known)
        change = _Update(self._service, update, app_id, partial=partial, create=request.method == "PUT")
        change.check(known)
        plan = self._service.update(paths.parent(app_id), change, by=caller, force=flag(request, "force"))
        app = self._service.app(app_id)
        if app is not None:
            self._publish_post(request, app.as_json())
        await self._service.flushed()
        if known is None:
            return plan_answer(plan, status=201, headers=location(request, app_id))
        return plan_answer(plan)

    async def _update_many(self, request: web.Request) -> web.Response:
        partial = request.method == "PATCH" or flag(request, "partialUpdate", default=True)
        documents = read_updates(await read_json(request), partial=partial)
        create = request.method == "PUT"
        caller = caller_of(request)
        for entry in documents:
            caller.require_ownership(self._service.app(app_id_of(entry)))
        changes = [
            _Update(self._service, entry, app_id_of(entry), partial=partial, create=create) for entry in documents
        ]

        def apply_all(root: Root, version: str) -> Root:
            for change in changes:
                root = change(root, version)
            return root

        plan = self._service.update(paths.ROOT, apply_all, by=caller, force=flag(request, "force"))
        await self._service.flushed()
        return plan_answer(plan)

    async def _delete(self, request: web.Request, app_id: str) -> web.Response:
        def remove(root: Root, version: str) -> Root:
            if app_id not in root.apps:
                raise missing_app(app_id)
            return remove_app(root, app_id, version)

        return await self._change(caller_of(request), app_id, remove, force=flag(request, "force", default=True))

    async def _restart(self, request: web.Request, app_id: str) -> web.Response:
        def restart(root: Root, version: str) -> Root:
            if app_id not in root.apps:
                raise missing_app(app_id)
            return put_app(root, restarted(root.apps[app_id], version), version)

        return await self._change(caller_of(request), app_id, restart, force=flag(request, "force"))

    async def _change(self, caller: Caller, app_id: str, change: Change, *, force: bool) -> web.Response:
        plan = self._service.update(paths.parent(app_id), change, by=caller, force=force)
        await self._service.flushed()
        return plan_answer(plan)

    def _versions(self, request: web.Request, app_id: str) -> web.Response:
        if request.method not in ("GET", "HEAD"):
            raise METHOD_NOT_ALLOWED
        current = self._service.app(app_id)
        if current is None:
            raise unknown_app(app_id)
        caller = caller_of(request)
        caller.require_sight(current)
        known = self._service.tree.app_versions.get(app_id, {})
        return json_answer({"versions": [version for version, app in known.items() if caller.sees(app)]})

    def _version(self, request: web.Request, app_id: str, text: str) -> web.Response:
        if request.method not in ("GET", "HEAD"):
            raise METHOD_NOT_ALLOWED
        version = from_path(text)
        app = self._service.tree.app_versions.get(app_id, {}).get(version)
        if app is None:
            raise unknown_app(app_id, version)
        caller_of(request).require_sight(app)
        return text_answer(app.text + "}")


class _Update:
    """A change of one app, as a function from tree to tree."""

    def __init__(
        self, service: MarathonService, document: Document, app_id: str, *, partial: bool, create: bool
    ) -> None:
        self._service = service
        self._document = document
        self._app_id = app_id
        self._partial = partial
        self._create = create

    def check(self, known: App | None) -> None:
        """Refuses what is wrong with the change by itself, before it counts as an attempt."""
        if not self._goes_back(known):
            self._build(known, "")
        elif set(self._document) - {"version", "id"}:
            message = "The 'version' field may only be combined with the 'id' field."
            raise invalid_object([{"path": "/", "errors": [message]}])

    def _goes_back(self, known: App | None) -> bool:
        """Only an update of an app that is there looks at `version`; a whole document's is ignored."""
        return known is not None and self._partial and "version" in self._document

    def __call__(self, root: Root, version: str) -> Root:
        known = root.apps.get(self._app_id)
        if known is not None and self._goes_back(known):
            old = self._service.tree.app_versions.get(self._app_id, {}).get(from_path(self._document["version"]))
            if old is None:
                raise missing_app(self._app_id)
            return put_app(root, old, version)
        if known is None and not self._create:
            raise missing_app(self._app_id)
        return put_app(root, self._build(known, version), version)

    def _build(self, known: App | None, version: str) -> App:
        document = merge(known, self._document) if known is not None and self._partial else self._document
        return build_app(document, self._app_id, version, self._service.rules)


def _is_asked_for(app: App, request: web.Request) -> bool:
    query = request.query
    if query.get("id", "").lower() not in app.id:
        return False
    if "cmd" in query and query["cmd"].lower() not in app.document.get("cmd", "\0").lower():
        return False
    return all(matches_labels(selector, app.labels) for selector in query.getall("label", []))
