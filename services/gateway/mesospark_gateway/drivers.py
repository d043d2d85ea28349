# SPDX-License-Identifier: GPL-3.0-or-later
"""/drivers/<run id>/ is the web interface of a running driver."""

import re

from aiohttp import web

from mesospark_gateway.backends import Backends
from mesospark_gateway.caller import READING, Caller, Refused
from mesospark_gateway.forward import forward
from mesospark_gateway.marathon import Marathons

_RUN_ID = re.compile(r"[a-z0-9][a-z0-9-]{0,99}")
# Spark's pages end jobs and stages, and take thread dumps and profiles of executors, by GET as well.
_CHANGES = re.compile(r"(^|/)kill(/|$)")


async def driver(
    request: web.Request,
    caller: Caller,
    run_id: str,
    tail: str,
    *,
    backends: Backends,
    marathons: Marathons,
    address: str,
) -> web.StreamResponse:
    """`tail`: the rest of the path with its query, encoded, as the caller wrote it."""
    if not _RUN_ID.fullmatch(run_id):
        raise web.HTTPNotFound(text="this is no run id")
    prefix = f"/drivers/{run_id}"
    run = await marathons.run(run_id, caller)
    if run is None:
        raise web.HTTPNotFound(text=f"there is no run {run_id}: it has ended, or never was")
    if not run.ui_url:
        raise web.HTTPNotFound(text=f"the driver of {run_id} is {run.state} and has no web interface now")
    if request.method not in READING or _CHANGES.search(request.path):
        caller.require("POST", run.team, f"the run {run_id}")
        check_own_page(request, f"{address}{prefix}/")
    return await forward(
        request,
        backends,
        f"{run.ui_url}/{tail}",
        service=f"the driver of {run_id}",
        # Spark puts it before all links of its pages.
        headers={"X-Forwarded-Context": prefix},
        prefix=prefix,
        answer_headers=_walls(f"{address}{prefix}/"),
    )


def check_own_page(request: web.Request, page: str) -> None:
    """Raises Refused for what a browser sends on behalf of any page but those below `page`."""
    from_page = any(name in request.headers for name in ("Origin", "Referer", "Sec-Fetch-Site"))
    if from_page and not request.headers.get("Referer", "").startswith(page):
        raise Refused("pages: only the run's own pages may do this from a browser")


def _walls(page: str) -> dict[str, str]:
    """A driver is a team's own program and its pages run in the browser of whoever looks: they reach this driver only,
    not the rest of the gateway, which knows the looker.
    """
    policy = (
        f"default-src 'none'; script-src {page} 'unsafe-inline' 'unsafe-eval'; style-src {page} 'unsafe-inline'; "
        f"img-src {page} data:; font-src {page} data:; connect-src {page}; form-action {page}; "
        "frame-ancestors 'none'; base-uri 'none'"
    )
    return {
        "Content-Security-Policy": policy,
        "Cross-Origin-Opener-Policy": "same-origin",
        "X-Frame-Options": "DENY",
        "X-Content-Type-Options": "nosniff",
    }
