# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the module graylog_index_set does. Index sets are known by their prefix, which never changes."""

from __future__ import annotations

import re
import time
import typing as t

from .difference import DifferenceTracker
from .errors import OptionError
from .graylog import Document, Graylog, only
from .graylog_entity import compare_fields, given
from .sizes import mebibytes, seconds
from .waiter import Waiter

_ROTATION_CLASS = "org.graylog2.indexer.rotation.strategies.{}RotationStrategy"
_RETENTION_CLASS = "org.graylog2.indexer.retention.strategies.{}RetentionStrategy"
# The option's word, Graylog's class, the option that sets the limit, and Graylog's field of it.
_ROTATIONS = (
    ("count", "MessageCount", "max_documents", "max_docs_per_index"),
    ("size", "SizeBased", "max_size", "max_size"),
    ("time", "TimeBased", "period", "rotation_period"),
)
_RETENTIONS = (("delete", "Deletion"), ("close", "Closing"), ("none", "Noop"))
_LIMIT = "max_number_of_indices"
# What a new index set has unless options say something else.
_NEW = {
    "description": "",
    "shards": 1,
    "replicas": 0,
    "rotation": {"strategy": "size", "max_size": 1024**3},
    "retention": {"strategy": "delete", "max_indices": 20},
    "optimize": True,
    "field_type_refresh_interval": 5.0,
}
_NAMES = ("title", "description", "shards", "replicas", "optimize")


def apply_index_set(graylog: Graylog, waiter: Waiter, params: dict[str, t.Any], check_mode: bool) -> Document:
    """Bring the index set to the state of the options; the module's result."""
    prefix = params["index_prefix"]
    wanted = wanted_index_set(params)
    current = only("index_prefix", prefix, graylog.index_sets(), "index_prefix")
    seen = shown_index_set(current) if current else None
    differences = DifferenceTracker()
    if params["state"] == "absent":
        differences.compare("index_set", seen, None)
        if current:
            _refuse_if_used(graylog, current)
        if current and not check_mode:
            query = [("delete_indices", str(params["delete_indices"]).lower())]
            graylog.remove(f"/system/indices/index_sets/{current['id']}", query)
        return {"index_set": current if check_mode else None, **differences.result()}
    if seen is None:
        wanted = {"title": prefix, **_NEW, **wanted}
    compare_fields(differences, "index_set", seen, wanted)
    if not check_mode:
        current = _write(graylog, current, prefix, wanted, differences)
        if params["wait"]:
            _await_index(graylog, waiter, prefix, current["id"])
    return {"index_set": current, **differences.result()}


def wanted_index_set(params: dict[str, t.Any]) -> Document:
    """The fields which options give, in the shape of ``shown_index_set``. Raises OptionError."""
    if not re.fullmatch(r"[a-z0-9][a-z0-9_+-]*", params["index_prefix"]):
        raise OptionError(
            "index_prefix",
            params["index_prefix"],
            "is no prefix of an index",
            "write lower case letters, digits, _ + or -, a letter or digit first",
        )
    wanted = given(params, *_NAMES)
    if params["default"]:
        wanted["default"] = True
    if params["rotation"]:
        wanted["rotation"] = _wanted_rotation(params["rotation"])
    if params["retention"]:
        wanted["retention"] = given(params["retention"], "strategy", "max_indices")
        if wanted["retention"]["strategy"] != "none" and "max_indices" not in wanted["retention"]:
            raise OptionError("retention", None, "has no max_indices", "give how many indices are kept")
    if params["field_type_refresh_interval"]:
        wanted["field_type_refresh_interval"] = seconds(
            "field_type_refresh_interval", params["field_type_refresh_interval"]
        )
    return wanted


def shown_index_set(document: Document) -> Document:
    """Graylog's document in the words of the options: sizes in bytes, durations in seconds or as ISO periods."""
    rotation, retention = document.get("rotation_strategy") or {}, document.get("retention_strategy") or {}
    rotation_class, retention_class = document.get("rotation_strategy_class"), document.get("retention_strategy_class")
    shown_rotation = {"strategy": rotation_class}
    for word, name, option, field in _ROTATIONS:
        if rotation_class == _ROTATION_CLASS.format(name):
            shown_rotation = {"strategy": word, option: rotation.get(field)}
    shown_retention = {"strategy": retention_class}
    for word, name in _RETENTIONS:
        if retention_class == _RETENTION_CLASS.format(name):
            shown_retention = {"strategy": word, "max_indices": retention.get(_LIMIT)}
            if word == "none":
                del shown_retention["max_indices"]
    return {
        "title": document["title"],
        "description": document.get("description") or "",
        "shards": document["shards"],
        "replicas": document["replicas"],
        "rotation": shown_rotation,
        "retention": shown_retention,
        "optimize": not document["index_optimization_disabled"],
        "field_type_refresh_interval": document["field_type_refresh_interval"] / 1000,
        "default": document["default"],
    }


