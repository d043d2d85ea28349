# SPDX-License-Identifier: GPL-3.0-or-later
"""One HTTP, HTTPS or TCP probe of a task."""

import asyncio
import ssl
from http import HTTPStatus

import aiohttp

from mesospark_marathon.interfaces import NO_PORT_CAUSE, HealthTarget

_HEALTHY_STATUS = range(200, 400)


async def probe(session: aiohttp.ClientSession, target: HealthTarget) -> str | None:
    """Try the target once, for at most its timeout. None when it is healthy, else the cause in one sentence."""
    if target.port is None:
        return NO_PORT_CAUSE
    try:
        async with asyncio.timeout(target.timeout):
            if target.protocol == "TCP":
                _reader, writer = await asyncio.open_connection(target.host, target.port)
                writer.close()
                return None
            return await _get(session, target)
    except TimeoutError:
        return f"{target.protocol} health check timed out after {target.timeout:g} s"
    except (aiohttp.ClientError, OSError) as error:
        return str(error) or type(error).__name__


async def _get(session: aiohttp.ClientSession, target: HealthTarget) -> str | None:
    host = f"[{target.host}]" if ":" in target.host else target.host
    path = target.path if target.path.startswith("/") else "/" + target.path
    url = f"{target.protocol.lower()}://{host}:{target.port}{path}"
    async with session.get(url, allow_redirects=False) as response:
        if response.status in _HEALTHY_STATUS:
            return None
        return f"{response.status} {_phrase(response.status)}"


def _phrase(status: int) -> str:
    """The status' own name, as the real server gives it, whatever the task's server calls it."""
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Unknown Status Code"


def probe_session() -> aiohttp.ClientSession:
    """A session for probes: a new connection each, certificates not checked (a check asks for life, not identity)."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    connector = aiohttp.TCPConnector(ssl=context, force_close=True, limit=0)
    return aiohttp.ClientSession(
        connector=connector,
        cookie_jar=aiohttp.DummyCookieJar(),
        timeout=aiohttp.ClientTimeout(total=None),
        headers={"User-Agent": "marathon-health-check"},
    )
