# SPDX-License-Identifier: GPL-3.0-or-later
"""From bytes of a log to an event: text, time, level, logger and the facts of its file."""

import json
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache

_HEADER = re.compile(
    r"(\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d)[.,](\d{3})\d*(Z|[+-]\d\d:?\d\d)?"
    r"(?: +\[?(FATAL|CRITICAL|ERROR|WARNING|WARN|INFO|DEBUG|TRACE)\]?(?: +([^\s:]+): )?)?"
)
"""Date, milliseconds, zone, level, logger: the pattern of the platform's Spark images, and Python's logging."""

_GLOG_HEADER = re.compile(r"([IWEF])(\d\d)(\d\d) (\d\d:\d\d:\d\d)\.(\d{3})\d* +\d+ ([^\s\]]+)\] ")
"""Level, month, day, time, milliseconds, place: the lines of Mesos itself."""

_LEVELS = {"F": 3, "C": 3, "E": 3, "W": 4, "I": 6, "D": 7, "T": 7}
"""Syslog's numbers by the first letter."""

_FUTURE = 60.0
"""seconds by which a clock may be ahead"""

_encode_text = json.JSONEncoder(ensure_ascii=False).encode


@dataclass(frozen=True)
class Header:
    """What a record's first line says: ISO time in UTC, syslog level, logger; None where it does not say."""

    timestamp: str | None = None
    level: int | None = None
    logger: str | None = None


def iso_time(seconds: float) -> str:
    """Seconds since the epoch as ISO 8601 with milliseconds, in UTC."""
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(seconds)) + f".{int(seconds % 1 * 1000):03d}Z"


def parse_header(text: str, now: float, local_time: bool) -> Header:
    """Read the first line of a record.

    A time without zone counts only if `local_time` says that the writer shares this host's zone; one that lies in
    the future never does, because searches of the last minutes would not find it.
    """
    found = _HEADER.match(text)
    if found:
        date, milliseconds, zone, level, logger = found.groups()
        number = _LEVELS[level[0]] if level else None
        timestamp = None if zone is None and not local_time else _utc(date, zone or "", milliseconds, now)
        return Header(timestamp, number, logger)
    found = _GLOG_HEADER.match(text)
    if found:
        letter, month, day, clock, milliseconds, place = found.groups()
        # glog writes no year: the latest one in which the date is not in the future
        year = time.localtime(now).tm_year
        timestamp = _utc(f"{year}-{month}-{day}T{clock}", "", milliseconds, now)
        timestamp = timestamp or _utc(f"{year - 1}-{month}-{day}T{clock}", "", milliseconds, now)
        return Header(timestamp, _LEVELS[letter], place)
    return Header()


def _utc(second: str, zone: str, milliseconds: str, now: float) -> str | None:
    epoch, text = _second_in_utc(second + zone)
    return f"{text}.{milliseconds}Z" if epoch <= now + _FUTURE else None


@lru_cache(maxsize=4096)  # a busy log has thousands of lines a second
def _second_in_utc(text: str) -> tuple[float, str]:
    """Seconds since the epoch (infinite for a date that does not exist) and ISO text without zone."""
    try:
        moment = datetime.fromisoformat(text).astimezone(UTC)
    except (ValueError, OverflowError):
        return float("inf"), ""
    return moment.timestamp(), moment.strftime("%Y-%m-%dT%H:%M:%S")


class EventEncoder:
    """Makes the events of one file; the facts, which all of them share, are encoded once."""

    def __init__(self, facts: Mapping[str, object], record_prefix: str, local_time: bool) -> None:
        self._facts = json.dumps(facts, ensure_ascii=False, separators=(",", ":"))[1:-1]
        self._record_prefix = record_prefix
        self._local_time = local_time

    def encode(self, data: bytes, offset: int, now: float, cut: bool) -> bytes | None:
        """The JSON event of the record `data` at `offset` of its file; None for one of white space only.

        Bytes that are no UTF-8 become text like `\\xff`.
        """
        text = data.decode("utf-8", "backslashreplace").rstrip("\r\n")
        if not text or text.isspace():
            return None
        header = parse_header(text, now, self._local_time)
        read = iso_time(now)
        event = (
            f'{{"message":{_encode_text(text)},"@timestamp":"{header.timestamp or read}","read":"{read}",'
            f'"offset":{offset},"length":{len(data)},'
            f'"record_id":{_encode_text(f"{self._record_prefix}-{offset:x}-{len(data):x}")}'
        )
        if header.level is not None:
            event += f',"level":{header.level}'
        if header.logger:
            event += f',"logger":{_encode_text(header.logger)}'
        if cut:
            event += ',"cut":true'
        return f"{event},{self._facts}}}".encode()
