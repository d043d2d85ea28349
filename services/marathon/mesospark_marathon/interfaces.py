# SPDX-License-Identifier: GPL-3.0-or-later
"""What the core and its edges agree on.

The core (model, scheduler, store, api) never opens a socket; the edges (mesos, events, health, server) know no
Marathon rule. They meet in the types of this file and nowhere else. Everything runs on one asyncio loop: the core's
methods are plain calls, made in order, and never block.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from mesospark_marathon.model.app import App

Json = dict[str, Any]

MesosEventHandler = Callable[[Json], None]
"""Takes a Mesos v1 scheduler event as its JSON object, in the order of arrival, on the loop.

Besides Mesos' own types (SUBSCRIBED, OFFERS, RESCIND, UPDATE, MESSAGE, FAILURE, ERROR, INVERSE_OFFERS, HEARTBEAT ...)
two are made by the transport: `{"type": "CONNECTED", "master": "host:port"}` just before SUBSCRIBED is handed on, and
`{"type": "DISCONNECTED", "reason": str}` when a subscription ends.
"""

FrameworkInfoProvider = Callable[[], Json]
"""Gives the v1 FrameworkInfo for SUBSCRIBE; holds `id` as soon as one is known. Asked anew at every subscription."""

FrameworkIdHandler = Callable[[str], None]
"""Takes the framework id of each SUBSCRIBED event, before that event is handed on."""


class Transport(Protocol):
    """The core's way to the Mesos master (`mesos.transport.MesosTransport`).

    Constructed as `MesosTransport(options, framework_info, on_event, on_framework_id)`.
    """

    async def run(self) -> None:
        """Find the leader, subscribe, read events; reconnect with back-off until cancelled."""

    async def call(self, call_type: str, body: Json) -> None:
        """Send a v1 scheduler call: `call("ACCEPT", {...})` posts `{"type": "ACCEPT", "accept": {...}, framework_id}`.

        Raises TransportError when there is no subscription or the master refuses; the core then waits for the next
        subscription, which reconciles.
        """


class TransportError(Exception):
    """A call did not reach the master; the message says why."""


class EventSink(Protocol):
    """Where the core publishes (`events.bus.EventBus`)."""

    def publish(self, event_type: str, fields: Mapping[str, Any]) -> None:
        """Hand on one event. The bus appends `eventType` and, where fields have none, `timestamp`. Never blocks."""


@dataclass(frozen=True)
class HealthTarget:
    """One Marathon-side check of one running task. Times are seconds."""

    instance_id: str
    check_index: int
    protocol: str
    """HTTP, HTTPS or TCP"""
    host: str
    port: int | None
    """None when the app gives the check no port: each probe fails with NO_PORT_CAUSE"""
    path: str
    interval: float
    timeout: float
    delay: float
    """wait before the first probe"""
    ignore_http_1xx: bool = False


NO_PORT_CAUSE = "Unable to get the task's effectivePort"

HealthReport = Callable[[str, int, bool, str | None], None]
"""(instance_id, check_index, alive, cause): the result of one probe; cause is None when alive."""


class HealthRunner(Protocol):
    """Probes running tasks (`health.HealthCheckRunner(report: HealthReport)`)."""

    def set_targets(self, targets: Sequence[HealthTarget]) -> None:
        """The whole list of wanted checks, replacing the earlier one; checks that stay keep their rhythm."""

    async def close(self) -> None:
        """Stop all probes."""


class Service(Protocol):
    """What the HTTP server needs of the core (`service.MarathonService`).

    Resources are added by `mesospark_marathon.api.add_routes(app: aiohttp.web.Application, service: MarathonService)`;
    the events resource, /ping, /metrics and everything that no route answers belongs to the server.
    """

    @property
    def leader(self) -> str:
        """`host:port` of this server, for X-Marathon-Leader and /v2/leader."""

    def metrics(self) -> Mapping[str, float]:
        """Figures by Marathon's metric name, for instance `marathon.apps.active.gauge`."""

    def known_app(self, app_id: str) -> App | None:
        """An app as it is, or as it last was; None when it is not known (any more)."""

    async def flushed(self) -> None:
        """Return once all that was changed so far is in the store."""
