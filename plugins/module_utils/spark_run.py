# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A run from its start to its record: create the driver's app or join it, watch its first launch, remove the app."""

from __future__ import annotations

import re
import secrets
import time
import typing as t

from .errors import ConnectionFailed, OptionError, PlatformError, WaitTimeout
from .events import EventStream
from .graylog import Graylog
from .marathon import Marathon, waiting_reasons
from .mesos import TERMINAL_STATES, Mesos
from .run_errors import JAVA_FRAME, error_lines, errors_of_executors
from .sizes import readable
from .spark import FIRST_LAUNCH, Job, app_id_of, build_app, definition_of, network_name
from .spark_isolation import start_isolated
from .spark_record import RecordReader, state_of
from .waiter import Waiter

EVENT_KINDS = ("status_update_event", "app_terminated_event", "deployment_success")
_END_OF_FRAMEWORK = 15.0
_TIME_TO_TELL = 60.0
_LATE_EVENT = 2.0
_MESSAGE_LINES = 15
_MESSAGE_LENGTH = 300
_EXECUTORS_TOLD = 3
# So many lines are looked through for those that tell why a job failed.
_LOG_LINES = 500
_ENDS = {"killed": "was killed", "lost": "was lost", "finished": "ended without an exit code"}
# Lines of Spark and of the Mesos executor that tell nothing of why a job failed.
_CHATTER = re.compile(
    r"\S+( \S+)? (WARN|INFO|DEBUG|TRACE) [\w.$]+: "
    r"|\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3} "
    r"(TASK_|subscribed to|starting task|fetched |update |kill asked|shutdown asked|no connection to)"
)


class RunFailed(PlatformError):
    """The driver did not end with exit code 0; the record says everything that is known."""


def new_run_id(name: str, now: t.Optional[time.struct_time] = None) -> str:
    """``<job name>-<yyyymmdd>t<hhmmss>-<4 hex>``, UTC."""
    return f"{name}-{time.strftime('%Y%m%dt%H%M%S', now or time.gmtime())}-{secrets.token_hex(2)}"


def going_runs(marathon: Marathon, **labels: str) -> list[dict[str, t.Any]]:
    """Apps of runs with these labels."""
    selector = ",".join(["run_id", *(f"{name}=={value}" for name, value in labels.items())])
    return marathon.apps(selector)


