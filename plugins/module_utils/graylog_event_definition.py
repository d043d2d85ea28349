# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the module graylog_event_definition does: searches which Graylog repeats, and whose finds are events."""

from __future__ import annotations

import typing as t

from .difference import DifferenceTracker
from .errors import OptionError
from .graylog import Document, Graylog, only
from .graylog_entity import References, compare_fields, given
from .sizes import seconds

PRIORITIES = {"low": 1, "normal": 2, "high": 3}
FUNCTIONS = ("count", "card", "avg", "max", "min", "sum", "stddev", "variance")
OPERATORS = ("<", "<=", ">", ">=", "==")
_PATH = "/events/definitions"
_CONFIG_TYPE = "aggregation-v1"
# From this version on a series has a type instead of a function, and every message that is an event counts to a limit.
_TYPED_SERIES = (5, 2)
_EVENT_LIMIT = 100
_SERIES = "condition"
# What a new definition has unless options say something else.
_NEW: Document = {
    "description": "",
    "priority": "normal",
    "alert": True,
    "streams": [],
    "group_by": [],
    "condition": None,
    "search_within": 300.0,
    "execute_every": 60.0,
    "notifications": [],
}


def apply_event_definition(graylog: Graylog, params: dict[str, t.Any], check_mode: bool) -> Document:
    """Bring the event definition to the state of the options; the module's result, and ``warnings``."""
    title = params["title"]
    references = References(graylog, check_mode)
    current = only("title", title, graylog.pages(_PATH, "event_definitions"), "title")
    seen = _shown_definition(current) if current else None
    differences = DifferenceTracker()
    if params["state"] == "absent":
        differences.compare("event_definition", seen, None)
        if current and not check_mode:
            graylog.remove(f"{_PATH}/{current['id']}")
        return {"event_definition": current if check_mode else None, "warnings": [], **differences.result()}
    if current and current["config"]["type"] != _CONFIG_TYPE:
        raise OptionError("title", title, f"is of type {current['config']['type']}", "choose another title")
    wanted = _wanted_definition(params, references)
    if seen is None:
        if "query" not in wanted:
            raise OptionError("query", None, f"is missing, and there is no event definition {title!r}", "give it")
        wanted = {**_NEW, **wanted}
    compare_fields(differences, "event_definition", seen, wanted)
    if differences.changed and not check_mode:
        document = definition_document(title, {**(seen or {}), **wanted}, current, graylog.version)
        query = [("schedule", "true")]
        if current is None:
            current = graylog.create(_PATH, document, query)
        else:
            current = graylog.update(f"{_PATH}/{current['id']}", document, query)
    return {"event_definition": current, "warnings": references.warnings, **differences.result()}


def definition_document(
    title: str, wanted: Document, current: t.Optional[Document], version: tuple[int, ...]
) -> Document:
    """What Graylog takes: the current document, or a new one, with the wanted fields in their place."""
    base = current or {
        "field_spec": {},
        "key_spec": [],
        "notification_settings": {"grace_period_ms": 300000, "backlog_size": 0},
    }
    config = {
        "type": _CONFIG_TYPE,
        "query_parameters": [],
        **((current or {}).get("config") or {}),
        "query": wanted["query"],
        "streams": wanted["streams"],
        "group_by": wanted["group_by"],
        "search_within_ms": round(wanted["search_within"] * 1000),
        "execute_every_ms": round(wanted["execute_every"] * 1000),
        **_condition_document(wanted["condition"], version),
    }
    if version >= _TYPED_SERIES and wanted["condition"] is None:
        config["event_limit"] = config.get("event_limit") or _EVENT_LIMIT
    return {
        **base,
        "title": title,
        "description": wanted["description"],
        "priority": PRIORITIES[wanted["priority"]],
        "alert": wanted["alert"],
        "config": config,
        "notifications": [{"notification_id": name} for name in wanted["notifications"]],
    }


def _condition_document(condition: t.Optional[Document], version: tuple[int, ...]) -> Document:
    if condition is None:
        return {"series": [], "conditions": {"expression": None}}
    if "series" in condition:
        # One of another kind than this module's, which stays as it is.
        return {"series": condition["series"], "conditions": {"expression": condition["expression"]}}
    kind = "type" if version >= _TYPED_SERIES else "function"
    expression = {
        "expr": condition["operator"],
        "left": {"expr": "number-ref", "ref": _SERIES},
        "right": {"expr": "number", "value": condition["value"]},
    }
    series = {"id": _SERIES, kind: condition["function"], "field": condition["field"]}
    return {"series": [series], "conditions": {"expression": expression}}


def _wanted_definition(params: dict[str, t.Any], references: References) -> Document:
    """The fields which options give, in the shape of ``_shown_definition``. Raises OptionError."""
    wanted = given(params, "description", "priority", "alert", "query", "group_by")
    for name in ("search_within", "execute_every"):
        if params[name] is not None:
            wanted[name] = seconds(name, params[name])
            if wanted[name] < 1:
                raise OptionError(name, params[name], "is shorter than a second", "write a duration such as 5m")
    if params["streams"] is not None:
        wanted["streams"] = sorted(references.stream_id("streams", name) for name in params["streams"])
    if params["notifications"] is not None:
        names = params["notifications"]
        wanted["notifications"] = sorted(references.notification_id("notifications", name) for name in names)
    if params["condition"] is not None:
        condition = params["condition"]
        if condition["function"] != "count" and not condition["field"]:
            raise OptionError("condition", condition["function"], "has no field", "give the field it is made of")
        wanted["condition"] = {**condition, "field": condition["field"] or None}
    elif params["group_by"]:
        raise OptionError("group_by", params["group_by"], "has no condition", "give a condition for every group")
    return wanted


def _shown_definition(definition: Document) -> Document:
    """Graylog's document in the words of the options, streams and notifications by id, durations in seconds."""
    config = definition["config"]
    words = {number: word for word, number in PRIORITIES.items()}
    return {
        "description": definition.get("description") or "",
        "priority": words.get(definition["priority"], definition["priority"]),
        "alert": definition["alert"],
        "query": config.get("query"),
        "streams": sorted(config.get("streams") or ()),
        "group_by": list(config.get("group_by") or ()),
        "condition": _shown_condition(config),
        "search_within": config.get("search_within_ms", 0) / 1000,
        "execute_every": config.get("execute_every_ms", 0) / 1000,
        "notifications": sorted(entry["notification_id"] for entry in definition.get("notifications") or ()),
    }


def _shown_condition(config: Document) -> t.Optional[Document]:
    """A condition of this module's kind, or Graylog's own fields of another kind."""
    series = config.get("series") or []
    expression = (config.get("conditions") or {}).get("expression")
    if not series and not expression:
        return None
    right = (expression or {}).get("right") or {}
    if not expression or len(series) != 1 or right.get("expr") != "number":
        return {"series": series, "expression": expression}
    return {
        "function": series[0].get("type") or series[0].get("function"),
        "field": series[0].get("field") or None,
        "operator": expression["expr"],
        "value": right["value"],
    }
