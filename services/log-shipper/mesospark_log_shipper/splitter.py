# SPDX-License-Identifier: GPL-3.0-or-later
"""Where records begin and end in a stretch of a log: stack traces of Java and Python stay whole.

Nothing but the bytes from the record's own beginning decides, so that the same file always gives the same records.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

_UNINDENTED = re.compile(rb"\n(?=[^ \t\r\n])")
_LOG_HEADER = re.compile(
    rb"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d|[IWEF]\d{4} \d\d:\d\d:\d\d"
    rb"|(?:\[[^\]\n]*\] )?(?:FATAL|ERROR|WARN|INFO|DEBUG|TRACE) "
)
_CHAINED = re.compile(
    rb"Caused by: |During handling of the above exception, another |The above exception was the direct cause of "
)
_TRACEBACK = b"Traceback (most recent call last):"
_JAVA_EXCEPTION = re.compile(rb"(?:[A-Za-z_][\w$]*\.)+[A-Z][\w$]*(?::|\r?$)", re.MULTILINE)
_PYTHON_EXCEPTION = re.compile(rb"(?:[^\W\d]\w*\.)*[^\W\d]\w*(?::|\r?$)", re.MULTILINE)


def record_ends(data: bytes) -> Iterator[int]:
    """The end of every record of `data` that is followed by the beginning of another; `data` begins with a record."""
    start = 0
    for newline in _UNINDENTED.finditer(data):
        position = newline.end()
        # digits and below: dates, most lines of a log
        if data[position] <= 0x39 or not _continues(data, start, position):
            yield position
            start = position


def continues(record: bytes, line: bytes) -> bool:
    """Whether `line` goes on with `record`; neither ends with a newline."""
    if not line.strip() or line[0] in b" \t":
        return True
    return _continues(b"%b\n%b" % (record, line), 0, len(record) + 1)


def _continues(data: bytes, start: int, position: int) -> bool:
    """Whether the unindented line at `position` belongs to the record that begins at `start`."""
    if data[position] <= 0x39:  # digits and below: dates, most lines of a log
        return False
    if _CHAINED.match(data, position):
        return True
    if data.startswith(_TRACEBACK, position):
        return _after_log_header(data, start, position) or _after_chained(data, start, position)
    if _JAVA_EXCEPTION.match(data, position) and _after_log_header(data, start, position):
        return True
    if not _PYTHON_EXCEPTION.match(data, position):
        return False
    previous = data.rfind(b"\n", start, position - 1) + 1 or start
    return data[previous] in b" \t" and data.find(_TRACEBACK, start, position) >= 0


def _after_log_header(data: bytes, start: int, position: int) -> bool:
    """Whether the record is one line so far, and that line comes from a logger."""
    return data.find(b"\n", start, position) == position - 1 and _LOG_HEADER.match(data, start) is not None


def _after_chained(data: bytes, start: int, position: int) -> bool:
    """Whether the last line that is not blank announces another exception."""
    before = data[start:position].rstrip()
    return _CHAINED.match(before, before.rfind(b"\n") + 1) is not None


def cut_at(data: bytes, limit: int) -> int:
    """Where to cut a record that is longer than `limit` bytes: behind a line if there is one, else between two
    characters of UTF-8."""
    line_end = data.rfind(b"\n", 0, limit + 1) + 1
    if line_end:
        return line_end
    for back in range(4):
        if data[limit - back] & 0xC0 != 0x80:
            return limit - back
    return limit


def split(data: bytes, whole: bool, limit: int) -> list[tuple[int, bool]]:
    """Where the records of `data` end, and whether each was cut because it has more than `limit` bytes.

    `data` begins with a record; with `whole` its last record ends with it, else more may follow.
    """
    lines = len(data) if whole else data.rfind(b"\n") + 1
    ends = list(record_ends(data[:lines]))
    if whole and data:
        ends.append(len(data))
    if not ends and len(data) > limit:
        ends = [end for end in record_ends(data) if end <= limit + 1][:1]
    if len(data) <= limit:
        return [(end, False) for end in ends]
    return list(_with_cuts(data, ends, limit))


def _with_cuts(data: bytes, ends: list[int], limit: int) -> Iterator[tuple[int, bool]]:
    """Pieces of at most `limit` bytes instead of larger records; one that is larger and has no end yet is begun."""
    start = 0
    for end in ends or [len(data) if len(data) > limit + 1 else 0]:
        while end - start > limit + 1:
            start += cut_at(data[start:end], limit)
            yield start, True
        if end > start and ends:
            yield end, False
        start = end
