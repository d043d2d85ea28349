# SPDX-License-Identifier: GPL-3.0-or-later
"""/mesos/ is the leading master, /agents/<host>/ an agent. Mesos knows no callers, so their rights are checked here."""

import re
from typing import Any
from urllib.parse import urlencode

from aiohttp import web

from mesospark_gateway.backends import Backends, Unavailable
from mesospark_gateway.caller import READING, Caller, Refused
from mesospark_gateway.forward import forward
from mesospark_gateway.mesos import Masters, only_own, only_own_tasks

_PLAIN_PATH = re.compile(r"[A-Za-z0-9_@():.-]+(/[A-Za-z0-9_@():.-]+)*")
_FOR_ALL = frozenset(("version", "health", "slaves", "flags", "metrics/snapshot", "redirect"))
_FOR_VIEWERS = frozenset(("state-summary", "roles", "quota", "weights", "maintenance/status", "maintenance/schedule"))
_FILTERED = frozenset(("state", "frameworks", "tasks"))
_AGENTS_FOR_ALL = frozenset(("version", "health", "metrics/snapshot"))
_AGENTS_FOR_VIEWERS = frozenset(("state", "containers", "monitor/statistics", "flags", "tasks"))
_FILES = frozenset(("files/browse", "files/read", "files/download"))
# The path of an agent's file as its own page spells it, and as the agent's work directory has it.
_SANDBOX = re.compile(
    r"(?:/[A-Za-z0-9._/-]+/slaves/[A-Za-z0-9-]+)?"
    r"/frameworks/(?P<framework>[A-Za-z0-9-]+)/executors/(?P<executor>[^/]+)/runs/[A-Za-z0-9-]+(?:/.*)?"
)


class MesosRoutes:
    """Requests to masters and agents, with the gateway's account in place of the caller's."""

    def __init__(self, backends: Backends, masters: Masters, teams: tuple[str, ...]) -> None:
        self._backends = backends
        self._masters = masters
        self._teams = teams

    async def master(self, request: web.Request, caller: Caller, tail: str) -> web.StreamResponse:
        path = _plain(tail).removeprefix("master/")
        if path == "masters" and request.method in READING:
            return web.json_response({"masters": list(self._masters.urls)})
        reading = request.method in READING
        if reading and path in _FILTERED and not caller.sees_all:
            return web.json_response(await self._own(caller, path, request))
        if not (reading and (path in _FOR_ALL | _FILTERED or (path in _FOR_VIEWERS and caller.sees_all))):
            caller.require_operator_himself(request, f"{request.method} /mesos/{path}")
        leader = await self._masters.leader()
        try:
            # A master that does not lead points to whom it takes for the leader. Callers can not go there.
            own = path == "redirect"
            return await self._forward(request, f"{leader}/{path}", "the Mesos master", "/mesos", redirects=own)
        except Unavailable:
            self._masters.forget_leader()
            raise

    async def _own(self, caller: Caller, path: str, request: web.Request) -> dict[str, Any]:
        query = urlencode([(key, value) for key, value in request.query.items() if key != "jsonp"])
        document = await self._masters.document(f"/{path}?{query}" if query else f"/{path}")
        if path == "tasks":
            frameworks = await self._masters.document("/frameworks")
            return only_own_tasks(document, frameworks, caller.teams, self._teams)
        return only_own(document, caller.teams, self._teams)

    async def agent(self, request: web.Request, caller: Caller, hostname: str, tail: str) -> web.StreamResponse:
        path = _plain(tail)
        reading = request.method in READING
        if reading and path in _FILES and not caller.sees_all:
            await self._check_sandbox(request, caller)
        elif not (reading and (path in _AGENTS_FOR_ALL or (path in _AGENTS_FOR_VIEWERS | _FILES and caller.sees_all))):
            caller.require_operator_himself(request, f"{request.method} {path} of an agent")
        url = await self._masters.agent_url(hostname)
        if url is None:
            raise web.HTTPNotFound(text=f"no agent {hostname} is registered")
        return await self._forward(request, f"{url}/{path}", f"the Mesos agent {hostname}", f"/agents/{hostname}")

    async def _check_sandbox(self, request: web.Request, caller: Caller) -> None:
        """Raises Refused unless the file is in a sandbox of one of the caller's teams."""
        paths = request.query.getall("path", [])
        match = _SANDBOX.fullmatch(paths[0]) if len(paths) == 1 else None
        if match is None or any(part in ("..", ".") for part in paths[0].split("/")):
            raise Refused("teams: only files of sandboxes can be read: path must be /frameworks/…/executors/…/runs/…")
        owner = await self._masters.owner(match["framework"], match["executor"])
        if owner is None:
            raise Refused("teams: the masters do not know any more whose this sandbox is; ask an operator")
        caller.require(request.method, owner, "this sandbox")

    async def _forward(
        self, request: web.Request, url: str, service: str, prefix: str, redirects: bool = True
    ) -> web.StreamResponse:
        query = urlencode([(key, value) for key, value in request.query.items() if key != "jsonp"])
        return await forward(
            request,
            self._backends,
            f"{url}?{query}" if query else url,
            service=service,
            headers=self._backends.credentials("mesos"),
            prefix=prefix,
            redirects=redirects,
            answer_headers=_AS_DATA if url.endswith("/files/download") else None,
        )


# What a job has written is never a page of the gateway.
_AS_DATA = {"Content-Security-Policy": "sandbox; default-src 'none'", "X-Content-Type-Options": "nosniff"}


def _plain(tail: str) -> str:
    """A path that means the same to whoever reads it; 404 for any other."""
    if not _PLAIN_PATH.fullmatch(tail) or any(part in ("..", ".") for part in tail.split("/")):
        raise web.HTTPNotFound(text="there is nothing at this path")
    return tail
