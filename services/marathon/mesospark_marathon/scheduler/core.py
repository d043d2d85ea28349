# SPDX-License-Identifier: GPL-3.0-or-later
"""The scheduler: one object that takes what happens and decides what follows, without I/O or a clock of its own.

After each input comes `settle`, which lets deployments, scaling and offers react until nothing is left to do.
"""

from collections.abc import Callable
from random import Random
from typing import Any

from mesospark_marathon.model.app import App
from mesospark_marathon.options import Options
from mesospark_marathon.scheduler.backoff import Backoff
from mesospark_marathon.scheduler.context import Context, Publish, Send
from mesospark_marathon.scheduler.deployments import Deployments
from mesospark_marathon.scheduler.health import Health
from mesospark_marathon.scheduler.instances import INACTIVE, STAGED, UNREACHABLE, Instance, Tracker
from mesospark_marathon.scheduler.kills import Kills, choose_victims
from mesospark_marathon.scheduler.launch_queue import LaunchStatistics
from mesospark_marathon.scheduler.offers import Offers
from mesospark_marathon.scheduler.updates import Updates
from mesospark_marathon.store import Store

Document = dict[str, Any]

_BACKOFF_EXPIRY_INTERVAL = 10.0
_HOUSEKEEPING_INTERVAL = 5.0
_EXPLICIT_RECONCILIATION_CHUNK = 1000