def index_set_document(
    prefix: str, wanted: Document, current: t.Optional[Document], version: tuple[int, ...]
) -> Document:
    """What Graylog takes: the current document, or a new one, with the wanted fields in their place."""
    document = dict(current or _new_document(prefix))
    for name in ("title", "description", "shards", "replicas"):
        if name in wanted:
            document[name] = wanted[name]
    if "optimize" in wanted:
        document["index_optimization_disabled"] = not wanted["optimize"]
    if "field_type_refresh_interval" in wanted:
        document["field_type_refresh_interval"] = round(wanted["field_type_refresh_interval"] * 1000)
    if "rotation" in wanted:
        word = wanted["rotation"]["strategy"]
        name, option, field = next(entry[1:] for entry in _ROTATIONS if entry[0] == word)
        limit = {field: wanted["rotation"][option]}
        document.update(_strategy(document, "rotation_strategy", _ROTATION_CLASS.format(name), limit))
    if "retention" in wanted:
        name = dict(_RETENTIONS)[wanted["retention"]["strategy"]]
        limit = {_LIMIT: wanted["retention"].get("max_indices", 2**31 - 1)}
        document.update(_strategy(document, "retention_strategy", _RETENTION_CLASS.format(name), limit))
    if version >= (6,) and ("rotation" in wanted or "retention" in wanted):
        # Since 6 index sets follow a tier of their own, unless they say that these two strategies are meant.
        document["use_legacy_rotation"] = True
    return document


def _wanted_rotation(rotation: dict[str, t.Any]) -> Document:
    word = rotation["strategy"]
    option = next(entry[2] for entry in _ROTATIONS if entry[0] == word)
    value = rotation[option]
    if value is None:
        raise OptionError("rotation", None, f"has no {option}", f"give it for the strategy {word}")
    if option == "max_size":
        value = mebibytes("max_size", value) * 1024**2
    elif option == "period":
        value = iso_period("period", value)
    return {"strategy": word, option: value}


def iso_period(option: str, value: str) -> str:
    """``P1D`` of ``1d`` or ``24h``, ``PT6H`` of ``6h``; ISO periods stay as they are."""
    if value.startswith("P"):
        return value
    length = round(seconds(option, value))
    if length < 60 or length % 60:
        raise OptionError(option, value, "is no whole number of minutes", "write a duration such as 1d or 6h")
    units = ((86400, "P{}D"), (3600, "PT{}H"), (60, "PT{}M"))
    return next(form.format(length // size) for size, form in units if length % size == 0)


def _strategy(document: Document, field: str, name: str, limit: Document) -> Document:
    same = document.get(field + "_class") == name
    kept = document.get(field) if same else None
    return {field + "_class": name, field: {**(kept or {}), "type": name + "Config", **limit}}


def _new_document(prefix: str) -> Document:
    return {
        "index_prefix": prefix,
        "index_analyzer": "standard",
        "index_optimization_max_num_segments": 1,
        "writable": True,
        "default": False,
        "creation_date": time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime()),
    }


def _write(
    graylog: Graylog, current: t.Optional[Document], prefix: str, wanted: Document, differences: DifferenceTracker
) -> Document:
    """Make or update the index set; its document."""
    if current is None:
        document = index_set_document(prefix, wanted, None, graylog.version)
        current = graylog.create("/system/indices/index_sets", document)
    elif set(differences.names) - {"default"}:
        document = index_set_document(prefix, wanted, current, graylog.version)
        current = graylog.update(f"/system/indices/index_sets/{current['id']}", document)
    if wanted.get("default") and not current["default"]:
        current = graylog.update(f"/system/indices/index_sets/{current['id']}/default")
    return current


def _refuse_if_used(graylog: Graylog, current: Document) -> None:
    """Graylog 3.3 answers 404 for an index set that streams use, as if there were none."""
    users = [stream["title"] for stream in graylog.streams() if stream.get("index_set_id") == current["id"]]
    prefix = current["index_prefix"]
    if current["default"]:
        raise OptionError("index_prefix", prefix, "is the default", "make another index set the default first")
    if users:
        streams = ", ".join(repr(title) for title in users)
        raise OptionError("index_prefix", prefix, f"is used by {streams}", "remove or move the streams first")


def _await_index(graylog: Graylog, waiter: Waiter, prefix: str, index_set_id: str) -> None:
    """Until messages can be written: Graylog makes the first index some seconds after the index set."""

    def up() -> t.Optional[bool]:
        state = graylog.find(f"/system/deflector/{index_set_id}")
        return True if state and state.get("is_up") and state.get("current_target") else None

    waiter.until(up, f"the first index of {prefix}", lambda: ["Graylog has not made it yet: is its search cluster up?"])
