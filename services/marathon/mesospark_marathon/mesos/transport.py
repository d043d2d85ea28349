# SPDX-License-Identifier: GPL-3.0-or-later
"""The Mesos v1 scheduler API over HTTP: one subscription to the leading master, and calls beside it."""

import asyncio
import json
import logging
import os
import random
from collections.abc import AsyncIterator, Mapping

import aiohttp

from mesospark_marathon.interfaces import (
    FrameworkIdHandler,
    FrameworkInfoProvider,
    Json,
    MesosEventHandler,
    TransportError,
)
from mesospark_marathon.mesos.masters import parse_masters, redirect_address
from mesospark_marathon.mesos.recordio import RecordIODecoder, RecordIOError
from mesospark_marathon.mesos.security import tls_context
from mesospark_marathon.options import Options

log = logging.getLogger(__name__)

SCHEDULER_PATH = "/api/v1/scheduler"
RESUBSCRIBE_DELAY = 0.1
"""seconds between the end of a subscription and the next one"""
NO_LEADER_DELAY = 0.5
"""seconds until the masters are asked again, while none of them leads"""
REFUSED_DELAY = 5.0
"""seconds until the next try after wrong credentials or a refused framework: nothing changes fast there"""
UNREACHABLE_DELAYS = (0.5, 1.0, 2.0, 3.0)
"""seconds after the first, second, third and each later round in which no master was reached"""
MISSED_HEARTBEATS = 3
ANSWER_TIMEOUT = 10.0
MAXIMUM_REDIRECTS = 5
_HEADERS = {"Content-Type": "application/json", "Accept": "application/json"}


class _NotSubscribed(Exception):
    """No subscription came about, or it ended. `delay` is the least wait before the next try, in seconds."""

    def __init__(self, reason: str, delay: float | None = None) -> None:
        super().__init__(reason)
        self.delay = delay


