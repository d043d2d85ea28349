# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The last error lines of a run's driver and executors, for those who want to know why it failed."""

from __future__ import annotations

import re
import typing as t
from collections import defaultdict, deque
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

from .errors import PlatformError
from .graylog import Graylog
from .graylog_search import Search, newest, phrase
from .log_records import LogRecords, Record, executor_of
from .mesos import TERMINAL_STATES, Mesos
from .mesos_sandbox import find_executors
from .sandbox_logs import STREAMS, SandboxLogs

# So many of the last error records of each are given, and so many lines of each.
_EACH = 3
_LINES = 20
_FRAMES = 2
_CAUSES = 3
_MOST_FROM_GRAYLOG = 1000
_TAIL = 128 * 1024
_MOST_SANDBOXES = 32
_AT_ONCE = 4
_ERROR_LEVEL = 3
_FAILED = TERMINAL_STATES - {"TASK_FINISHED"}
_NAME = r"(?:[\w$]+\.)*[A-Z][\w$]*(?:Error|Exception)\b"
_TROUBLE = re.compile(rf"Traceback \(most recent call last\)|Exception in thread |{_NAME}")
_CAUSE = re.compile(rf"(?:Caused by: )?{_NAME}(?!: Traceback \()")
JAVA_FRAME = re.compile(r"\s+(?:at \S+\(|\.\.\. \d+ more)")


def error_lines(mesos: Mesos, graylog: t.Optional[Graylog], run_id: str) -> list[dict[str, t.Any]]:
    """``{executor, host, stream, timestamp, message}`` of the last error records of each, in true order.

    They come from Graylog and, since it may lag, from the sandboxes too. What can not be asked is left out: this
    explains a failure, and is never one itself.
    """
    with closing(LogRecords()) as records:
        if graylog:
            _add_from_graylog(records, graylog, run_id)
        _add_from_sandboxes(records, mesos, run_id)
        last: defaultdict[tuple[t.Any, t.Any], deque[tuple[int, Record]]] = defaultdict(lambda: deque(maxlen=_EACH))
        for number, record in enumerate(filter(is_error, records)):
            last[executor_of(record), record.get("agent_hostname")].append((number, record))
    chosen = sorted((entry for entries in last.values() for entry in entries), key=lambda entry: entry[0])
    return [
        {
            "executor": executor_of(record),
            "host": record.get("agent_hostname"),
            "stream": record.get("stream"),
            "timestamp": record.get("timestamp"),
            "message": shortened(record["message"]),
        }
        for _number, record in chosen
    ]


def errors_of_executors(errors: list[dict[str, t.Any]], most: int) -> str:
    """The last error of each executor, for a message; the last ``most`` executors, empty when there is none."""
    last = {(error["executor"], error["host"]): error for error in errors if error["executor"] != "driver"}
    parts = [f"Executor {executor} on {host}: {_essence(error['message'])}" for (executor, host), error in last.items()]
    return "\n".join(parts[-most:])


def is_error(record: Record) -> bool:
    """By its level, or by what it says when it tells no level."""
    level = record.get("level")
    return level <= _ERROR_LEVEL if level is not None else bool(_TROUBLE.match(record.get("message", "")))


def _add_from_graylog(records: LogRecords, graylog: Graylog, run_id: str) -> None:
    query = f"run:{phrase(run_id)} AND (level:<={_ERROR_LEVEL} OR message:Traceback OR message:Exception)"
    try:
        records.add(newest(graylog, Search(query), _MOST_FROM_GRAYLOG))
    except PlatformError:
        pass  # The sandboxes tell it too.


def _add_from_sandboxes(records: LogRecords, mesos: Mesos, run_id: str) -> None:
    """The last records of each, the most telling sandboxes first."""
    try:
        executors = find_executors(mesos, {"run_id": run_id, "framework": None, "executors": None})
        agents = {agent.id: agent for agent in mesos.agents()}
    except PlatformError:
        return
    executors.sort(key=lambda item: (item.role != "driver", item.state not in _FAILED))
    logs = [SandboxLogs(mesos, agents[item.agent_id], item) for item in executors if item.agent_id in agents]
    if logs:
        with ThreadPoolExecutor(min(_AT_ONCE, len(logs))) as pool:
            for found in pool.map(_last_records, logs[:_MOST_SANDBOXES]):
                records.add(found)


def _last_records(logs: SandboxLogs) -> list[Record]:
    try:
        return [record for stream in STREAMS for record in logs.last_records(stream, _TAIL)]
    except PlatformError:
        return []


def shortened(message: str) -> str:
    """A record for people: of a stack trace the first Java frames of each part, of a long one its beginning and end."""
    lines: list[str] = []
    frames = 0
    for line in message.splitlines():
        frames = frames + 1 if JAVA_FRAME.match(line) else 0
        if frames <= _FRAMES:
            lines.append(line)
    if len(lines) > 2 * _LINES:
        lines = [*lines[:_LINES], "...", *lines[-_LINES:]]
    return "\n".join(lines)


def _essence(message: str) -> str:
    """The first line of a record, and what its stack trace names as causes."""
    first, *others = message.splitlines()
    causes = [line for line in others if _CAUSE.match(line)]
    return "\n".join([first, *causes[-_CAUSES:]])
