# SPDX-License-Identifier: GPL-3.0-or-later
"""What an offer holds, and taking an app's share of it."""

from collections.abc import Collection
from typing import Any

Document = dict[str, Any]

SCALARS = ("cpus", "mem", "disk", "gpus")
_PRECISION = 3


class OfferedResources:
    """The unused rest of one offer."""

    def __init__(self, resources: list[Document]) -> None:
        self._resources = [dict(resource) for resource in resources if _is_free(resource)]

    def has_any(self, roles: Collection[str]) -> bool:
        """Whether anything is left for these roles."""
        return any(_role(resource) in roles for resource in self._resources)

    def amount(self, name: str, roles: Collection[str]) -> float:
        """How much of a scalar there is for these roles."""
        amounts = (float(resource["scalar"]["value"]) for resource in self._of(name, roles) if "scalar" in resource)
        return round(sum(amounts), _PRECISION)

    def ports(self, roles: Collection[str]) -> list[tuple[int, int, str]]:
        """Ranges (first, last, role) of ports for these roles."""
        return [
            (entry["begin"], entry["end"], _role(resource))
            for resource in self._of("ports", roles)
            for entry in resource.get("ranges", {}).get("range", [])
        ]

    def take(self, name: str, amount: float, roles: Collection[str]) -> list[Document]:
        """Removes an amount of a scalar, that must be there, and gives it as Mesos resources; reserved ones first."""
        taken = []
        for resource in sorted(self._of(name, roles), key=lambda entry: _role(entry) == "*"):
            if amount <= 0:
                break
            part = min(amount, resource["scalar"]["value"])
            if part <= 0:
                continue
            amount = round(amount - part, _PRECISION)
            resource["scalar"] = {"value": round(resource["scalar"]["value"] - part, _PRECISION)}
            taken.append(resource | {"scalar": {"value": part}})
        return taken

    def take_ports(self, ports: Collection[int], roles: Collection[str]) -> list[Document]:
        """Removes ports, that must be there, and gives them as Mesos resources."""
        taken = []
        left = set(ports)
        for resource in self._of("ports", roles):
            ranges = resource["ranges"]["range"]
            here = sorted(port for port in left if any(entry["begin"] <= port <= entry["end"] for entry in ranges))
            if not here:
                continue
            left -= set(here)
            taken.append(resource | {"ranges": {"range": [{"begin": port, "end": port} for port in here]}})
            for port in here:
                ranges = [part for entry in ranges for part in _without(entry, port)]
            resource["ranges"] = {"range": ranges}
        return taken

    def _of(self, name: str, roles: Collection[str]) -> list[Document]:
        return [resource for resource in self._resources if resource["name"] == name and _role(resource) in roles]


def _is_free(resource: Document) -> bool:
    """Volumes, and what somebody has reserved under labels of his own, are not ours to use."""
    reservations = [*resource.get("reservations", []), resource.get("reservation", {})]
    return not (
        resource.get("disk")
        or resource.get("revocable")
        or any(reservation.get("labels") for reservation in reservations)
    )


def _role(resource: Document) -> str:
    reservations = resource.get("reservations")
    if reservations:
        return str(reservations[-1].get("role", "*"))
    return str(resource.get("role", "*"))


def _without(entry: dict[str, int], port: int) -> list[dict[str, int]]:
    if not entry["begin"] <= port <= entry["end"]:
        return [entry]
    parts = [{"begin": entry["begin"], "end": port - 1}, {"begin": port + 1, "end": entry["end"]}]
    return [part for part in parts if part["begin"] <= part["end"]]
