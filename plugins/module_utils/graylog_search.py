# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Searches in Graylog: any number of messages, as records, and never fewer than Graylog counts."""

from __future__ import annotations

import csv
import http.client
import io
import json
import re
import secrets
import time
import typing as t
import urllib.parse
from dataclasses import dataclass, replace
from datetime import datetime, timezone

from .client import Client
from .errors import ConnectionFailed, OptionError, PlatformError
from .graylog import Graylog
from .log_records import DRIVER_TASK, FIELDS, NUMBERS, LogRecords, Record
from .sizes import seconds

LEVELS = {"error": 3, "warning": 4, "info": 6, "debug": 7}
_ALWAYS = "1970-01-01T00:00:00.000Z"
# A host's clock may be ahead, and its lines are meant too.
_AHEAD = 24 * 3600.0
_EXPORT = "/views/search/messages"
_SYNC = "/views/search/sync"
# Seconds of silence while Graylog collects a large answer.
_PATIENCE = 120.0
_ATTEMPTS = 3
_ATTEMPT_PAUSE = 1.0
_MOST_RUNS = 10_000
_RUN_START = re.compile(r"-(\d{8}t\d{6})-[0-9a-f]{4}$")
# A record has up to 1 MiB of text, and four times as much where bytes are written like \xff.
csv.field_size_limit(max(csv.field_size_limit(), 16 * 1024 * 1024))


@dataclass(frozen=True)
class Search:
    """A query in Graylog's language and the time to look at: ISO 8601 in UTC with milliseconds."""

    query: str
    since: str = _ALWAYS
    until: str = ""

    def timerange(self) -> dict[str, str]:
        return {"type": "absolute", "from": self.since, "to": self.until or iso(time.time() + _AHEAD)}


