# SPDX-License-Identifier: GPL-3.0-or-later
"""Connections to the services behind the gateway: TLS with the host's certificate, by the platform's CA only."""

import asyncio
import json
import logging
import ssl
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import aiohttp

from mesospark_gateway.configuration import Account, Configuration, ConfigurationError

log = logging.getLogger(__name__)

_CONNECT_SECONDS = 10
_SILENCE_SECONDS = 900
"""as long as a registry may take for a layer; event streams are kept alive by their servers"""
_ANSWER_SECONDS = 20
_OLD_SESSION_SECONDS = 3600
"""how long requests that began with a former certificate may last"""


class Unavailable(Exception):
    """A service behind the gateway that can not be used; the message names it, and what is wrong."""


class AccountRefused(Unavailable):
    """The service does not know the gateway's own account: waiting does not help."""


class Backends:
    """One pool of connections, made anew when certificate, key, CA or what is revoked have changed on disk."""

    def __init__(self, configuration: Configuration) -> None:
        self._configuration = configuration
        listed = (configuration.revocation_list,) if configuration.revocation_list else ()
        self._files = (configuration.ca_file, configuration.certificate_file, configuration.key_file, *listed)
        self._accounts = configuration.accounts
        self._session: aiohttp.ClientSession | None = None
        self._seen: tuple[tuple[int, int], ...] = ()
        self._closing: set[asyncio.Task[None]] = set()

    def tls_context(self) -> ssl.SSLContext:
        """Raises ConfigurationError when a file can not be used."""
        files = self._configuration
        try:
            context = ssl.create_default_context(cafile=str(files.ca_file))
            if files.revocation_list:
                context.load_verify_locations(cafile=str(files.revocation_list))
                context.verify_flags |= ssl.VERIFY_CRL_CHECK_LEAF
            context.minimum_version = ssl.TLSVersion.TLSv1_2
            # Without a passphrase given here, OpenSSL would ask for one on the terminal.
            context.load_cert_chain(files.certificate_file, files.key_file, password="")
        except OSError as error:
            names = ", ".join(str(path) for path in self._files)
            raise ConfigurationError(f"{names}: not CA, certificate and its key as PEM ({error})") from error
        return context

    @property
    def session(self) -> aiohttp.ClientSession:
        """Connections with the certificate that is on disk now, or the former one while the new can not be used."""
        seen = tuple(_look_of(path) for path in self._files)
        if self._session is None or seen != self._seen:
            try:
                context = self.tls_context()
            except ConfigurationError as error:
                if self._session is None:
                    raise
                log.error("The former certificate stays in use: %s", error)
            else:
                self._replace(context)
            self._seen = seen
        assert self._session is not None
        return self._session

    def _replace(self, context: ssl.SSLContext) -> None:
        former, self._session = (
            self._session,
            aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(ssl=context, limit=0, ttl_dns_cache=30),
                timeout=aiohttp.ClientTimeout(
                    total=None, sock_connect=_CONNECT_SECONDS, connect=_CONNECT_SECONDS, sock_read=_SILENCE_SECONDS
                ),
                auto_decompress=False,
                cookie_jar=aiohttp.DummyCookieJar(),
                # Answers are handed through as they come; the platform's hosts are never asked by a proxy.
                trust_env=False,
            ),
        )
        if former is not None:
            log.info("Uses the renewed certificate")
            task = asyncio.get_running_loop().create_task(_close_later(former))
            self._closing.add(task)
            task.add_done_callback(self._closing.discard)

    def account(self, name: str) -> Account | None:
        return self._accounts.get(name)

    def credentials(self, name: str) -> dict[str, str]:
        """The header with the gateway's own account at a service; none when it has no account there."""
        account = self.account(name)
        if account is None:
            return {}
        return {"Authorization": aiohttp.encode_basic_auth(account.username, account.password, encoding="utf-8")}

    async def ask(self, url: str, headers: Mapping[str, str]) -> tuple[int, Mapping[str, str], Any]:
        """GET a small JSON document: status, headers, and the document, None if the answer is none.

        Redirects are not followed. Raises Unavailable.
        """
        try:
            async with (
                asyncio.timeout(_ANSWER_SECONDS),
                self.session.get(
                    url,
                    headers={"Accept": "application/json", "Accept-Encoding": "identity", **headers},
                    allow_redirects=False,
                ) as answer,
            ):
                body = await answer.read()
                return answer.status, answer.headers, _document(body)
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise Unavailable(f"{_server(url)} does not answer: {told(error)}") from error

    async def close(self) -> None:
        for task in self._closing:
            task.cancel()
        if self._session is not None:
            await self._session.close()


def told(error: BaseException) -> str:
    """A failure in words."""
    if isinstance(error, TimeoutError):
        return "no answer in time"
    return str(getattr(error, "os_error", None) or error) or type(error).__name__


def _server(url: str) -> str:
    return "/".join(url.split("/", 3)[:3])


def _document(body: bytes) -> Any:
    try:
        return json.loads(body.decode(errors="replace"))
    except ValueError:
        return None


def _look_of(path: Path) -> tuple[int, int]:
    try:
        status = path.stat()
    except OSError:
        return (0, 0)
    return (status.st_mtime_ns, status.st_ino)


async def _close_later(session: aiohttp.ClientSession) -> None:
    try:
        await asyncio.sleep(_OLD_SESSION_SECONDS)
    finally:
        await session.close()
