# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Records of logs, each once and in true order, however many there are.

What ships logs sends a record again when it does not know whether it arrived, so duplicates are normal. Within a file
the offset gives the order. Between files the time does, as far as the lines themselves have one: the time at which a
line without time was read may be much later than that at which it was written.
"""

from __future__ import annotations

import json
import sqlite3
import typing as t

Record = dict[str, t.Any]

# Every field of a record that is not free text, in the order in which people read them.
FIELDS = (
    "timestamp",
    "read",
    "job",
    "run",
    "application",
    "principal",
    "framework",
    "framework_id",
    "executor_id",
    "task_id",
    "task_name",
    "container_id",
    "agent_hostname",
    "agent_id",
    "service",
    "stream",
    "file",
    "offset",
    "length",
    "record_id",
    "level",
    "logger",
    "cut",
    "staging",
)
# What is the same for a whole run, or of interest to few, is left out of a task's result.
RESULT_FIELDS = (
    "timestamp",
    "message",
    "level",
    "logger",
    "job",
    "run",
    "executor",
    "executor_id",
    "task_id",
    "agent_hostname",
    "service",
    "stream",
    "offset",
    "length",
    "record_id",
    "cut",
)
NUMBERS = frozenset(("offset", "length", "level"))
DRIVER_TASK = "runs_"
_BATCH = 1000
_SCHEMA = """
CREATE TABLE record (number INTEGER PRIMARY KEY, series TEXT, start INTEGER, stop INTEGER, own TEXT, time TEXT,
                     document TEXT)
"""
# A record within another one of the same file is a duplicate of a part of it.
_UNIQUE = """
WITH placed AS (
  SELECT *, max(stop) OVER (
    PARTITION BY series ORDER BY start, stop DESC, number ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
  ) AS covered FROM record
), single AS (SELECT * FROM placed WHERE covered IS NULL OR stop > covered)
"""
_ORDERED = (
    _UNIQUE
    + """
SELECT document, coalesce(
  max(own) OVER (PARTITION BY series ORDER BY start),
  min(own) OVER (PARTITION BY series),
  max(time) OVER (PARTITION BY series ORDER BY start)
) AS moment FROM single ORDER BY moment IS NULL, moment, series, start
"""
)


class LogRecords:
    """Takes records in any order and gives each once in true order. They are kept on disk when they are many.

    Files in which no line tells a time, nor when it was read, come last.
    """

    def __init__(self) -> None:
        # A database without a name is private, and gone with its connection.
        self._database = sqlite3.connect("", isolation_level=None)
        self._database.execute(_SCHEMA)
        self._database.execute("CREATE INDEX place ON record (series, start, stop)")
        self.received = 0

    def close(self) -> None:
        self._database.close()

    def clear(self) -> None:
        """Forget everything."""
        self._database.execute("DELETE FROM record")
        self.received = 0

    def add(self, records: t.Iterable[Record]) -> int:
        """Take records; how many they were."""
        before = self.received
        batch: list[tuple[t.Any, ...]] = []
        self._database.execute("BEGIN")
        for record in records:
            batch.append(self._row(record))
            if len(batch) == _BATCH:
                self._insert(batch)
        self._insert(batch)
        self._database.execute("COMMIT")
        return self.received - before

    def count(self) -> int:
        """How many different records there are."""
        return int(self._database.execute(_UNIQUE + "SELECT count(*) FROM single").fetchone()[0])

    def __iter__(self) -> t.Iterator[Record]:
        """Every record once, in true order."""
        for document, _moment in self._database.execute(_ORDERED):
            yield json.loads(document)

    def gaps(self, series: str, size: int) -> list[tuple[int, int]]:
        """The stretches (start, stop) of a file of so many bytes which no record covers."""
        places = self._database.execute("SELECT start, stop FROM record WHERE series = ? ORDER BY start", (series,))
        found: list[tuple[int, int]] = []
        reached = 0
        for start, stop in [*places, (size, size)]:
            if reached < min(start, size):
                found.append((reached, min(start, size)))
            reached = max(reached, stop)
        return found

    def covers(self, series: str, start: int, stop: int) -> bool:
        """Whether one record has everything between two offsets of a file."""
        query = "SELECT 1 FROM record WHERE series = ? AND start <= ? AND stop >= ?"
        return self._database.execute(query, (series, start, stop)).fetchone() is not None

    def stop_of(self, series: str) -> int:
        """Where the last record of a file ends; 0 if there is none."""
        return self._database.execute("SELECT max(stop) FROM record WHERE series = ?", (series,)).fetchone()[0] or 0

    def samples(self) -> list[Record]:
        """One record of each file."""
        return [json.loads(row[0]) for row in self._database.execute("SELECT document FROM record GROUP BY series")]

    def _insert(self, batch: list[tuple[t.Any, ...]]) -> None:
        self._database.executemany("INSERT INTO record VALUES (NULL, ?, ?, ?, ?, ?, ?)", batch)
        batch.clear()

    def _row(self, record: Record) -> tuple[t.Any, ...]:
        self.received += 1
        time, read = record.get("timestamp"), record.get("read")
        series, start = series_of(record), record.get("offset")
        if series is None or start is None:
            # Nothing tells where it stood, so it is a file of its own.
            series, start = f"\0{self.received}", 0
        own = time if time != read else None
        stop = start + max(record.get("length") or 0, 1)
        return series, start, stop, own, time, json.dumps(record)


def series_of(record: Record) -> t.Optional[str]:
    """What the ids of all records of one file begin with: ``<container>-<stream>[-<generation>]``."""
    record_id = record.get("record_id")
    return record_id.rsplit("-", 2)[0] if record_id else None


def executor_of(record: Record) -> t.Optional[str]:
    """``driver`` or the executor's id; None for logs of the platform."""
    if (record.get("task_id") or "").startswith(DRIVER_TASK):
        return "driver"
    return record.get("executor_id")


def result_of(record: Record, more_fields: t.Sequence[str] = ()) -> Record:
    """The part of a record that is given as a task's result."""
    whole = {**record, "executor": executor_of(record)}
    return {name: whole[name] for name in (*RESULT_FIELDS, *more_fields) if whole.get(name) is not None}


def text_line(record: Record) -> str:
    """A record as people read it: time, host, executor or service, stream and text."""
    who = executor_of(record) or record.get("service")
    origin = (record.get("timestamp"), record.get("agent_hostname"), who, record.get("stream"))
    return " ".join([*(part for part in origin if part), record.get("message", "")])
