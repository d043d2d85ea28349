# SPDX-License-Identifier: GPL-3.0-or-later
"""A scheduler with a clock that stands still, a Mesos that is played by the test, and events in a list."""

import itertools
from collections.abc import Mapping
from random import Random
from typing import Any

from memory_store import MemoryStore
from mesospark_marathon.groups import GroupManager
from mesospark_marathon.model import paths
from mesospark_marathon.model.app import App, restarted
from mesospark_marathon.model.app_input import InputRules, build_app, merge, read_app, read_update
from mesospark_marathon.model.plan import Plan
from mesospark_marathon.model.root import put_app, remove_app
from mesospark_marathon.model.timestamps import render
from mesospark_marathon.options import Options
from mesospark_marathon.scheduler.core import Scheduler
from mesospark_marathon.scheduler.instances import Instance
from mesospark_marathon.store import Store
from mesospark_marathon.tree import Tree

Document = dict[str, Any]
START = 1_700_000_000.0


def offer_of(
    number: int, host: str = "host-a", *, cpus: float = 4.0, attributes: Mapping[str, str] | None = None
) -> Document:
    """An offer of one agent with ports 31000 to 31009."""
    return {
        "id": {"value": f"offer-{number}"},
        "agent_id": {"value": f"agent-of-{host}"},
        "hostname": host,
        "allocation_info": {"role": "*"},
        "resources": [
            {"name": "cpus", "type": "SCALAR", "scalar": {"value": cpus}, "role": "*"},
            {"name": "mem", "type": "SCALAR", "scalar": {"value": 4096.0}, "role": "*"},
            {"name": "disk", "type": "SCALAR", "scalar": {"value": 4096.0}, "role": "*"},
            {"name": "ports", "type": "RANGES", "ranges": {"range": [{"begin": 31000, "end": 31009}]}, "role": "*"},
        ],
        "attributes": [
            {"name": name, "type": "TEXT", "text": {"value": value}} for name, value in (attributes or {}).items()
        ],
    }


