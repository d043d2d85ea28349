# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Widgets of dashboards and saved searches: from the words of the options to Graylog's documents.

Graylog wants each widget twice: as what is drawn (the widget) and as what is computed (the search type).
"""

from __future__ import annotations

import re
import typing as t
import uuid
from dataclasses import dataclass

from .errors import OptionError
from .graylog import Document
from .sizes import seconds

# The words of the options, and Graylog's names for them.
VISUALIZATIONS = {"table": "table", "number": "numeric", "line": "line", "area": "area", "bar": "bar", "pie": "pie"}
MESSAGES = "messages"
_FUNCTIONS = ("count", "card", "avg", "max", "min", "sum", "stddev", "variance", "percentile")
_COLUMNS = 12
_LIST_LENGTH = 150
# Any fixed one: the same widget has the same id, so that a second run finds nothing to change.
_IDS = uuid.UUID("6f1d3c52-6a0b-4f0e-9d0c-2f5b7a6f4f11")


@dataclass(frozen=True)
class Scope:
    """What a widget looks at. A widget of a saved search has none of its own: it looks at what the search finds."""

    query: str
    seconds: int
    stream_ids: tuple[str, ...]

    def fields(self) -> Document:
        return {
            "timerange": timerange(self.seconds),
            "query": query_string(self.query),
            "streams": list(self.stream_ids),
        }


@dataclass(frozen=True)
class Widget:
    """A widget's documents, and the title that stands above it."""

    title: str
    drawn: Document
    computed: Document
    position: Document


def widget_options(own_scope: bool) -> Document:
    """Options of a widget; ``own_scope`` adds query, streams and range."""
    groups = {
        "type": "list",
        "elements": "dict",
        "default": [],
        "options": {"field": {"type": "str", "required": True}, "limit": {"type": "int", "default": 15}},
    }
    values = {"function": {"type": "str", "required": True}, "title": {"type": "str"}}
    position = {
        "column": {"type": "int", "default": 1},
        "row": {"type": "int", "required": True},
        "width": {"type": "int", "default": _COLUMNS},
        "height": {"type": "int", "default": 4},
    }
    scope = {
        "query": {"type": "str", "default": ""},
        "streams": {"type": "list", "elements": "str", "default": []},
        "range": {"type": "str", "default": "1h"},
    }
    return {
        "title": {"type": "str", "required": True},
        "type": {"type": "str", "choices": [*VISUALIZATIONS, MESSAGES], "default": "table"},
        **(scope if own_scope else {}),
        "group_by": groups,
        "split_by": groups,
        "values": {"type": "list", "elements": "dict", "default": [{"function": "count()"}], "options": values},
        "sort_by": {"type": "str"},
        "descending": {"type": "bool", "default": True},
        "fields": {"type": "list", "elements": "str", "default": ["timestamp", "source"]},
        "position": {"type": "dict", "required": True, "options": position},
    }


def relative_seconds(option: str, value: str) -> int:
    """How far back a search looks; 0 means everything that is kept. Raises OptionError."""
    return 0 if value == "all" else int(seconds(option, value))


def timerange(length: int) -> Document:
    return {"type": "relative", "range": length}


def query_string(query: str) -> Document:
    return {"type": "elasticsearch", "query_string": query}


def build_widget(view: str, number: int, options: Document, scope: t.Optional[Scope]) -> Widget:
    """The documents of one widget of the view with this title. Raises OptionError for an option that can not be."""
    identity = str(uuid.uuid5(_IDS, f"{view}\n{number}\n{options['title']}"))
    shared = scope.fields() if scope else {"timerange": None, "query": None, "streams": []}
    build = _messages if options["type"] == MESSAGES else _aggregation
    drawn, computed = build(options)
    place = options["position"]
    if not 1 <= place["column"] <= _COLUMNS + 1 - place["width"]:
        fix = f"the columns are 1 to {_COLUMNS}: lessen column or width"
        raise OptionError("position", str(place), f"is beyond the dashboard ({options['title']})", fix)
    return Widget(
        title=options["title"],
        drawn={"id": identity, "filter": None, **shared, **drawn},
        computed={"id": str(uuid.uuid5(_IDS, identity)), "filter": None, **shared, **computed},
        position={"col": place["column"], "row": place["row"], "width": place["width"], "height": place["height"]},
    )


