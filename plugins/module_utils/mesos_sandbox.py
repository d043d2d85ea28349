# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the module mesos_sandbox does: find the sandboxes of a run or framework, list their files and fetch them."""

from __future__ import annotations

import fnmatch
import os
import stat
import tempfile
import typing as t
import urllib.parse
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from .difference import DifferenceTracker
from .errors import ApiError, OptionError, PlatformError
from .mesos import Agent, Mesos, Sandbox, container_of, labels_of
from .sizes import mebibytes
from .spark import FIRST_LAUNCH

_AT_ONCE = 4
# A job may make links that lead round in circles, and more files than anybody wants in a result.
_DEEPEST = 16
_MOST_ENTRIES = 10_000
# So many errors are put into the message, the others stand beside their files.
_TOLD = 5


@dataclass(frozen=True)
class Executor:
    """What a sandbox belongs to: ``role`` is driver or executor, ``task_id`` its first task. ``labels`` are the
    framework's and the task's.
    """

    role: str
    executor_id: str
    task_id: str
    framework_id: str
    agent_id: str
    state: str
    task_name: str = ""
    framework: str = ""
    principal: str = ""
    container_id: str = ""
    labels: t.Mapping[str, str] = field(default_factory=dict)

    @property
    def folder(self) -> str:
        """Name of the folder into which its files are fetched."""
        return "driver" if self.role == "driver" else urllib.parse.quote(self.executor_id, safe=" @+=,:")


def read_sandboxes(mesos: Mesos, params: dict[str, t.Any], check_mode: bool) -> dict[str, t.Any]:
    """List or fetch the files that the options name: ``{changed, diff, sandboxes}``.

    Raises OptionError before anything is written, and PlatformError with the same keys when some files failed.
    """
    limit = mebibytes("max_size", params["max_size"]) * 1024 * 1024
    dest = params["dest"]
    if dest and os.path.exists(dest) and not os.path.isdir(dest):
        raise OptionError("dest", dest, "is not a folder", "name a folder, which is made if it is missing")
    executors = find_executors(mesos, params)
    agents = {agent.id: agent for agent in mesos.agents()}
    folders = Counter(executor.folder for executor in executors)
    tracker = DifferenceTracker()

    def handle(executor: Executor) -> dict[str, t.Any]:
        agent = agents.get(executor.agent_id)
        entry = _entry(executor, agent)
        if agent is None:
            entry["error"] = f"{_told(entry)} was on agent {executor.agent_id}, which is not registered any more."
            return entry
        sandbox = Sandbox(mesos.seen_from(agent), agent, executor.framework_id, executor.executor_id)
        try:
            entry["files"] = list_files(sandbox, params["patterns"], params["recurse"])
        except PlatformError as error:
            gone = isinstance(error, ApiError) and error.status == 404
            entry["error"] = f"{_told(entry)} has no sandbox any more." if gone else f"{_told(entry)}: {error.message}"
            return entry
        if dest:
            # An executor id is unique on one agent only.
            unique = folders[executor.folder] == 1
            entry["dest"] = os.path.join(dest, executor.folder if unique else f"{executor.folder}@{agent.id}")
            for file in entry["files"]:
                _fetch(sandbox, entry, file, limit, check_mode)
        return entry

    with ThreadPoolExecutor(min(_AT_ONCE, len(executors))) as pool:
        entries = list(pool.map(handle, executors))
    for entry in entries:
        for file in entry["files"]:
            if file.get("changed"):
                tracker.compare(file["dest"], file.pop("before"), {"size": file["size"], "mtime": file["mtime"]})
    result = {**tracker.result(), "sandboxes": entries}
    errors = [entry["error"] for entry in entries if entry["error"]]
    errors += [file["error"] for entry in entries for file in entry["files"] if file.get("error")]
    if errors:
        told = " ".join(error.rstrip(".") + "." for error in errors[:_TOLD])
        more = f" {len(errors) - _TOLD} more are in the result." if len(errors) > _TOLD else ""
        raise PlatformError(f"Not everything could be read: {told}{more}", **result)
    return result


def find_executors(mesos: Mesos, params: dict[str, t.Any]) -> list[Executor]:
    """The driver and executors which the options name, as far as the leading master remembers them."""
    frameworks = mesos.frameworks()
    run_id, name = params["run_id"], params["framework"]
    option, value = ("run_id", run_id) if run_id else ("framework", name)
    named = [item for item in frameworks if value in (item["id"], item["name"])]
    newest = max(named, key=lambda item: item.get("registered_time", 0)) if named else None
    found: dict[tuple[str, str, str], Executor] = {}
    if run_id:
        for framework in frameworks:
            for task in tasks_of(framework):
                if labels_of(task).get("run_id") == run_id and task["id"].endswith(FIRST_LAUNCH):
                    _remember(found, "driver", framework, task)
    if newest:
        for task in tasks_of(newest):
            _remember(found, "executor", newest, task)
    if not found:
        raise OptionError(
            option, value, "has no task that the leading master remembers", "correct it, or look into the log server"
        )
    wanted = params["executors"]
    if not wanted:
        return list(found.values())
    chosen: list[Executor] = []
    for one in wanted:
        matches = [
            item for item in found.values() if one in (item.executor_id, item.task_id) or one == item.role == "driver"
        ]
        if not matches:
            known = ", ".join("driver" if item.role == "driver" else item.executor_id for item in found.values())
            raise OptionError("executors", one, f"is none of {value}", f"choose from {known}")
        chosen += [item for item in matches if item not in chosen]
    return chosen


