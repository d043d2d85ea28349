# SPDX-License-Identifier: GPL-3.0-or-later
"""The journal as something to ship: its entries put together to records, and how far it is acknowledged."""

import json
import logging
import time
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from mesospark_log_shipper.configuration import Configuration, JournalUnits
from mesospark_log_shipper.holding import write_atomically
from mesospark_log_shipper.journal_reader import Entry, JournalReader
from mesospark_log_shipper.records import EventEncoder, Record, Written
from mesospark_log_shipper.splitter import continues

LOG = logging.getLogger(__name__)

_TAKE_BYTES = 65536


@dataclass(frozen=True)
class JournalPosition:
    """How far the journal is shipped.

    cursor: everything up to it is; None before the first time
    done: of some units also entries behind it: the last one's sequence and number, by unit
    """

    cursor: str | None = None
    done: dict[str, tuple[str, int]] = field(default_factory=dict)


@dataclass
class Pending:
    """A record that may go on: entries of one unit, and the cursor of the entry before the first of them."""

    before: str | None
    first: Entry
    last: Entry
    text: bytearray
    arrived: float

    def joins(self, entry: Entry, quiet_seconds: float) -> bool:
        """Whether the entry goes on with this record. Decided by the entries alone, so that it is the same again."""
        if self.last.sequence != entry.sequence or entry.by_manager:
            return False
        if self.last.goes_on:
            return True
        return entry.written - self.last.written < quiet_seconds and continues(bytes(self.text), entry.text)

    def add(self, entry: Entry, now: float) -> None:
        """Take the entry into the record."""
        self.text += entry.text if self.last.goes_on else b"\n" + entry.text
        self.last, self.arrived = entry, now


class Journal:
    """The journal of one destination.

    `read` and `acknowledged` count bytes of messages since the start; for some counts the position is known.
    Times are seconds: `now` monotonic, `wall_time` since the epoch.
    """

    def __init__(self, configuration: Configuration, units: JournalUnits, folder: Path) -> None:
        self.read = self.acknowledged = 0
        self._host = configuration.host
        self._limits = configuration.limits
        self._path = folder / "journal.json"
        self._reader = JournalReader(units)
        self._settled = self._saved = _load(self._path)
        self._settled_count = 0
        self._positions: deque[tuple[int, JournalPosition]] = deque()
        self._pending: dict[str, Pending] = {}  # in the order of their first entries
        self._done = dict(self._settled.done)
        self._cursor = self._settled.cursor
        self._written = 0.0
        self._started = time.monotonic()
        self._encoders: dict[tuple[str, str], EventEncoder] = {}

    def take(self, now: float, wall_time: float, most: int) -> Iterator[Record]:
        """The next records, about `most` of them and 64 KiB at most; `read` moves with them."""
        before, records, size = self.read, 0, 0
        if not self._reader.running:
            # what was pending is read again
            self._cursor = self._position().cursor
            self._pending.clear()
        for entry in self._reader.entries(self._cursor):
            size += len(entry.text)
            finished = self._add(entry, now, wall_time)
            if finished:
                records += 1
                yield finished
            if records >= most or size >= _TAKE_BYTES:
                break
        else:
            for key, pending in list(self._pending.items()):
                if now - pending.arrived >= self._limits.record_seconds:
                    yield self._finish(key, wall_time)
        if self.read != before:
            self._positions.append((self.read, self._position()))

    def lag(self, now: float, wall_time: float) -> float:
        """How long the oldest entry that is not acknowledged has been there for this process, about."""
        waits = self._written and (self.acknowledged < self.read or self._reader.has_more())
        return max(0.0, min(wall_time - self._written, now - self._started)) if waits else 0.0

    def settle(self, count: int) -> None:
        """Take what was read up to this count as acknowledged for good."""
        while self._positions and self._positions[0][0] <= count:
            self._settled_count, self._settled = self._positions.popleft()

    def rewind(self) -> int:
        """Go back to what is acknowledged for good; by how many acknowledged bytes."""
        again = self.acknowledged - self._settled_count
        self._reader.close()
        self.read = self.acknowledged = self._settled_count
        self._positions.clear()
        self._pending.clear()
        self._done = dict(self._settled.done)
        self._cursor = self._settled.cursor
        return again

    def save(self) -> None:
        """Write the position if it has changed."""
        if self._settled is self._saved:
            return
        try:
            write_atomically(self._path, json.dumps(vars(self._settled)), True)
            self._saved = self._settled
        except OSError as error:
            LOG.error("The journal's position can not be written, after a restart more is sent again: %s", error)

    def close(self) -> None:
        """End journalctl."""
        self._reader.close()

    def _add(self, entry: Entry, now: float, wall_time: float) -> Record | None:
        """Take an entry; the record that ends with it, if one does."""
        key = f"{entry.unit}/systemd" if entry.by_manager else entry.unit
        sequence, number = self._done.get(key, ("", 0))
        before, self._cursor, self._written = self._cursor, entry.cursor, entry.written
        if sequence == entry.sequence and entry.number <= number:
            self.read += 1  # was sent before; the position moves
            return None
        pending = self._pending.get(key)
        finished = None
        if pending:
            joins = pending.joins(entry, self._limits.record_seconds)
            fits = len(pending.text) + len(entry.text) < self._limits.record_bytes
            if joins and fits:
                pending.add(entry, now)
                return None
            finished = self._finish(key, wall_time, cut=joins)
        self._pending[key] = Pending(before, entry, entry, bytearray(entry.text), now)
        return finished

    def _finish(self, key: str, wall_time: float, cut: bool = False) -> Record:
        pending = self._pending.pop(key)
        first, last = pending.first, pending.last
        self._done[key] = last.sequence, last.number
        self.read += len(pending.text) + 1
        most = self._limits.record_bytes
        if len(pending.text) > most:  # one entry that is too large: its rest has no place of its own to be told by
            del pending.text[most:]
            cut = True
        encoder = self._encoders.get((key, first.sequence)) or self._encoder(key, first)
        place = first.number, last.number - first.number + 1
        written = Written(first.written, first.level)
        return encoder.encode(bytes(pending.text), place, wall_time, cut, written), cut

    def _encoder(self, key: str, entry: Entry) -> EventEncoder:
        facts = {"agent": {"hostname": self._host}, "service": entry.unit, "file": f"journal/{key}"}
        if entry.by_manager:
            facts["logger"] = "systemd"
        encoder = EventEncoder(facts, entry.sequence, is_service=True)
        self._encoders[key, entry.sequence] = encoder
        return encoder

    def _position(self) -> JournalPosition:
        first = next(iter(self._pending.values()), None)
        return JournalPosition(first.before if first else self._cursor, dict(self._done))


def _load(path: Path) -> JournalPosition:
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
        return JournalPosition(values["cursor"], {key: (place[0], place[1]) for key, place in values["done"].items()})
    except FileNotFoundError:
        return JournalPosition()
    except (OSError, ValueError, TypeError, AttributeError, KeyError, IndexError) as error:
        LOG.error("The journal's position %s is unreadable, its last entries are shipped again: %s", path, error)
        return JournalPosition()