def iso(moment: float) -> str:
    """Seconds since the epoch as ISO 8601 in UTC with milliseconds."""
    return datetime.fromtimestamp(moment, timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"


def phrase(value: str) -> str:
    """A value as Graylog's query language quotes it."""
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'


def query_of(params: dict[str, t.Any]) -> str:
    """The query for the options job, run, executors, level, text and query, all of which must hold.

    Raises OptionError when none of them is given.
    """
    parts = [f"{name}:{phrase(params[name])}" for name in ("job", "run") if params.get(name)]
    executors = [
        f"task_id:{DRIVER_TASK}*" if executor == "driver" else f"executor_id:{phrase(executor)}"
        for executor in params.get("executors") or ()
    ]
    if executors:
        parts.append("(" + " OR ".join(executors) + ")")
    if params.get("level"):
        parts.append(f"level:<={LEVELS[params['level']]}")
    if params.get("text"):
        parts.append(f"message:{phrase(params['text'])}")
    if params.get("query"):
        parts.append(f"({params['query']})")
    if not parts:
        raise OptionError(
            "job, run, query", None, "are all missing", "say whose lines are meant, such as job=wordcount"
        )
    return " AND ".join(parts)


def search_of(params: dict[str, t.Any]) -> Search:
    """The search for the options of query_of(), since and until. Raises OptionError for a time that is none."""
    now = time.time()
    since = _moment("since", params["since"], now) if params.get("since") else _ALWAYS
    until = _moment("until", params["until"], now) if params.get("until") else ""
    if until and until <= since:
        raise OptionError("until", params["until"], "is not after since", "give a later time")
    return Search(query_of(params), since, until)


def _moment(option: str, value: str, now: float) -> str:
    """ISO 8601, in UTC unless it says otherwise, or a duration that means so long ago."""
    text = value.strip()
    if re.fullmatch(r"[\d.]+(ms|[smhd])", text.lower()):
        return iso(now - seconds(option, text))
    try:
        moment = datetime.fromisoformat(re.sub(r"[zZ]$", "+00:00", text))
        return iso((moment if moment.tzinfo else moment.replace(tzinfo=timezone.utc)).timestamp())
    except (ValueError, OverflowError) as error:
        raise OptionError(
            option, value, "is no time", "write it as 2026-11-21T10:15:00Z, or as 2h for two hours ago"
        ) from error


def count(graylog: Graylog, search: Search) -> int:
    """How many messages there are, duplicates included. Raises PlatformError for a query that Graylog refuses."""
    return int(_ask(graylog, search, _groups([]))["total"])


def newest(graylog: Graylog, search: Search, limit: int) -> list[Record]:
    """The last so many messages of a search, at most 10,000, the newest first; duplicates are among them."""
    order = [{"field": "timestamp", "order": "DESC"}]
    wanted = {"type": "messages", "limit": limit, "offset": 0, "sort": order, "decorators": []}
    return [found["message"] for found in _ask(graylog, search, wanted)["messages"]]


def newest_run(graylog: Graylog, job: str) -> t.Optional[str]:
    """The id of the job's run that started last, of those which have lines; None if there are none.

    A run's id tells when it started. One without is judged by its last line.
    """
    search = Search(f"job:{phrase(job)} AND _exists_:run")
    found = newest(graylog, search, 1)
    if not found:
        return None
    last = found[0]["run"]
    since = started(last)
    if since is None:
        return last
    # Whatever started later has lines since then, so that few runs are to be looked at.
    later = replace(search, since=iso(since))
    rows = _ask(graylog, later, _groups([{"type": "values", "field": "run", "limit": _MOST_RUNS}]))["rows"]
    runs = [row["key"][0] for row in rows if row.get("key")]
    return max([last, *runs], key=lambda run: (started(run) or 0.0, run))


def started(run: str) -> t.Optional[float]:
    """When a run with this id started, in seconds since the epoch."""
    match = _RUN_START.search(run)
    try:
        moment = datetime.strptime(match[1], "%Y%m%dt%H%M%S") if match else None
    except ValueError:
        return None
    return moment.replace(tzinfo=timezone.utc).timestamp() if moment else None


def collect(graylog: Graylog, search: Search, records: LogRecords, more_fields: t.Sequence[str] = ()) -> int:
    """Put all messages of a search into ``records``, which have none so far; how many came, duplicates included.

    Raises ConnectionFailed when Graylog repeatedly gives fewer messages than it counts.
    """
    fields = tuple(dict.fromkeys((*FIELDS, "message", *more_fields)))
    for attempt in range(_ATTEMPTS):
        expected = count(graylog, search)
        given = records.add(export(graylog, search, fields)) if expected else 0
        if given >= expected:
            return given
        if attempt < _ATTEMPTS - 1:
            records.clear()
            time.sleep(_ATTEMPT_PAUSE)
    raise ConnectionFailed(
        f"Graylog at {graylog.url} counts {expected} messages, but gave {given} of them, {_ATTEMPTS} times: "
        "look into its log and that of its search server."
    )


def export(graylog: Graylog, search: Search, fields: t.Sequence[str]) -> t.Iterator[Record]:
    """All messages of a search while they arrive, in no order. Fields that a message does not have are left out.

    Graylog answers a refused query, too, with no messages: count() before tells of it.
    """
    body: dict[str, t.Any] = {
        "query_string": {"type": "elasticsearch", "query_string": search.query},
        "timerange": search.timerange(),
        "fields_in_order": list(fields),
    }
    try:
        with graylog.open("POST", _EXPORT, body=body, accept="text/csv", timeout=_PATIENCE) as answer:
            yield from _rows(answer)
    except (OSError, http.client.HTTPException, csv.Error) as error:
        raise ConnectionFailed(f"Graylog at {graylog.url} broke off its answer: {error}.") from error


def _rows(answer: t.Any) -> t.Iterator[Record]:
    """Records from CSV with a line of names."""
    rows = csv.reader(io.TextIOWrapper(io.BufferedReader(answer, 65536), encoding="utf-8", newline=""))
    names = next(rows, [])
    for row in rows:
        record: Record = {name: value for name, value in zip(names, row, strict=False) if value}
        for name in NUMBERS & record.keys():
            record[name] = int(float(record[name]))
        yield record


def _groups(row_groups: list[dict[str, t.Any]]) -> dict[str, t.Any]:
    """What to search for to count messages by groups: the result has ``total`` and ``rows``."""
    return {
        "type": "pivot",
        "name": "count",
        "row_groups": row_groups,
        "column_groups": [],
        "series": [{"type": "count", "id": "count()", "field": None}],
        "sort": [],
        "rollup": True,
    }


def _ask(graylog: Graylog, search: Search, wanted: dict[str, t.Any]) -> dict[str, t.Any]:
    """The result of one search type. Raises PlatformError for a query that Graylog refuses."""
    query = {
        "id": "query",
        "query": {"type": "elasticsearch", "query_string": search.query},
        "timerange": search.timerange(),
        "filter": None,
        "search_types": [{"id": "wanted", **wanted}],
    }
    # Searches have ids like all of Graylog's documents; this one is not kept.
    body = {"id": secrets.token_hex(12), "queries": [query], "parameters": []}
    timeout = ("timeout", str(round(_PATIENCE * 1000)))
    try:
        with graylog.open("POST", _SYNC, [timeout], body, timeout=_PATIENCE) as stream:
            answer = json.load(stream)["results"]["query"]
    except (OSError, http.client.HTTPException, ValueError, KeyError) as error:
        raise ConnectionFailed(f"Graylog at {graylog.url} gave no answer to a search: {error!r}.") from error
    problems = [_first_words(error.get("description", "")) for error in answer.get("errors", [])]
    if problems:
        raise PlatformError(f"Graylog refuses the query {search.query!r}: {problems[0]}.")
    return answer["search_types"]["wanted"]


def _first_words(description: str) -> str:
    """What an error says, without where in Graylog it happened."""
    return " ".join(description.removeprefix("Search type returned error:").split()).rstrip(".")[:300]


def browser_url(graylog: Graylog) -> str:
    """The address under which people open Graylog: its pages work under no other one. Without a trailing slash.

    It may be another one than that which modules use; if Graylog does not tell, it is taken for the same.
    """
    client = Client(graylog.client.connection, graylog.client.service, graylog.client.option, retry_seconds=0.0)
    try:
        text = client.request("GET", "/config.js", headers={"Accept": "*/*"}).data.decode(errors="replace")
    except PlatformError:
        return graylog.url
    match = re.search(r"""gl2ServerUrl:\s*['"](https?://[^'"]+?)/api/?['"]""", text)
    return match[1] if match else graylog.url


def link(address: str, run: str) -> str:
    """The address of a run's lines in the search of the Graylog at ``browser_url``."""
    query = urllib.parse.urlencode({"q": f"run:{phrase(run)}", "rangetype": "relative", "relative": "0"})
    return f"{address}/search?{query}"
