# SPDX-License-Identifier: GPL-3.0-or-later
"""What /v2/queue tells: why offers were not used."""

from collections import OrderedDict
from dataclasses import dataclass, field
from typing import Any

Document = dict[str, Any]

REASONS = (
    "UnfulfilledRole",
    "UnfulfilledConstraint",
    "NoCorrespondingReservationFound",
    "AgentMaintenance",
    "InsufficientCpus",
    "InsufficientMemory",
    "InsufficientDisk",
    "InsufficientGpus",
    "InsufficientPorts",
    "DeclinedScarceResources",
)
_REMEMBERED_APPS = 1000


@dataclass
class UnusedOffer:
    """The last offer of an agent that an app could not use."""

    offer: Document
    reasons: list[str]
    at: float


@dataclass
class Statistics:
    """Counts over all offers that an app was held against. Times are Unix seconds."""

    processed: int = 0
    used: int = 0
    last_used_at: float | None = None
    last_unused_at: float | None = None
    declined: dict[str, int] = field(default_factory=dict)
    last_unused: dict[str, UnusedOffer] = field(default_factory=dict)
    """by host"""


class LaunchStatistics:
    """Statistics by app. They outlive the app, as the real server's do, for as many apps as one may look back at."""

    def __init__(self) -> None:
        self._apps: OrderedDict[str, Statistics] = OrderedDict()
        self._since: dict[str, float] = {}

    def of(self, app_id: str) -> Statistics:
        """The app's statistics."""
        statistics = self._apps.setdefault(app_id, Statistics())
        self._apps.move_to_end(app_id)
        if len(self._apps) > _REMEMBERED_APPS:
            self._apps.popitem(last=False)
        return statistics

    def waiting_since(self, app_id: str, now: float) -> float:
        """Since when the app has been in the queue; notes now when it was not."""
        return self._since.setdefault(app_id, now)

    def left_queue(self, app_id: str) -> None:
        """The app has nothing more to launch."""
        if self._since.pop(app_id, None) is not None:
            self.of(app_id).last_unused.clear()

    def used(self, app_id: str, now: float) -> None:
        """An offer was used."""
        statistics = self.of(app_id)
        statistics.processed += 1
        statistics.used += 1
        statistics.last_used_at = now

    def unused(self, app_id: str, offer: Document, reasons: list[str], now: float) -> None:
        """An offer could not be used, the first reason being the one that counts."""
        statistics = self.of(app_id)
        statistics.processed += 1
        statistics.last_unused_at = now
        statistics.declined[reasons[0]] = statistics.declined.get(reasons[0], 0) + 1
        statistics.last_unused[offer["hostname"]] = UnusedOffer(offer, reasons, now)


def last_offers_summary(statistics: Statistics) -> list[Document]:
    """The reasons over the last unused offer of each host."""
    declined: dict[str, int] = {}
    for unused in statistics.last_unused.values():
        declined[unused.reasons[0]] = declined.get(unused.reasons[0], 0) + 1
    return _funnel(len(statistics.last_unused), declined)


def attempt_summary(statistics: Statistics) -> list[Document]:
    """The reasons over all offers."""
    return _funnel(statistics.processed, statistics.declined)


def _funnel(processed: int, declined: dict[str, int]) -> list[Document]:
    """Each reason is asked only for offers that passed those before it."""
    result = []
    for reason in REASONS:
        count = declined.get(reason, 0)
        result.append({"reason": reason, "declined": count, "processed": processed})
        processed -= count
    return result


def offer_json(offer: Document) -> Document:
    """An offer as /v2/queue shows it."""
    return {
        "id": offer["id"]["value"],
        "hostname": offer["hostname"],
        "agentId": offer["agent_id"]["value"],
        "resources": [
            _value(resource) | {"role": resource.get("role", "*")} for resource in offer.get("resources", [])
        ],
        "attributes": [_value(attribute) for attribute in offer.get("attributes", [])],
    }


def _value(entry: Document) -> Document:
    result: Document = {"name": entry["name"]}
    if "scalar" in entry:
        result["scalar"] = entry["scalar"]["value"]
    if "text" in entry:
        result["text"] = entry["text"]["value"]
    if "set" in entry:
        result["set"] = entry["set"].get("item", [])
    if "ranges" in entry:
        result["ranges"] = entry["ranges"].get("range", [])
    return result
