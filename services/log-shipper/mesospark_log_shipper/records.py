# SPDX-License-Identifier: GPL-3.0-or-later
"""From bytes of a log to an event: text, time, level, logger and the facts of its source."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass

from .headers import iso_time, parse_header

_encode_text = json.encoder.encode_basestring


@dataclass(frozen=True)
class Record:
    """`event` is None for a record that has nothing to say (blank lines)."""

    event: bytes | None
    cut: bool = False


@dataclass(frozen=True)
class Written:
    """What the journal says of a record that may not say it itself: seconds since the epoch, syslog level."""

    time: float
    level: int | None


class EventEncoder:
    """Makes the events of one source; the facts, which all of them share, are encoded once."""

    def __init__(self, facts: Mapping[str, object], record_prefix: str, is_service: bool) -> None:
        self._facts = json.dumps(facts, ensure_ascii=False, separators=(",", ":"))[1:-1]
        self._record_prefix = _encode_text(record_prefix)[:-1]
        self._is_service = is_service

    def encode(
        self, data: bytes, place: tuple[int, int], now: float, cut: bool, written: Written | None = None
    ) -> bytes | None:
        """The JSON event of the record `data` at `place` (offset, length); None for one of white space only.

        now: when it is read, seconds since the epoch. Bytes that are no UTF-8 become text like `\\xff`.
        """
        text = data.decode("utf-8", "backslashreplace").rstrip("\r\n")
        if not text or text.isspace():
            return None
        header = parse_header(text, now, self._is_service)
        read = iso_time(now)
        level, timestamp = header.level, header.timestamp or read
        if written:
            level = written.level if level is None else level
            timestamp = header.timestamp or iso_time(written.time)
        offset, length = place
        event = (
            f'{{"message":{_encode_text(text)},"@timestamp":"{timestamp}","read":"{read}",'
            f'"offset":{offset},"length":{length},'
            f'"record_id":{self._record_prefix}-{offset:x}-{length:x}"'
        )
        if level is not None:
            event += f',"level":{level}'
        if header.logger:
            event += f',"logger":{_encode_text(header.logger)}'
        if cut:
            event += ',"cut":true'
        return f"{event},{self._facts}}}".encode()
