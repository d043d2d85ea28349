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


def meets_all(constraints: Iterable[Sequence[str]], place: Place, others: Sequence[Place], instances: int) -> bool:
    """Whether every constraint allows a further instance here.

    others: the places of the app's instances; instances: how many of them are wanted.
    """
    return all(_meets(constraint, place, others, instances) for constraint in constraints)


def _meets(constraint: Sequence[str], place: Place, others: Sequence[Place], instances: int) -> bool:
    field, operator = constraint[0], constraint[1]
    wanted = constraint[2] if len(constraint) > 2 else ""
    here = place.value(field)
    if here is None:
        return operator == "UNLIKE"
    elsewhere = [value for value in (other.value(field) for other in others) if value is not None]
    if operator == "GROUP_BY":
        return _group_by(here, int(wanted or 0), elsewhere, instances)
    return _OPERATORS[operator](here, wanted, elsewhere)


def _cluster(here: str, wanted: str, elsewhere: list[str]) -> bool:
    if wanted:
        return here == wanted
    return not elsewhere or elsewhere[0] == here


def _group_by(here: str, groups: int, elsewhere: list[str], instances: int) -> bool:
    """Instances are divided evenly between as many groups as are asked for, or between all that are seen."""
    counts = Counter(elsewhere)
    if not groups:
        return here not in counts or counts[here] == min(counts.values())
    if here not in counts:
        return len(counts) < groups
    share, rest = divmod(instances, groups)
    rest_used = sum(max(0, count - share) for count in counts.values())
    return counts[here] < share or (counts[here] == share and rest_used < rest)


_OPERATORS: Mapping[str, Callable[[str, str, list[str]], bool]] = {
    "UNIQUE": lambda here, _wanted, elsewhere: here not in elsewhere,
    "CLUSTER": _cluster,
    "LIKE": lambda here, wanted, _elsewhere: bool(wanted) and re.fullmatch(wanted, here) is not None,
    "UNLIKE": lambda here, wanted, _elsewhere: bool(wanted) and re.fullmatch(wanted, here) is None,
    "MAX_PER": lambda here, wanted, elsewhere: elsewhere.count(here) < int(wanted),
    "IS": lambda here, wanted, _elsewhere: here == wanted or _same_number(here, wanted),
}


def _same_number(one: str, other: str) -> bool:
    try:
        return float(one) == float(other)
    except ValueError:
        return False
