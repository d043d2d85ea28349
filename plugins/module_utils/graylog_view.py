# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the modules graylog_dashboard and graylog_saved_search do: both are views to Graylog, known by their titles.

A view is kept as two documents: the search, which can not be changed, and the view, which names its search. A search
has an id made of its content here, so the view's ``search_id`` tells whether it is the wanted one.
"""

from __future__ import annotations

import hashlib
import json
import typing as t
import uuid

from .difference import DifferenceTracker
from .graylog import Document, Graylog, only
from .graylog_entity import References
from .graylog_widgets import Scope, Widget, build_widget, query_string, relative_seconds, timerange

DASHBOARD = "DASHBOARD"
SEARCH = "SEARCH"
_DEFAULT_FIELDS = ["timestamp", "source"]
# What a saved search shows when no widgets are given: as Graylog's own page of a new search.
_HISTOGRAM = {
    "title": "Message Count",
    "type": "bar",
    "group_by": [{"field": "timestamp", "limit": 15}],
    "split_by": [],
    "values": [{"function": "count()"}],
    "sort_by": None,
    "descending": True,
    "fields": [],
    "position": {"column": 1, "row": 1, "width": 12, "height": 2},
}
_LIST = {
    **_HISTOGRAM,
    "title": "All Messages",
    "type": "messages",
    "group_by": [],
    "position": {"column": 1, "row": 3, "width": 12, "height": 6},
}


def apply_dashboard(graylog: Graylog, params: dict[str, t.Any], check_mode: bool) -> Document:
    """Bring the dashboard to the state of the options; the module's result, and ``warnings``."""
    references = References(graylog, check_mode)
    if params["state"] == "absent":
        return _remove(graylog, DASHBOARD, params["title"], check_mode)
    widgets = []
    for number, options in enumerate(params["widgets"] or ()):
        streams = [references.stream_id("streams", name) for name in options["streams"]]
        scope = Scope(options["query"], relative_seconds("range", options["range"]), tuple(streams))
        widgets.append(build_widget(params["title"], number, options, scope))
    # The widgets look each at its own; this is for those which people add.
    query = {"query": query_string(""), "timerange": timerange(300), "filter": None}
    wanted = view_documents(DASHBOARD, params, query, widgets)
    return _apply(graylog, references, wanted, check_mode)


def apply_saved_search(graylog: Graylog, params: dict[str, t.Any], check_mode: bool) -> Document:
    """Bring the saved search to the state of the options; the module's result, and ``warnings``."""
    references = References(graylog, check_mode)
    if params["state"] == "absent":
        return _remove(graylog, SEARCH, params["title"], check_mode)
    fields = params["fields"] or _DEFAULT_FIELDS
    options = params["widgets"] or [_HISTOGRAM, {**_LIST, "fields": fields}]
    widgets = [build_widget(params["title"], number, entry, None) for number, entry in enumerate(options)]
    streams = [references.stream_id("streams", name) for name in params["streams"]]
    query = {
        "query": query_string(params["query"]),
        "timerange": timerange(relative_seconds("range", params["range"])),
        "filter": {"type": "or", "filters": [{"type": "stream", "id": stream} for stream in streams]}
        if streams
        else None,
    }
    wanted = view_documents(SEARCH, {**params, "fields": fields}, query, widgets)
    return _apply(graylog, references, wanted, check_mode)


def view_documents(
    kind: str, params: dict[str, t.Any], query: Document, widgets: list[Widget]
) -> tuple[Document, Document]:
    """The search and the view. ``query``: the search's own query, timerange and filter."""
    query_id = str(uuid.uuid5(uuid.NAMESPACE_OID, f"{kind}\n{params['title']}"))
    queries = [{"id": query_id, **query, "search_types": [widget.computed for widget in widgets]}]
    content = json.dumps([kind, params["title"], queries], sort_keys=True)
    search = {"id": hashlib.sha256(content.encode()).hexdigest()[:24], "queries": queries, "parameters": []}
    state: Document = {
        "selected_fields": sorted(params["fields"]) if params.get("fields") else None,
        "static_message_list_id": None,
        "titles": {
            "tab": {"title": params["title"]},
            "widget": {widget.drawn["id"]: widget.title for widget in widgets},
        },
        "widgets": [widget.drawn for widget in widgets],
        "widget_mapping": {widget.drawn["id"]: [widget.computed["id"]] for widget in widgets},
        "positions": {widget.drawn["id"]: widget.position for widget in widgets},
        "formatting": {"highlighting": []},
        "display_mode_settings": {"positions": {}},
    }
    view = {
        "type": kind,
        "title": params["title"],
        "summary": params["summary"] or "",
        "description": params["description"] or "",
        "search_id": search["id"],
        "properties": [],
        "requires": {},
        "state": {query_id: state},
    }
    return search, view