class World:
    """Everything around a scheduler. A second world on the same store is the server after a restart."""

    def __init__(self, store: Store | None = None, *, time: float = START, **options: Any) -> None:
        self.time = time
        self.store = store or MemoryStore()
        self.options = Options(**options)
        self.events: list[tuple[str, Document]] = []
        self.calls: list[tuple[str, Document]] = []
        self.tree = Tree(self.store, render(self.time))
        self.scheduler = Scheduler(
            store=self.store,
            publish=lambda kind, fields: self.events.append((kind, dict(fields))),
            send=lambda kind, body: self.calls.append((kind, body)),
            options=self.options,
            now=lambda: self.time,
            random=Random(1),
            app=lambda app_id: self.tree.current.apps.get(app_id),
            enforces_role=lambda _app_id: False,
            framework_info=lambda: {"roles": sorted({"*", *(app.role for app in self.tree.current.apps.values())})},
        )
        self.groups = GroupManager(
            self.tree,
            self.scheduler.deployments,
            lambda kind, fields: self.events.append((kind, dict(fields))),
            self.options,
            lambda: self.time,
            self.scheduler.context.new_uuid,
        )
        self._offers = itertools.count(1)
        self._uuids = itertools.count(1)
        self.scheduler.settle()

    # What a client does

    def create(self, app_id: str = "/app", *, force: bool = False, **fields: Any) -> Plan:
        """POST an app."""
        document = read_app({"id": app_id, "cmd": "sleep 1", "cpus": 0.1, "mem": 16} | fields)
        app = build_app(document, app_id, "", InputRules())
        plan = self.groups.update(paths.parent(app_id), lambda root, version: put_app(root, app, version), force=force)
        self.scheduler.settle()
        return plan

    def change(self, app_id: str = "/app", *, force: bool = False, **fields: Any) -> Plan:
        """PUT an app."""
        document = merge(self.app(app_id), read_update(fields))
        plan = self.groups.update(
            paths.parent(app_id),
            lambda root, version: put_app(root, build_app(document, app_id, version, InputRules()), version),
            force=force,
        )
        self.scheduler.settle()
        return plan

    def restart_app(self, app_id: str = "/app") -> Plan:
        """POST restart."""
        plan = self.groups.update(
            paths.parent(app_id),
            lambda root, version: put_app(root, restarted(root.apps[app_id], version), version),
        )
        self.scheduler.settle()
        return plan

    def delete(self, app_id: str = "/app") -> Plan:
        """DELETE an app."""
        plan = self.groups.update(
            paths.parent(app_id), lambda root, version: remove_app(root, app_id, version), force=True
        )
        self.scheduler.settle()
        return plan

    # What Mesos does

    def subscribe(self) -> None:
        """The master accepts the framework."""
        self.scheduler.on_mesos_event({"type": "SUBSCRIBED", "subscribed": {}})

    def offer(self, host: str = "host-a", **fields: Any) -> list[Document]:
        """One offer; the tasks launched with it."""
        before = len(self.calls)
        offers = {"offers": [offer_of(next(self._offers), host, **fields)]}
        self.scheduler.on_mesos_event({"type": "OFFERS", "offers": offers})
        accepted = [body for kind, body in self.calls[before:] if kind == "ACCEPT"]
        return [task for body in accepted for part in body["operations"] for task in part["launch"]["task_infos"]]

    def status(self, instance: Instance | str, state: str, **fields: Any) -> None:
        """A status update of an instance's task, or of any task by its id."""
        task_id = instance if isinstance(instance, str) else instance.task_id
        agent = "agent" if isinstance(instance, str) else instance.agent_id
        status = {
            "task_id": {"value": task_id},
            "agent_id": {"value": agent},
            "state": state,
            "uuid": f"uuid-{next(self._uuids)}",
        }
        self.scheduler.on_mesos_event({"type": "UPDATE", "update": {"status": status | fields}})

    def run_all(self, app_id: str = "/app", host: str = "host-a") -> None:
        """Offers and status updates until everything that waits runs and everything that was killed has ended."""
        for _ in range(100):
            self.end_killed(app_id)
            for instance in self.instances(app_id):
                if instance.condition == "Provisioned":
                    self.status(instance, "TASK_RUNNING")
            if not any(entry.is_launchable or entry.killed_at for entry in self.instances(app_id)):
                break
            self.offer(host)

    def end_killed(self, app_id: str = "/app") -> None:
        """Report the end of every task that was asked to end."""
        for instance in self.instances(app_id):
            if instance.killed_at is not None and instance.is_active:
                self.status(instance, "TASK_KILLED")

    # Looking

    def wait(self, seconds: float) -> None:
        """Let time go by, with every timer at its moment."""
        end = self.time + seconds
        while (moment := self.scheduler.next_wakeup()) <= end:
            self.time = max(self.time, moment)
            self.scheduler.tick()
        self.time = end
        self.scheduler.tick()

    def restart_server(self) -> "World":
        """The server killed and started again."""
        self.store.commit()
        return World(self.store, time=self.time)

    def app(self, app_id: str = "/app") -> App:
        """The app as it is now."""
        return self.tree.current.apps[app_id]

    def instances(self, app_id: str = "/app") -> list[Instance]:
        """The app's instances."""
        return self.scheduler.tracker.of_app(app_id)

    def conditions(self, app_id: str = "/app") -> list[str]:
        """The instances' conditions, sorted."""
        return sorted(instance.condition for instance in self.instances(app_id))

    def names(self) -> list[str]:
        """Events so far: type, and for instances the condition."""
        return [f"{kind} {fields['condition']}" if "condition" in fields else kind for kind, fields in self.events]

    def called(self, kind: str) -> list[Document]:
        """Bodies of all calls of a type."""
        return [body for name, body in self.calls if name == kind]

    def deploying(self) -> int:
        """Number of running deployments."""
        return len(self.scheduler.deployments.running())
