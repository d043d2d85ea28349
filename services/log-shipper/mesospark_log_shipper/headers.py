# SPDX-License-Identifier: GPL-3.0-or-later
"""What the first line of a record says of itself: time, level, logger."""

from __future__ import annotations

import re
import time
from datetime import UTC, datetime
from functools import lru_cache

_HEADER = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}:[0-9]{2})[.,]([0-9]{3})[0-9]*(Z|[+-][0-9]{2}:?[0-9]{2})?"
    r"(?: +(?:\[[^\]]*\] +)?(?:- +)?\[?(FATAL|CRITICAL|ERROR|WARNING|WARN|INFO|DEBUG|TRACE)\]?"
    r"(?: +([^\s:]{1,200}): )?)?"
)
"""Date, milliseconds, zone, level, logger: the platform's Spark images, Python's logging, log4j's usual patterns."""

_GLOG_HEADER = re.compile(r"([IWEF])(\d\d)(\d\d) (\d\d:\d\d:\d\d)\.(\d{3})\d* +\d+ ([^\s\]]{1,200})\] ")
"""Level, month, day, time, milliseconds, place: the lines of Mesos itself."""

_LOGFMT_HEADER = re.compile(r'time="([^"]+)" level=([a-z]+) ')
"""Time, level: Docker, containerd, the image registry."""

_SERVICE_LEVELS = (
    re.compile(r"\d{4}/\d\d/\d\d \d\d:\d\d:\d\d \[([a-z]+)\] "),  # nginx
    re.compile(r"\[[^\]]+\] (ERROR|WARN|INFO|DEBUG|TRACE) [\w.$]+ - "),  # ZooKeeper, without a time of its own
    re.compile(r"(?:\d{4}\.\d\d\.\d\d \d\d:\d\d:\d\d )?LOG([0-7])\["),  # stunnel
)

_LEVELS = {"F": 3, "C": 3, "E": 3, "W": 4, "N": 5, "I": 6, "D": 7, "T": 7}
"""Syslog's numbers by the first letter of the level's name; fatal errors and worse are errors."""

_WORSE = {"alert": 1, "panic": 3}
"""Names whose first letter means something else."""

_FUTURE = 60.0
"""seconds by which a clock may be ahead"""


# No class: one is made for every record.
Header = tuple[str | None, int | None, str | None]
"""ISO time in UTC, syslog level, logger; None where the line does not say."""

_SILENT: Header = (None, None, None)


def parse_header(text: str, now: float, is_service: bool) -> Header:
    """Read the first line of a record.

    is_service: the writer is a service of this host, whose time zone it shares, and not a job: only then a time
    without zone counts, and forms of which a job's output might be mistaken. now: seconds since the epoch; a time in
    the future never counts, because searches of the last minutes would not find it.
    """
    found = _HEADER.match(text)
    if found:
        date, milliseconds, zone, level, logger = found.groups()
        timestamp = None if zone is None and not is_service else _utc(date + (zone or ""), milliseconds, now)
        return timestamp, _number(level) if level else None, logger
    found = _GLOG_HEADER.match(text)
    if found:
        letter, month, day, clock, milliseconds, place = found.groups()
        # glog writes no year: the latest one in which the date is not in the future
        year = time.localtime(now).tm_year
        timestamp = _utc(f"{year}-{month}-{day}T{clock}", milliseconds, now)
        timestamp = timestamp or _utc(f"{year - 1}-{month}-{day}T{clock}", milliseconds, now)
        return timestamp, _LEVELS[letter], place
    return _service_header(text, now) if is_service else _SILENT


def _service_header(text: str, now: float) -> Header:
    found = _LOGFMT_HEADER.match(text)
    if found:
        second, _dot, rest = found[1].partition(".")
        digits = rest.rstrip("Z")
        timestamp = _utc(f"{second}Z", f"{digits[:3]:0<3}", now) if digits.isdecimal() else None
        return timestamp, _number(found[2]), None
    for pattern in _SERVICE_LEVELS:
        found = pattern.match(text)
        if found:
            return None, _number(found[1]), None
    return _SILENT


@lru_cache(maxsize=64)
def _number(level: str) -> int | None:
    return int(level) if level.isdecimal() else _WORSE.get(level, _LEVELS.get(level[0].upper()))


@lru_cache(maxsize=4)
def iso_time(seconds: float) -> str:
    """Seconds since the epoch as ISO 8601 with milliseconds, in UTC."""
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(seconds)) + f".{int(seconds % 1 * 1000):03d}Z"


def _utc(second: str, milliseconds: str, now: float) -> str | None:
    epoch, text = _second_in_utc(second)
    return f"{text}.{milliseconds}Z" if epoch <= now + _FUTURE else None


@lru_cache(maxsize=4096)  # a busy log has thousands of lines a second
def _second_in_utc(text: str) -> tuple[float, str]:
    """Seconds since the epoch (infinite for a date that does not exist) and ISO text without zone."""
    try:
        moment = datetime.fromisoformat(text).astimezone(UTC)
    except (ValueError, OverflowError):
        return float("inf"), ""
    return moment.timestamp(), moment.strftime("%Y-%m-%dT%H:%M:%S")