def covers(current: t.Any, wanted: t.Any) -> bool:
    """Whether everything wanted is in the current document. What newer versions of Graylog add does not matter."""
    if isinstance(wanted, dict):
        if not isinstance(current, dict):
            return wanted == {} and current is None
        known = {**current, "field": current["fields"][0]} if len(current.get("fields") or ()) == 1 else current
        return all(covers(known.get(name), value) for name, value in wanted.items())
    if isinstance(wanted, list):
        if not isinstance(current, list):
            return not wanted and current is None
        return len(current) == len(wanted) and all(covers(old, new) for old, new in zip(current, wanted, strict=True))
    return bool(current == wanted)


def differences_of(current: t.Optional[Document], wanted: Document) -> DifferenceTracker:
    """Title by title, for people: the widgets that differ and the view's own fields."""
    differences = DifferenceTracker()
    if current is None:
        differences.compare("view", None, _summary(wanted))
        return differences
    for field in ("summary", "description"):
        differences.compare(field, current.get(field) or "", wanted[field])
    before, after = _widgets(current), _widgets(wanted)
    for identity in [*before, *(name for name in after if name not in before)]:
        old, new = before.get(identity), after.get(identity)
        if old is None or new is None or not covers(old, new):
            differences.compare(f"widget {(new or old or {})['title']}", old, new)
    ((query_id, wanted_state),) = wanted["state"].items()
    state = (current.get("state") or {}).get(query_id, {})
    differences.compare("pages", sorted(current.get("state") or {}), [query_id])
    # Graylog keeps these in no order.
    differences.compare("fields", sorted(state.get("selected_fields") or ()), wanted_state["selected_fields"] or [])
    differences.compare("search", current.get("search_id"), wanted["search_id"])
    return differences


def _apply(graylog: Graylog, references: References, wanted: tuple[Document, Document], check_mode: bool) -> Document:
    search, view = wanted
    current = _find(graylog, view["type"], view["title"])
    differences = differences_of(current, view)
    if differences.changed and not check_mode:
        graylog.create("/views/search", search)
        if current is None:
            current = graylog.create("/views", view)
        else:
            current = graylog.update(f"/views/{current['id']}", {"id": current["id"], **view})
    return {
        "view": current,
        "url": _link(graylog, current) if current else None,
        "warnings": references.warnings,
        **differences.result(),
    }


def _remove(graylog: Graylog, kind: str, title: str, check_mode: bool) -> Document:
    current = _find(graylog, kind, title)
    differences = DifferenceTracker()
    differences.compare("view", _summary(current) if current else None, None)
    if current and not check_mode:
        graylog.remove(f"/views/{current['id']}")
    left = current if check_mode else None
    return {"view": left, "url": _link(graylog, left) if left else None, "warnings": [], **differences.result()}


def _find(graylog: Graylog, kind: str, title: str) -> t.Optional[Document]:
    return only("title", title, (view for view in graylog.views() if view["type"] == kind), "title")


def _link(graylog: Graylog, view: Document) -> str:
    return f"{graylog.url}/{'dashboards' if view['type'] == DASHBOARD else 'search'}/{view['id']}"


def _summary(view: Document) -> Document:
    titles = [widget["title"] for widget in _widgets(view).values()]
    return {"title": view["title"], "summary": view["summary"], "widgets": titles}


def _widgets(view: Document) -> dict[str, Document]:
    """The widgets of all pages by their ids, each with its title and position."""
    found = {}
    for state in (view.get("state") or {}).values():
        titles = ((state.get("titles") or {}).get("widget")) or {}
        for widget in state.get("widgets") or ():
            position = (state.get("positions") or {}).get(widget["id"])
            found[widget["id"]] = {"title": titles.get(widget["id"], ""), "position": position, **widget}
    return found
