# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether an input runs, on which nodes, and waiting for it: nodes hear of a change a second after the API's answer."""

from __future__ import annotations

import time
import typing as t

from .errors import PlatformError
from .graylog import Document, Graylog
from .waiter import Waiter

States = dict[str, t.Optional[Document]]

_COMING = ("CREATED", "INITIALIZED", "STARTING", "RUNNING")
# Seconds until an input that does not run is started. Graylog starts those by itself which ran before a change, and to
# start one twice at once makes it lose a listener that keeps the port for ever.
_PATIENCE = 3.0
_PATIENCE_WITH_RESTART = 15.0


def read_states(graylog: Graylog, current: Document) -> States:
    """What each node that shall run the input says of it, None for one that does not know it."""
    nodes = graylog.read("/cluster/inputstates")
    found: States = {}
    for node, entries in nodes.items():
        if entries is None or not (current["global"] or current["node"] == node):
            # A node that did not answer can not be waited for.
            continue
        found[node] = next((entry for entry in entries if entry["id"] == current["id"]), None)
    return found


def is_stopped(states: States) -> bool:
    """Whether a node neither runs the input nor is about to."""
    return any(state is None or state["state"] not in _COMING for state in states.values())


def start(graylog: Graylog, input_id: str) -> None:
    """Start the input on all nodes, or start it anew."""
    graylog.update(f"/cluster/inputstates/{input_id}")


def await_running(graylog: Graylog, waiter: Waiter, current: Document, before: States) -> States:
    """Until all nodes run the input, and began to after ``before``.

    Raises PlatformError with Graylog's reason when it can not run, or WaitTimeout.
    """
    last: States = {}
    told = time.monotonic()
    restarts = any(state and state["state"] == "RUNNING" for state in before.values())

    def running() -> t.Optional[States]:
        nonlocal last, told
        last = read_states(graylog, current)
        fresh = {node: state for node, state in last.items() if _is_fresh(state, before.get(node))}
        for node, state in fresh.items():
            if state and state["state"] == "FAILED":
                raise PlatformError(
                    f"The input {current['title']!r} can not run on node {node}: {_reason(state)}.", state="FAILED"
                )
        if last and len(fresh) == len(last) and all(state and state["state"] == "RUNNING" for state in fresh.values()):
            return last
        if is_stopped(last) and time.monotonic() - told > (_PATIENCE_WITH_RESTART if restarts else _PATIENCE):
            start(graylog, current["id"])
            told = time.monotonic()
        return None

    def reasons() -> list[str]:
        if not last:
            return ["no node of Graylog answers"]
        return [f"on node {node} its state is {state['state'] if state else 'unknown'}" for node, state in last.items()]

    return waiter.until(running, f"the input {current['title']!r}", reasons)


def _is_fresh(state: t.Optional[Document], before: t.Optional[Document]) -> bool:
    return state is not None and (before is None or state["started_at"] != before["started_at"])


def _reason(state: Document) -> str:
    return str(state.get("detailed_message") or "Graylog tells no reason, see its own log").rstrip(".")
