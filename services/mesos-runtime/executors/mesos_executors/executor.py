# SPDX-License-Identifier: GPL-3.0-or-later
"""What mesos-docker-executor and mesos-executor have in common: one task, its life and its status updates."""

import base64
import os
import signal
import sys
import threading
import time
import uuid
from abc import ABC, abstractmethod
from typing import NoReturn

from mesos_executors.agent_session import AgentSession
from mesos_executors.event_loop import EventLoop, end_process
from mesos_executors.health import HealthChecker
from mesos_executors.http_client import Address
from mesos_executors.log import log
from mesos_executors.settings import Settings
from mesos_executors.tls import agent_context
from mesos_executors.values import Json, seconds_of_info

_TERMINAL = ("TASK_FINISHED", "TASK_FAILED", "TASK_KILLED")
# Between the terminal update and the end of the process, where no acknowledgement is waited for.
_LAST_WORDS = 1.0
# What remains of the agent's patience after a kill, for the last update to arrive.
_SHUTDOWN_MARGIN = 1.5
_RESEND_PAUSE = 1.0


class Executor(ABC):
    """Runs one task. Everything happens in the event loop, except `unacknowledged` and the session's own calls."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.loop = EventLoop()
        self.task: Json | None = None
        self.terminal: str | None = None  # uuid of the terminal update
        self.killing = False
        self.unhealthy = False
        self.timed_out = False
        self.checker: HealthChecker | None = None
        self._framework: Json = {}
        self._lock = threading.Lock()
        self._pending_tasks: dict[str, Json] = {}  # by task id, until an update of it is acknowledged
        self._pending_updates: dict[str, Json] = {}  # by uuid, until acknowledged
        self._connected = False
        self._losses = 0
        self._shutting_down = False
        self.shutdown_grace = settings.shutdown_grace_period  # seconds that the agent waits after SHUTDOWN
        if settings.domain_socket:
            address = Address(path=settings.domain_socket)
        else:
            address = Address(settings.agent_host, settings.agent_port, tls=agent_context(os.environ))
        self.session = AgentSession(settings, address, self, self._unacknowledged)

    # ---- for the two kinds of executor

    @abstractmethod
    def launch(self, task: Json) -> None:
        """Start the task."""

    @abstractmethod
    def kill(self, grace: float | None = None) -> None:
        """End the task: TERM, and KILL after `grace` seconds (None: the task's own kill policy)."""

    def on_subscribed(self) -> None:
        """The agent has (again) accepted this executor."""
        return

    @property
    def checkpoint(self) -> bool:
        """Whether the framework wants its tasks to outlive the agent process."""
        return bool(self._framework.get("checkpoint"))

    def has_capability(self, name: str) -> bool:
        """Whether the framework declared a capability."""
        return any(capability.get("type") == name for capability in self._framework.get("capabilities", []))

    def task_grace_period(self) -> float | None:
        """Seconds of the task's kill policy; None if it has none."""
        return seconds_of_info((self.task or {}).get("kill_policy", {}).get("grace_period"))

    # ---- life

    def run(self) -> NoReturn:
        """Serve the agent until the task is over."""
        self.loop.on_signals(lambda: self.shut_down("a signal"), signal.SIGTERM, signal.SIGINT)
        self.session.start()
        self.loop.run()

    def shut_down(self, by: str) -> None:
        """End the task and then the process; at once if there is no task or it is over."""
        log("shutdown asked for by", by)
        if not self.task:
            end_process()
        self._shutting_down = True
        if self.terminal:
            self.loop.later(_LAST_WORDS, end_process)
            return
        self.kill(max(0.0, self.shutdown_grace - _SHUTDOWN_MARGIN))

    def watch_health(self, checker: HealthChecker) -> None:
        """Start health checks; they are stopped when the task ends."""
        self.checker = checker
        checker.start()

    def stop_checks(self) -> None:
        """No more health checks."""
        if self.checker:
            self.checker.stop()

    def report_health(self, healthy: bool, hopeless: bool, container_status: Json | None = None) -> None:
        """A health check changed its mind, or (`hopeless`) failed too often: the task is killed then."""
        if self.killing or self.terminal:
            return
        reason = "REASON_TASK_HEALTH_CHECK_STATUS_UPDATED"
        self.update("TASK_RUNNING", healthy=healthy, reason=reason, container_status=container_status)
        if hopeless:
            self.unhealthy = True
            self.kill()

    def limit_completion_time(self) -> None:
        """Kill the task when it has used up its `max_completion_time`, if it has one."""

        def time_out() -> None:
            if not (self.terminal or self.killing):
                log("the task used up its maximum completion time")
                self.timed_out = True
                self.kill(0)

        limit = seconds_of_info((self.task or {}).get("max_completion_time"))
        if limit:
            self.loop.later(limit, time_out)

    def begin_kill(self, container_status: Json | None = None) -> None:
        """What precedes the first kill: TASK_KILLING, if the framework knows it, and no more health checks."""
        if self.killing:
            return
        self.killing = True
        if not self.timed_out and self.has_capability("TASK_KILLING_STATE"):
            self.update("TASK_KILLING", container_status=container_status)
        self.stop_checks()

    def end_state(self, success: bool) -> tuple[str, str | None]:
        """State and reason of a task that has ended."""
        if self.timed_out:
            return "TASK_FAILED", "REASON_MAX_COMPLETION_TIME_REACHED"
        if self.killing:
            return "TASK_KILLED", None
        return ("TASK_FINISHED" if success else "TASK_FAILED"), None

    # ---- status updates

    def update(
        self,
        state: str,
        *,
        message: str | None = None,
        reason: str | None = None,
        healthy: bool | None = None,
        data: str | None = None,
        container_status: Json | None = None,
        task: Json | None = None,
    ) -> None:
        """Send a status update, and again until it is acknowledged; nothing after a terminal one."""
        of_task = task or self.task
        if self.terminal or not of_task:
            return
        identifier = base64.b64encode(uuid.uuid4().bytes).decode()
        status: Json = {
            "task_id": of_task["task_id"],
            "state": state,
            "source": "SOURCE_EXECUTOR",
            "timestamp": time.time(),
            "uuid": identifier,
            "executor_id": {"value": self.settings.executor_id},
        }
        optional: Json = {"message": message, "reason": reason, "healthy": healthy, "data": data}
        optional["container_status"] = container_status
        status.update({name: value for name, value in optional.items() if value is not None})
        with self._lock:
            self._pending_updates[identifier] = status
        log(state, message or "", "" if healthy is None else f"healthy={healthy}")
        if state in _TERMINAL and of_task is self.task:
            self._end_after(identifier)
        if self._connected:
            self._send(identifier)

    def _end_after(self, identifier: str) -> None:
        """The acknowledgement of the terminal update ends the process; there may be none."""
        self.terminal = identifier
        if self._shutting_down:
            # The agent does not acknowledge what a framework that is going away would get.
            patience = _LAST_WORDS
        else:
            patience = max(60.0, self.settings.recovery_timeout if self.checkpoint else 0.0)
        self.loop.later(patience, end_process)

    def _send(self, identifier: str) -> None:
        with self._lock:
            status = self._pending_updates.get(identifier)
        if status is None or not self._connected:
            return
        try:
            code, text = self.session.send_update(status)
        except OSError as error:
            log("update not sent:", error)
        else:
            if code == 202:
                return
            log("update answered", code, text)
            if 400 <= code < 500 and code != 403:
                return
        self.loop.later(_RESEND_PAUSE, lambda: self._send(identifier))

    def _unacknowledged(self) -> tuple[list[Json], list[Json]]:
        with self._lock:
            return list(self._pending_tasks.values()), list(self._pending_updates.values())

    # ---- SessionListener: moves everything into the loop

    def session_opened(self) -> None:
        self.loop.post(self._on_opened)

    def session_event(self, event: Json) -> None:
        self.loop.post(lambda: self._on_event(event))

    def session_lost(self, reason: str) -> None:
        self.loop.post(lambda: self._on_lost(reason))

    def session_refused(self, reason: str) -> None:
        self.loop.post(lambda: self._give_up(f"the agent does not know this executor any more: {reason}"))

    def _on_opened(self) -> None:
        self._connected = True
        self._losses += 1  # makes the timers of earlier losses void
        self.session.drop_call_connection()
        # Updates that came up while the subscription was under way. One sent twice does no harm: it has the same uuid.
        for identifier in list(self._pending_updates):
            self._send(identifier)

    def _on_lost(self, reason: str) -> None:
        first = self._connected or self._losses == 0
        self._connected = False
        if not first:
            return
        log("no connection to the agent:", reason)
        self._losses += 1
        loss = self._losses
        patience = self.settings.recovery_timeout if self.checkpoint or not self._framework else 0.0

        def check() -> None:
            if not self._connected and self._losses == loss:
                self._give_up("the agent did not come back in time")

        self.loop.later(patience, check)

    def _give_up(self, why: str) -> None:
        log(why)
        self.loop.later(self.shutdown_grace + 2, lambda: end_process(1))
        self.shut_down("the executor itself")

    def _on_event(self, event: Json) -> None:
        kind = event.get("type")
        if kind == "SUBSCRIBED":
            subscribed = event["subscribed"]
            self._framework = subscribed["framework_info"]
            agent = subscribed.get("agent_info", {})
            log("subscribed to agent", agent.get("id", {}).get("value"), "on", agent.get("hostname"))
            self.on_subscribed()
        elif kind == "LAUNCH":
            self._on_launch(event["launch"]["task"])
        elif kind == "LAUNCH_GROUP":
            for task in event["launch_group"]["task_group"]["tasks"]:
                self._on_launch(task)
        elif kind == "KILL":
            log("kill asked for")
            if not self.task:
                end_process()
            self.kill(seconds_of_info(event["kill"].get("kill_policy", {}).get("grace_period")))
        elif kind == "ACKNOWLEDGED":
            self._on_acknowledged(event["acknowledged"])
        elif kind == "SHUTDOWN":
            self.shut_down("the agent")
        elif kind == "ERROR":
            log("the agent says:", event.get("error", {}).get("message"))

    def _on_launch(self, task: Json) -> None:
        if self.task:
            self.update("TASK_FAILED", task=task, message="this executor runs one task only")
            return
        self.task = task
        with self._lock:
            self._pending_tasks[task["task_id"]["value"]] = task
        log("starting task", task["task_id"]["value"])
        self.update("TASK_STARTING")
        try:
            self.launch(task)
        except (OSError, ValueError, KeyError) as error:
            self.update(
                "TASK_FAILED", message=f"The task cannot be started: {error}", reason="REASON_CONTAINER_LAUNCH_FAILED"
            )

    def _on_acknowledged(self, acknowledged: Json) -> None:
        identifier = acknowledged["uuid"]
        with self._lock:
            self._pending_updates.pop(identifier, None)
            self._pending_tasks.pop(acknowledged["task_id"]["value"], None)
        if identifier == self.terminal:
            end_process()


def start(program: str, executor: type[Executor], sandbox: str, *arguments: object) -> NoReturn:
    """Make an executor for the sandbox and run it; a sentence and status 1 if the agent's settings are of no use."""
    try:
        made = executor(Settings.read(sandbox, os.environ), *arguments)
    except (OSError, ValueError) as error:
        sys.exit(f"{program}: {error}")
    made.run()