class SparkRun:
    """One run of a job. ``run_id``, ``network`` and ``joined`` are set by start()."""

    def __init__(
        self,
        marathon: Marathon,
        mesos: Mesos,
        waiter: Waiter,
        job: Job,
        log_lines: int,
        graylog: t.Optional[Graylog] = None,
    ) -> None:
        self._marathon = marathon
        self._graylog = graylog
        self._mesos = mesos
        self._waiter = waiter
        self._job = job
        if log_lines < 0:
            raise OptionError("log_lines", log_lines, "is no number of lines", "give 0 for none, or more")
        self._log_lines = log_lines
        self._reader = RecordReader(marathon, mesos, _LOG_LINES)
        self._events: t.Optional[EventStream] = None
        self._end: t.Optional[dict[str, str]] = None
        self._seen: dict[str, str] = {}
        self._ended: list[str] = []
        self.run_id = ""
        self.network = "host"
        self.joined = False

    def find(self) -> bool:
        """Is an identical run going? Then this is it. Runs of the job that ended while nobody waited are noted."""
        going: dict[str, dict[str, t.Any]] = {}
        self._ended = []
        for app in going_runs(self._marathon, job=self._job.name):
            run_id = app["labels"]["run_id"]
            task = self._reader.driver_task(run_id)
            if task and task["state"] in TERMINAL_STATES:
                self._ended.append(run_id)
            elif app["labels"].get("definition") == definition_of(self._job):
                going[run_id] = app
        if going:
            self.run_id = min(going)
            self.network = network_name(going[self.run_id])
            self.joined = True
        return self.joined

    def start(self, wait: bool) -> None:
        """Create the app; its events are subscribed to before, so that none is missed.

        Apps of the job's runs that ended while nobody waited are removed.
        """
        for ended in self._ended:
            self._marathon.delete_app(app_id_of(ended))
        if not self.joined:
            self.run_id = self.run_id or new_run_id(self._job.name)
        if wait:
            self._events = EventStream(self._marathon, app_id_of(self.run_id), EVENT_KINDS)
            self._events.open()
        if not self.joined and self._job.is_isolated:
            self.network = start_isolated(self._marathon, self._job, self.run_id)
        elif not self.joined:
            self._marathon.create_app(build_app(self._job, self.run_id))

    def wait(self, timeout_action: str) -> dict[str, t.Any]:
        """The record of the finished run, its app removed.

        Raises RunFailed when its driver ended otherwise, WaitTimeout when it did not end in time: then
        ``timeout_action`` remove or leave decides about a driver that runs; one that never ran is removed.
        """
        try:
            end = self._waiter.until(self._probe, f"the end of run {self.run_id}", self._reasons, self._wake)
            if not end["message"] and end["state"] != "TASK_FINISHED":
                # The state was read before its event came, and only the event tells the reason.
                self._wake(_LATE_EVENT)
                end = self._end or end
        except WaitTimeout as error:
            started = self._seen.get("state") in ("TASK_RUNNING", "TASK_UNREACHABLE")
            removed = not (started and timeout_action == "leave")
            error.record.update(self._record_now())
            error.record["removed"] = removed
            if removed:
                self.remove()
            raise
        finally:
            if self._events:
                self._events.close()
        self._await_framework_end()
        # The run is over, whatever happens to Marathon and Mesos now: give them time to tell of it.
        told = Waiter(_TIME_TO_TELL, self._waiter.sleep)
        record = told.until(lambda: self._finish(end), f"Marathon and Mesos to tell how run {self.run_id} ended")
        if record["state"] != "finished" or record["exit_code"]:
            errors = error_lines(self._mesos, self._graylog, self.run_id)
            if not any(line["executor"] == "driver" for line in errors):
                # It may have said why without calling it an error.
                errors += _last_words(record)
            message = _failure(record, self._job, errors_of_executors(errors, _EXECUTORS_TOLD))
            raise RunFailed(message, **self._shortened(record), error_lines=errors)
        return self._shortened(record)

    def _finish(self, end: dict[str, str]) -> dict[str, t.Any]:
        """Read the record and remove the app."""
        task = self._reader.driver_task(self.run_id)
        record = self._reader.read(self.run_id, task, end["message"])
        if task is None:
            record.update(state=state_of(end["state"]), driver_task_id=end.get("task_id"), driver_host=end.get("host"))
        self.remove()
        return record

    def record(self) -> dict[str, t.Any]:
        """The record as it is now, for callers that do not wait."""
        return self._shortened(self._reader.read(self.run_id, self._reader.driver_task(self.run_id)))

    def _shortened(self, record: dict[str, t.Any]) -> dict[str, t.Any]:
        """The record with as many lines of log as were asked for."""
        log = {name: lines[max(len(lines) - self._log_lines, 0) :] for name, lines in record["driver_log"].items()}
        return {**record, "driver_log": log}

    def remove(self) -> None:
        """Remove the app, whether or not it is still there."""
        self._marathon.delete_app(app_id_of(self.run_id))

    def _record_now(self) -> dict[str, t.Any]:
        try:
            return self.record()
        except PlatformError:
            return {"run_id": self.run_id, "app_id": app_id_of(self.run_id)}

    def _wake(self, seconds: float) -> None:
        if self._events is None:
            time.sleep(seconds)
            return
        for event in self._events.wait(seconds):
            if event.get("eventType") == "status_update_event":
                self._note(event["taskId"], event["taskStatus"], event.get("host") or "", event.get("message") or "")

    def _note(self, task_id: str, state: str, host: str, message: str) -> None:
        """Remember the state of the first launch; Marathon may launch an ended driver again, which is no part of the
        run.
        """
        if not task_id.endswith(FIRST_LAUNCH):
            return
        self._seen = {"task_id": task_id, "state": state, "host": host, "message": message}
        if state in TERMINAL_STATES and not (self._end and self._end["message"]):
            self._end = self._seen

    def _probe(self) -> t.Optional[dict[str, str]]:
        """The first launch's end, from the events or else from what Marathon and Mesos show now."""
        if self._end:
            return self._end
        app = self._marathon.app(app_id_of(self.run_id))
        failure = app.get("lastTaskFailure") if app else None
        if failure:
            self._note(failure["taskId"], failure["state"], failure.get("host") or "", failure.get("message") or "")
        tasks = app.get("tasks", []) if app else []
        for task in tasks:
            self._note(task["id"], task["state"], task.get("host") or "", "")
        if self._end is None and not any(task["id"].endswith(FIRST_LAUNCH) for task in tasks):
            remembered = self._reader.driver_task(self.run_id)
            if remembered:
                self._note(remembered["id"], remembered["state"], "", "")
        if self._end is None and app is None:
            self._end = {"state": "TASK_KILLED", "message": "somebody removed the run while it was waited for"}
        return self._end

    def _await_framework_end(self) -> None:
        """A moment for the framework to end too, so that the executors' last states are in the record."""

        def ended() -> t.Optional[bool]:
            framework = self._reader.snapshot().framework(self.run_id)
            return True if framework is None or not framework.get("active") else None

        try:
            Waiter(_END_OF_FRAMEWORK, 0.5).until(ended, "the end of the framework")
        except (WaitTimeout, ConnectionFailed):
            pass  # the record shows the executors as they are

    def _reasons(self) -> list[str]:
        """Why the run is not over: what keeps its driver from starting, or its executors."""
        agents = [agent for agent in self._mesos.agents() if agent.active]
        if not agents:
            return ["no agent is registered at the Mesos master"]
        state = self._seen.get("state")
        if state == "TASK_UNREACHABLE":
            return [f"the driver's agent {self._seen['host']} can not be reached"]
        if state in ("TASK_STAGING", "TASK_STARTING"):
            return [f"the driver is being prepared on {self._seen['host']} (image {self._job.image})"]
        cpus = max(agent.resources.get("cpus", 0) for agent in agents)
        memory = max(agent.resources.get("mem", 0) for agent in agents)
        if state is None:
            asked = _too_much("the driver", self._job.driver_cpus, self._job.driver_container_memory, cpus, memory)
            return asked + waiting_reasons(self._marathon.queue_item(app_id_of(self.run_id)))
        asked = _too_much("each executor", self._job.executor_cores, self._job.executor_container_memory, cpus, memory)
        return [*asked, *self._executor_reasons(), f"the driver runs on {self._seen['host']}"]

    def _executor_reasons(self) -> list[str]:
        record = self._reader.read(self.run_id, None)
        if record["framework_id"] is None:
            return ["the driver has not registered as a Mesos framework"]
        failed = [
            item
            for item in record["executors"]
            if item["state"] in TERMINAL_STATES and item["state"] != "TASK_FINISHED"
        ]
        going = sum(1 for item in record["executors"] if item["state"] == "TASK_RUNNING")
        reasons = [f"{going} executors are running"] if going else ["no executor is running"]
        if failed:
            hosts = ", ".join(sorted({item["host"] or "an agent that is gone" for item in failed}))
            last = failed[-1]["message"] or self._reader.last_words(self.run_id, failed[-1]["task_id"])
            reasons.append(f"{len(failed)} executors failed on {hosts}, the last with: {last}")
        return reasons


