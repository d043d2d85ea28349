# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads a table of the configuration file; every fault is one sentence that names the option, the value and the fix."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

_NAME = re.compile(r"[a-z0-9][a-z0-9-]*")
_MISSING = object()


class ConfigurationError(Exception):
    """Something the operator can mend; the message is one sentence that says how."""


class Table:
    """A table of the file that knows its name and which keys were asked for."""

    def __init__(self, values: Mapping[str, Any], name: str) -> None:
        self._values = values
        self._name = name
        self._asked: set[str] = set()

    @property
    def names(self) -> list[str]:
        """The options that are given."""
        return list(self._values)

    def error(self, key: str, value: object, fault: str, fix: str) -> ConfigurationError:
        """A fault of one value."""
        return ConfigurationError(f"{self._full(key)}: {value!r} {fault}; {fix}")

    def refuse_others(self) -> None:
        """Refuse options that were not asked for until now."""
        for key in sorted(self._values.keys() - self._asked):
            raise ConfigurationError(f"{self._full(key)}: there is no such option; known here: {self._known()}")

    def _known(self) -> str:
        return ", ".join(sorted(self._asked))

    def _full(self, key: str) -> str:
        return f"{self._name}.{key}" if self._name else key

    def _get(self, key: str, kind: type, what: str, default: object = _MISSING) -> Any:
        self._asked.add(key)
        value = self._values.get(key, default)
        if value is _MISSING:
            raise ConfigurationError(f"{self._full(key)}: it is missing; give {what}")
        if value is not default and (not isinstance(value, kind) or (kind is int and isinstance(value, bool))):
            raise self.error(key, value, f"is not {what}", f"give {what}")
        return value

    def text(self, key: str, default: object = _MISSING) -> str:
        """A text that is not empty."""
        value: str = self._get(key, str, "a text", default)
        if not value:
            raise self.error(key, value, "is empty", "give a text")
        return value

    def name(self) -> str:
        """The option `name`."""
        value = self.text("name")
        if not _NAME.fullmatch(value):
            raise self.error("name", value, "is no name", "use lower case letters, digits and hyphens")
        return value

    def path(self, key: str) -> Path:
        """An absolute path."""
        value = self.text(key)
        if not value.startswith("/"):
            raise self.error(key, value, "is no absolute path", "begin it with /")
        return Path(value)

    def integer(self, key: str, least: int, most: int, default: object = _MISSING) -> int:
        """A whole number."""
        value: int = self._get(key, int, "a whole number", default)
        if not least <= value <= most:
            raise self.error(key, value, "is out of bounds", f"give a number from {least} to {most}")
        return value

    def boolean(self, key: str, default: bool) -> bool:
        """true or false."""
        value: bool = self._get(key, bool, "true or false", default)
        return value

    def port(self, key: str) -> int:
        """A TCP port."""
        return self.integer(key, 1, 65535)

    def texts(self, key: str) -> tuple[str, ...]:
        """A list of texts, at least one."""
        values: list[object] = self._get(key, list, "a list of texts")
        if not values or not all(isinstance(value, str) for value in values):
            raise self.error(key, values, "is not a list of texts", "give at least one")
        return tuple(str(value) for value in values)

    def quantity(self, key: str, units: Mapping[str, float], default: float) -> float:
        """A number with a unit, in the base unit."""
        if key not in self._values:
            self._asked.add(key)
            return default
        text = self.text(key)
        found = re.fullmatch(r"(\d+(?:\.\d+)?)([a-z]+)", text)
        if not found or found[2] not in units or float(found[1]) <= 0:
            raise self.error(key, text, "is no quantity", f"give a number and one of {', '.join(units)}")
        return float(found[1]) * units[found[2]]

    def table(self, key: str) -> "Table | None":
        """A table in this table; None if it is not there."""
        value = self._get(key, dict, "a table", None)
        return None if value is None else Table(value, self._full(key))

    def tables(self, key: str) -> "list[Table]":
        """A list of tables, empty if it is not there."""
        values: list[object] = self._get(key, list, "a list of tables", [])
        tables = []
        for number, value in enumerate(values):
            if not isinstance(value, dict):
                raise self.error(key, value, "is not a table", f"write [[{key}]]")
            tables.append(Table(value, f"{self._full(key)}[{number}]"))
        return tables
