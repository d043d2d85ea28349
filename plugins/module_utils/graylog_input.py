# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the module graylog_input does. Inputs are known by their title."""

from __future__ import annotations

import typing as t
from functools import partial

from .difference import DifferenceTracker
from .errors import OptionError
from .graylog import Document, Graylog, only, quoted
from .graylog_entity import compare_fields
from .graylog_input_state import States, await_running, is_stopped, read_states, start
from .waiter import Waiter

_HIDDEN = "(hidden)"
_PREFIX = "configuration."


class Input:
    """An input as it is (``current``) and as options want it. ``secrets`` are the fields that are never shown."""

    def __init__(self, graylog: Graylog, params: dict[str, t.Any]) -> None:
        self._graylog = graylog
        self._params = params
        self.title = params["title"]
        self.current = only("title", self.title, graylog.inputs(), "title")
        self.type = self._type()
        self._fields: Document = {}
        if self.type:
            self._fields = graylog.read(f"/system/inputs/types/{quoted(self.type)}")["requested_configuration"]
        self.secrets = {name for name, field in self._fields.items() if _is_secret(field)}
        self.secrets |= set(params["secret_configuration"] or ())
        self._configuration = self._wanted_configuration()

    def shown(self) -> t.Optional[Document]:
        """The current input in the words of the options, the secrets still in it."""
        if self.current is None:
            return None
        return {
            "type": self.current["type"],
            "node": None if self.current["global"] else self.current["node"],
            "static_fields": self.current.get("static_fields") or {},
            **_flat(self.current["attributes"]),
        }

    def wanted(self) -> Document:
        """The fields which options give, in the shape of ``shown``."""
        wanted: Document = {"type": self.type, "node": self._params["node"]}
        if self._params["static_fields"] is not None:
            wanted["static_fields"] = {name: str(value) for name, value in self._params["static_fields"].items()}
        return {**wanted, **_flat(self._configuration)}

    def document(self) -> Document:
        """What Graylog takes. It replaces the whole configuration, so fields that are not given are filled in."""
        base = {name: field.get("default_value") for name, field in self._fields.items()}
        current = self.current["attributes"] if self.current and self.current["type"] == self.type else {}
        kept = {name: {"keep_value": True} if _is_withheld(value) else value for name, value in current.items()}
        given = {
            name: {"set_value": value} if value and self._fields[name].get("is_encrypted") else value
            for name, value in self._configuration.items()
        }
        return {
            "title": self.title,
            "type": self.type,
            "global": self._params["node"] is None,
            "node": self._params["node"],
            "configuration": {**base, **kept, **given},
        }

    def without_secrets(self, fields: t.Optional[Document], prefix: str = _PREFIX) -> t.Any:
        """A copy to show, with a word in the place of every secret that is set."""
        if fields is None:
            return None
        names = {prefix + name for name in self.secrets}
        return {name: _HIDDEN if value and name in names else value for name, value in fields.items()}

    def answer(self, document: t.Optional[Document]) -> t.Optional[Document]:
        """Graylog's document as a result to show."""
        if document is None:
            return None
        return {**document, "attributes": self.without_secrets(document["attributes"], prefix="")}

    def _type(self) -> str:
        """The class of the type that the options name by its class or by its name in Graylog's pages."""
        name = self._params["type"]
        if name is None:
            if self.current is None and self._params["state"] != "absent":
                raise OptionError("type", None, f"is missing, and there is no input {self.title!r}", "give it")
            return self.current["type"] if self.current else ""
        types = self._graylog.read("/system/inputs/types")["types"]
        found = [known for known, title in types.items() if name in (known, title)]
        if not found:
            names = ", ".join(sorted(types.values()))
            raise OptionError("type", name, "is no type of input of this Graylog", f"give one of {names}")
        return found[0]

    def _wanted_configuration(self) -> Document:
        """Raises OptionError for a field which the type does not have: Graylog would keep it without a word."""
        wanted = {}
        for option in ("configuration", "secret_configuration"):
            for name, value in (self._params[option] or {}).items():
                if name not in self._fields:
                    known = ", ".join(sorted(self._fields))
                    raise OptionError(option, name, f"is no field of {self.type}", f"its fields are {known}")
                if option == "configuration" and value and name in self.secrets:
                    raise OptionError(option, name, "is a secret", "give it in secret_configuration")
                wanted[name] = _typed(option, name, value, self._fields[name]["type"])
        return wanted


