# SPDX-License-Identifier: GPL-3.0-or-later
"""What a Mesos agent has checkpointed about a run: job, principal, tasks. No credentials are needed to read it."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

from mesospark_log_shipper.agent_state import AgentState, StateRun

Fields = dict[int, list["int | bytes"]]
"""A protobuf message: the values of each field number."""

_VARIABLES = ("SPARK_JOB_NAME", "SPARK_RUN_ID", "SPARK_PRINCIPAL", "JOB_NAME", "RUN_ID", "MARATHON_APP_ID")
"""No other variable of a task leaves the agent: passwords may stand there."""


@dataclass(frozen=True)
class RunFolder:
    """The folder `slaves/A/frameworks/F/executors/E/runs/C` of an agent's work directory."""

    work_directory: Path
    agent_id: str
    framework_id: str
    executor_id: str
    container_id: str

    @cached_property
    def sandbox(self) -> Path:
        """Where the run's files are."""
        return self.work_directory / self._executor / "runs" / self.container_id

    @cached_property
    def meta(self) -> Path:
        """Where the agent keeps what it knows of the run; only there if the framework checkpoints."""
        return self.work_directory / "meta" / self._executor / "runs" / self.container_id

    @property
    def ended(self) -> bool:
        """Whether the agent has seen the executor's end."""
        return self._sentinel.exists()

    @cached_property
    def _sentinel(self) -> Path:
        return self.meta / "executor.sentinel"

    @property
    def _executor(self) -> Path:
        return Path("slaves", self.agent_id, "frameworks", self.framework_id, "executors", self.executor_id)


class TaskFacts(NamedTuple):
    """What the facts of a run are taken from."""

    framework_name: str
    principal: str
    labels: dict[str, str]
    variables: dict[str, str]
    task_ids: list[str]
    task_names: list[str]


def run_facts(run: RunFolder, host: str, agent_state: AgentState | None = None) -> tuple[dict[str, object], bool]:
    """The facts of a run, and whether all of them were there; the ids come from the path and always are.

    agent_state: where facts are looked for that the agent did not checkpoint.
    """
    known, complete = _checkpointed(run)
    if not known.framework_name and agent_state:
        state = agent_state.find(run.container_id)
        if state:
            known, complete = _of_state(state), True
    return _facts(run, host, known), complete


def _checkpointed(run: RunFolder) -> tuple[TaskFacts, bool]:
    framework = _read(run.meta.parents[3] / "framework.info")
    executor = _read(run.meta.parents[1] / "executor.info")
    tasks = [_read(path) for path in sorted(run.meta.glob("tasks/*/task.info"))]
    labels: dict[str, str] = {}
    for message, number in ((framework, 11), (executor, 14), *((task, 11) for task in tasks)):
        labels.update(_pairs(message, number, 1))
    variables: dict[str, str] = {}
    for command in _messages(executor, 7):
        variables.update(_pairs(command, 2, 1))
    known = TaskFacts(
        framework_name=_text(framework, 2),
        principal=_text(framework, 8),
        labels=labels,
        variables={name: variables[name] for name in _VARIABLES if name in variables},
        task_ids=[_id(task, 2) for task in tasks],
        task_names=[_text(task, 1) for task in tasks],
    )
    return known, bool(framework and executor and tasks)


def _of_state(state: StateRun) -> TaskFacts:
    """The state has no variables, and of commands only what the name of an executor may show, which is not used."""
    lists = ("completed_tasks", "queued_tasks", "tasks")
    tasks = [task for name in lists for task in state.executor.get(name, [])]
    labels = {
        label["key"]: label.get("value", "")
        for source in (state.framework, state.executor, *tasks)
        for label in source.get("labels", [])
    }
    ids, names = [task["id"] for task in tasks], [task["name"] for task in tasks]
    return TaskFacts(state.framework["name"], state.framework.get("principal", ""), labels, {}, ids, names)


def _facts(run: RunFolder, host: str, known: TaskFacts) -> dict[str, object]:
    labels, variables, framework_name = known.labels, known.variables, known.framework_name
    job = labels.get("job") or variables.get("SPARK_JOB_NAME") or variables.get("JOB_NAME") or framework_name
    facts = {
        "job": job,
        "run": labels.get("run_id") or variables.get("SPARK_RUN_ID") or variables.get("RUN_ID"),
        "application": labels.get("application") or variables.get("MARATHON_APP_ID") or framework_name,
        "principal": labels.get("principal") or variables.get("SPARK_PRINCIPAL") or known.principal,
        "framework_id": run.framework_id,
        "framework": framework_name,
        "executor_id": run.executor_id,
        "task_id": ",".join(known.task_ids),
        "task_name": ",".join(dict.fromkeys(known.task_names)),
        "container_id": run.container_id,
        "staging": "true" if job.startswith("staging-") else "",
    }
    there: dict[str, object] = {name: value for name, value in facts.items() if value}
    # Graylog's Beats input takes a message's source from agent.hostname; its fields are agent_hostname and agent_id
    there["agent"] = {"hostname": host, "id": run.agent_id}
    return there


def _read(path: Path) -> Fields:
    """A checkpointed message: four bytes of length, then protobuf. Empty while it is not there or half written."""
    try:
        data = path.read_bytes()
        length = int.from_bytes(data[:4], "little")
        return decode(data[4 : 4 + length]) if len(data) >= 4 + length else {}
    except (OSError, ValueError):
        return {}


def decode(data: bytes) -> Fields:
    """Decode one level of a protobuf message; ValueError if it is cut short or no protobuf."""
    fields: Fields = {}
    position = 0
    while position < len(data):
        key, position = _varint(data, position)
        number, wire_type = key >> 3, key & 7
        value: int | bytes
        if wire_type == 0:
            value, position = _varint(data, position)
        else:
            if wire_type == 2:
                length, position = _varint(data, position)
            elif wire_type in (1, 5):
                length = 8 if wire_type == 1 else 4
            else:
                raise ValueError(f"wire type {wire_type}")
            value, position = data[position : position + length], position + length
            if position > len(data):
                raise ValueError("cut short")
        fields.setdefault(number, []).append(value)
    return fields


def _varint(data: bytes, position: int) -> tuple[int, int]:
    value = shift = 0
    while position < len(data):
        byte = data[position]
        value |= (byte & 0x7F) << shift
        position, shift = position + 1, shift + 7
        if byte < 0x80:
            return value, position
    raise ValueError("cut short")


def _messages(message: Fields, number: int) -> Iterator[Fields]:
    for value in message.get(number, []):
        if isinstance(value, bytes):
            yield decode(value)


def _text(message: Fields, number: int) -> str:
    values = [value for value in message.get(number, []) if isinstance(value, bytes)]
    return values[-1].decode("utf-8", "replace") if values else ""


def _id(message: Fields, number: int) -> str:
    """The text of a message such as TaskID, whose only field is `value`."""
    return next((_text(value, 1) for value in _messages(message, number)), "")


def _pairs(message: Fields, number: int, inner: int) -> dict[str, str]:
    """Labels or variables: a message at `number` that repeats, at `inner`, messages of name (1) and value (2)."""
    pairs = (pair for outer in _messages(message, number) for pair in _messages(outer, inner))
    return {_text(pair, 1): _text(pair, 2) for pair in pairs}
