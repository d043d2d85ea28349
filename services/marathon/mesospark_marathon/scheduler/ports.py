# SPDX-License-Identifier: GPL-3.0-or-later
"""Which host ports a task gets."""

from random import Random

from mesospark_marathon.model.app import App

Range = tuple[int, int, str]
"""first port, last port, role"""


def wanted_ports(app: App) -> list[int | None]:
    """For each port of the app: the number it must have, 0 for any, None where it has no host port."""
    if app.network_mode == "host":
        if app.document["requirePorts"]:
            return [definition["port"] for definition in app.port_definitions]
        return [0] * len(app.port_definitions)
    return [mapping.get("hostPort") for mapping in app.port_mappings]


def choose_ports(app: App, ranges: list[Range], random: Random) -> list[int | None] | None:
    """Host ports out of the ranges, in the order of the app's ports; None when they do not suffice.

    Free choices come in a row from a random place on, so that tasks seldom get a port just given up by another.
    """
    wanted = wanted_ports(app)
    fixed = [port for port in wanted if port]
    if not all(any(first <= port <= last for first, last, _role in ranges) for port in fixed):
        return None
    if len(fixed) != len(set(fixed)):
        return None
    needed = sum(port == 0 for port in wanted)
    free = iter(_in_a_row(ranges, set(fixed), needed, random))
    chosen: list[int | None] = []
    for port in wanted:
        if port == 0:
            picked = next(free, None)
            if picked is None:
                return None
            chosen.append(picked)
        else:
            chosen.append(port)
    return chosen


def _in_a_row(ranges: list[Range], taken: set[int], count: int, random: Random) -> list[int]:
    size = sum(last - first + 1 for first, last, _role in ranges)
    if count == 0 or size == 0:
        return []
    start = random.randrange(size)
    result: list[int] = []
    for offset in range(size):
        port = _nth(ranges, (start + offset) % size)
        if port not in taken:
            result.append(port)
            if len(result) == count:
                break
    return result


def _nth(ranges: list[Range], index: int) -> int:
    for first, last, _role in ranges:
        length = last - first + 1
        if index < length:
            return first + index
        index -= length
    raise IndexError(index)
