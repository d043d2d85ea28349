# SPDX-License-Identifier: GPL-3.0-or-later
"""The resources under /v2."""

from aiohttp import web

from mesospark_marathon.api.apps import Apps
from mesospark_marathon.api.deployments import Deployments, Queue
from mesospark_marathon.api.groups import Groups
from mesospark_marathon.api.http import URI_NOT_FOUND, Handler, answering, segments_after
from mesospark_marathon.api.info import Info
from mesospark_marathon.api.tasks import Tasks
from mesospark_marathon.service import MarathonService


def add_routes(app: web.Application, service: MarathonService) -> None:
    """Adds all resources but the event stream. Each takes any method and any number of slashes."""
    apps, groups, tasks = Apps(service), Groups(service), Tasks(service)
    deployments, queue, info = Deployments(service), Queue(service), Info(service)

    async def app_resource(request: web.Request) -> web.Response:
        segments = segments_after(request, "apps")
        if not segments:
            return await apps.collection(request)
        if "tasks" in segments[-2:] and segments[0] != "tasks":
            return await tasks.of_app(request)
        return await apps.member(request)

    async def task_resource(request: web.Request) -> web.Response:
        segments = segments_after(request, "tasks")
        if segments == ["delete"]:
            return await tasks.delete(request)
        if segments:
            raise URI_NOT_FOUND
        return await tasks.collection(request)

    async def deployment_resource(request: web.Request) -> web.Response:
        segments = segments_after(request, "deployments")
        if len(segments) > 1:
            raise URI_NOT_FOUND
        return await (deployments.member(request) if segments else deployments.collection(request))

    async def queue_resource(request: web.Request) -> web.Response:
        segments = segments_after(request, "queue")
        if segments and segments[-1] != "delay":
            raise URI_NOT_FOUND
        return await (queue.delay(request) if segments else queue.collection(request))

    def alone(name: str, handler: Handler) -> Handler:
        async def resource(request: web.Request) -> web.Response:
            if segments_after(request, name):
                raise URI_NOT_FOUND
            return await handler(request)

        return resource

    resources: dict[str, Handler] = {
        "apps": app_resource,
        "groups": groups.resource,
        "tasks": task_resource,
        "deployments": deployment_resource,
        "queue": queue_resource,
        "info": alone("info", info.info),
        "leader": alone("leader", info.leader),
        "plugins": alone("plugins", info.plugins),
        "pods": info.pods,
    }
    for name, handler in resources.items():
        app.router.add_route("*", f"/v2/{name}", answering(handler))
        app.router.add_route("*", f"/v2/{name}/{{rest:.*}}", answering(handler))
