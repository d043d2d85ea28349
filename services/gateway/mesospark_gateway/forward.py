# SPDX-License-Identifier: GPL-3.0-or-later
"""Hands one request on to a service, and its answer back, as they come."""

from collections.abc import Mapping

import aiohttp
from aiohttp import web
from multidict import CIMultiDict
from yarl import URL

from mesospark_gateway.backends import AccountRefused, Backends, Unavailable, told

_HOP_BY_HOP = frozenset(
    {
        *("connection", "keep-alive", "proxy-authenticate", "proxy-authorization", "proxy-connection", "te", "trailer"),
        *("transfer-encoding", "upgrade"),
    }
)
# What proves the caller to the gateway is nothing for services, and who he is comes from the gateway alone.
_FOR_THE_GATEWAY = frozenset(
    {
        *("authorization", "cookie", "host", "expect", "forwarded", "x-remote-user", "x-remote-groups"),
        *("x-forwarded-for", "x-forwarded-host", "x-forwarded-proto", "x-forwarded-server", "x-forwarded-context"),
        *("x-graylog-server-url",),
    }
)
# A service can set no cookies for the gateway's address, and does not say what browsers may do there.
_OF_THE_SERVICE = frozenset(
    {
        *("set-cookie", "www-authenticate", "strict-transport-security", "alt-svc", "clear-site-data", "server"),
        *("access-control-allow-origin", "access-control-allow-credentials", "service-worker-allowed"),
        *("content-security-policy", "cross-origin-opener-policy", "x-frame-options", "referrer-policy"),
    }
)


async def forward(
    request: web.Request,
    backends: Backends,
    url: str,
    *,
    service: str,
    headers: Mapping[str, str],
    prefix: str = "",
    answer_headers: Mapping[str, str] | None = None,
    redirects: bool = True,
) -> web.StreamResponse:
    """Send the request to `url` (encoded, with its query) and hand the answer back.

    service: name for messages. headers: added to the request's. prefix: where the service's root is at the gateway;
    redirects of the service to itself lead there. redirects: without, one means that another server is to be asked.
    Raises Unavailable.
    """
    sent = _without(request.headers, _HOP_BY_HOP | _FOR_THE_GATEWAY)
    sent.update({"X-Forwarded-Proto": "https", **headers})
    try:
        async with backends.session.request(
            request.method,
            URL(url, encoded=True),
            headers=sent,
            data=request.content if request.body_exists else None,
            allow_redirects=False,
            skip_auto_headers=("User-Agent", "Accept", "Accept-Encoding", "Content-Type"),
        ) as answer:
            if answer.status == 401 and "Authorization" in headers:
                raise AccountRefused(f"{service} does not take the gateway's account: its password there has changed")
            if answer.status == 307 and not redirects:
                raise Unavailable(f"{service} does not lead, or not yet")
            returned = _without(answer.headers, _HOP_BY_HOP | _OF_THE_SERVICE)
            if "Location" in returned:
                returned["Location"] = own_location(returned["Location"], url, prefix)
            returned.update(answer_headers or {})
            return await _hand_back(request, answer, returned)
    except (aiohttp.ClientError, TimeoutError, OSError) as error:
        raise Unavailable(f"{service} does not answer: {told(error)}") from error


async def _hand_back(
    request: web.Request, answer: aiohttp.ClientResponse, headers: CIMultiDict[str]
) -> web.StreamResponse:
    response = web.StreamResponse(status=answer.status, reason=answer.reason, headers=headers)
    await response.prepare(request)
    try:
        async for data in answer.content.iter_any():
            await response.write(data)
    except (aiohttp.ClientError, TimeoutError, OSError):
        # The answer has begun, so that the only way to say that it broke off is to break it off.
        if request.transport is not None:
            request.transport.abort()
        return response
    await response.write_eof()
    return response


def _without(headers: Mapping[str, str], names: frozenset[str]) -> CIMultiDict[str]:
    """A copy without these headers, and without those that the header Connection declares to be of one hop."""
    connection = {name.strip().lower() for name in headers.get("Connection", "").split(",")}
    return CIMultiDict(
        (name, value) for name, value in headers.items() if name.lower() not in names and name.lower() not in connection
    )


def own_location(location: str, url: str, prefix: str) -> str:
    """A redirect's target as it is spelled at the gateway: what leads to the service itself gets the prefix."""
    target, origin = URL(location, encoded=True), URL(url, encoded=True)
    if target.is_absolute() and target.authority != origin.authority:
        return location
    path = target.raw_path_qs if target.is_absolute() else location
    if not path.startswith("/") or path.startswith("//"):
        return location
    return path if prefix and (path + "/").startswith(prefix + "/") else prefix + path
