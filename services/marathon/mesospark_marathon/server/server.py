# SPDX-License-Identifier: GPL-3.0-or-later
"""The HTTP and HTTPS listeners and the resources that are not the core's."""

import json
import logging
import ssl
from collections.abc import Callable

from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST

from mesospark_marathon.events.bus import EventBus
from mesospark_marathon.events.resource import EVENTS_PATH, EventResource
from mesospark_marathon.interfaces import Service
from mesospark_marathon.options import OptionError, Options
from mesospark_marathon.server.access import check_certificate, load_certificate, server_tls_context
from mesospark_marathon.server.callers import Callers
from mesospark_marathon.server.metrics import ServerMetrics
from mesospark_marathon.server.middleware import authentication, common_headers, measuring, refusals, rights
from mesospark_marathon.server.passwords import Credentials

log = logging.getLogger(__name__)

STOP_SECONDS = 5.0
"""how long a request may go on once the server is told to stop"""
MAXIMUM_BODY_BYTES = 64 * 1024 * 1024


class ListenError(Exception):
    """A listener's address can not be used; the message names it."""


class MarathonServer:
    """Serves the API. `add_resources` adds the core's resources to the application.

    Raises OptionError when a certificate file or the rules file is wrong.
    """

    def __init__(
        self,
        options: Options,
        service: Service,
        bus: EventBus,
        add_resources: Callable[[web.Application], None],
    ) -> None:
        self._options = options
        self._bus = bus
        self._metrics = ServerMetrics(service.metrics, lambda: bus.attached)
        self._tls = server_tls_context(options)
        self._callers = Callers(options)
        self._runner: web.AppRunner | None = None
        self._application = web.Application(
            client_max_size=MAXIMUM_BODY_BYTES,
            middlewares=[
                authentication(Credentials(options.http_credentials), self._callers, options.http_realm),
                measuring(self._metrics),
                rights,
                refusals,
            ],
        )
        scheme = "https" if options.disable_http else "http"
        self._application.on_response_prepare.append(
            common_headers(lambda: service.leader, scheme, options.access_control_allow_origin)
        )
        routes = self._application.router
        routes.add_get(EVENTS_PATH, EventResource(bus, service.known_app, self._callers.again).get)
        routes.add_get("/ping", _ping)
        routes.add_get("/metrics", self._metrics_document)
        routes.add_get("/metrics/prometheus", self._metrics_prometheus)
        add_resources(self._application)

    async def start(self) -> None:
        """Open the listeners. Raises ListenError; no listener stays open then."""
        options = self._options
        runner = web.AppRunner(
            self._application, access_log=None, shutdown_timeout=STOP_SECONDS, keepalive_timeout=75.0
        )
        await runner.setup()
        listeners: list[tuple[str, int, ssl.SSLContext | None]] = []
        if not options.disable_http:
            listeners.append((options.http_address, options.http_port, None))
        if self._tls is not None:
            listeners.append((options.https_address, options.https_port, self._tls))
        try:
            for address, port, tls in listeners:
                await web.TCPSite(runner, address, port, ssl_context=tls, backlog=512).start()
                log.info("Listening on %s://%s:%d", "https" if tls else "http", address, port)
        except OSError as error:
            await runner.cleanup()
            raise ListenError(f"can not listen on {address}:{port}: {error.strerror or error}") from error
        self._runner = runner

    def reload(self) -> None:
        """Read the rules, the certificate and its key again; what can not be used is logged and the old ones stay."""
        self._callers.reload()
        self.reload_certificate()

    def reload_certificate(self) -> None:
        """Read certificate and key again; what can not be used is logged and the old ones stay."""
        if self._tls is None:
            return
        try:
            check_certificate(self._options)
            load_certificate(self._tls, self._options)
        except OptionError as error:
            log.error("The certificate was not renewed: %s", error)
        else:
            log.info("Read %s again", self._options.ssl_certificate_file)

    async def stop(self) -> None:
        """Close the listeners, end the event streams, let running requests finish for at most STOP_SECONDS."""
        self._bus.close()
        if self._runner is not None:
            await self._runner.cleanup()

    async def _metrics_document(self, _request: web.Request) -> web.Response:
        return web.Response(body=json.dumps(self._metrics.document()).encode(), content_type="application/json")

    async def _metrics_prometheus(self, _request: web.Request) -> web.Response:
        return web.Response(body=self._metrics.prometheus(), headers={"Content-Type": CONTENT_TYPE_LATEST})


async def _ping(request: web.Request) -> web.Response:
    if "application/json" in request.headers.get("Accept", ""):
        return web.Response(body=b'"pong"', content_type="application/json")
    return web.Response(body=b"pong", headers={"Content-Type": "text/plain"})
