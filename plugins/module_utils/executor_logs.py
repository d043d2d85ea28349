# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the module executor_logs does: all lines of one run, from Graylog, and from the sandboxes what Graylog lacks."""

from __future__ import annotations

import typing as t
from contextlib import closing
from dataclasses import dataclass, field

from .beats import BeatsOutput
from .difference import DifferenceTracker
from .errors import ApiError, OptionError, PlatformError
from .graylog import Graylog
from .graylog_messages import check_delivery, deliver
from .graylog_search import Search, collect, count, export, newest_run, query_of, started
from .log_records import LogRecords, executor_of
from .mesos import TERMINAL_STATES, Agent, Mesos, labels_of
from .mesos_sandbox import Executor, find_executors, tasks_of
from .sandbox_logs import STREAMS, SandboxLogs, record_of
from .spark import FIRST_LAUNCH
from .waiter import Waiter

_ID_FIELDS = ("record_id", "offset", "length")


@dataclass
class Shipment:
    """What was sent to Graylog: ``places`` are (series, start, stop) of each record."""

    output: t.Optional[BeatsOutput]
    places: list[tuple[str, int, int]] = field(default_factory=list)


def read_logs(
    mesos: t.Optional[Mesos],
    graylog: t.Optional[Graylog],
    output: t.Optional[BeatsOutput],
    waiter: Waiter,
    params: dict[str, t.Any],
    check_mode: bool,
) -> dict[str, t.Any]:
    """The module's result. Lines are sent to ``output`` if there is one, but not in check mode.

    Raises OptionError for a run that nobody knows, PlatformError with the same keys when some lines could not be read.
    """
    pattern = check_delivery(params)
    run_id = params["run_id"] or _newest(mesos, graylog, params["name"])
    executors = _executors(mesos, run_id, params) if mesos else []
    agents = {agent.id: agent for agent in mesos.agents()} if mesos else {}
    search = Search(query_of({"run": run_id, "executors": params["executors"]}))
    tracker = DifferenceTracker()
    shipment = Shipment(None if check_mode else output)
    with closing(LogRecords()) as records:
        received = collect(graylog, search, records, params["fields"]) if graylog else 0
        if not executors and not received:
            raise OptionError("run_id", run_id, "has no lines and no sandboxes", "correct it")
        entries = [
            _read_sandbox(mesos, agents.get(executor.agent_id), executor, records, output is not None, shipment)
            for executor in executors
            if mesos
        ]
        entries += _others(records, entries)
        for entry in entries:
            for stream in STREAMS:
                lacking = entry[stream]["lacking"] if entry[stream] else 0
                if output and lacking and entry["shipped"] is not None:
                    tracker.compare(f"{entry['executor']} {stream}", {"lacking": lacking}, {"lacking": 0})
        if shipment.output:
            shipment.output.flush()
        if graylog and shipment.places and params["wait"]:
            _await_arrival(graylog, search, received, shipment, waiter)
        delivered = deliver(records, pattern, params, check_mode)
    result = {"run_id": run_id, "executors": entries, "complete": _complete(entries), **delivered}
    result["shipped"] = sum(entry["shipped"] or 0 for entry in entries)
    result["changed"] = delivered["changed"] or tracker.changed
    for side in ("before", "after"):
        result["diff"][side].update(tracker.result()["diff"][side])
    errors = [entry["error"] for entry in entries if entry["error"]]
    if errors:
        raise PlatformError(f"Not all lines of run {run_id} could be read: {' '.join(errors)}", **result)
    return result


def _newest(mesos: t.Optional[Mesos], graylog: t.Optional[Graylog], job: str) -> str:
    """The run of a job that started last, of those which Graylog or the leading master know."""
    runs = [newest_run(graylog, job)] if graylog else []
    for framework in mesos.frameworks() if mesos else []:
        for task in tasks_of(framework):
            labels = labels_of(task)
            if labels.get("job") == job and task["id"].endswith(FIRST_LAUNCH):
                runs.append(labels.get("run_id"))
    known = [run for run in runs if run]
    if not known:
        raise OptionError("name", job, "has no run that is known", "correct it, or give run_id")
    return max(known, key=lambda run: (started(run) or 0.0, run))


