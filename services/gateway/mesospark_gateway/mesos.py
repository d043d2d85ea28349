# SPDX-License-Identifier: GPL-3.0-or-later
"""What the masters know: who leads, which agents there are, and whose a framework or task is."""

import time
from collections import OrderedDict
from collections.abc import Collection
from typing import Any
from urllib.parse import quote

from mesospark_gateway.backends import Backends, Unavailable

_LEADER_SECONDS = 5.0
_AGENTS_SECONDS = 10.0
_OWNERS_KEPT = 10_000


class Masters:
    """The masters of one cluster, asked with the gateway's own account."""

    def __init__(self, backends: Backends, urls: tuple[str, ...], teams: Collection[str]) -> None:
        self._backends = backends
        self.urls = urls
        self._teams = frozenset(teams)
        self._leader: tuple[float, str] = (0.0, "")
        self._agents: tuple[float, dict[str, str]] = (0.0, {})
        self._owners: OrderedDict[tuple[str, str], str] = OrderedDict()

    async def leader(self) -> str:
        """The leading master's URL, asked again after seconds. Raises Unavailable."""
        asked, url = self._leader
        if url and time.monotonic() - asked < _LEADER_SECONDS:
            return url
        problem = "no Mesos master is configured"
        for candidate in sorted(self.urls, key=lambda known: known != url):
            try:
                status, headers, _body = await self._backends.ask(f"{candidate}/redirect", {})
            except Unavailable as error:
                problem = str(error)
                continue
            location = headers.get("Location", "")
            if status in (302, 307) and location:
                scheme = candidate.partition("//")[0]
                leader = (location if "://" in location else scheme + location).rstrip("/")
                # The address that was configured is the one that its certificate is known to name.
                self._leader = (time.monotonic(), next((own for own in self.urls if own == leader), leader))
                return self._leader[1]
            problem = f"{candidate} knows of no leader (status {status})"
        raise Unavailable(f"Mesos has no leader: {problem}")

    def forget_leader(self) -> None:
        """It did not answer as one."""
        self._leader = (0.0, "")

    async def document(self, path: str) -> Any:
        """One of the leader's documents. Raises Unavailable."""
        leader = await self.leader()
        try:
            status, _headers, document = await self._backends.ask(leader + path, self._backends.credentials("mesos"))
        except Unavailable:
            self.forget_leader()
            raise
        if status != 200 or not isinstance(document, dict):
            self.forget_leader()
            raise Unavailable(f"the Mesos master {leader} does not give {path.partition('?')[0]} (status {status})")
        return document

    async def agent_url(self, hostname: str) -> str | None:
        """Where an agent is by its full or short host name, None when none of the name is registered."""
        asked, agents = self._agents
        if hostname not in agents or time.monotonic() - asked >= _AGENTS_SECONDS:
            slaves = (await self.document("/slaves"))["slaves"]
            agents = {
                agent["hostname"]: f"https://{agent['hostname']}:{agent['pid'].rpartition(':')[2]}" for agent in slaves
            }
            agents.update({name.partition(".")[0]: url for name, url in list(agents.items())})
            self._agents = (time.monotonic(), agents)
        return agents.get(hostname)

    async def owner(self, framework_id: str, executor_id: str) -> str | None:
        """The team of an executor: the principal of its framework, or of its task if a launcher of apps started it.

        Empty: of no team. None: the masters know no such thing.
        """
        key = (framework_id, executor_id)
        if key not in self._owners:
            owner = await self._find_owner(framework_id, executor_id)
            if owner is None:
                return None
            self._owners[key] = owner
            while len(self._owners) > _OWNERS_KEPT:
                self._owners.popitem(last=False)
        return self._owners[key]

    async def _find_owner(self, framework_id: str, executor_id: str) -> str | None:
        document = await self.document(f"/frameworks?framework_id={quote(framework_id, safe='')}")
        found = [*document.get("frameworks", []), *document.get("completed_frameworks", [])]
        framework = next((item for item in found if item.get("id") == framework_id), None)
        if framework is None:
            return None
        if framework.get("principal") in self._teams:
            return str(framework["principal"])
        for task in tasks_of(framework):
            if executor_id in (task.get("executor_id") or task["id"], task["id"]):
                return team_of_task(task, self._teams)
        return None


def tasks_of(framework: dict[str, Any]) -> list[dict[str, Any]]:
    kinds = ("tasks", "completed_tasks", "unreachable_tasks", "pending_tasks")
    return [task for kind in kinds for task in framework.get(kind) or []]


def team_of_task(task: dict[str, Any], teams: Collection[str]) -> str:
    """The team that a task's label names; labels of apps are checked by Marathon's rules."""
    labels = {label["key"]: label.get("value", "") for label in task.get("labels") or []}
    team = labels.get("principal", "")
    return team if team in teams else ""


def only_own(document: dict[str, Any], seen: Collection[str], teams: Collection[str]) -> dict[str, Any]:
    """A master's document with the frameworks and tasks of some teams only.

    seen: teams whose runs are left in; teams: all that there are.
    """
    result = {key: value for key, value in document.items() if key not in ("orphan_tasks", "unregistered_frameworks")}
    for kind in ("frameworks", "completed_frameworks"):
        if kind in document:
            result[kind] = [kept for item in document[kind] if (kept := _own_part(item, seen, teams)) is not None]
    return result


def _own_part(framework: dict[str, Any], seen: Collection[str], teams: Collection[str]) -> dict[str, Any] | None:
    if framework.get("principal") in teams:
        return framework if framework["principal"] in seen else None
    kinds = ("tasks", "completed_tasks", "unreachable_tasks", "pending_tasks")
    kept = {
        kind: [task for task in framework.get(kind) or [] if team_of_task(task, teams) in seen]
        for kind in kinds
        if kind in framework
    }
    if not any(kept.values()):
        return None
    return {**framework, **kept, **({"executors": [], "completed_executors": []} if "executors" in framework else {})}


def only_own_tasks(
    document: dict[str, Any], frameworks: dict[str, Any], seen: Collection[str], teams: Collection[str]
) -> dict[str, Any]:
    """The master's list of tasks with those of some teams only; `frameworks` is its list of frameworks."""
    known = [*frameworks.get("frameworks", []), *frameworks.get("completed_frameworks", [])]
    principals = {item["id"]: item.get("principal") for item in known}

    def team(task: dict[str, Any]) -> str:
        principal = principals.get(task["framework_id"])
        return str(principal) if principal in teams else team_of_task(task, teams)

    return {**document, "tasks": [task for task in document.get("tasks", []) if team(task) in seen]}
