# SPDX-License-Identifier: GPL-3.0-or-later
"""The landing page: what is running, for whom, since when. Made here, without any script."""

from datetime import UTC, datetime
from urllib.parse import quote, urlencode

from aiohttp import web
from jinja2 import Environment, PackageLoader, StrictUndefined

from mesospark_gateway.backends import Unavailable
from mesospark_gateway.caller import Caller, Refused
from mesospark_gateway.configuration import Configuration
from mesospark_gateway.marathon import Marathons, Run
from mesospark_gateway.mesos import Masters
from mesospark_gateway.registry import RegistryRoutes

_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'",
    "X-Frame-Options": "DENY",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cache-Control": "no-store",
}
_MINUTE, _HOUR, _DAY = 60, 3600, 86400


class Pages:
    """The pages of the gateway itself."""

    def __init__(self, configuration: Configuration, masters: Masters, marathons: Marathons, registry: RegistryRoutes):
        self._configuration = configuration
        self._masters = masters
        self._marathons = marathons
        self._registry = registry
        self._environment = Environment(
            loader=PackageLoader("mesospark_gateway"), autoescape=True, undefined=StrictUndefined, trim_blocks=True
        )

    async def landing(self, caller: Caller) -> web.Response:
        """What can not be found out is said on the page; the rest of it is there all the same."""
        problems = []
        runs: list[Run] = []
        framework_id = ""
        try:
            runs = await self._marathons.runs(caller)
            framework_id = await self._marathons.framework_id(caller)
        except (Unavailable, Refused) as error:
            problems.append(str(error))
        cluster = {}
        try:
            cluster = await self._cluster()
        except Unavailable as error:
            problems.append(str(error))
        now = datetime.now(UTC)
        return self._answer(
            "page.html",
            caller=caller,
            rows=[self._row(run, framework_id, now) for run in runs if run.run_id],
            apps=[self._row(run, framework_id, now) for run in runs if not run.run_id],
            cluster=cluster,
            services=[
                service
                for service in self._configuration.services
                if caller.is_operator or not service.groups or set(service.groups) & set(caller.groups)
            ],
            graylog_url=self._configuration.graylog_url,
            has_registry=bool(self._registry.url),
            problems=problems,
            now=now.strftime("%Y-%m-%d %H:%M:%S UTC"),
        )

    async def registry(self) -> web.Response:
        if not self._registry.url:
            raise web.HTTPNotFound(text="this platform has no image registry")
        return self._answer("registry.html", repositories=await self._registry.names())

    def error(self, status: int, sentence: str) -> web.Response:
        return self._answer("error.html", status=status, sentence=sentence)

    async def _cluster(self) -> dict[str, object]:
        leader = await self._masters.leader()
        agents = [agent for agent in (await self._masters.document("/slaves"))["slaves"] if agent.get("active")]

        def sums(field: str, kind: str) -> float:
            return sum(float(agent.get(field, {}).get(kind, 0)) for agent in agents)

        return {
            "leader": leader.partition("//")[2],
            "agents": len(agents),
            "cpus": f"{sums('used_resources', 'cpus'):g} of {sums('resources', 'cpus'):g}",
            "memory": f"{sums('used_resources', 'mem') / 1024:.1f} of {sums('resources', 'mem') / 1024:.1f} GiB",
        }

    def _row(self, run: Run, framework_id: str, now: datetime) -> dict[str, str]:
        logs = sandbox = ""
        graylog = self._configuration.graylog_url
        if graylog and run.run_id:
            asked = urlencode({"q": f'run:"{run.run_id}"', "rangetype": "relative", "relative": "0"}, quote_via=quote)
            logs = f"{graylog}/search?{asked}"
        if framework_id and run.task_id and run.host:
            path = f"/frameworks/{framework_id}/executors/{run.task_id}/runs/latest"
            sandbox = f"/agents/{quote(run.host)}/files/download?" + urlencode({"path": path})
        return {
            "job": run.job or run.app_id,
            "run": run.run_id,
            "team": run.team,
            "state": run.state,
            "since": run.since,
            "age": age(run.since, now),
            "host": run.host,
            "driver": f"/drivers/{run.run_id}/" if run.ui_url else "",
            "logs": logs,
            "stdout": sandbox + "%2Fstdout" if sandbox else "",
            "stderr": sandbox + "%2Fstderr" if sandbox else "",
        }

    def _answer(self, template: str, **values: object) -> web.Response:
        text = self._environment.get_template(template).render(**values)
        status = values.get("status", 200)
        return web.Response(
            text=text, content_type="text/html", headers=_HEADERS, status=status if isinstance(status, int) else 200
        )


def age(since: str, now: datetime) -> str:
    """How long ago a time in ISO 8601 was, in the two largest units; empty for none."""
    try:
        seconds = int((now - datetime.fromisoformat(since)).total_seconds())
    except (ValueError, TypeError):
        return ""
    if seconds < _MINUTE:
        return f"{max(seconds, 0)} s"
    if seconds < _HOUR:
        return f"{seconds // _MINUTE} min {seconds % _MINUTE} s"
    if seconds < _DAY:
        return f"{seconds // _HOUR} h {seconds % _HOUR // _MINUTE} min"
    return f"{seconds // _DAY} d {seconds % _DAY // _HOUR} h"
