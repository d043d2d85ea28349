# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The record of a run: what Marathon, Mesos and the driver's sandbox together say about it."""

from __future__ import annotations

import json
import re
import typing as t
from dataclasses import dataclass

from .marathon import Marathon
from .mesos import TERMINAL_STATES, Agent, Mesos, Sandbox, labels_of, last_status, running_since
from .spark import FIRST_LAUNCH, app_id_of

_STATES = {
    "TASK_STAGING": "staging",
    "TASK_STARTING": "staging",
    "TASK_RUNNING": "running",
    "TASK_KILLING": "running",
    "TASK_UNREACHABLE": "unreachable",
    "TASK_FINISHED": "finished",
    "TASK_KILLED": "killed",
    "TASK_LOST": "lost",
    "TASK_GONE": "lost",
    "TASK_GONE_BY_OPERATOR": "lost",
    "TASK_DROPPED": "lost",
}
_EXIT_MESSAGE = re.compile(r"(?:Container|Command) exited with status (\d+)")
_RESULT_LIMIT = 4 * 1024 * 1024


def state_of(task_state: str) -> str:
    """A run's state in the words of this collection: staging, running, unreachable, finished, killed, lost, failed."""
    return _STATES.get(task_state, "failed")


@dataclass(frozen=True)
class Snapshot:
    """The agents by id, and all frameworks, as the master showed them at one moment."""

    agents: dict[str, Agent]
    frameworks: list[dict[str, t.Any]]

    def framework(self, run_id: str) -> t.Optional[dict[str, t.Any]]:
        """A run's framework, living or completed."""
        named = [item for item in self.frameworks if item["name"] == run_id]
        return max(named, key=lambda item: item.get("registered_time", 0)) if named else None


class RecordReader:
    """Reads records; ``log_lines`` is how much of the driver's logs goes into one."""

    def __init__(self, marathon: Marathon, mesos: Mesos, log_lines: int) -> None:
        self._marathon = marathon
        self._mesos = mesos
        self._log_lines = log_lines

    def driver_task(self, run_id: str) -> t.Optional[dict[str, t.Any]]:
        """The Mesos task of a run's first launch, as the master remembers it."""
        return next(iter(self.driver_tasks(run_id=run_id)), None)

    def driver_tasks(self, **labels: str) -> list[dict[str, t.Any]]:
        """Mesos tasks of the first launches of all runs with these labels, the newest first."""
        framework_id = self._marathon.info().get("frameworkId") or ""
        found = []
        for task in self._mesos.tasks(framework_id=framework_id):
            own = labels_of(task)
            if task["id"].endswith(FIRST_LAUNCH) and "run_id" in own and labels.items() <= own.items():
                found.append(task)
        return found

    def snapshot(self) -> Snapshot:
        return Snapshot({agent.id: agent for agent in self._mesos.agents()}, self._mesos.frameworks())

    def read(
        self, run_id: str, task: t.Optional[dict[str, t.Any]], message: str = "", snapshot: t.Optional[Snapshot] = None
    ) -> dict[str, t.Any]:
        """The record of a run: the keys which spark_driver returns.

        ``task`` is its driver's Mesos task, if there was one; ``snapshot`` saves reading one for each of many records.
        """
        shot = snapshot or self.snapshot()
        agents = shot.agents
        framework = shot.framework(run_id)
        record: dict[str, t.Any] = {
            "run_id": run_id,
            "app_id": app_id_of(run_id),
            "framework_id": framework["id"] if framework else None,
            "driver_task_id": None,
            "driver_host": None,
            "state": "waiting",
            "exit_code": None,
            "message": message,
            "result": None,
            "executors": executors_of(framework, agents),
            "duration": None,
            "driver_log": {"stdout": [], "stderr": []},
        }
        if task is None:
            return record
        status = last_status(task)
        agent = agents.get(task["slave_id"])
        record["driver_task_id"] = task["id"]
        record["driver_host"] = agent.hostname if agent else None
        record["state"] = state_of(task["state"])
        record["message"] = message or status.get("message", "")
        ended = task["state"] in TERMINAL_STATES
        started = running_since(task)
        if ended and started is not None:
            record["duration"] = round(max(status.get("timestamp", started) - started, 0.0), 1)
        sandbox = (
            Sandbox(self._mesos, agent, task["framework_id"], task.get("executor_id") or task["id"]) if agent else None
        )
        if ended:
            record["exit_code"] = _exit_code(task["state"], record["message"], sandbox)
            record["result"] = _result(sandbox)
        if sandbox and self._log_lines:
            record["driver_log"] = {name: sandbox.tail(name, self._log_lines) for name in ("stdout", "stderr")}
        return record

    def last_words(self, run_id: str, task_id: str) -> str:
        """The last line which an executor of a run wrote to its standard error."""
        shot = self.snapshot()
        framework = shot.framework(run_id) or {}
        for task in framework.get("completed_tasks", []):
            agent = shot.agents.get(task["slave_id"])
            if task["id"] == task_id and agent:
                sandbox = Sandbox(self._mesos, agent, framework["id"], task.get("executor_id") or task_id)
                return "".join(sandbox.tail("stderr", 1)) or task["state"]
        return "no explanation"


def executors_of(framework: t.Optional[dict[str, t.Any]], agents: dict[str, Agent]) -> list[dict[str, t.Any]]:
    """``{task_id, host, state, message}`` of every executor a framework has or had."""
    if framework is None:
        return []
    tasks = framework.get("tasks", []) + framework.get("unreachable_tasks", []) + framework.get("completed_tasks", [])
    found = []
    for task in sorted(tasks, key=lambda item: _number(item["id"])):
        agent = agents.get(task["slave_id"])
        found.append(
            {
                "task_id": task["id"],
                "host": agent.hostname if agent else None,
                "state": task["state"],
                "message": last_status(task).get("message", ""),
            }
        )
    return found


def _number(task_id: str) -> tuple[int, str]:
    return (int(task_id), "") if task_id.isdigit() else (0, task_id)


def _exit_code(task_state: str, message: str, sandbox: t.Optional[Sandbox]) -> t.Optional[int]:
    """What the entrypoint noted, else what the Mesos executor says."""
    noted = (sandbox.content("exit_status", 16) or "").strip() if sandbox else ""
    if noted.isdigit():
        return int(noted)
    match = _EXIT_MESSAGE.match(message)
    if match:
        return int(match.group(1))
    return 0 if task_state == "TASK_FINISHED" else None


def _result(sandbox: t.Optional[Sandbox]) -> t.Any:
    """What the job wrote: decoded JSON, or the text itself when it is no JSON."""
    text = sandbox.content("result.json", _RESULT_LIMIT) if sandbox else None
    if text is None:
        return None
    try:
        return json.loads(text)
    except ValueError:
        return text
