# SPDX-License-Identifier: GPL-3.0-or-later
"""JSON documents: looking into them, filling in captured values, comparing them."""

import json
import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

UNORDERED_LISTS = frozenset(
    (
        *("apps", "groups", "pods", "tasks", "queue", "deployments", "versions", "dependencies"),
        *("affectedApps", "affectedPods", "actions", "currentActions"),
        *("healthCheckResults", "details", "errors", "acceptedResourceRoles", "ipAddresses", "*", ""),
    )
)
"""Keys of lists whose order means nothing; "" is a document that is itself a list."""


class _Absent:
    def __repr__(self) -> str:
        return "<absent>"


ABSENT = _Absent()


@dataclass(frozen=True)
class Difference:
    """One place where a received document is not the expected one."""

    path: str
    expected: Any
    actual: Any


def at_pointer(document: Any, pointer: str) -> Any:
    """The value at a JSON pointer ("" is the whole document), ABSENT if there is none."""
    for part in pointer.split("/")[1:]:
        name = part.replace("~1", "/").replace("~0", "~")
        if isinstance(document, list) and re.fullmatch(r"-?\d+", name) and -len(document) <= int(name) < len(document):
            document = document[int(name)]
        elif isinstance(document, dict) and name in document:
            document = document[name]
        else:
            return ABSENT
    return document


def holds(document: Any, condition: list[Any]) -> bool:
    """Whether a condition `[pointer, operator, value]` is true of the document."""
    pointer, operator, wanted = condition
    value = at_pointer(document, pointer)
    try:
        match operator:
            case "eq":
                return bool(value == wanted)
            case "ne":
                return value is not ABSENT and bool(value != wanted)
            case "len":
                return bool(len(value) == wanted)
            case "minlen":
                return bool(len(value) >= wanted)
            case "ge":
                return bool(value >= wanted)
            case "le":
                return bool(value <= wanted)
            case "exists":
                return bool((value is not ABSENT) == wanted)
            case "match":
                return re.search(wanted, value) is not None
    except TypeError:
        return False  # the value is of another type, so it does not hold (yet)
    raise ValueError(f"unknown operator {operator}")


def fill_in(template: Any, values: Mapping[str, Any]) -> Any:
    """The template with `${name}` replaced by captured values; unknown names stay as they are."""
    if isinstance(template, str):
        return re.sub(r"\$\{(\w+)\}", lambda found: str(values.get(found[1], found[0])), template)
    if isinstance(template, list):
        return [fill_in(item, values) for item in template]
    if isinstance(template, dict):
        return {fill_in(key, values): fill_in(item, values) for key, item in template.items()}
    return template


def with_sorted_lists(document: Any, key: str | None = "") -> Any:
    """The document with its lists of no order sorted."""
    if isinstance(document, list):
        items = [with_sorted_lists(item, None) for item in document]
        return sorted(items, key=lambda item: json.dumps(item, sort_keys=True)) if key in UNORDERED_LISTS else items
    if isinstance(document, dict):
        return {name: with_sorted_lists(item, name) for name, item in document.items()}
    return document


def shape(document: Any) -> Any:
    """The document's types; a list is described by its first element."""
    if isinstance(document, dict):
        return {key: shape(item) for key, item in document.items()}
    if isinstance(document, list):
        return [shape(document[0])] if document else []
    if document is None:
        return "null"
    if isinstance(document, bool):
        return "boolean"
    return "number" if isinstance(document, int | float) else "string"


def differences(expected: Any, actual: Any, path: str = "", ignored: Collection[str] = ()) -> list[Difference]:
    """Where two documents differ, but for the places whose pointers are ignored."""
    return list(_differences(expected, actual, path, ignored))


def _differences(expected: Any, actual: Any, path: str, ignored: Collection[str]) -> Iterator[Difference]:
    if path in ignored:
        return
    members: Iterator[tuple[str, Any, Any]]
    if isinstance(expected, dict) and isinstance(actual, dict):
        members = (
            (_escaped(key), expected.get(key, ABSENT), actual.get(key, ABSENT)) for key in {**expected, **actual}
        )
    elif isinstance(expected, list) and isinstance(actual, list):
        members = (
            (
                str(index),
                expected[index] if index < len(expected) else ABSENT,
                actual[index] if index < len(actual) else ABSENT,
            )
            for index in range(max(len(expected), len(actual)))
        )
    else:
        # True == 1 in Python, but not in JSON.
        if isinstance(expected, bool) != isinstance(actual, bool) or expected != actual:
            yield Difference(path, expected, actual)
        return
    for name, wanted, got in members:
        member_path = f"{path}/{name}"
        if wanted is ABSENT or got is ABSENT:
            if member_path not in ignored:
                yield Difference(member_path, wanted, got)
        else:
            yield from _differences(wanted, got, member_path, ignored)


def _escaped(key: str) -> str:
    return key.replace("~", "~0").replace("/", "~1")
