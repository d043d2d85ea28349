# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the module marathon_app does: bring an app to a definition, restart or remove it, and wait for its
deployments.
"""

from __future__ import annotations

import typing as t
from functools import partial

from .difference import DifferenceTracker
from .errors import ApiError, OptionError, PlatformError
from .events import EventStream
from .marathon import Marathon, waiting_reasons
from .marathon_definition import compare, definition_of, wanted_definition
from .waiter import Waiter

EVENT_KINDS = ("deployment_info", "deployment_success", "deployment_failed", "status_update_event")


def apply_app(marathon: Marathon, waiter: Waiter, params: dict[str, t.Any], check_mode: bool) -> dict[str, t.Any]:
    """Bring the app to the state of the options; the module's result."""
    app_id = "/" + params["id"].strip("/")
    current = marathon.app(app_id)
    differences = DifferenceTracker()
    change: t.Callable[[], t.Any]
    if params["state"] == "absent":
        differences.compare("app", definition_of(current) if current else None, None)
        change = partial(marathon.delete_app, app_id)
    else:
        change = _plan(marathon, app_id, current, params, differences)
    result = {"id": app_id, "app": current, "deployment_id": None, **differences.result()}
    if check_mode:
        return result
    events = EventStream(marathon, app_id, EVENT_KINDS)
    if params["wait"]:
        events.open()
    try:
        if differences.changed:
            result["deployment_id"] = (_explained(change) or {}).get("deploymentId")
        if params["wait"]:
            _await_deployments(marathon, waiter, app_id, events)
    finally:
        events.close()
    result["app"] = marathon.app(app_id)
    return result


def _plan(
    marathon: Marathon,
    app_id: str,
    current: t.Optional[dict[str, t.Any]],
    params: dict[str, t.Any],
    differences: DifferenceTracker,
) -> t.Callable[[], t.Any]:
    """Record what is to be changed, and give the call which changes it."""
    wanted = wanted_definition(app_id, params["definition"] or {})
    restart = params["state"] == "restarted"
    if current is None:
        if not wanted:
            raise OptionError("definition", None, f"is missing, and there is no app {app_id}", "describe the app")
        differences.compare("app", None, {"id": app_id, **wanted})
    else:
        compare(wanted, current, differences)
        if restart and not differences.changed:
            differences.compare("version", current["version"], "of the restart")
            return partial(marathon.restart_app, app_id, params["force"])
    return partial(marathon.put_app, app_id, wanted, params["force"])


def _explained(change: t.Callable[[], t.Any]) -> t.Any:
    """The call's answer; a lock is told with the option that overrides it."""
    try:
        return change()
    except ApiError as error:
        if error.status == 409 and "locked" in error.message:
            raise PlatformError(
                "A deployment of this app is going on and locks it: wait for its end, or set force to replace it.",
                status=409,
            ) from error
        raise


def _await_deployments(marathon: Marathon, waiter: Waiter, app_id: str, events: EventStream) -> None:
    """Until no deployment touches the app. Raises WaitTimeout with the launch queue's reasons and the last failure."""

    def over() -> t.Optional[bool]:
        return None if any(app_id in plan.get("affectedApps", []) for plan in marathon.deployments()) else True

    def reasons() -> list[str]:
        app = marathon.app(app_id)
        if app is None:
            return ["its tasks are being ended"]
        known = waiting_reasons(marathon.queue_item(app_id))
        failure = app.get("lastTaskFailure")
        if failure:
            known.append(
                f"the last failure was on {failure.get('host')}: {failure.get('message') or failure.get('state')}"
            )
        running, staged, unhealthy = (app.get(f"tasks{kind}", 0) for kind in ("Running", "Staged", "Unhealthy"))
        known.append(f"{running} of {app['instances']} instances run, {staged} are staged, {unhealthy} are unhealthy")
        return known

    waiter.until(over, f"the deployment of {app_id}", reasons, events.wait)
