# SPDX-License-Identifier: GPL-3.0-or-later
"""From bytes of a log to an event: text, time, level, logger and the facts of its source."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from .headers import iso_time, parse_header

_encode_text = json.encoder.encode_basestring

Record = tuple[bytes | None, bool]
"""An event, None for a record that has nothing to say (blank lines), and whether it was cut. No class, for speed."""


@dataclass(frozen=True)
class Written:
    """What the journal says of a record that may not say it itself: seconds since the epoch, syslog level."""

    time: float
    level: int | None


class EventEncoder:
    """Makes the events of one source; the facts, which all of them share, are encoded once."""

    def __init__(self, facts: Mapping[str, object], record_prefix: str, is_service: bool) -> None:
        self._facts = json.dumps(facts, ensure_ascii=False, separators=(",", ":"))[1:]
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
        timestamp, level, logger = parse_header(text, now, self._is_service)
        read = iso_time(now)
        if written:
            level = written.level if level is None else level
            timestamp = timestamp or iso_time(written.time)
        offset, length = place
        event = (
            f'{{"message":{_encode_text(text)},"@timestamp":"{timestamp or read}","read":"{read}",'
            f'"offset":{offset},"length":{length},"record_id":{self._record_prefix}-{offset:x}-{length:x}",'
            f"{_labels(level, logger, cut)}{self._facts}"
        )
        return event.encode()


@lru_cache(maxsize=4096)
def _labels(level: int | None, logger: str | None, cut: bool) -> str:
    """What a record may have, as JSON with a comma behind each."""
    labels = {"level": level, "logger": logger, "cut": cut or None}
    return "".join(f"{json.dumps(name)}:{json.dumps(value)}," for name, value in labels.items() if value is not None)
