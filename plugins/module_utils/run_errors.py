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
from .mesos_sandbox import Executor, find_executors
from .sandbox_logs import STREAMS, SandboxLogs

# So many of the last error records of each are given, and so many lines of each.
_EACH = 5
_LINES = 15
_MOST_FROM_GRAYLOG = 1000
_TAIL = 128 * 1024
_MOST_SANDBOXES = 32
_AT_ONCE = 4
_ERROR_LEVEL = 3
_TROUBLE = re.compile(
    r"Traceback \(most recent call last\)|Exception in thread |(?:[\w$]+\.)*[A-Z][\w$]*(?:Error|Exception)\b"
)


def error_lines(mesos: Mesos, graylog: t.Optional[Graylog], run_id: str) -> list[dict[str, t.Any]]:
    """``{executor, host, stream, timestamp, message}`` of the last error records of each, in true order.

    They come from Graylog and, since it may lag, from the sandboxes of the driver and the executors that failed. What
    can not be asked is left out: this explains a failure, and is never one itself.
    """
    with closing(LogRecords()) as records:
        known = graylog is not None and _add_from_graylog(records, graylog, run_id)
        _add_from_sandboxes(records, mesos, run_id, only_failed=known)
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
            "message": _shortened(record["message"]),
        }
        for _number, record in chosen
    ]


def errors_of_executors(errors: list[dict[str, t.Any]], most: int) -> str:
    """The last error of each executor, for a message; the last ``most`` executors, empty when there is none."""
    last = {(error["executor"], error["host"]): error for error in errors if error["executor"] != "driver"}
    parts = [f"Executor {executor} on {host}: {error['message']}" for (executor, host), error in last.items()]
    return "\n".join(parts[-most:])


def is_error(record: Record) -> bool:
    """By its level, or by what it says when it tells no level."""
    level = record.get("level")
    return level <= _ERROR_LEVEL if level is not None else bool(_TROUBLE.match(record.get("message", "")))


def _add_from_graylog(records: LogRecords, graylog: Graylog, run_id: str) -> bool:
    query = f"run:{phrase(run_id)} AND (level:<={_ERROR_LEVEL} OR message:Traceback OR message:Exception)"
    try:
        records.add(newest(graylog, Search(query), _MOST_FROM_GRAYLOG))
    except PlatformError:
        return False
    return True


def _add_from_sandboxes(records: LogRecords, mesos: Mesos, run_id: str, only_failed: bool) -> None:
    try:
        executors = find_executors(mesos, {"run_id": run_id, "framework": None, "executors": None})
        agents = {agent.id: agent for agent in mesos.agents()}
    except PlatformError:
        return
    asked = [item for item in executors if item.agent_id in agents and (not only_failed or _to_be_read(item))]
    asked.sort(key=lambda item: not _to_be_read(item))
    logs = [SandboxLogs(mesos, agents[item.agent_id], item) for item in asked[:_MOST_SANDBOXES]]
    if logs:
        with ThreadPoolExecutor(min(_AT_ONCE, len(logs))) as pool:
            for found in pool.map(_last_records, logs):
                records.add(found)


def _to_be_read(executor: Executor) -> bool:
    failed = executor.state in TERMINAL_STATES and executor.state != "TASK_FINISHED"
    return failed or executor.role == "driver"


def _last_records(logs: SandboxLogs) -> list[Record]:
    try:
        return [record for stream in STREAMS for record in logs.last_records(stream, _TAIL)]
    except PlatformError:
        return []


def _shortened(message: str) -> str:
    lines = message.splitlines()
    if len(lines) <= _LINES:
        return message
    return "\n".join([*lines[:_LINES], f"... and {len(lines) - _LINES} more lines"])
