# SPDX-License-Identifier: GPL-3.0-or-later
"""Compares what a scenario expects with what was received."""

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import Any

from conformance.documents import Difference, differences, with_sorted_lists

_ORDERED_CONDITIONS = {"Running", "Killed", "Failed", "Finished", "Scheduled"}


@dataclass
class Outcome:
    """What came of one step: an answer, nothing at all for a pause, or `trouble` when it did not come about."""

    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    body: Any = None
    trouble: str = ""


@dataclass
class Failure:
    """One step, or the events, that are not as recorded."""

    step: int | str
    what: str
    differences: list[Difference]


def compare_step(step: dict[str, Any], outcome: Outcome) -> list[Difference]:
    expected = step.get("expect")
    if outcome.trouble:
        return [Difference("(step)", expected, outcome.trouble)]
    mode = step.get("compare", "full")
    if expected is None or mode == "none":
        return []
    if expected["status"] != outcome.status:
        return [
            Difference("(status)", expected["status"], outcome.status),
            Difference("(body)", expected["body"], outcome.body),
        ]
    if mode == "status-only":
        return []
    ignored = step.get("ignore", ())
    return differences(expected.get("headers", {}), outcome.headers, "(header)", ignored) + differences(
        with_sorted_lists(expected["body"]), with_sorted_lists(outcome.body), "", ignored
    )


def compare_events(scenario: dict[str, Any], received: list[dict[str, Any]]) -> list[Difference]:
    """Counts or kinds of events, the orders named by `eventsViews`, and for each name one body that matches."""
    mode, expected = scenario.get("eventsCompare", "none"), scenario.get("events", [])
    if mode == "none":
        return []
    wanted_names, names = [event["name"] for event in expected], [event["name"] for event in received]
    found: list[Difference] = []
    if mode == "multiset":
        wanted_counts, counts = Counter(wanted_names), Counter(names)
        if wanted_counts != counts:
            found.append(Difference("(event counts)", dict(wanted_counts - counts), dict(counts - wanted_counts)))
    elif mode == "set":
        missing, surplus = set(wanted_names) - set(names), set(names) - set(wanted_names)
        if missing or surplus:
            found.append(Difference("(event set)", sorted(missing), sorted(surplus)))
    wanted_views, views = _views(expected), _views(received)
    for view in scenario.get("eventsViews", ()):
        if wanted_views[view] != views[view]:
            found.append(Difference(f"(event view {view})", wanted_views[view], views[view]))
    for name in sorted(set(wanted_names) & set(names)):
        found += _closest(
            name,
            [event["body"] for event in expected if event["name"] == name],
            [event["body"] for event in received if event["name"] == name],
            scenario.get("eventsIgnore", ()),
        )
    return found


def _closest(name: str, expected: list[Any], received: list[Any], ignored: list[str]) -> list[Difference]:
    """The differences of the pair of bodies that differs least."""
    return min(
        (
            differences(with_sorted_lists(wanted), with_sorted_lists(body), f"(event {name})", ignored)
            for wanted in expected
            for body in received
        ),
        key=len,
    )


def _views(events: list[dict[str, Any]]) -> dict[str, list[Any]]:
    """Orders that mean something: of deployment events, of each instance's life, of all starts and ends."""
    lives: dict[tuple[str, int], list[str]] = defaultdict(list)
    for event in events:
        if event["type"] in ("status_update_event", "instance_changed_event") and "instance" in event:
            lives[event["type"], event["instance"]].append(event["name"])
    conditions = [event["name"].split()[1] for event in events if event["type"] == "instance_changed_event"]
    return {
        "deployments": [event["type"] for event in events if event["type"].startswith("deployment_")],
        "instances": sorted(lives.values()),
        "order": [condition for condition in conditions if condition in _ORDERED_CONDITIONS],
    }
