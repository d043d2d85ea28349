# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Records of logs that lie in sandboxes: the same ones, with the same ids, which the log shipper makes of them."""

from __future__ import annotations

import json
import time
import typing as t

from .errors import ApiError
from .log_records import Record
from .log_shipper.records import EventEncoder
from .log_shipper.splitter import split
from .mesos import Agent, Mesos, Sandbox
from .mesos_sandbox import Executor
from .spark import app_id_of

STREAMS = ("stdout", "stderr")
# The log shipper's own default: a longer record is cut.
_RECORD_LIMIT = 1024 * 1024
# Bytes behind the largest record that show what kind of line follows it.
_LOOK_AHEAD = 65536


class SandboxLogs:
    """The two streams of one executor. Errors are those of the Mesos client."""

    def __init__(self, mesos: Mesos, agent: Agent, executor: Executor) -> None:
        self.executor = executor
        self.host = agent.hostname
        self._sandbox = Sandbox(mesos.seen_from(agent), agent, executor.framework_id, executor.executor_id)
        self._facts = {**facts_of(executor), "agent": {"hostname": agent.hostname, "id": agent.id}}
        self._page: tuple[str, int, bytes] = ("", 0, b"")

    def series(self, stream: str) -> str:
        """What the record ids of a stream begin with; unlike the log shipper's if the container is unknown."""
        executor = self.executor
        unlike = f"{executor.framework_id}/{executor.executor_id}@{executor.agent_id}"
        return f"{executor.container_id or unlike}-{stream}"

    def size(self, stream: str) -> int:
        """Bytes of a stream. Raises ApiError (404) when the sandbox is gone."""
        sizes = {item["path"]: item["size"] for item in self._sandbox.entries() if item["path"] in STREAMS}
        if not sizes:
            # Agents show a folder that somebody else removed as an empty one.
            raise ApiError(404, f"The Mesos agent {self.host}", "GET", "/files/browse", "no streams in the sandbox")
        return sizes.get(stream, 0)

    def events(self, stream: str, start: int, stop: int) -> t.Iterator[bytes]:
        """What the log shipper would send of the bytes from a record's beginning on: JSON documents."""
        encoder = EventEncoder({**self._facts, "stream": stream, "file": stream}, self.series(stream), False)
        data, read = b"", start
        while start < stop:
            page = self._read(stream, read, stop) if read < stop else b""
            read += len(page)
            data += page
            last = read >= stop or not page
            begin = 0
            # A record without an end is examined again only when enough has come to cut it.
            if last or b"\n" in page or len(data) > _RECORD_LIMIT + _LOOK_AHEAD:
                for end, cut in split(data, last, _RECORD_LIMIT):
                    event = encoder.encode(data[begin:end], (start + begin, end - begin), time.time(), cut)
                    if event:
                        yield event
                    begin = end
            data, start = data[begin:], start + begin
            if last:
                return

    def last_records(self, stream: str, most: int) -> list[Record]:
        """The records which begin within the last ``most`` bytes of a stream."""
        size = self.size(stream)
        start = max(size - most, 0)
        records = [record_of(event) for event in self.events(stream, start, size)]
        # The first one may be the end of a longer record.
        return records[1:] if start else records

    def _read(self, stream: str, offset: int, stop: int) -> bytes:
        """Some bytes from ``offset`` on. The last page is kept, for the next gap that lies in it."""
        name, start, data = self._page
        if name != stream or not start <= offset < start + len(data):
            data, start = self._sandbox.page(stream, offset, _LOOK_AHEAD), offset
            self._page = (stream, start, data)
        return data[offset - start : stop - start]


def record_of(event: bytes) -> Record:
    """What Graylog makes of an event, but for the time when it was read, which is now and tells nothing."""
    record: Record = json.loads(event)
    agent, moment = record.pop("agent"), record.pop("@timestamp")
    if moment != record.pop("read"):
        record["timestamp"] = moment
    record.update(agent_hostname=agent["hostname"], agent_id=agent["id"])
    if record.pop("cut", False):
        record["cut"] = "true"
    return record


def facts_of(executor: Executor) -> dict[str, str]:
    """What the log shipper says of an executor's records, as far as the master knows it."""
    labels = executor.labels
    run = labels.get("run_id") or executor.framework
    job = labels.get("job") or executor.framework
    application = app_id_of(run) if executor.role == "driver" else executor.framework
    facts = {
        "job": job,
        "run": run,
        "application": labels.get("application") or application,
        "principal": labels.get("principal") or executor.principal,
        "framework_id": executor.framework_id,
        "framework": executor.framework,
        "executor_id": executor.executor_id,
        "task_id": executor.task_id,
        "task_name": executor.task_name,
        "container_id": executor.container_id,
        "staging": "true" if job.startswith("staging-") else "",
    }
    return {name: value for name, value in facts.items() if value}
