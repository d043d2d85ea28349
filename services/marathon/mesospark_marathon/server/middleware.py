# SPDX-License-Identifier: GPL-3.0-or-later
"""What happens to every request around its resource: credentials, refusals in Marathon's words, headers, figures."""

import json
import logging
from collections.abc import Awaitable, Callable

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from mesospark_marathon.access.caller import CALLER, caller_of
from mesospark_marathon.events.resource import EVENTS_PATH
from mesospark_marathon.server.callers import Callers, RefusedCaller
from mesospark_marathon.server.metrics import ServerMetrics
from mesospark_marathon.server.passwords import Credentials

log = logging.getLogger(__name__)

_API_PREFIX = "/v2/"
_JSON = "application/json"
_READING = frozenset(("GET", "HEAD", "OPTIONS"))
_WITH_BODY = frozenset(("POST", "PUT", "PATCH"))
_UNAUTHORIZED_PAGE = (
    "<html><head><title>Error 401 Unauthorized</title></head>"
    "<body><h2>HTTP ERROR 401</h2><p>Problem accessing the resource. Reason: Unauthorized</p></body></html>\n"
)


def message(status: int, text: str) -> web.Response:
    """An answer whose body says `{"message": text}`."""
    body = json.dumps({"message": text}, separators=(",", ":")).encode()
    return web.Response(status=status, body=body, content_type=_JSON)


def authentication(credentials: Credentials, callers: Callers, realm: str) -> Middleware:
    """Answers 401 before anything else is looked at, so that a stranger does not even learn which paths exist."""

    @web.middleware
    async def check(request: web.Request, handler: Handler) -> web.StreamResponse:
        account = await credentials.user(request.headers.get("Authorization"))
        if account is None:
            log.info("Refused %s %s from %s: no or wrong credentials", request.method, _path(request), request.remote)
            return web.Response(
                status=401,
                text=_UNAUTHORIZED_PAGE,
                content_type="text/html",
                headers={"WWW-Authenticate": f'Basic realm="{realm}"'},
            )
        try:
            caller = callers.caller(account, request)
        except RefusedCaller as error:
            log.warning(
                "Refused %s %s from %s (%s): %s", request.method, _path(request), request.remote, account, error
            )
            return message(403, str(error))
        request[CALLER] = caller
        return await handler(request)

    return check


@web.middleware
async def rights(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Refuses what an account may not do whatever the request says; only /ping is for every account."""
    sentence = caller_of(request).refusal_of(request.method)
    return message(403, sentence) if sentence and request.path != "/ping" else await handler(request)


def measuring(metrics: ServerMetrics) -> Middleware:
    """Counts every request and how long its answer took, but for event streams, which last as long as they please.

    Requests that may change something are logged with who sent them.
    """

    @web.middleware
    async def measure(request: web.Request, handler: Handler) -> web.StreamResponse:
        if request.path == EVENTS_PATH:
            return await handler(request)
        began, status = metrics.begin(), 500
        try:
            response = await handler(request)
            status = response.status
            return response
        finally:
            metrics.end(began, request.method, status)
            if request.method not in _READING:
                who = caller_of(request).name or "anybody"
                log.info("%s %s from %s (%s): %d", request.method, _path(request), request.remote, who, status)

    return measure


@web.middleware
async def refusals(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Answers what no resource answers, and faults, in the words and with the codes of the real Marathon."""
    trouble = request.match_info.http_exception
    if trouble is not None:
        if trouble.status == 405:
            return web.Response(status=405) if request.path == EVENTS_PATH else message(405, "Method Not Allowed")
        return message(500, "URI not found")
    if request.path.startswith(_API_PREFIX) and request.path != EVENTS_PATH:
        if request.method in _WITH_BODY and request.can_read_body and not _is_json(request.headers.get("Content-Type")):
            return message(415, "Unsupported Media Type")
        if not _takes_json(request.headers.getall("Accept", [])):
            return message(406, "Not Acceptable")
    try:
        return await handler(request)
    except web.HTTPRequestEntityTooLarge:
        return message(413, "Request Entity Too Large")
    except web.HTTPException:
        raise
    except ConnectionError:
        raise  # the client has gone
    except Exception as error:
        log.exception("%s %s failed", request.method, request.path)
        return message(500, str(error) or type(error).__name__)


def _path(request: web.Request) -> str:
    """The path as it was sent: with its escapes, so that nobody writes log lines of his own."""
    return request.rel_url.raw_path


def _is_json(content_type: str | None) -> bool:
    return content_type is None or content_type.partition(";")[0].strip().lower() == _JSON


def _takes_json(accept: list[str]) -> bool:
    ranges = [part.partition(";")[0].strip().lower() for value in accept for part in value.split(",")]
    return not any(ranges) or any(name in (_JSON, "application/*", "*/*", "*") for name in ranges)


def common_headers(leader: Callable[[], str], scheme: str, allow_origin: str) -> Callable[..., Awaitable[None]]:
    """A signal for `on_response_prepare` that adds the headers of every answer."""

    async def add(_request: web.Request, response: web.StreamResponse) -> None:
        headers = response.headers
        headers["Server"] = "Marathon"
        headers["X-Marathon-Leader"] = f"{scheme}://{leader()}"
        headers["Cache-Control"] = "no-cache, no-store, must-revalidate"
        headers["Pragma"] = "no-cache"
        headers["Expires"] = "0"
        headers["X-Frame-Options"] = "DENY"
        if allow_origin:
            headers["Access-Control-Allow-Origin"] = allow_origin
        if isinstance(response, web.Response) and not response.body and response.content_type == _NO_TYPE:
            headers.pop("Content-Type", None)

    return add


_NO_TYPE = "application/octet-stream"
"""what the HTTP library names an answer that was given no type"""
