# SPDX-License-Identifier: GPL-3.0-or-later
"""Placement constraints: may an instance be launched on this agent, given where the others are?"""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from mesospark_marathon.scheduler.instances import Instance


@dataclass(frozen=True)
class Place:
    """Where a task runs or could run."""

    host: str
    attributes: Mapping[str, str]

    def value(self, field: str) -> str | None:
        """What a constraint's field stands for here; None when the agent has no such attribute."""
        if field in ("hostname", "@hostname"):
            return self.host
        return self.attributes.get(field)


def place_of(instance: Instance) -> Place:
    """Where an instance runs."""
    return Place(instance.host or "", instance.attributes)


def attributes_of(offer: Mapping[str, Any]) -> dict[str, str]:
    """An offer's attributes as text, with the agent's @region and @zone."""
    result = {attribute["name"]: _text(attribute) for attribute in offer.get("attributes", [])}
    domain = offer.get("domain", {}).get("fault_domain", {})
    for name in ("region", "zone"):
        if name in domain:
            result[f"@{name}"] = domain[name]["name"]
    return result


def _text(attribute: Mapping[str, Any]) -> str:
    if "text" in attribute:
        return str(attribute["text"]["value"])
    if "scalar" in attribute:
        return f"{attribute['scalar']['value']:.3f}".rstrip("0").rstrip(".")
    if "set" in attribute:
        return "{" + ",".join(sorted(attribute["set"].get("item", []))) + "}"
    ranges = attribute.get("ranges", {}).get("range", [])
    return "[" + ",".join(f"{entry['begin']}-{entry['end']}" for entry in ranges) + "]"


def meets_all(constraints: Iterable[Sequence[str]], place: Place, others: Sequence[Place]) -> bool:
    """Whether every constraint allows a further instance here; others are the places of the app's instances."""
    return all(_meets(constraint, place, others) for constraint in constraints)


def _meets(constraint: Sequence[str], place: Place, others: Sequence[Place]) -> bool:
    field, operator = constraint[0], constraint[1]
    wanted = constraint[2] if len(constraint) > 2 else ""
    here = place.value(field)
    if here is None:
        return operator == "UNLIKE"
    elsewhere = [value for value in (other.value(field) for other in others) if value is not None]
    return _OPERATORS[operator](here, wanted, elsewhere)


def _cluster(here: str, wanted: str, elsewhere: list[str]) -> bool:
    return (not wanted or here == wanted) and all(value == here for value in elsewhere)


def _group_by(here: str, wanted: str, elsewhere: list[str]) -> bool:
    counts = Counter(elsewhere)
    if here not in counts:
        return True
    return len(counts) >= int(wanted or 0) and counts[here] == min(counts.values())


_OPERATORS: Mapping[str, Callable[[str, str, list[str]], bool]] = {
    "UNIQUE": lambda here, _wanted, elsewhere: here not in elsewhere,
    "CLUSTER": _cluster,
    "GROUP_BY": _group_by,
    "LIKE": lambda here, wanted, _elsewhere: re.fullmatch(wanted, here) is not None,
    "UNLIKE": lambda here, wanted, _elsewhere: re.fullmatch(wanted, here) is None,
    "MAX_PER": lambda here, wanted, elsewhere: elsewhere.count(here) < int(wanted),
    "IS": lambda here, wanted, _elsewhere: here == wanted or _same_number(here, wanted),
}


def _same_number(one: str, other: str) -> bool:
    try:
        return float(one) == float(other)
    except ValueError:
        return False