class Scheduler:
    """Instances, offers, status updates, health and deployments of all apps."""

    def __init__(
        self,
        *,
        store: Store,
        publish: Publish,
        send: Send,
        options: Options,
        now: Callable[[], float],
        random: Random,
        app: Callable[[str], App | None],
        enforces_role: Callable[[str], bool],
        framework_info: Callable[[], Document],
    ) -> None:
        tracker = Tracker(store, publish)
        self.context = Context(
            now=now,
            store=store,
            publish=publish,
            send=send,
            options=options,
            random=random,
            app=app,
            enforces_role=enforces_role,
            framework_info=framework_info,
            tracker=tracker,
            backoff=Backoff(store),
            statistics=LaunchStatistics(),
            failures=dict(store.load("failure")),
        )
        self.tracker = tracker
        self.kills = Kills(self.context)
        self.health = Health(self.context, self.kills)
        self.deployments = Deployments(self.context, self.kills, self.health)
        self.offers = Offers(self.context, self.deployments.is_locked)
        for deployment in self.deployments.running():
            tracker.changed_apps.update(deployment.plan.before)
        self.updates = Updates(self.context, self.kills, self.health)
        self._next_housekeeping = now() + _HOUSEKEEPING_INTERVAL
        self._next_expiry = now() + _BACKOFF_EXPIRY_INTERVAL
        self._next_reconciliation: float | None = None
        self._queued: set[str] = set()
        """apps with instances that wait for an offer"""

    def on_mesos_event(self, event: Document) -> None:
        """Take one event of the Mesos subscription."""
        kind = event["type"]
        if kind == "SUBSCRIBED":
            self._subscribed()
        elif kind == "DISCONNECTED":
            self._next_reconciliation = None
            self.offers.disconnected()
        elif kind == "OFFERS":
            self.offers.handle(event["offers"]["offers"])
        elif kind == "INVERSE_OFFERS":
            ids = [offer["id"] for offer in event["inverse_offers"]["inverse_offers"]]
            self.context.send("ACCEPT_INVERSE_OFFERS", {"inverse_offer_ids": ids, "filters": {}})
        elif kind == "UPDATE":
            self.updates.handle(event["update"]["status"])
        self.settle()

    def _subscribed(self) -> None:
        self.offers.subscribed()
        active = [instance for instance in self.tracker.all() if instance.is_active]
        for start in range(0, len(active), _EXPLICIT_RECONCILIATION_CHUNK):
            tasks = [_reconciled(instance) for instance in active[start : start + _EXPLICIT_RECONCILIATION_CHUNK]]
            self.context.send("RECONCILE", {"tasks": tasks})
        self._next_reconciliation = self.context.now() + self.context.options.reconciliation_initial_delay / 1000

    def on_health(self, instance_id: str, index: int, alive: bool, cause: str | None) -> None:
        """Take the result of one probe."""
        self.health.report(instance_id, index, alive, cause)
        self.settle()

    def settle(self) -> None:
        """Let everything react to what has changed."""
        while self.tracker.changed_apps:
            changed, self.tracker.changed_apps = self.tracker.changed_apps, set()
            self.deployments.advance_those_of(changed)
            for app_id in changed:
                self._scale_check(app_id)
        self._leave_queue()
        self.offers.ask()

    def _leave_queue(self) -> None:
        statistics, now = self.context.statistics, self.context.now()
        waiting = {instance.app_id for instance in self.tracker.launchable.values()}
        for app_id in waiting - self._queued:
            statistics.waiting_since(app_id, now)
        for app_id in self._queued - waiting:
            statistics.left_queue(app_id)
        self._queued = waiting

    def _scale_check(self, app_id: str) -> None:
        """Outside of deployments an app keeps the number of instances it asks for."""
        if self.deployments.is_locked(app_id):
            return
        app = self.context.app(app_id)
        if app is None:
            self._end_orphans(app_id)
            return
        wanted = [instance for instance in self.tracker.of_app(app_id) if instance.is_wanted]
        for victim in choose_victims(app, wanted, len(wanted) - app.instances):
            self.kills.decommission(victim)
        self.context.schedule(app, app.instances - len(wanted))

    def _end_orphans(self, app_id: str) -> None:
        for instance in self.tracker.of_app(app_id):
            self.kills.decommission(instance)

    def tick(self) -> None:
        """Do what has become due by the clock."""
        now = self.context.now()
        if now >= self._next_housekeeping:
            self._next_housekeeping = now + _HOUSEKEEPING_INTERVAL
            self.kills.retry()
            self._end_overdue_launches()
        if now >= self._next_expiry:
            self._next_expiry = now + _BACKOFF_EXPIRY_INTERVAL
            self.context.backoff.expire(now)
        if self._next_reconciliation is not None and now >= self._next_reconciliation:
            self._next_reconciliation = now + self.context.options.reconciliation_interval / 1000
            self.context.send("RECONCILE", {"tasks": []})
        for instance in list(self.tracker.unreachable.values()):
            self._age_unreachable(instance)
        self.settle()

    def next_wakeup(self) -> float:
        """When `tick` has to be called at the latest (Unix seconds)."""
        candidates = [self._next_housekeeping, self._next_expiry]
        candidates += [
            moment
            for moment in (
                self._next_reconciliation,
                self.offers.next_wakeup(),
                self.context.backoff.next_end(self.context.now()),
            )
            if moment is not None
        ]
        candidates += [
            moment for instance in self.tracker.unreachable.values() if (moment := self._next_age(instance)) is not None
        ]
        return min(candidates)

    def _next_age(self, instance: Instance) -> float | None:
        app = self.context.app(instance.app_id)
        strategy = app.document["unreachableStrategy"] if app else {"inactiveAfterSeconds": 0, "expungeAfterSeconds": 0}
        if strategy == "disabled":
            return None
        key = "inactiveAfterSeconds" if instance.condition == UNREACHABLE else "expungeAfterSeconds"
        return float(instance.since + strategy[key])

    def _age_unreachable(self, instance: Instance) -> None:
        """An unreachable instance is replaced after a while, and given up after another."""
        due = self._next_age(instance)
        if due is None or self.context.now() < due:
            return
        if instance.condition == UNREACHABLE:
            instance.condition = INACTIVE
            self.tracker.changed(instance, self.context.now())
            self._age_unreachable(instance)
        else:
            self.tracker.forget(instance)

    def _end_overdue_launches(self) -> None:
        patience = self.context.options.task_launch_timeout / 1000
        for instance in list(self.tracker.all()):
            overdue = instance.condition in STAGED and self.context.now() > (instance.staged_at or 0) + patience
            if overdue and instance.killed_at is None:
                self.kills.kill(instance)


def _reconciled(instance: Instance) -> Document:
    task: Document = {"task_id": {"value": instance.task_id}}
    return task | ({"agent_id": {"value": instance.agent_id}} if instance.agent_id else {})
