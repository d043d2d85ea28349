# SPDX-License-Identifier: GPL-3.0-or-later
"""Marathon as one object: what the API asks of it, what Mesos tells it, and when the store writes."""

import asyncio
import logging
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from random import SystemRandom
from typing import Any

from mesospark_marathon.access.caller import Caller
from mesospark_marathon.groups import Change, GroupManager
from mesospark_marathon.interfaces import EventSink, HealthRunner, Json, Transport, TransportError
from mesospark_marathon.metrics import Counters, scheduler_metrics
from mesospark_marathon.model.app import App
from mesospark_marathon.model.app_input import InputRules
from mesospark_marathon.model.app_rules import MARATHON_CHECKS
from mesospark_marathon.model.plan import Plan
from mesospark_marathon.model.root import Root
from mesospark_marathon.model.timestamps import render
from mesospark_marathon.options import Options
from mesospark_marathon.scheduler.core import Scheduler
from mesospark_marathon.store import Store, StoreError
from mesospark_marathon.tree import Tree

LOG = logging.getLogger(__name__)


class MarathonService:
    """Ties tree, scheduler, store and edges together. Everything runs on the loop that `start` is called on."""

    def __init__(self, options: Options, store: Store, events: EventSink, now: Callable[[], float] = time.time) -> None:
        self.options = options
        self.now = now
        self.counters = Counters()
        self.started_at = now()
        self._store = store
        self._events = events
        self._transport: Transport | None = None
        self._health_runner: HealthRunner | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._outbox: list[tuple[str, Json]] = []
        self._calls: asyncio.Queue[tuple[str, Json]] = asyncio.Queue()
        self._waiting: list[asyncio.Future[None]] = []
        self._checks_known_of: Root | None = None
        self._roles: list[str] = []
        self._roles_known_of: Root | None = None
        self._rules = InputRules(options.mesos_role)
        self._rules_known_of: Root | None = None
        self._has_checks = self._had_checks = False
        """whether apps of the current and of the last known tree have checks that run here"""
        self._flush_planned = False
        self._timer: asyncio.TimerHandle | None = None
        self._sender: asyncio.Task[None] | None = None
        self.failed = False
        """whether the process ends because it can not go on"""
        self.ended = asyncio.Event()
        """set when the process has to end: leadership was given up, or the store can not be written"""
        self.revision = 0
        """grows with every change, so that rendered answers can be kept until then"""
        self.framework_id: str | None = store.load("framework").get("id")
        self.tree = Tree(store, render(now()))
        self.scheduler = Scheduler(
            store=store,
            publish=self.publish,
            send=self._send,
            options=options,
            now=now,
            random=SystemRandom(),
            app=self.app,
            enforces_role=self._enforces_role,
            framework_info=self.framework_info,
        )
        self._groups = GroupManager(
            self.tree, self.scheduler.deployments, self.publish, options, now, self.scheduler.context.new_uuid
        )

    # The edges

    def start(self, transport: Transport, health_runner: HealthRunner) -> None:
        """Begin to work: from now on calls are delivered and timers run."""
        self._transport, self._health_runner = transport, health_runner
        self._loop = asyncio.get_running_loop()
        self._sender = self._loop.create_task(self._deliver())
        self.scheduler.settle()
        self.touch()

    async def close(self) -> None:
        """Stop timers and calls, and write what is left."""
        if self._timer is not None:
            self._timer.cancel()
        if self._sender is not None:
            self._sender.cancel()
        self._store.close()

    def framework_info(self) -> Json:
        """The FrameworkInfo to subscribe with."""
        options = self.options
        info: Json = {
            "user": options.mesos_user,
            "name": options.framework_name,
            "failover_timeout": float(options.failover_timeout),
            "checkpoint": True,
            "hostname": options.hostname,
            "webui_url": options.webui_url or f"{'https' if options.disable_http else 'http'}://{self.leader}",
            "roles": self._needed_roles(),
            "capabilities": [{"type": kind} for kind in ("PARTITION_AWARE", "REGION_AWARE", "MULTI_ROLE")],
        }
        if options.mesos_authentication_principal:
            info["principal"] = options.mesos_authentication_principal
        if self.framework_id is not None:
            info["id"] = {"value": self.framework_id}
        return info

    def _needed_roles(self) -> list[str]:
        """The server's own role and those of all apps."""
        root = self.tree.current
        if root is not self._roles_known_of:
            self._roles_known_of = root
            self._roles = sorted({self.options.mesos_role, *(app.role for app in root.apps.values())})
        return self._roles

    def _enforces_role(self, app_id: str) -> bool:
        group = self.tree.current.groups.get("/" + app_id.split("/")[1])
        return group is not None and bool(group.enforce_role)

    def on_framework_id(self, framework_id: str) -> None:
        """Keep the framework id that Mesos gave."""
        if framework_id != self.framework_id:
            self.framework_id = framework_id
            self._store.put("framework", "id", framework_id)
            self.touch()

    def on_mesos_event(self, event: Json) -> None:
        """Take one event of the transport."""
        with self._ending_on_failure():
            self._take_mesos_event(event)

    def _take_mesos_event(self, event: Json) -> None:
        kind = event["type"]
        self.counters.count_event(event)
        if kind == "CONNECTED":
            fields = {"frameworkId": self.framework_id, "master": {"host": event.get("master", "")}}
            self.publish("scheduler_registered_event", fields)
        elif kind == "DISCONNECTED":
            self._drop_calls()
            self.publish("scheduler_disconnected_event", {})
        elif kind == "ERROR":
            LOG.error("Mesos refuses this framework: %s", event.get("error", {}).get("message", ""))
        self.scheduler.on_mesos_event(event)
        self.touch()

    def on_health(self, instance_id: str, index: int, alive: bool, cause: str | None) -> None:
        """Take the result of one probe."""
        with self._ending_on_failure():
            self.scheduler.on_health(instance_id, index, alive, cause)
            self.touch()

    @property
    def leader(self) -> str:
        """`host:port` of this server."""
        port = self.options.https_port if self.options.disable_http else self.options.http_port
        return f"{self.options.hostname}:{port}"

    def publish(self, event_type: str, fields: Mapping[str, Any]) -> None:
        """Hand an event to whoever listens."""
        self.revision += 1
        self._events.publish(event_type, {"timestamp": render(self.now())} | dict(fields))

    def metrics(self) -> Mapping[str, float]:
        """Figures by Marathon's metric name."""
        return scheduler_metrics(self.scheduler, self.tree.current, self.counters, self.now() - self.started_at)

    # What the API asks for

    @property
    def rules(self) -> InputRules:
        """What the reading of apps depends on."""
        root = self.tree.current
        if root is not self._rules_known_of:
            self._rules_known_of = root
            usual = self.options.mesos_role
            enforced = frozenset(group_id for group_id, group in root.groups.items() if group.enforce_role)
            others = {app_id: app.role for app_id, app in root.apps.items() if app.role != usual}
            self._rules = InputRules(usual, enforced=enforced, present=others)
        return self._rules

    def app(self, app_id: str) -> App | None:
        """The current version of an app."""
        return self.tree.current.apps.get(app_id)

    def known_app(self, app_id: str) -> App | None:
        """An app as it is, or as it last was; None when it is not known (any more)."""
        versions = self.tree.app_versions.get(app_id, {})
        return self.app(app_id) or next(reversed(versions.values()), None)

    def update(
        self,
        group_id: str,
        change: Change,
        *,
        by: Caller,
        force: bool = False,
        kill: Mapping[str, Sequence[str]] | None = None,
    ) -> Plan:
        """Change the tree; see `GroupManager.update`."""
        try:
            return self._groups.update(group_id, change, by=by, force=force, kill=kill)
        finally:
            self.scheduler.settle()
            self.touch()

    def enforce_role(self, group_id: str, enforced: bool) -> None:
        """Set whether new apps of a top-level group must have the group's role. Nothing is deployed."""
        root = self.tree.current
        changed = replace(root.groups[group_id], enforce_role=enforced)
        self.tree.amend(replace(root, groups={**root.groups, group_id: changed}))
        self.touch()

    def dry_run(self, change: Change, *, by: Caller) -> Plan:
        """The plan that a change would lead to; see `GroupManager.dry_run`."""
        return self._groups.dry_run(change, by=by)

    def touch(self) -> None:
        """Plan a commit: something may have changed."""
        self.revision += 1
        if self._loop is not None and not self._flush_planned:
            self._flush_planned = True
            self._loop.call_soon(self._flush)

    async def flushed(self) -> None:
        """Return once all that was changed so far is in the store."""
        if self._loop is not None and self._flush_planned:
            future = self._loop.create_future()
            self._waiting.append(future)
            await future

    # Commit, then act

    def _flush(self) -> None:
        self._flush_planned = False
        with self._ending_on_failure():
            self._store.commit()
            self._after_commit()

    @contextmanager
    def _ending_on_failure(self) -> Iterator[None]:
        """Ends the process when the code within fails: it is started again and goes on from what the store has."""
        try:
            yield
        except Exception as error:
            LOG.critical("%s", error, exc_info=not isinstance(error, StoreError))
            self.failed = True
            self.ended.set()

    def _after_commit(self) -> None:
        for call in self._outbox:
            self._calls.put_nowait(call)
        self._outbox.clear()
        for future in self._waiting:
            if not future.done():
                future.set_result(None)
        self._waiting.clear()
        self._set_health_targets()
        self._set_timer()

    def _set_health_targets(self) -> None:
        if self._health_runner is None:
            return
        if self.tree.current is not self._checks_known_of:
            self._checks_known_of = self.tree.current
            self._has_checks = any(
                check["protocol"] in MARATHON_CHECKS
                for app in self.tree.current.apps.values()
                for check in app.document.get("healthChecks", ())
            )
        if self._has_checks or self._had_checks:
            self._health_runner.set_targets(self.scheduler.health.targets())
        self._had_checks = self._has_checks

    def _set_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        if self._loop is not None:
            delay = max(0.0, self.scheduler.next_wakeup() - self.now())
            self._timer = self._loop.call_later(delay, self._tick)

    def _tick(self) -> None:
        with self._ending_on_failure():
            self.scheduler.tick()
            self.touch()

    def _send(self, call_type: str, body: Json) -> None:
        self._outbox.append((call_type, body))

    def _drop_calls(self) -> None:
        self._outbox.clear()
        while not self._calls.empty():
            self._calls.get_nowait()

    async def _deliver(self) -> None:
        with self._ending_on_failure():
            while True:
                call_type, body = await self._calls.get()
                if self._transport is None:
                    continue
                try:
                    await self._transport.call(call_type, body)
                    self.counters.count_call(call_type, body)
                except TransportError as error:
                    # Nothing is lost: the next subscription reconciles, and then offers come anew.
                    LOG.warning("%s", error)
