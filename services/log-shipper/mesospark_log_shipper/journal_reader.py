# SPDX-License-Identifier: GPL-3.0-or-later
"""Entries of this host's journal, from `journalctl --follow`: what units print, and what systemd says of them."""

import json
import logging
import os
import re
import select
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from mesospark_log_shipper.configuration import JournalUnits

LOG = logging.getLogger(__name__)

_FIELDS = "MESSAGE,PRIORITY,_SYSTEMD_UNIT,UNIT,_PID,_TRANSPORT,_LINE_BREAK"
_CURSOR = re.compile(r"s=([0-9a-f]+);i=([0-9a-f]+);")
_READ_BYTES = 65536
_FIRST_RETRY, _LAST_RETRY = 1.0, 60.0


@dataclass(frozen=True)
class Entry:
    """One entry.

    cursor: its place in the journal
    sequence, number: entries of the same sequence are in the order of their numbers
    unit: name of the systemd unit, without .service; `kernel` for messages of the kernel
    by_manager: whether systemd wrote it about the unit
    text: without newline; written: seconds since the epoch; level: syslog's number, if there is one
    goes_on: journald split a long line here, the next entry of the unit is the rest
    """

    cursor: str
    sequence: str
    number: int
    unit: str
    by_manager: bool
    text: bytes
    written: float
    level: int | None
    goes_on: bool


def journalctl_command(journal: JournalUnits, cursor: str | None) -> list[str]:
    """Follow the units' entries behind the cursor or, without one, those of the last `history_seconds`."""
    start = f"--after-cursor={cursor}" if cursor else f"--since=-{journal.history_seconds:.0f}s"
    matches = [f"_SYSTEMD_UNIT={unit}.service" for unit in journal.units]
    matches += ["+", "_PID=1", *(f"UNIT={unit}.service" for unit in journal.units)]
    if journal.kernel:
        matches += ["+", "_TRANSPORT=kernel"]
    options = ["--follow", "--no-tail", "--quiet", "--all", "--output=json", f"--output-fields={_FIELDS}", start]
    return ["journalctl", *options, *matches]


class JournalReader:
    """Runs journalctl, again whenever it ends. It is paused by not reading: a pipe holds 64 KiB and no more."""

    def __init__(self, journal: JournalUnits) -> None:
        self._journal = journal
        self._process: subprocess.Popen[bytes] | None = None
        self._buffer = bytearray()
        self._next_start = 0.0
        self._retry = _FIRST_RETRY

    def close(self) -> None:
        """End journalctl; what it wrote and nobody read is forgotten."""
        if self._process:
            self._process.kill()
            self._process.wait()
            assert self._process.stdout
            self._process.stdout.close()
            self._process = None
        self._buffer.clear()

    @property
    def running(self) -> bool:
        """Whether journalctl runs."""
        return self._process is not None

    def has_more(self) -> bool:
        """Whether something waits to be read."""
        if self._process is None or self._process.stdout is None:
            return False
        return b"\n" in self._buffer or bool(select.select([self._process.stdout], [], [], 0)[0])

    def entries(self, cursor: str | None) -> Iterator[Entry]:
        """The entries that are there now. cursor: behind which journalctl begins, if it does not run."""
        if not self.running and not self._start(cursor):
            return
        while True:
            end = self._buffer.find(b"\n")
            if end >= 0:
                line = bytes(self._buffer[:end])
                del self._buffer[: end + 1]
                entry = _parse(line)
                if entry:
                    self._retry = _FIRST_RETRY
                    yield entry
            elif not self._fill():
                return

    def _start(self, cursor: str | None) -> bool:
        now = time.monotonic()
        if now < self._next_start:
            return False
        self._next_start = now + self._retry
        self._retry = min(self._retry * 2, _LAST_RETRY)
        try:
            self._process = subprocess.Popen(
                journalctl_command(self._journal, cursor),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                bufsize=0,
            )
        except OSError as error:
            LOG.error("The journal is not shipped, journalctl can not be started: %s", error)
            return False
        assert self._process.stdout
        os.set_blocking(self._process.stdout.fileno(), False)
        return True

    def _fill(self) -> bool:
        """Read more, if there is any; whether there was."""
        assert self._process and self._process.stdout
        try:
            data = os.read(self._process.stdout.fileno(), _READ_BYTES)
        except BlockingIOError:
            return False
        if data:
            self._buffer += data
            return True
        # what it had to say is on the same standard error as the shipper's own messages
        LOG.error("journalctl ended with status %d and is started again", self._process.wait())
        self.close()
        return False


def _parse(line: bytes) -> Entry | None:
    """An entry from its JSON; None if it is none of a unit."""
    try:
        fields: dict[str, Any] = json.loads(line)
    except ValueError:
        LOG.warning("journalctl printed a line that is no entry: %r", line[:200])
        return None
    place = _CURSOR.match(_one(fields.get("__CURSOR")))
    if not place:
        return None
    by_manager = "UNIT" in fields and _one(fields.get("_PID")) == "1"
    unit = "kernel" if _one(fields.get("_TRANSPORT")) == "kernel" else _one(fields.get("_SYSTEMD_UNIT"))
    priority = _one(fields.get("PRIORITY"))
    return Entry(
        cursor=_one(fields["__CURSOR"]),
        sequence=place[1],
        number=int(place[2], 16),
        unit=(_one(fields["UNIT"]) if by_manager else unit).removesuffix(".service"),
        by_manager=by_manager,
        text=_text(fields.get("MESSAGE")),
        written=int(_one(fields.get("__REALTIME_TIMESTAMP")) or 0) / 1e6,
        level=int(priority) if priority in set("01234567") else None,
        goes_on=_one(fields.get("_LINE_BREAK")) == "line-max",
    )


def _one(value: object) -> str:
    """A field's value; the first one if the entry has it several times."""
    if isinstance(value, list):
        value = value[0] if value else None
    return value if isinstance(value, str) else ""


def _text(value: object) -> bytes:
    """A message: a text, or a list of numbers if it has bytes that are no text."""
    if isinstance(value, list) and all(isinstance(item, int) for item in value):
        return bytes(value)
    return _one(value).encode()