def list_files(sandbox: Sandbox, patterns: list[str], recurse: bool) -> list[dict[str, t.Any]]:
    """The files of a sandbox that match one of the patterns, by path."""
    files: list[dict[str, t.Any]] = []
    folders = [""]
    seen = 0
    while folders:
        for item in sandbox.entries(folders.pop()):
            seen += 1
            if seen > _MOST_ENTRIES:
                raise PlatformError(f"it has more than {_MOST_ENTRIES} entries; set recurse to false.")
            path = item["path"]
            if item.pop("directory"):
                if recurse and path.count("/") < _DEEPEST:
                    folders.append(path)
            elif any(fnmatch.fnmatchcase(path, pattern) for pattern in patterns):
                files.append(item)
    return sorted(files, key=lambda item: item["path"])


def tasks_of(framework: dict[str, t.Any]) -> list[dict[str, t.Any]]:
    """All tasks of a framework which the master remembers."""
    return framework.get("tasks", []) + framework.get("unreachable_tasks", []) + framework.get("completed_tasks", [])


def _remember(
    found: dict[tuple[str, str, str], Executor], role: str, framework: dict[str, t.Any], task: dict[str, t.Any]
) -> None:
    executor_id = task.get("executor_id") or task["id"]
    key = (framework["id"], executor_id, task["slave_id"])
    found.setdefault(
        key,
        Executor(
            role,
            executor_id,
            task["id"],
            framework["id"],
            task["slave_id"],
            task["state"],
            task_name=task.get("name", ""),
            framework=framework["name"],
            principal=framework.get("principal") or "",
            container_id=container_of(task),
            labels={**labels_of(framework), **labels_of(task)},
        ),
    )


def _entry(executor: Executor, agent: t.Optional[Agent]) -> dict[str, t.Any]:
    return {
        "role": executor.role,
        "executor_id": executor.executor_id,
        "task_id": executor.task_id,
        "framework_id": executor.framework_id,
        "state": executor.state,
        "agent_id": executor.agent_id,
        "host": agent.hostname if agent else None,
        "files": [],
        "error": None,
    }


def _told(entry: dict[str, t.Any]) -> str:
    """A sandbox in an error message."""
    who = "The driver" if entry["role"] == "driver" else f"Executor {entry['executor_id']}"
    return f"{who} on {entry['host']}" if entry["host"] else who


def _fetch(sandbox: Sandbox, entry: dict[str, t.Any], file: dict[str, t.Any], limit: int, check_mode: bool) -> None:
    """Bring one file over, unless it is there with the same size and time; note in ``file`` what happened."""
    parts = file["path"].split("/")
    file.update(dest=os.path.join(entry["dest"], *parts), changed=False, error=None)
    if ".." in parts or "" in parts:
        file["error"] = f"{_told(entry)}: the agent tells of a file {file['path']!r}, which is no path in a sandbox."
        return
    if file["size"] > limit:
        file["error"] = f"{_told(entry)}: {file['path']} has {file['size']} bytes, more than max_size."
        return
    try:
        before = _present(file["dest"])
        if before == {"size": file["size"], "mtime": file["mtime"]}:
            return
        if not check_mode:
            _write(sandbox, file)
        file.update(changed=True, before=before)
    except PlatformError as error:
        file["error"] = f"{_told(entry)}: {file['path']}: {error.message}"
    except OSError as error:
        file["error"] = f"{_told(entry)}: {file['dest']} can not be written ({error.strerror})."


def _present(path: str) -> t.Optional[dict[str, int]]:
    """Size and time of a file that is there. Raises OSError for something else than a file."""
    try:
        found = os.lstat(path)
    except FileNotFoundError:
        return None
    if stat.S_ISDIR(found.st_mode):
        raise IsADirectoryError(21, "a folder is in its place")
    return {"size": found.st_size, "mtime": int(found.st_mtime)}


def _write(sandbox: Sandbox, file: dict[str, t.Any]) -> None:
    """Put a file in its place when it is complete: logs may hold what others must not read, so it is its owner's."""
    folder = os.path.dirname(file["dest"])
    os.makedirs(folder, mode=0o700, exist_ok=True)
    handle, temporary = tempfile.mkstemp(prefix=".mesos_sandbox-", dir=folder)
    try:
        with os.fdopen(handle, "wb") as output:
            for page in sandbox.pages(file["path"], file["size"]):
                output.write(page)
            written = output.tell()
        if written != file["size"]:
            raise PlatformError("it became shorter while it was read; call again.")
        os.utime(temporary, (file["mtime"], file["mtime"]))
        os.replace(temporary, file["dest"])
    except BaseException:
        os.unlink(temporary)
        raise