def _executors(mesos: Mesos, run_id: str, params: dict[str, t.Any]) -> list[Executor]:
    """Those which the leading master remembers; none if it has forgotten the run."""
    try:
        return find_executors(mesos, {"run_id": run_id, "framework": None, "executors": params["executors"]})
    except OptionError as error:
        if error.record["option"] == "run_id":
            return []
        raise


def _read_sandbox(
    mesos: Mesos, agent: t.Optional[Agent], executor: Executor, records: LogRecords, ship: bool, shipment: Shipment
) -> dict[str, t.Any]:
    """Add what ``records`` lack of an executor, and send it; what is told of the executor."""
    ended = executor.state in TERMINAL_STATES
    entry: dict[str, t.Any] = {
        "executor": "driver" if executor.role == "driver" else executor.executor_id,
        "executor_id": executor.executor_id,
        "host": agent.hostname if agent else None,
        "state": executor.state,
        "container_id": executor.container_id,
        "stdout": None,
        "stderr": None,
        "shipped": 0 if ship and ended and executor.container_id else None,
        "error": None,
    }
    who = "The driver" if executor.role == "driver" else f"Executor {executor.executor_id}"
    where = agent.hostname if agent else f"agent {executor.agent_id}"
    has_lines = any(records.stop_of(f"{executor.container_id}-{stream}") for stream in STREAMS)
    try:
        if agent is None:
            raise PlatformError("its agent is not registered any more")
        logs = SandboxLogs(mesos, agent, executor)
        for stream in STREAMS:
            entry[stream] = _fill(logs, stream, records, shipment if entry["shipped"] is not None else Shipment(None))
    except PlatformError as error:
        gone = isinstance(error, ApiError) and error.status == 404
        if not has_lines:
            reason = "its sandbox is gone" if gone else error.message.rstrip(".")
            entry["error"] = f"{who} on {where}: {reason}, and Graylog has none of its lines."
    if entry["shipped"] is not None:
        entry["shipped"] = sum(entry[stream]["lacking"] for stream in STREAMS if entry[stream])
    return entry


def _fill(logs: SandboxLogs, stream: str, records: LogRecords, shipment: Shipment) -> dict[str, int]:
    """Add the records of a stream that are lacking: ``{size, lacking}``, its bytes and their number."""
    size, lacking = logs.size(stream), 0
    series = logs.series(stream)
    for start, stop in records.gaps(series, size):
        for event in logs.events(stream, start, stop):
            record = record_of(event)
            records.add([record])
            lacking += 1
            if shipment.output:
                shipment.output.send(event)
                shipment.places.append((series, record["offset"], record["offset"] + record["length"]))
    return {"size": size, "lacking": lacking}


def _others(records: LogRecords, entries: list[dict[str, t.Any]]) -> list[dict[str, t.Any]]:
    """Executors of which only Graylog knows."""
    known = {entry["container_id"] for entry in entries}
    found: dict[t.Any, dict[str, t.Any]] = {}
    for record in records.samples():
        container = record.get("container_id")
        if container not in known:
            found[container] = {
                "executor": executor_of(record),
                "executor_id": record.get("executor_id"),
                "host": record.get("agent_hostname"),
                "state": None,
                "container_id": container,
                "stdout": None,
                "stderr": None,
                "shipped": None,
                "error": None,
            }
    return list(found.values())


def _complete(entries: list[dict[str, t.Any]]) -> bool:
    """Whether everything was compared with the sandboxes."""
    return all(entry[stream] for entry in entries for stream in STREAMS)


def _await_arrival(graylog: Graylog, search: Search, before: int, shipment: Shipment, waiter: Waiter) -> None:
    """Wait until Graylog finds what was sent, so that a second call finds nothing to send."""
    wanted = before + len(shipment.places)
    counted = before

    def arrived() -> t.Optional[bool]:
        nonlocal counted
        counted = count(graylog, search)
        if counted < wanted:
            return None
        with closing(LogRecords()) as found:
            found.add(export(graylog, search, _ID_FIELDS))
            there = all(found.covers(*place) for place in shipment.places)
        return True if there else None

    waiter.until(
        arrived,
        f"Graylog to find {len(shipment.places)} records that were sent",
        lambda: [f"it has {counted} of {wanted}"],
    )
