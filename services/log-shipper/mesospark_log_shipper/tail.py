# SPDX-License-Identifier: GPL-3.0-or-later
"""One file that is being read: where it stands, and its next records."""

import hashlib
import os
from collections.abc import Iterator
from pathlib import Path

from mesospark_log_shipper.checkpoint import Position
from mesospark_log_shipper.configuration import Limits
from mesospark_log_shipper.holding import Note
from mesospark_log_shipper.meta import RunFolder
from mesospark_log_shipper.records import EventEncoder, Record
from mesospark_log_shipper.splitter import split

_READ_BYTES = 65536
_LOOK_AHEAD = 65536
"""bytes behind the largest record, enough to see what kind of line follows it"""

_HEAD_BYTES = 256
_SLOWEST_LOOK = 1.0
"""seconds between looks at a file that has long been quiet"""


class TailedFile:
    """An open file and three positions in it: `read` ≥ `acknowledged` ≥ `settled`.

    What lies between the last two is acknowledged, but so lately that it is sent again if the connection breaks.
    No bytes are kept: a record that is not complete is read again when there is more of it. All times are
    `time.monotonic()` in seconds, apart from `wall_time`.
    """

    def __init__(self, key: str, descriptor: int, note: Note, position: Position, limits: Limits, now: float) -> None:
        self.key = key
        self.descriptor = descriptor
        self.note = note
        self.path = Path(note.path)
        self.run: RunFolder | None = None
        self.facts_complete = False
        self.ended = self.removed = False
        self.read = self.acknowledged = self.settled = position.offset
        self.cuts = set(position.cuts)
        self.found_at = self.grown_at = now
        self.next_look = 0.0
        self.lag_mark: tuple[float, int] | None = None
        self._limits = limits
        self._head = (position.head_bytes, position.head)
        self.size = 0
        self._examined: tuple[int, int] | None = None
        self._encoder: EventEncoder | None = None

    @property
    def position(self) -> Position:
        """What the checkpoint keeps of it."""
        return Position(self.settled, self.note.generation, *self._head, sorted(self.cuts))

    @property
    def done(self) -> bool:
        """Whether all its bytes are acknowledged for good.

        A run that was long quiet writes its last words shortly before its end, and nobody may have looked since.
        """
        return self.settled == self.size == self.size_now()

    def set_facts(self, facts: dict[str, object]) -> bool:
        """Use these facts for the events from now on; whether they differ from those used so far."""
        changed = self.note.facts != facts
        self.note.facts = facts
        if changed:
            self._encoder = None
        return changed

    def look(self, now: float) -> bool:
        """See how large the file is; whether it was truncated, and is therefore read from its beginning again."""
        size = self.size_now()
        truncated = size < self.read or (size != self.size and self._read_head(self._head[0]) != self._head)
        if truncated:
            self.restart()
        if truncated or size != self.size:
            self.size, self.grown_at = size, now
        if self._head[0] < min(size, _HEAD_BYTES):
            self._head = self._read_head(_HEAD_BYTES)
        self.next_look = now + min(_SLOWEST_LOOK, (now - self.grown_at) / 10)
        return truncated

    def size_now(self) -> int:
        """Its size in bytes. Cheaper than fstat; nothing else uses the descriptor's own offset."""
        return os.lseek(self.descriptor, 0, os.SEEK_END)

    def restart(self) -> None:
        """Begin again with other content: a new generation, so that its records have other ids."""
        self.note.generation += 1
        self.read = self.acknowledged = self.settled = self.size = 0
        self.cuts.clear()
        self._head = (0, "")
        self._encoder = self._examined = self.lag_mark = None

    def rewind(self) -> int:
        """Go back to what is acknowledged for good; by how many acknowledged bytes."""
        again = self.acknowledged - self.settled
        self.read = self.acknowledged = self.settled
        self._examined = None
        return again

    def settle(self, offset: int) -> None:
        """Take everything before `offset` as acknowledged for good."""
        self.settled = offset
        self.cuts = {cut for cut in self.cuts if cut > offset}

    def lag(self, now: float) -> float:
        """How long the oldest unacknowledged byte has been there, in seconds, exact to the time between two calls."""
        if self.lag_mark and self.acknowledged >= self.lag_mark[1]:
            self.lag_mark = None
        if self.lag_mark is None and self.acknowledged < (size := self.size_now()):
            self.lag_mark = (now, size)
        return now - self.lag_mark[0] if self.lag_mark else 0.0

    def take(self, now: float, wall_time: float, most: int) -> Iterator[Record]:
        """The next records, at most `most` of them and about 64 KiB; `read` moves with them."""
        patience = self._patience(now)
        if self.read >= self.size or self._examined == (self.size, patience):
            return
        start = self.read
        data = os.pread(self.descriptor, min(_READ_BYTES, self.size - start), start)
        ends = self._ends(data, patience)
        if not ends and start + len(data) < self.size:
            data = os.pread(self.descriptor, self._limits.record_bytes + _LOOK_AHEAD, start)
            ends = self._ends(data, patience)
        if not ends:
            self._examined = (self.size, patience)
        begin = 0
        encode = self._event_encoder().encode
        for end, cut in ends[:most]:
            self.read = start + end
            yield encode(data[begin:end], (start + begin, end - begin), wall_time, cut), cut
            begin = end

    def _read_head(self, count: int) -> tuple[int, str]:
        """Length and digest of the file's first bytes, by which it is known again; at most `count` of them."""
        data = os.pread(self.descriptor, count, 0) if count else b""
        return len(data), hashlib.blake2b(data, digest_size=8).hexdigest() if data else ""

    def _patience(self, now: float) -> int:
        """0: wait for more; 1: send a record that ends with a line; 2: send everything that is there."""
        quiet = now - self.grown_at
        if self.ended or quiet >= self._limits.line_seconds:
            return 2
        return 1 if quiet >= self._limits.record_seconds else 0

    def _ends(self, data: bytes, patience: int) -> list[tuple[int, bool]]:
        """Where the records of `data` end, and whether each was cut for its size."""
        limit = self._limits.record_bytes
        at_end = self.read + len(data) >= self.size
        stop = min((cut - self.read for cut in self.cuts if self.read < cut <= self.read + len(data)), default=0)
        if stop:
            data, at_end, patience = data[:stop], True, 2
        whole = at_end and bool(data) and (patience == 2 or (patience == 1 and data.endswith(b"\n")))
        if whole:
            self.cuts.add(self.read + len(data))
        return split(data, whole, limit)

    def _event_encoder(self) -> EventEncoder:
        if self._encoder is None:
            generation = f"-{self.note.generation}" if self.note.generation else ""
            self._encoder = EventEncoder(self.note.facts, self.note.series + generation, self.note.local_time)
        return self._encoder
