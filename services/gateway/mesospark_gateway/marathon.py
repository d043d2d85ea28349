# SPDX-License-Identifier: GPL-3.0-or-later
"""Marathon: asked in the caller's name, if it has rules that say what a caller may do."""

import time
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from aiohttp import web

from mesospark_gateway.backends import AccountRefused, Backends, Unavailable
from mesospark_gateway.caller import READING, Caller, Refused
from mesospark_gateway.configuration import VIEWERS
from mesospark_gateway.forward import forward

_RULES_SECONDS = 30.0
_RUNS = "/runs/"
_NO_TASK: dict[str, Any] = {}


@dataclass(frozen=True)
class Run:
    """A run, or another app, that Marathon knows. `since` is in ISO 8601, empty before it runs."""

    app_id: str
    job: str
    run_id: str
    team: str
    state: str
    """waiting, starting, running"""
    since: str
    host: str
    ports: tuple[int, ...]
    task_id: str

    @property
    def ui_url(self) -> str:
        """Address of the driver's interface, empty while there is none."""
        running = self.state == "running" and self.run_id and self.ports
        return f"https://{self.host}:{self.ports[-1]}" if running else ""


class Marathons:
    """The servers of one Marathon, of which the first that answers is asked."""

    def __init__(self, backends: Backends, urls: tuple[str, ...], teams: Collection[str]) -> None:
        self._backends = backends
        self._urls = urls
        self._teams = teams
        self._state: tuple[float, str, bool] = (0.0, "", False)

    async def _server(self) -> tuple[str, bool]:
        """A server that answers, and whether it has rules: without any, it takes every account for an operator's."""
        asked, url, has_rules = self._state
        if url and time.monotonic() - asked < _RULES_SECONDS:
            return url, has_rules
        problem = "no Marathon is configured"
        for candidate in sorted(self._urls, key=lambda known: known != url):
            try:
                # The gateway's own account is in no rule.
                status, _headers, _document = await self._backends.ask(
                    f"{candidate}/v2/groups/gateway/none", self._backends.credentials("marathon")
                )
            except Unavailable as error:
                problem = str(error)
                continue
            if status == 401:
                raise AccountRefused("Marathon does not take the gateway's account: its password there has changed")
            if status not in (200, 403, 404):
                problem = f"{candidate} is not ready (status {status})"
                continue
            self._state = (time.monotonic(), candidate, status == 403)
            return candidate, status == 403
        raise Unavailable(f"Marathon can not be used: {problem}")

    async def forward(self, request: web.Request, caller: Caller, tail: str) -> web.StreamResponse:
        """`tail` is the rest of the path with its query, encoded, as the caller wrote it."""
        url, has_rules = await self._server()
        looking = request.method in READING and VIEWERS in caller.groups
        if not (has_rules or caller.is_operator or looking):
            raise Refused(
                "rules: this Marathon has no rules that say what a team may do, so that only operators can use it here"
            )
        try:
            return await forward(
                request,
                self._backends,
                f"{url}/{tail}",
                service="Marathon",
                headers={**self._backends.credentials("marathon"), **caller.headers()},
                prefix="/marathon",
            )
        except Unavailable:
            self._state = (0.0, url, False)
            raise

    async def runs(self, caller: Caller) -> list[Run]:
        """All runs and other apps that the caller may see, the newest first. Raises Unavailable."""
        document = await self._document("/v2/apps?embed=apps.tasks", caller)
        runs = [run_of(app) for app in (document or {}).get("apps", [])]
        return sorted((run for run in runs if self._may_see(caller, run)), key=lambda run: run.since, reverse=True)

    async def run(self, run_id: str, caller: Caller) -> Run | None:
        """One run, None if there is none of this id. Raises Refused when it belongs to others."""
        document = await self._document(f"/v2/apps{_RUNS}{quote(run_id, safe='')}?embed=apps.tasks", caller)
        if not document or "app" not in document:
            return None
        run = run_of(document["app"])
        caller.require("GET", self._known(run.team), f"the run {run_id}")
        return run

    async def framework_id(self, caller: Caller) -> str:
        """Under which the masters know Marathon."""
        document = await self._document("/v2/info", caller)
        return str((document or {}).get("frameworkId") or "")

    async def _document(self, path: str, caller: Caller) -> Any:
        url, _has_rules = await self._server()
        headers = {**self._backends.credentials("marathon"), **caller.headers()}
        status, _headers, document = await self._backends.ask(url + path, headers)
        if status == 403:
            told = document.get("message", "") if isinstance(document, dict) else ""
            raise Refused(str(told) or "Marathon refuses this")
        if status == 404:
            return None
        if status != 200 or not isinstance(document, dict):
            self._state = (0.0, url, False)
            raise Unavailable(f"Marathon does not give {path.partition('?')[0]} (status {status})")
        return document

    def _known(self, team: str) -> str:
        return team if team in self._teams else ""

    def _may_see(self, caller: Caller, run: Run) -> bool:
        return caller.may_see(self._known(run.team))


def run_of(app: dict[str, Any]) -> Run:
    """What the page and the drivers' routes need of an app with its tasks."""
    labels = app.get("labels") or {}
    tasks = app.get("tasks") or []
    task = max(tasks, key=lambda item: str(item.get("startedAt") or ""), default=_NO_TASK)
    state = {"TASK_RUNNING": "running", "TASK_STAGING": "starting", "TASK_STARTING": "starting"}.get(
        str(task.get("state")), "waiting"
    )
    # An ended task stays in the list until its app is removed or started again.
    ended = str(task.get("state", "")).removeprefix("TASK_").lower()
    if ended in ("finished", "failed", "killed", "error", "lost"):
        state = ended
    run_id = str(labels.get("run_id", "")) if str(app["id"]).startswith(_RUNS) else ""
    return Run(
        app_id=str(app["id"]),
        job=str(labels.get("job", "")),
        # An app that claims to be another run would take over its address.
        run_id=run_id if app["id"] == _RUNS + run_id else "",
        team=str(labels.get("principal", "")),
        state=state,
        since=str(task.get("startedAt") or task.get("stagedAt") or ""),
        host=str(task.get("host", "")),
        ports=tuple(int(port) for port in task.get("ports") or []),
        task_id=str(task.get("id", "")),
    )
