# SPDX-License-Identifier: GPL-3.0-or-later
"""What all resources share: paths, parameters, answers."""

import logging
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import unquote

from aiohttp import web

from mesospark_marathon.access.caller import caller_of
from mesospark_marathon.model.errors import ApiError
from mesospark_marathon.model.json_text import parse_json
from mesospark_marathon.model.plan import Plan
from mesospark_marathon.model.reader import compact

log = logging.getLogger(__name__)

Handler = Callable[[web.Request], Awaitable[web.Response]]

URI_NOT_FOUND = ApiError(500, {"message": "URI not found"})
METHOD_NOT_ALLOWED = ApiError(405, {"message": "Method Not Allowed"})


def answering(handler: Handler) -> Handler:
    """The handler, with ApiError turned into an answer."""

    async def answer(request: web.Request) -> web.Response:
        try:
            return await handler(request)
        except ApiError as error:
            if error.status == 403:
                log.info("Refused %s: %r", caller_of(request).name or "anybody", str(error))
            return json_answer(error.body, status=error.status) if error.body else web.Response(status=error.status)

    return answer


def json_answer(value: Any, *, status: int = 200, headers: dict[str, str] | None = None) -> web.Response:
    """An answer with a JSON body."""
    return text_answer(compact(value), status=status, headers=headers)


def text_answer(text: str, *, status: int = 200, headers: dict[str, str] | None = None) -> web.Response:
    """An answer whose JSON body is ready."""
    return web.Response(body=text.encode(), status=status, headers=headers, content_type="application/json")


def plan_answer(plan: Plan, *, status: int = 200, headers: dict[str, str] | None = None) -> web.Response:
    """The answer to a change that became a deployment."""
    return json_answer(
        {"version": plan.version, "deploymentId": plan.id},
        status=status,
        headers={"Marathon-Deployment-Id": plan.id} | (headers or {}),
    )


def segments_after(request: web.Request, resource: str) -> list[str]:
    """The decoded path segments behind /v2/<resource>; doubled and trailing slashes count for nothing."""
    path = request.rel_url.raw_path.removeprefix(f"/v2/{resource}")
    return [unquote(segment) for segment in path.split("/") if segment]


def path_of(segments: list[str]) -> str:
    """The id that path segments name."""
    return "/" + "/".join(segments)


def flag(request: web.Request, name: str, *, default: bool = False) -> bool:
    """A boolean parameter."""
    value = request.query.get(name)
    return default if value is None else value.lower() == "true"


def location(request: web.Request, path: str) -> dict[str, str]:
    """The Location header of something new: the server's address and the bare id, as Marathon has it."""
    return {"Location": f"{request.scheme}://{request.host}{path}"}


async def read_json(request: web.Request) -> Any:
    """The JSON body; ApiError 400 when it is none."""
    return parse_json(await request.read())