def apply_input(graylog: Graylog, waiter: Waiter, params: dict[str, t.Any], check_mode: bool) -> Document:
    """Bring the input to the state of the options; the module's result."""
    subject = Input(graylog, params)
    current = subject.current
    differences = DifferenceTracker()
    if params["state"] == "absent":
        differences.compare("input", subject.without_secrets(subject.shown()), None)
        if current and not check_mode:
            graylog.remove(f"/system/inputs/{current['id']}")
        return {"input": subject.answer(current) if check_mode else None, "states": {}, **differences.result()}
    _compare(subject, differences)
    states = read_states(graylog, current) if current else {}
    if current and not differences.changed:
        if params["state"] == "restarted":
            differences.compare("started", "earlier", "by this task")
        elif is_stopped(states):
            differences.compare("state", _words(states), "RUNNING")
    if check_mode:
        return {"input": subject.answer(current), "states": _words(states), **differences.result()}
    current, before = _write(graylog, waiter, subject, differences, states)
    states = await_running(graylog, waiter, current, before) if params["wait"] else {}
    document = graylog.read(f"/system/inputs/{current['id']}")
    return {"input": subject.answer(document), "states": _words(states), **differences.result()}


def _compare(subject: Input, differences: DifferenceTracker) -> None:
    """Record what differs, in the place of a secret only that it does."""
    seen, wanted = subject.shown(), subject.wanted()
    secrets = {_PREFIX + name for name in subject.secrets}
    if seen is None:
        compare_fields(differences, "input", None, {**{"static_fields": {}}, **subject.without_secrets(wanted)})
        return
    for name in secrets & wanted.keys():
        value = wanted.pop(name)
        if seen.get(name) != value and not _is_withheld(seen.get(name)):
            differences.compare(name, "(another one)" if seen.get(name) else None, _HIDDEN if value else None)
    compare_fields(differences, "input", seen, wanted)


def _write(
    graylog: Graylog, waiter: Waiter, subject: Input, differences: DifferenceTracker, states: States
) -> tuple[Document, States]:
    """Make, update or start the input: its document, and the states before the last write, which starts it anew."""
    current, names, before = subject.current, set(differences.names), states
    written = True
    if current is None:
        current = graylog.read(f"/system/inputs/{graylog.create('/system/inputs', subject.document())['id']}")
    elif names - {"static_fields", "started", "state"}:
        graylog.update(f"/system/inputs/{current['id']}", subject.document())
    elif names & {"started", "state"}:
        start(graylog, current["id"])
    else:
        written = False
    for change in _static_field_changes(graylog, current, subject.wanted().get("static_fields")):
        if written:
            # Every write starts the input anew, and two starts at once make Graylog lose one that keeps the port.
            before = await_running(graylog, waiter, current, before)
        change()
        written = True
    return current, before if written else {}


def _static_field_changes(
    graylog: Graylog, current: Document, wanted: t.Optional[Document]
) -> list[t.Callable[[], object]]:
    if wanted is None:
        return []
    path, fields = f"/system/inputs/{current['id']}/staticfields", current.get("static_fields") or {}
    removals = [partial(graylog.remove, f"{path}/{quoted(name)}") for name in fields.keys() - wanted.keys()]
    values = [{"key": name, "value": value} for name, value in wanted.items() if fields.get(name) != value]
    return [*removals, *(partial(graylog.create, path, value) for value in values)]


def _typed(option: str, name: str, value: t.Any, kind: str) -> t.Any:
    """The value in the field's type; templates often make a text of it."""
    if value is None or kind not in ("number", "boolean", "text", "dropdown"):
        return value
    if kind == "boolean":
        words = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}
        if str(value).lower() not in words:
            raise OptionError(option, value, f"is not true or false in {name}", "write true or false")
        return words[str(value).lower()]
    if kind == "number":
        try:
            return int(value)
        except (TypeError, ValueError):
            raise OptionError(option, value, f"is no number in {name}", "write a whole number") from None
    return str(value)


def _is_secret(field: Document) -> bool:
    return "is_password" in (field.get("attributes") or ()) or bool(field.get("is_encrypted"))


def _is_withheld(value: t.Any) -> bool:
    """Whether Graylog keeps this value for itself: then it can not be compared, and is left alone."""
    return isinstance(value, dict) and "is_set" in value


def _flat(configuration: Document) -> Document:
    return {_PREFIX + name: value for name, value in configuration.items()}


def _words(states: States) -> dict[str, str]:
    return {node: state["state"] if state else "none" for node, state in states.items()}