class MesosTransport:
    """Keeps the framework subscribed and hands on what the master says (see `interfaces.Transport`).

    Raises OptionError when --master or the LIBPROCESS_SSL_* environment is wrong.
    """

    def __init__(
        self,
        options: Options,
        framework_info: FrameworkInfoProvider,
        on_event: MesosEventHandler,
        on_framework_id: FrameworkIdHandler,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self._masters = parse_masters(options.master)
        self._tls = tls_context(os.environ if environment is None else environment)
        self._principal = options.mesos_authentication_principal
        self._authorization: str | None = None
        if options.mesos_authentication:
            self._authorization = aiohttp.encode_basic_auth(self._principal, options.mesos_authentication_secret)
        self._framework_info = framework_info
        self._on_event = on_event
        self._on_framework_id = on_framework_id
        self._session: aiohttp.ClientSession | None = None
        self._url = ""
        self._stream_id: str | None = None
        self._subscription: aiohttp.ClientResponse | None = None
        self._framework_id: str | None = None
        self._call_order = asyncio.Lock()
        self._last_trouble = ""

    async def run(self) -> None:
        """Find the leader, subscribe, read events; reconnect with back-off until cancelled."""
        headers = dict(_HEADERS)
        if self._authorization:
            headers["Authorization"] = self._authorization
        connector = aiohttp.TCPConnector(ssl=self._tls if self._tls else True, keepalive_timeout=3600)
        async with aiohttp.ClientSession(connector=connector, headers=headers) as session:
            self._session = session
            unreached = 0
            try:
                while True:
                    trouble = await self._round()
                    if trouble is None:
                        unreached = 0
                        delay = RESUBSCRIBE_DELAY
                    elif trouble.delay is not None:
                        delay = trouble.delay
                    else:
                        delay = UNREACHABLE_DELAYS[min(unreached, len(UNREACHABLE_DELAYS) - 1)]
                        unreached += 1
                    await asyncio.sleep(delay * random.uniform(0.8, 1.2))
            finally:
                self._session = None

    async def _round(self) -> _NotSubscribed | None:
        """Try every master once. Returns None after a subscription that worked for a while, else the last trouble."""
        trouble = _NotSubscribed("no master")
        for address in self._masters:
            try:
                await self._subscribe(address)
                return None
            except _NotSubscribed as failure:
                if str(failure) != self._last_trouble:
                    log.warning("%s", failure)
                    self._last_trouble = str(failure)
                if trouble.delay is None or failure.delay is not None:
                    trouble = failure
        return trouble

    async def _subscribe(self, address: str) -> None:
        """Subscribe at `address` or where it redirects to; returns when an accepted subscription has ended."""
        assert self._session is not None
        info = self._framework_info()
        subscribe: Json = {"type": "SUBSCRIBE", "subscribe": {"framework_info": info}}
        if "id" in info:
            subscribe["framework_id"] = info["id"]
        for redirects in range(MAXIMUM_REDIRECTS):
            url = f"{'https' if self._tls else 'http'}://{address}{SCHEDULER_PATH}"
            try:
                async with asyncio.timeout(ANSWER_TIMEOUT):
                    response = await self._session.post(
                        url,
                        json=subscribe,
                        allow_redirects=False,
                        timeout=aiohttp.ClientTimeout(total=None, sock_connect=ANSWER_TIMEOUT / 2),
                    )
            except (aiohttp.ClientError, OSError, TimeoutError) as error:
                how = "with TLS" if self._tls else "without TLS"
                # Where the others still point at a leader that died, they will soon have another.
                raise _NotSubscribed(
                    f"Mesos master {address} can not be reached {how}: {_reason(error)}",
                    NO_LEADER_DELAY if redirects else None,
                ) from error
            try:
                if response.status == 200:
                    await self._read(address, url, response)
                    return
                if response.status != 307:
                    raise await self._refusal(address, response)
                target = redirect_address(response.headers.get("Location", ""))
            finally:
                response.close()
            if target is None or target == address:
                raise _NotSubscribed(f"Mesos master {address} knows no leading master yet", NO_LEADER_DELAY)
            address = target
        raise _NotSubscribed("the Mesos masters redirect to each other; no leader yet", NO_LEADER_DELAY)

    async def _refusal(self, address: str, response: aiohttp.ClientResponse) -> _NotSubscribed:
        if response.status == 503:
            return _NotSubscribed(f"Mesos master {address} knows no leading master yet", NO_LEADER_DELAY)
        try:
            text = (await response.text()).strip()[:300]
        except (aiohttp.ClientError, UnicodeDecodeError):
            text = ""
        if response.status == 401 and not self._authorization:
            return _NotSubscribed(
                f"Mesos master {address} asks for credentials (401): give --mesos_authentication, "
                "--mesos_authentication_principal and --mesos_authentication_secret_file",
                REFUSED_DELAY,
            )
        if response.status == 401:
            return _NotSubscribed(
                f"Mesos master {address} refused the credentials of principal '{self._principal}' (401): "
                "compare --mesos_authentication_secret_file with the master's --credentials; trying again",
                REFUSED_DELAY,
            )
        return _NotSubscribed(
            f"Mesos master {address} refused the subscription: {response.status} {text}", REFUSED_DELAY
        )

    async def _read(self, address: str, url: str, response: aiohttp.ClientResponse) -> None:
        """Hand on the events of one subscription until it ends."""
        stream_id = response.headers.get("Mesos-Stream-Id")
        if stream_id is None:
            raise _NotSubscribed(f"{address} is no Mesos master: its answer has no Mesos-Stream-Id", REFUSED_DELAY)
        subscribed, refused, reason = False, "", "the master closed the connection"
        try:
            async for event in _events(response):
                if event["type"] == "SUBSCRIBED":
                    subscribed = True
                    self._last_trouble = ""
                    self._url, self._stream_id, self._subscription = url, stream_id, response
                    self._framework_id = event["subscribed"]["framework_id"]["value"]
                    log.info("Subscribed at Mesos master %s as framework %s", address, self._framework_id)
                    self._on_framework_id(self._framework_id)
                    self._deliver({"type": "CONNECTED", "master": address})
                elif event["type"] == "ERROR":
                    refused = event.get("error", {}).get("message", "")
                self._deliver(event)
        except TimeoutError:
            reason = "no heartbeat arrived in time"
        except aiohttp.ClientPayloadError:
            pass  # the stream ended in the middle, as it does when the master is killed
        except (aiohttp.ClientError, OSError) as error:
            reason = _reason(error)
        except (RecordIOError, ValueError, KeyError) as error:
            reason = f"the event stream can not be read: {error}"
        except asyncio.CancelledError:
            reason = "this server stops"
            raise
        finally:
            self._stream_id = self._subscription = None
            if subscribed:
                self._deliver({"type": "DISCONNECTED", "reason": refused or reason})
        if refused:
            raise _NotSubscribed(f"Mesos master {address} ended the subscription: {refused}", REFUSED_DELAY)
        if not subscribed:
            raise _NotSubscribed(f"Mesos master {address} did not subscribe the framework: {reason}")
        log.warning("The subscription at Mesos master %s ended: %s", address, reason)

    def _deliver(self, event: Json) -> None:
        try:
            self._on_event(event)
        except Exception:
            # A fault in handling one event must not cost the subscription: the next reconciliation repairs the state.
            log.exception("A Mesos event of type %s could not be handled", event.get("type"))

    async def call(self, call_type: str, body: Json) -> None:
        """Send a scheduler call (see `interfaces.Transport`); calls reach the master in the order they were made."""
        stream_id, session = self._stream_id, self._session
        async with self._call_order:
            if stream_id is None or session is None or stream_id != self._stream_id:
                raise TransportError(f"{call_type} was not sent: not subscribed at a Mesos master")
            message: Json = {"type": call_type, "framework_id": {"value": self._framework_id}}
            if body:
                message[call_type.lower()] = body
            try:
                async with session.post(
                    self._url,
                    json=message,
                    headers={"Mesos-Stream-Id": stream_id},
                    allow_redirects=False,
                    timeout=aiohttp.ClientTimeout(total=ANSWER_TIMEOUT),
                ) as response:
                    if response.status not in (200, 202):
                        text = (await response.text()).strip()[:300]
                        raise TransportError(f"{call_type} was refused by the Mesos master: {response.status} {text}")
            except (aiohttp.ClientError, OSError, TimeoutError) as error:
                # Nobody knows whether the master took the call: a new subscription makes core and master agree again.
                if self._subscription is not None:
                    self._subscription.close()
                raise TransportError(f"{call_type} did not reach the Mesos master: {_reason(error)}") from error


async def _events(response: aiohttp.ClientResponse) -> AsyncIterator[Json]:
    """The events of a subscription. Raises TimeoutError when the master is silent for MISSED_HEARTBEATS intervals."""
    decoder = RecordIODecoder()
    silence = ANSWER_TIMEOUT
    while True:
        async with asyncio.timeout(silence):
            data = await response.content.readany()
        if not data:
            return
        for record in decoder.feed(data):
            event: Json = json.loads(record)
            if event["type"] == "SUBSCRIBED":
                silence = MISSED_HEARTBEATS * float(event["subscribed"].get("heartbeat_interval_seconds", 15))
            yield event


def _reason(error: BaseException) -> str:
    """One line that says what went wrong, for exceptions with and without a text of their own."""
    if isinstance(error, TimeoutError):
        return "no answer in time"
    return str(error) or type(error).__name__
