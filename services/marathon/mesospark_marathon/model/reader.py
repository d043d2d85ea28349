# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads JSON documents by a table of fields and collects every type error, in the words Marathon's JSON library has."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from mesospark_marathon.model.errors import details_of, invalid_json
from mesospark_marathon.model.timestamps import is_timestamp

Read = Callable[["Errors", str, Any], Any]
"""(errors, path, raw value) -> the value read; after an error what is returned is not used."""


class Errors(list[tuple[str, str]]):
    """(path, error) pairs."""

    def add(self, path: str, error: str) -> None:
        """Notes one error."""
        self.append((path, error))

    def refuse(self) -> None:
        """Raises ApiError 422 when there is any error."""
        if self:
            raise invalid_json(details_of(self))


@dataclass(frozen=True)
class Field:
    """One field of an object. null counts as absent where the field is not required."""

    read: Read
    required: bool = False


def compact(value: Any) -> str:
    """The value as JSON text without blanks."""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def string(min_length: int = 0, pattern: Callable[[str], bool] | None = None) -> Read:
    """A string of a least length that the pattern accepts."""

    def read(errors: Errors, path: str, value: Any) -> Any:
        if not isinstance(value, str):
            errors.add(path, "error.expected.jsstring")
        elif len(value) < min_length:
            errors.add(path, "error.minLength")
        elif pattern is not None and not pattern(value):
            errors.add(path, "error.pattern")
        return value

    return read


def _bounded(errors: Errors, path: str, value: float, minimum: float | None, maximum: float | None) -> None:
    if minimum is not None and value < minimum:
        errors.add(path, "error.min")
    if maximum is not None and value > maximum:
        errors.add(path, "error.max")


def number(minimum: float | None = None, maximum: float | None = None) -> Read:
    """A number, read as float."""

    def read(errors: Errors, path: str, value: Any) -> Any:
        if isinstance(value, bool) or not isinstance(value, int | float):
            errors.add(path, "error.expected.jsnumber")
            return value
        _bounded(errors, path, value, minimum, maximum)
        return float(value)

    return read


def integer(minimum: float | None = None, maximum: float | None = None) -> Read:
    """A number without a fraction, read as int."""

    def read(errors: Errors, path: str, value: Any) -> Any:
        if isinstance(value, bool) or not isinstance(value, int | float):
            errors.add(path, "error.expected.jsnumber")
            return value
        if value != int(value):
            errors.add(path, "error.expected.int")
            return value
        _bounded(errors, path, value, minimum, maximum)
        return int(value)

    return read


def boolean(errors: Errors, path: str, value: Any) -> Any:
    """true or false."""
    if not isinstance(value, bool):
        errors.add(path, "error.expected.jsboolean")
    return value


def timestamp(errors: Errors, path: str, value: Any) -> Any:
    """An ISO 8601 date and time."""
    if not isinstance(value, str) or not is_timestamp(value):
        errors.add(path, "error.expected.date.isoformat")
    return value


def enumeration(*literals: str) -> Read:
    """One of the literals, in any case."""
    spelling = {literal.lower(): literal for literal in literals}

    def read(errors: Errors, path: str, value: Any) -> Any:
        if not isinstance(value, str):
            errors.add(path, "error.expected.jsstring")
            return value
        if value.lower() not in spelling:
            errors.add(path, "error.unknown.enum.literal")
        return spelling.get(value.lower(), value)

    return read


def array(item: Read) -> Read:
    """A list of items."""

    def read(errors: Errors, path: str, value: Any) -> Any:
        if not isinstance(value, list):
            errors.add(path, "error.expected.jsarray")
            return value
        return [item(errors, f"{path}({index})", element) for index, element in enumerate(value)]

    return read


def mapping(item: Read) -> Read:
    """An object of free keys."""

    def read(errors: Errors, path: str, value: Any) -> Any:
        if not isinstance(value, dict):
            errors.add(path, "error.expected.jsobject")
            return value
        return {key: item(errors, f"{path}/{key}", element) for key, element in value.items()}

    return read


def anything(_errors: Errors, _path: str, value: Any) -> Any:
    """Any JSON value."""
    return value


def record(fields: Mapping[str, Field], *, plain: bool = False) -> Read:
    """An object of known fields; unknown ones are left out.

    plain: a type without rules of its own; Marathon names a missing field of such a type in other words.
    """

    def read(errors: Errors, path: str, value: Any) -> Any:
        return read_fields(errors, path, value, fields, plain=plain)

    return read


def read_fields(
    errors: Errors, path: str, value: Any, fields: Mapping[str, Field], *, plain: bool = False
) -> dict[str, Any]:
    """The known fields of an object that are given and not null. A value that is no object has none."""
    result: dict[str, Any] = {}
    given = value if isinstance(value, dict) else {}
    for name, field in fields.items():
        at = f"{path}/{name}"
        if field.required and name not in given:
            errors.add(at, _missing(value, name, plain))
        elif name in given and (given[name] is not None or field.required):
            result[name] = field.read(errors, at, given[name])
    return result


def _missing(value: Any, name: str, plain: bool) -> str:
    if plain:
        return "error.path.missing"
    if isinstance(value, dict):
        return f"'{name}' is undefined on object: {compact(value)}"
    return f"{compact(value)} is not an object"


def optional(names: Mapping[str, Read]) -> dict[str, Field]:
    """Fields none of which is required."""
    return {name: Field(read) for name, read in names.items()}


def without(document: Mapping[str, Any], names: Sequence[str]) -> dict[str, Any]:
    """A copy that lacks the named keys."""
    return {key: value for key, value in document.items() if key not in names}
