# SPDX-License-Identifier: GPL-3.0-or-later
"""Changes of the tree: each becomes a new version and a deployment, or is refused whole."""

from collections.abc import Callable, Mapping, Sequence

from mesospark_marathon.access.caller import OPERATOR, Caller
from mesospark_marathon.model import paths
from mesospark_marathon.model.app import next_version
from mesospark_marathon.model.dependencies import CyclicDependencies, levels
from mesospark_marathon.model.errors import ApiError, RejectedUpdate, rejected_tree
from mesospark_marathon.model.group_input import describe
from mesospark_marathon.model.plan import Plan, make_plan
from mesospark_marathon.model.root import Root, conflicts
from mesospark_marathon.model.service_ports import assign, keep_assigned
from mesospark_marathon.model.timestamps import render, seconds_of
from mesospark_marathon.options import Options
from mesospark_marathon.scheduler.context import Publish
from mesospark_marathon.scheduler.deployments import Deployments
from mesospark_marathon.tree import Tree

Change = Callable[[Root, str], Root]
"""(current tree, new version) -> the tree wanted"""

_LOCKED = (
    "App is locked by one or more deployments. Override with the option '?force=true'. "
    "View details at '/v2/deployments/<DEPLOYMENT_ID>'."
)
_TOO_MANY = (
    "Max number ({limit}) of running deployments is achieved. Wait for existing deployments to complete or cancel one "
    "using force=true parameter. You can increase max deployment number by using --max_running_deployments parameter "
    "but be advised that this can have negative effects on the performance."
)


class GroupManager:
    """Applies changes one after the other."""

    def __init__(
        self,
        tree: Tree,
        deployments: Deployments,
        publish: Publish,
        options: Options,
        now: Callable[[], float],
        new_uuid: Callable[[], str],
    ) -> None:
        self._tree = tree
        self._deployments = deployments
        self._publish = publish
        self._options = options
        self._now = now
        self._new_uuid = new_uuid
        self._last_version = tree.current.version

    def update(
        self,
        group_id: str,
        change: Change,
        *,
        by: Caller = OPERATOR,
        force: bool = False,
        kill: Mapping[str, Sequence[str]] | None = None,
    ) -> Plan:
        """Apply a change and begin its deployment.

        group_id: named in the event that tells of the change; by: whose rights hold; force: cancel deployments of the
        same apps; kill: instances to end first, by app. Raises ApiError after the refusal has been published.
        """
        version = self._next_version()
        try:
            new = self._candidate(change, version, by)
            plan = make_plan(self._new_uuid(), self._tree.current, new, version, kill)
            self._unlock(plan, force, by)
        except ApiError as refusal:
            reason = refusal.reason if isinstance(refusal, RejectedUpdate) else str(refusal)
            fields = {"groupId": group_id, "version": version, "reason": reason}
            self._publish("group_change_failed", fields)
            raise
        self._tree.replace(new)
        self._deployments.start(plan)
        self._publish("group_change_success", {"groupId": group_id, "version": version})
        return plan

    def dry_run(self, change: Change, *, by: Caller = OPERATOR) -> Plan:
        """The plan that a change would lead to."""
        version = self._next_version()
        return make_plan(self._new_uuid(), self._tree.current, self._candidate(change, version, by), version)

    def _next_version(self) -> str:
        now = self._now()
        version = render(now)
        if version <= self._last_version:
            version = render(seconds_of(self._last_version) + 0.001)
        self._last_version = version
        return version

    def _candidate(self, change: Change, version: str, by: Caller) -> Root:
        """The tree wanted, with service ports and versions, and checked."""
        before = self._tree.current
        wanted = change(before, version)
        changed = [app for app_id, app in wanted.apps.items() if before.apps.get(app_id) is not app]
        with_known = [keep_assigned(before.apps.get(app.id), app) for app in changed]
        # Ports that this change frees are free for the next one only.
        lowest, highest = self._options.local_port_min, self._options.local_port_max
        ready = assign(with_known, before.apps.values(), lowest, highest)
        apps = dict(wanted.apps)
        for app in ready:
            is_restart = app.last_config_change_at == version != app.last_scaling_at
            apps[app.id] = app if is_restart else next_version(before.apps.get(app.id), app, version)
        result = Root(version, apps, wanted.groups, wanted.dependencies)
        by.check_change(before, result)
        self._check(result)
        return result

    def _check(self, root: Root) -> None:
        problems = [{"path": place, "errors": [error]} for place, error in conflicts(root)]
        if problems:
            reason = f'value with value "{describe(root, paths.ROOT)}" {problems[0]["errors"][0]}'
            raise rejected_tree(problems, reason)
        try:
            levels(root)
        except CyclicDependencies:
            message = "Dependency graph has cyclic dependencies."
            reason = f'value with value "{describe(root, paths.ROOT)}" {message}'
            raise rejected_tree([{"path": "/", "errors": [message]}], reason) from None

    def _unlock(self, plan: Plan, force: bool, by: Caller) -> None:
        locks = self._deployments.locks(plan.affected)
        if locks and not force:
            self._deployments.publish_failure(plan, _LOCKED)
            body = {"message": _LOCKED, "deployments": [{"id": lock.plan.id} for lock in locks]}
            raise RejectedUpdate(409, body, _LOCKED)
        running = len(self._deployments.running()) - len(locks)
        if plan.steps and running >= self._options.max_running_deployments:
            raise ApiError(403, {"message": _TOO_MANY.format(limit=self._options.max_running_deployments)})
        for lock in locks:
            by.check_cancel(lock.plan)
        for lock in locks:
            self._deployments.cancel(lock)