def series(value: Document) -> Document:
    """What is computed for one value such as ``avg(size)`` or ``percentile(size,95)``. Raises OptionError."""
    function = value["function"]
    match = re.fullmatch(r"(\w+)\(([\w.@-]*)(?:,\s*(\d+(?:\.\d+)?))?\)", function)
    name, field, share = match.groups() if match else (None, None, None)
    if name not in _FUNCTIONS or (not field and name != "count") or ((share is not None) != (name == "percentile")):
        fix = f"write count(), avg(field), percentile(field,95) or another of {', '.join(_FUNCTIONS)}"
        raise OptionError("function", function, "is nothing that Graylog computes", fix)
    computed: Document = {"type": name, "id": value.get("title") or function, "field": field or None}
    return {**computed, "percentile": float(share)} if share else computed


def _messages(options: Document) -> tuple[Document, Document]:
    direction = "Descending" if options["descending"] else "Ascending"
    field = options["sort_by"] or "timestamp"
    drawn = {
        "type": MESSAGES,
        "config": {
            "fields": options["fields"],
            "show_message_row": True,
            "decorators": [],
            "sort": [{"type": "pivot", "field": field, "direction": direction}],
        },
    }
    computed = {
        "type": MESSAGES,
        "limit": _LIST_LENGTH,
        "offset": 0,
        "sort": [{"field": field, "order": "DESC" if options["descending"] else "ASC"}],
        "decorators": [],
    }
    return drawn, computed


def _aggregation(options: Document) -> tuple[Document, Document]:
    sort = []
    if options["sort_by"]:
        functions = [value["function"] for value in options["values"]]
        kind = "series" if options["sort_by"] in functions else "pivot"
        direction = "Descending" if options["descending"] else "Ascending"
        sort = [{"type": kind, "field": options["sort_by"], "direction": direction}]
    drawn_series = [
        {"function": value["function"], "config": {"name": value["title"]} if value.get("title") else {}}
        for value in options["values"]
    ]
    rollup = not options["split_by"]
    drawn = {
        "type": "aggregation",
        "config": {
            "row_pivots": [_drawn_group(group) for group in options["group_by"]],
            "column_pivots": [_drawn_group(group) for group in options["split_by"]],
            "series": drawn_series,
            "sort": sort,
            "visualization": VISUALIZATIONS[options["type"]],
            "visualization_config": {"barmode": "stack"} if options["type"] == "bar" else None,
            "formatting_settings": None,
            "rollup": rollup,
            "event_annotation": False,
        },
    }
    computed = {
        "type": "pivot",
        "name": "chart",
        "row_groups": [_computed_group(group) for group in options["group_by"]],
        "column_groups": [_computed_group(group) for group in options["split_by"]],
        "series": [series(value) for value in options["values"]],
        "sort": sort,
        "rollup": rollup,
    }
    return drawn, computed


def _drawn_group(group: Document) -> Document:
    if group["field"] == "timestamp":
        return {"field": "timestamp", "type": "time", "config": {"interval": _interval()}}
    return {"field": group["field"], "type": "values", "config": {"limit": group["limit"]}}


def _computed_group(group: Document) -> Document:
    if group["field"] == "timestamp":
        return {"field": "timestamp", "type": "time", "interval": _interval()}
    return {"field": group["field"], "type": "values", "limit": group["limit"]}


def _interval() -> Document:
    """As many bars as there is room for."""
    return {"type": "auto", "scaling": 1.0}