def _too_much(who: str, cpus: float, memory: float, largest_cpus: float, largest_memory: float) -> list[str]:
    reasons = []
    if memory > largest_memory:
        reasons.append(f"{who} asks {readable(memory)} of memory; the largest agent has {readable(largest_memory)}")
    if cpus > largest_cpus:
        reasons.append(f"{who} asks {cpus:g} cpus; the largest agent has {largest_cpus:g}")
    return reasons


def _failure(record: dict[str, t.Any], job: Job, executor_errors: str) -> str:
    """One sentence about a run's failure, the end of its driver's log, and what executors complained of."""
    where = f" on {record['driver_host']}" if record["driver_host"] else ""
    message = " ".join((record["message"] or "").split())
    if len(message) > _MESSAGE_LENGTH:
        message = message[:_MESSAGE_LENGTH] + " ..."
    if record["exit_code"] is not None:
        text = f"Run {record['run_id']} failed: its driver ended with exit code {record['exit_code']}{where}."
    else:
        what = f"its driver {_ENDS.get(record['state'], 'was not run')}{where} (image {job.image})"
        text = f"Run {record['run_id']} failed: {what}: {message or 'no explanation'}."
    lines = [line for lines in _telling(record).values() for line in lines]
    if lines:
        text += " The end of its log:\n" + "\n".join(lines)
    if executor_errors:
        text += ("\n" if lines else " ") + "Errors of executors:\n" + executor_errors
    return text


def _telling(record: dict[str, t.Any]) -> dict[str, list[str]]:
    """The last lines of the driver's streams, without chatter and Java's stack frames. What Python writes to its
    standard error is passed on by spark-submit as standard output.
    """

    def tells(line: str) -> bool:
        return bool(line.strip()) and not _CHATTER.match(line) and not JAVA_FRAME.match(line)

    return {name: list(filter(tells, record["driver_log"][name]))[-_MESSAGE_LINES:] for name in ("stderr", "stdout")}


def _last_words(record: dict[str, t.Any]) -> list[dict[str, t.Any]]:
    """What the driver wrote last, in the form of error lines."""
    who = {"executor": "driver", "host": record["driver_host"], "timestamp": None}
    return [{**who, "stream": name, "message": "\n".join(lines)} for name, lines in _telling(record).items() if lines]
