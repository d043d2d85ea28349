# SPDX-License-Identifier: GPL-3.0-or-later
"""Can this app be launched with this offer, and if not, why not?"""

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random
from typing import Any

from mesospark_marathon.model.app import App
from mesospark_marathon.scheduler.constraints import Place, meets_all
from mesospark_marathon.scheduler.launch_queue import REASONS
from mesospark_marathon.scheduler.ports import choose_ports
from mesospark_marathon.scheduler.resources import SCALARS, OfferedResources

Document = dict[str, Any]

_REASONS = {
    "cpus": "InsufficientCpus",
    "mem": "InsufficientMemory",
    "disk": "InsufficientDisk",
    "gpus": "InsufficientGpus",
}


@dataclass(frozen=True)
class Match:
    """The share of an offer that one task takes."""

    ports: Sequence[int | None]
    resources: Sequence[Document]


def match(
    app: App,
    *,
    offer_role: str,
    in_maintenance: bool,
    free: OfferedResources,
    place: Place,
    others: Sequence[Place],
    random: Random,
) -> Match | list[str]:
    """Takes the app's share out of the offer, or leaves it whole and says why not (queue reasons, in order).

    in_maintenance: the agent is being taken down; free: the unused rest of the offer; others: where the app's
    instances are.
    """
    roles = accepted_roles(app)
    reasons = [_REASONS[name] for name in SCALARS if free.amount(name, roles) < app.document[name]]
    if offer_role != app.role or not free.has_any(roles):
        reasons.append("UnfulfilledRole")
    # What costs more to find out is asked only of an offer that is large enough.
    ports = None
    if not reasons:
        if not meets_all(app.constraints, place, others, app.instances):
            reasons.append("UnfulfilledConstraint")
        elif in_maintenance:
            reasons.append("AgentMaintenance")
        elif app.document["gpus"] == 0 and free.amount("gpus", roles) > 0:
            reasons.append("DeclinedScarceResources")
        else:
            ports = choose_ports(app, free.ports(roles), random)
    if ports is None:
        return sorted(reasons or ["InsufficientPorts"], key=REASONS.index)
    resources = [part for name in SCALARS for part in free.take(name, app.document[name], roles)]
    resources += free.take_ports([port for port in ports if port is not None], roles)
    return Match(ports, resources)


def accepted_roles(app: App) -> frozenset[str]:
    """The roles whose resources the app may use."""
    return frozenset(app.document.get("acceptedResourceRoles") or ("*", app.role))
