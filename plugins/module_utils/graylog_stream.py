# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the module graylog_stream does. Streams are known by their title."""

from __future__ import annotations

import json
import typing as t

from .difference import DifferenceTracker
from .errors import OptionError
from .graylog import Document, Graylog
from .graylog_entity import References, compare_fields, given

RULE_TYPES = {
    "exact": 1,
    "regex": 2,
    "greater": 3,
    "smaller": 4,
    "presence": 5,
    "contains": 6,
    "always_match": 7,
    "match_input": 8,
}
_WORDS = {number: word for word, number in RULE_TYPES.items()}
_WITHOUT_FIELD = ("always_match", "match_input")
_WITHOUT_VALUE = ("always_match", "presence")
# From this version on there are rules of the type match_input.
_KNOWS_INPUTS = (4,)
_MATCHING = {"all": "AND", "any": "OR"}
# What a new stream has unless options say something else.
_NEW = {"description": "", "matching": "all", "remove_matches_from_default_stream": True, "rules": []}


def apply_stream(graylog: Graylog, params: dict[str, t.Any], check_mode: bool) -> Document:
    """Bring the stream to the state of the options; the module's result, and ``warnings``."""
    references = References(graylog, check_mode)
    wanted = _wanted_stream(params, references)
    current = graylog.stream_named(params["title"])
    seen = _shown_stream(current, references) if current else None
    differences = DifferenceTracker()
    if params["state"] == "absent":
        differences.compare("stream", seen, None)
        if current and not check_mode:
            graylog.remove(f"/streams/{current['id']}")
        return {"stream": current if check_mode else None, "warnings": [], **differences.result()}
    if current and current["is_default"]:
        raise OptionError("title", params["title"], "is the stream of all messages", "choose another title")
    if seen is None:
        wanted = {"index_set": references.default_index_set(), **_NEW, **wanted}
    compare_fields(differences, "stream", seen, wanted)
    if differences.changed and not check_mode:
        if current is None:
            current = _create(graylog, params["title"], wanted, references)
        else:
            _update(graylog, current, wanted, differences.names, references)
        current = graylog.read(f"/streams/{current['id']}")
    return {"stream": current, "warnings": references.warnings, **differences.result()}


def wanted_rule(rule: dict[str, t.Any]) -> Document:
    """A rule of the options with nothing left out. Raises OptionError when it lacks what its type needs."""
    kind = rule["type"]
    for name, without in (("field", _WITHOUT_FIELD), ("value", _WITHOUT_VALUE)):
        if rule[name] in (None, "") and kind not in without:
            raise OptionError("rules", kind, f"has no {name}", f"give the rule's {name}")
    return {
        "type": kind,
        "field": rule["field"] or "",
        "value": rule["value"] or "",
        "inverted": rule["inverted"],
        "description": rule["description"] or "",
    }


def rule_changes(
    current: list[Document], wanted: list[Document]
) -> tuple[list[tuple[str, Document]], list[Document], list[str]]:
    """How to come from rules of Graylog to the wanted ones: (id, rule) to change, rules to add, ids to remove.

    Rules are changed in their place as long as there are some: while a rule was missing, a stream would take messages
    that are not for it.
    """
    missing = list(wanted)
    left = []
    for rule in current:
        shown = _shown_rule(rule)
        if shown in missing:
            missing.remove(shown)
        else:
            left.append(rule["id"])
    changed = [(left[index], rule) for index, rule in enumerate(missing[: len(left)])]
    return changed, missing[len(left) :], left[len(missing) :]


def _wanted_stream(params: dict[str, t.Any], references: References) -> Document:
    wanted = given(params, "description", "matching", "remove_matches_from_default_stream")
    if params["index_set"] is not None:
        wanted["index_set"] = references.index_set_prefix(references.index_set_id("index_set", params["index_set"]))
    if params["rules"] is not None:
        if (
            any(rule["type"] == "match_input" for rule in params["rules"])
            and references.graylog.version < _KNOWS_INPUTS
        ):
            raise OptionError("rules", "match_input", "is unknown to Graylog before version 4", "use a field instead")
        wanted["rules"] = _sorted([wanted_rule(rule) for rule in params["rules"]])
    wanted["state"] = params["state"]
    return wanted


def _shown_stream(stream: Document, references: References) -> Document:
    """Graylog's document in the words of the options."""
    return {
        "description": stream.get("description") or "",
        "matching": next(word for word, name in _MATCHING.items() if name == stream["matching_type"]),
        "remove_matches_from_default_stream": stream["remove_matches_from_default_stream"],
        "index_set": references.index_set_prefix(stream["index_set_id"]),
        "rules": _sorted([_shown_rule(rule) for rule in stream["rules"]]),
        "state": "paused" if stream["disabled"] else "present",
    }


def _shown_rule(rule: Document) -> Document:
    return {
        "type": _WORDS.get(rule["type"], rule["type"]),
        "field": rule.get("field") or "",
        "value": rule.get("value") or "",
        "inverted": rule["inverted"],
        "description": rule.get("description") or "",
    }


def _sorted(rules: list[Document]) -> list[Document]:
    """In an order of our own: Graylog gives rules in none."""
    return sorted(rules, key=lambda rule: json.dumps(rule, sort_keys=True))


def _rule_document(rule: Document) -> Document:
    return {**rule, "type": RULE_TYPES[rule["type"]]}


def _stream_document(wanted: Document, references: References) -> Document:
    document: Document = {
        name: wanted[name] for name in ("description", "remove_matches_from_default_stream") if name in wanted
    }
    if "matching" in wanted:
        document["matching_type"] = _MATCHING[wanted["matching"]]
    if "index_set" in wanted:
        document["index_set_id"] = references.index_set_id("index_set", wanted["index_set"])
    return document


def _create(graylog: Graylog, title: str, wanted: Document, references: References) -> Document:
    """Make the stream with its rules, and start it only then."""
    rules = [_rule_document(rule) for rule in wanted["rules"]]
    made = graylog.create("/streams", {"title": title, "rules": rules, **_stream_document(wanted, references)})
    if wanted["state"] == "present":
        graylog.create(f"/streams/{made['stream_id']}/resume")
    return {"id": made["stream_id"]}


def _update(graylog: Graylog, current: Document, wanted: Document, names: list[str], references: References) -> None:
    path = f"/streams/{current['id']}"
    if "state" in names and wanted["state"] == "paused":
        graylog.create(path + "/pause")
    fields = _stream_document({name: wanted[name] for name in names if name not in ("rules", "state")}, references)
    if fields:
        graylog.update(path, fields)
    if "rules" in names:
        changed, added, removed = rule_changes(current["rules"], wanted["rules"])
        for rule_id, rule in changed:
            graylog.update(f"{path}/rules/{rule_id}", _rule_document(rule))
        for rule in added:
            graylog.create(f"{path}/rules", _rule_document(rule))
        for rule_id in removed:
            graylog.remove(f"{path}/rules/{rule_id}")
    if "state" in names and wanted["state"] == "present":
        graylog.create(path + "/resume")
