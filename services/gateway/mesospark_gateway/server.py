# SPDX-License-Identifier: GPL-3.0-or-later
"""Which request goes where, and what is said to those who are refused."""

import logging
from collections.abc import Awaitable, Callable
from urllib.parse import unquote

from aiohttp import web

from mesospark_gateway.backends import AccountRefused, Backends, Unavailable
from mesospark_gateway.caller import READING, Caller, Refused, caller_of
from mesospark_gateway.configuration import Configuration
from mesospark_gateway.drivers import driver
from mesospark_gateway.marathon import Marathons
from mesospark_gateway.mesos import Masters
from mesospark_gateway.mesos_routes import MesosRoutes
from mesospark_gateway.page import Pages
from mesospark_gateway.registry import RegistryRoutes
from mesospark_gateway.services import GraylogRoutes, further_service

log = logging.getLogger(__name__)

_FOR_PROGRAMS = frozenset(("agents", "graylog", "marathon", "mesos", "v2"))

Route = Callable[[web.Request, Caller, str], Awaitable[web.StreamResponse]]


class Server:
    """The gateway behind httpd. The first word of the path says which service is meant."""

    def __init__(self, configuration: Configuration) -> None:
        self._configuration = configuration
        self.backends = Backends(configuration)
        masters = Masters(self.backends, configuration.mesos_urls, configuration.teams)
        self._marathons = Marathons(self.backends, configuration.marathon_urls, configuration.teams)
        self._mesos = MesosRoutes(self.backends, masters, configuration.teams)
        registry = RegistryRoutes(self.backends, configuration.registry_url)
        graylog = GraylogRoutes(self.backends, configuration.graylog_url, configuration.address)
        self._pages = Pages(configuration, masters, self._marathons, registry)
        self._services = {service.path: service for service in configuration.services}
        self._routes: dict[str, Route] = {
            "marathon": self._marathons.forward,
            "mesos": self._mesos.master,
            "agents": self._agent,
            "drivers": self._driver,
            "graylog": graylog.handle,
            "v2": registry.handle,
        }

    def application(self) -> web.Application:
        application = web.Application(client_max_size=0)
        application.router.add_route("*", "/{path:.*}", self._handle)

        async def close(_application: web.Application) -> None:
            await self.backends.close()

        async def hide_program(_request: web.Request, response: web.StreamResponse) -> None:
            response.headers["Server"] = "gateway"

        application.on_cleanup.append(close)
        application.on_response_prepare.append(hide_program)
        return application

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        if request.path == "/health":
            return web.json_response({"message": "ready"})
        try:
            caller = caller_of(request, self._configuration.teams)
        except Refused as error:
            return self._refuse(request, "somebody", 403, str(error))
        try:
            _check_page(request)
            return await self._dispatch(request, caller)
        except Refused as error:
            return self._refuse(request, caller.name, 403, str(error))
        except Unavailable as error:
            log.warning("%s %s for %s: %s", request.method, _shown(request), caller.name, error)
            return self._say(request, 502 if isinstance(error, AccountRefused) else 503, str(error))
        except web.HTTPRedirection:
            raise
        except web.HTTPException as error:
            return self._say(request, error.status, error.text or error.reason)

    async def _dispatch(self, request: web.Request, caller: Caller) -> web.StreamResponse:
        raw = request.rel_url.raw_path
        first, slash, rest = raw.lstrip("/").partition("/")
        if any(part in ("..", ".") for part in unquote(raw).split("/")):
            raise web.HTTPNotFound(text="a path with .. leads nowhere")
        reading = request.method in READING
        if not first and reading:
            return await self._pages.landing(caller)
        if first == "registry" and not rest and reading:
            return await self._pages.registry()
        tail = rest + (f"?{request.rel_url.raw_query_string}" if request.rel_url.raw_query_string else "")
        if first in self._services:
            if not slash:
                raise web.HTTPFound(f"/{first}/")
            return await further_service(request, caller, self._services[first], tail, backends=self.backends)
        route = self._routes.get(first)
        if route is None:
            raise web.HTTPNotFound(text=f"there is nothing at /{first}")
        # Services whose paths are looked at get them without the query.
        return await route(request, caller, tail if first in ("marathon", "drivers", "graylog") else rest)

    async def _agent(self, request: web.Request, caller: Caller, rest: str) -> web.StreamResponse:
        hostname, _slash, path = rest.partition("/")
        return await self._mesos.agent(request, caller, hostname, path)

    async def _driver(self, request: web.Request, caller: Caller, rest: str) -> web.StreamResponse:
        run_id, slash, tail = rest.partition("/")
        if not slash:
            # Links of Spark's pages are relative to the folder.
            raise web.HTTPFound(f"/drivers/{run_id.partition('?')[0]}/")
        return await driver(
            request,
            caller,
            run_id,
            tail,
            backends=self.backends,
            marathons=self._marathons,
            address=self._configuration.address,
        )

    def _refuse(self, request: web.Request, who: str, status: int, sentence: str) -> web.Response:
        log.info("Refused %s %s to %s: %s", request.method, _shown(request), who, sentence)
        return self._say(request, status, sentence)

    def _say(self, request: web.Request, status: int, sentence: str) -> web.Response:
        if "text/html" in request.headers.get("Accept", ""):
            return self._pages.error(status, sentence)
        return web.json_response({"message": sentence}, status=status)


def _check_page(request: web.Request) -> None:
    """Nothing is changed by a page in a browser, which has its user's ticket whoever wrote the page; a driver's own
    pages are looked at with the driver.
    """
    site = request.headers.get("Sec-Fetch-Site", "none")
    service = request.path.lstrip("/").partition("/")[0]
    if request.method not in READING and ("Origin" in request.headers or site != "none") and service != "drivers":
        raise Refused("pages: a page in a browser can change nothing here; use the modules, or a program")
    followed = request.headers.get("Sec-Fetch-Mode") == "navigate" and service not in _FOR_PROGRAMS
    if site in ("cross-site", "same-site") and not followed:
        raise Refused("pages: the pages of other sites can lead to pages of the gateway, and use nothing of it")


def _shown(request: web.Request) -> str:
    """The path as it was sent: with its escapes, so that nobody writes log lines of his own."""
    return request.rel_url.raw_path
