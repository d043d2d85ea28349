# SPDX-License-Identifier: GPL-3.0-or-later
"""Service ports: each app gets the lowest free numbers for those it left at 0."""

from collections.abc import Iterable, Iterator

from mesospark_marathon.model.app import App
from mesospark_marathon.model.errors import ApiError


def assign(apps: Iterable[App], taken_by: Iterable[App], lowest: int, highest: int) -> list[App]:
    """The apps with service ports assigned, none of which another app has.

    taken_by: apps whose ports are not free. Raises ApiError 500 when no number is left.
    """
    wanted = list(apps)
    taken = {port for app in [*taken_by, *wanted] for port in app.service_ports if port}
    free = (port for port in range(lowest, highest) if port not in taken)
    return [app.with_service_ports([port or _next(free) for port in app.service_ports]) for app in wanted]


def keep_assigned(old: App | None, new: App) -> App:
    """The new app with the numbers of the old one at the places where it asks for any."""
    if old is None:
        return new
    asked = set(new.service_ports)
    known = [0 if port in asked else port for port in old.service_ports]
    ports = [port or (known[index] if index < len(known) else 0) for index, port in enumerate(new.service_ports)]
    return new.with_service_ports(ports)


def _next(free: Iterator[int]) -> int:
    try:
        return next(free)
    except StopIteration:
        raise ApiError(500, {"message": "All service ports are in use; widen --local_port_min and _max."}) from None
