# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the module graylog_messages does: wait for messages, and give them in true order, as a result or in a file."""

from __future__ import annotations

import re
import time
import typing as t
from collections import deque
from contextlib import closing
from dataclasses import dataclass

from .difference import DifferenceTracker
from .errors import OptionError, PlatformError
from .graylog import Graylog
from .graylog_search import Search, collect, count, query_of, search_of
from .log_file import check_place, write_log
from .log_records import LogRecords, Record, result_of
from .sizes import seconds
from .waiter import Waiter

# Ansible keeps a task's result in memory several times.
MOST_RESULT_BYTES = 64 * 1024 * 1024
_OTHER_BYTES = 500


def find_messages(graylog: Graylog, waiter: Waiter, params: dict[str, t.Any], check_mode: bool) -> dict[str, t.Any]:
    """The module's result. Raises WaitTimeout when what wait_for names has not come in time."""
    search = search_of(params)
    wish = wish_of(params)
    pattern = check_delivery(params)
    found = _Collected(graylog, search, params["fields"])
    try:
        if wish and params["wait"]:
            waiter.until(lambda: wish.check(found), f"messages of {search.query}", lambda: wish.missing(found))
        found.collect()
        result = {"query": search.query, "duplicates": found.records.received - found.unique}
        return {**result, **deliver(found.records, pattern, params, check_mode)}
    finally:
        found.records.close()


def run_messages(graylog: Graylog, run_id: str, params: dict[str, t.Any]) -> list[Record]:
    """The messages of one run for the options executors, level, pattern and limit."""
    pattern = check_delivery({**params, "dest": None})
    wanted = {"run": run_id, "executors": params["executors"], "level": params["level"]}
    with closing(LogRecords()) as records:
        collect(graylog, Search(query_of(wanted)), records)
        return deliver(records, pattern, {"limit": params["limit"], "dest": None, "fields": []}, True)["messages"]


def check_delivery(params: dict[str, t.Any]) -> t.Optional[re.Pattern[str]]:
    """The option pattern, compiled. Raises OptionError when it, limit or dest can not be right."""
    if params["limit"] < 0:
        raise OptionError("limit", params["limit"], "is no number of messages", "give 0 for all, or more")
    if params["dest"]:
        check_place(params["dest"])
    return compiled("pattern", params["pattern"])


def deliver(
    records: t.Iterable[Record], pattern: t.Optional[re.Pattern[str]], params: dict[str, t.Any], check_mode: bool
) -> dict[str, t.Any]:
    """Records that match, the last ``limit`` of them, as ``messages`` or into the file ``dest``: ``{changed, diff,
    count, matched, messages}``.

    Raises PlatformError when they are too many for a result.
    """
    counter = _Counter()
    chosen = counter.counted(record for record in records if not pattern or pattern.search(record.get("message", "")))
    if params["limit"]:
        chosen = iter(deque(chosen, maxlen=params["limit"]))
    tracker = DifferenceTracker()
    messages: list[Record] = []
    if params["dest"]:
        written = write_log(params["dest"], params["dest_format"], chosen, tracker, check_mode)
    else:
        size = 0
        for record in chosen:
            size += len(record.get("message", "")) + _OTHER_BYTES
            if size > MOST_RESULT_BYTES:
                raise PlatformError(
                    f"There are more than {len(messages)} messages, too many for a task's result: "
                    "write them into a file with dest, or narrow the search (run, executors, level, since, limit)."
                )
            messages.append(result_of(record, params["fields"]))
        written = len(messages)
    return {**tracker.result(), "count": written, "matched": counter.number, "messages": messages}


class _Counter:
    """Counts what passes."""

    def __init__(self) -> None:
        self.number = 0

    def counted(self, records: t.Iterable[Record]) -> t.Iterator[Record]:
        for record in records:
            self.number += 1
            yield record


class _Collected:
    """What a search has given so far; it is collected again only when Graylog counts otherwise."""

    def __init__(self, graylog: Graylog, search: Search, more_fields: t.Sequence[str]) -> None:
        self._graylog = graylog
        self._search = search
        self._more_fields = more_fields
        self._collected: t.Optional[int] = None
        self.records = LogRecords()
        self.unique = 0
        self.counted = 0
        self.grown_at = time.monotonic()

    def look(self) -> None:
        """Count, and note when the count changed last."""
        counted = count(self._graylog, self._search)
        if counted != self.counted:
            self.counted, self.grown_at = counted, time.monotonic()

    def collect(self) -> None:
        self.look()
        if self._collected == self.counted:
            return
        self.records.close()
        self.records = LogRecords()
        self._collected = collect(self._graylog, self._search, self.records, self._more_fields)
        self.unique = self.records.count()


@dataclass(frozen=True)
class Wish:
    """What is waited for: so many different messages, one that matches, and so many seconds without a new one."""

    count: int
    pattern: t.Optional[re.Pattern[str]]
    quiet: float

    def check(self, found: _Collected) -> t.Optional[bool]:
        found.look()
        return None if self._problems(found) else True

    def missing(self, found: _Collected) -> list[str]:
        return self._problems(found) or ["it came just now"]

    def _problems(self, found: _Collected) -> list[str]:
        """What is not there yet, the cheapest question first."""
        if not found.counted:
            return ["Graylog has none; is the name right, and the log shipper running"]
        if found.counted < self.count:
            return [f"Graylog has {found.counted} of {self.count}"]
        quiet = time.monotonic() - found.grown_at
        if quiet < self.quiet:
            return [f"the last one of {found.counted} came {quiet:.1f} s ago"]
        if self.count or self.pattern:
            found.collect()
        if found.unique < self.count:
            return [f"Graylog has {found.unique} of {self.count}, and {found.counted - found.unique} duplicates"]
        if self.pattern and not any(self.pattern.search(record.get("message", "")) for record in found.records):
            return [f"none of {found.unique} matches {self.pattern.pattern!r}"]
        return []


def wish_of(params: dict[str, t.Any]) -> t.Optional[Wish]:
    """The option wait_for. Raises OptionError for a wish that can not come true."""
    given = params["wait_for"]
    if given is None:
        return None
    wanted = given["count"] or 0
    if wanted < 0:
        raise OptionError("wait_for.count", wanted, "is no number of messages", "give 1 or more")
    quiet = seconds("wait_for.quiet", given["quiet"]) if given["quiet"] else 0.0
    wait_timeout = seconds("wait_timeout", params["wait_timeout"])
    if quiet >= wait_timeout:
        raise OptionError("wait_for.quiet", given["quiet"], "is not less than wait_timeout", "raise wait_timeout")
    return Wish(wanted, compiled("wait_for.pattern", given["pattern"]), quiet)


def compiled(option: str, pattern: t.Optional[str]) -> t.Optional[re.Pattern[str]]:
    """A regular expression, or None. Raises OptionError when it is none."""
    if not pattern:
        return None
    try:
        return re.compile(pattern)
    except re.error as error:
        raise OptionError(option, pattern, f"is no regular expression ({error})", "correct it") from error
