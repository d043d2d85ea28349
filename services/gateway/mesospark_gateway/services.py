# SPDX-License-Identifier: GPL-3.0-or-later
"""/graylog/ is Graylog's API, and /<path>/ each further service of the configuration."""

from aiohttp import web

from mesospark_gateway.backends import Backends
from mesospark_gateway.caller import Caller, Refused
from mesospark_gateway.configuration import Service
from mesospark_gateway.forward import forward


class GraylogRoutes:
    """Graylog has accounts of its own: operators are its administrator here, members of a team the team's account."""

    def __init__(self, backends: Backends, url: str, address: str) -> None:
        self._backends = backends
        self.url = url
        self._address = address

    async def handle(self, request: web.Request, caller: Caller, tail: str) -> web.StreamResponse:
        if not self.url:
            raise web.HTTPNotFound(text="this platform has no Graylog")
        if not tail.startswith("api/"):
            # Its pages carry their own credentials in the header that Kerberos needs here.
            raise web.HTTPFound(f"{self.url}/{tail}")
        return await forward(
            request,
            self._backends,
            f"{self.url}/{tail}",
            service="Graylog",
            headers={**self._credentials(caller), "X-Graylog-Server-URL": f"{self._address}/graylog/"},
            prefix="/graylog",
        )

    def _credentials(self, caller: Caller) -> dict[str, str]:
        names = ["graylog_operators"] if caller.is_operator else [f"graylog_team_{team}" for team in caller.teams]
        for name in names:
            if credentials := self._backends.credentials(name):
                return credentials
        raise Refused(f"accounts: there is no account at Graylog for {caller.name}; members of a team have the team's")


async def further_service(
    request: web.Request, caller: Caller, service: Service, tail: str, *, backends: Backends
) -> web.StreamResponse:
    """A service of the configuration; it is told who asks."""
    if service.groups and not (caller.is_operator or set(caller.groups) & set(service.groups)):
        raise Refused(
            f"groups: {service.name} is for {', '.join(service.groups)}, and {caller.name} is in none of them"
        )
    return await forward(
        request,
        backends,
        f"{service.url}/{tail}",
        service=service.name,
        headers=caller.headers(),
        prefix=f"/{service.path}",
    )
