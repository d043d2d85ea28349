# SPDX-License-Identifier: GPL-3.0-or-later
"""Offers: launching what waits, declining the rest, and asking for more only when something can be launched."""

from collections.abc import Callable
from typing import Any

from mesospark_marathon.model.app import App
from mesospark_marathon.scheduler.constraints import Place, attributes_of, place_of
from mesospark_marathon.scheduler.context import Context
from mesospark_marathon.scheduler.instances import DECOMMISSIONED, PROVISIONED, Instance
from mesospark_marathon.scheduler.matcher import Match, match
from mesospark_marathon.scheduler.resources import OfferedResources
from mesospark_marathon.scheduler.task_info import Launch, build_task

Document = dict[str, Any]

_SHORTEST_REVIVE_GAP = 0.05
"""seconds: many apps created at once are served by few revives"""


class Offers:
    """Holds launchable instances against offers."""

    def __init__(self, context: Context, is_locked: Callable[[str], bool]) -> None:
        """is_locked: whether a deployment cares for an app's instances."""
        self._context = context
        self._is_locked = is_locked
        self._subscribed = False
        self._suppressed = False
        self._roles: list[str] = []
        """roles that Mesos knows of"""
        self._asked_for: set[tuple[str, int]] = set()
        """launches for which offers have been asked since the last were used"""
        self._revived_at = 0.0
        self._patience = 0.0
        """seconds until offers are asked for again for what they could not be used for"""
        self._revive_due: float | None = None

    def subscribed(self) -> None:
        """A new subscription: Mesos has forgotten what was suppressed and what was declined."""
        self._subscribed, self._suppressed = True, False
        self._roles = self._context.framework_info()["roles"]
        self._asked_for = {(instance.id, instance.launches) for instance in self._launchable_instances()}
        self._revive_due = None
        self._patience = self._context.options.min_revive_offers_interval / 1000

    def disconnected(self) -> None:
        """The subscription ended."""
        self._subscribed = False
        self._revive_due = None

    def handle(self, offers: list[Document]) -> None:
        """Use or decline offers."""
        unused = []
        for offer in offers:
            if not self._use(offer):
                unused.append(offer["id"])
        if unused:
            seconds = self._context.options.decline_offer_duration / 1000
            self._context.send("DECLINE", {"offer_ids": unused, "filters": {"refuse_seconds": seconds}})

    def ask(self) -> None:
        """Ask for offers when there is something new to launch; stop Mesos from making any when there is nothing."""
        if not self._subscribed:
            return
        self._announce_roles()
        wanted = {(instance.id, instance.launches) for instance in self._launchable_instances()}
        now = self._context.now()
        if not wanted:
            self._revive_due = None
            self._asked_for = set()
            if not self._suppressed:
                self._suppressed = True
                self._context.send("SUPPRESS", {"roles": self._roles})
            return
        if not wanted <= self._asked_for:
            self._patience = self._context.options.min_revive_offers_interval / 1000
            soonest = max(now, self._revived_at + _SHORTEST_REVIVE_GAP)
            self._revive_due = min(self._revive_due or soonest, soonest)
        elif self._revive_due is None:
            self._revive_due = self._revived_at + self._patience
            self._patience = min(self._patience * 2, self._context.options.decline_offer_duration / 1000)
        self._asked_for &= wanted
        if self._revive_due is not None and now >= self._revive_due:
            self._revive_due = None
            self._revived_at = now
            self._asked_for = wanted
            self._suppressed = False
            self._context.send("REVIVE", {"roles": self._roles})

    def next_wakeup(self) -> float | None:
        """When `ask` has something to do, should nothing else happen."""
        return self._revive_due

    def _announce_roles(self) -> None:
        info = self._context.framework_info()
        if info["roles"] != self._roles:
            self._roles = info["roles"]
            # A role that is new to Mesos is not suppressed.
            self._suppressed = False
            self._context.send("UPDATE_FRAMEWORK", {"framework_info": info})

    def _launchable_instances(self) -> list[Instance]:
        return [instance for _app, instances in self._launchable() for instance in instances]

    def _launchable(self) -> list[tuple[App, list[Instance]]]:
        """Apps that may be launched now, with their waiting instances; who waits longest comes first."""
        now = self._context.now()
        result = []
        by_app: dict[str, list[Instance]] = {}
        for instance in self._context.tracker.launchable.values():
            by_app.setdefault(instance.app_id, []).append(instance)
        for app_id, waiting in by_app.items():
            app = self._context.app(app_id)
            if app is None or self._context.backoff.until(app) > now:
                continue
            if self._is_locked(app_id):
                # Instances of an older configuration are about to be replaced.
                waiting = [instance for instance in waiting if self._context.is_current(instance, app)]
            if waiting:
                result.append((app, waiting))
        return sorted(result, key=lambda entry: entry[1][0].since)

    def _use(self, offer: Document) -> bool:
        free = OfferedResources(offer.get("resources", []))
        place = Place(offer["hostname"], attributes_of(offer))
        tasks: list[Document] = []
        waiting = self._launchable()
        while waiting:
            # One instance of each app in turn, so that a large app does not keep the others waiting.
            still_waiting = []
            for app, instances in waiting:
                if len(tasks) >= self._context.options.max_instances_per_offer:
                    break
                found = self._match(app, offer, free, place)
                if isinstance(found, Match):
                    tasks.append(self._launch(app, instances[0], offer, place, found))
                    if instances[1:]:
                        still_waiting.append((app, instances[1:]))
                else:
                    self._context.statistics.unused(app.id, offer, found, self._context.now())
            else:
                waiting = still_waiting
                continue
            break
        if tasks:
            self._accept(offer, tasks)
        return bool(tasks)

    def _match(self, app: App, offer: Document, free: OfferedResources, place: Place) -> Match | list[str]:
        others = [
            place_of(instance)
            for instance in self._context.tracker.of_app(app.id)
            if instance.is_active
            and instance.goal != DECOMMISSIONED
            # One of an older configuration makes room once its successor runs.
            and self._context.is_current(instance, app)
        ]
        return match(
            app,
            offer_role=(offer.get("allocation_info") or {}).get("role", "*"),
            in_maintenance=_in_maintenance(offer, self._context.now()),
            free=free,
            place=place,
            others=others,
            random=self._context.random,
        )

    def _launch(self, app: App, instance: Instance, offer: Document, place: Place, found: Match) -> Document:
        now = self._context.now()
        instance.launches += 1
        instance.version = app.version
        instance.role = app.role
        instance.condition, instance.since = PROVISIONED, now
        instance.agent_id, instance.host = offer["agent_id"]["value"], place.host
        instance.attributes = dict(place.attributes)
        instance.ports = list(found.ports)
        instance.ip_addresses = []
        instance.staged_at, instance.started_at = now, None
        instance.healthy = instance.killed_at = instance.kill_reason = None
        self._context.tracker.changed(instance, now)
        self._context.backoff.observe(app, PROVISIONED, now)
        self._context.statistics.used(app.id, now)
        launch = Launch(instance.task_id, offer["agent_id"]["value"], place.host, found.ports, found.resources)
        return build_task(
            app,
            launch,
            environment_prefix=self._context.options.env_vars_prefix,
            enforces_role=self._context.enforces_role(app.id),
        )

    def _accept(self, offer: Document, tasks: list[Document]) -> None:
        more = bool(self._launchable())
        seconds = 0.0 if more else self._context.options.decline_offer_duration / 1000
        self._context.send(
            "ACCEPT",
            {
                "offer_ids": [offer["id"]],
                "operations": [{"type": "LAUNCH", "launch": {"task_infos": tasks}}],
                "filters": {"refuse_seconds": seconds},
            },
        )
        # What is left of the offer comes back only when it is asked for, or at Mesos' next round.
        self._asked_for = set()


def _in_maintenance(offer: Document, now: float) -> bool:
    """Whether the agent is within a window in which its operator may take it down."""
    window = offer.get("unavailability")
    if not window:
        return False
    start = float(window["start"]["nanoseconds"]) / 1e9
    length = float(window.get("duration", {}).get("nanoseconds", "inf")) / 1e9
    return start <= now < start + length
