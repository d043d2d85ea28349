# SPDX-License-Identifier: GPL-3.0-or-later
"""From what a client sent to an app in normal form, or to a refusal in Marathon's words."""

from dataclasses import dataclass
from typing import Any

from mesospark_marathon.model import app_rules, paths
from mesospark_marathon.model.app import App, new_app
from mesospark_marathon.model.normal_form import normalise
from mesospark_marathon.model.old_forms import translate
from mesospark_marathon.model.reader import Errors, array, read_fields, record, without
from mesospark_marathon.model.schema import APP, APP_UPDATE

Document = dict[str, Any]


@dataclass(frozen=True)
class InputRules:
    """What of the server's options the reading of apps depends on."""

    default_role: str = "*"
    default_network: str = ""
    enforced: frozenset[str] = frozenset()
    """top-level groups whose apps must have the group's role"""

    def roles(self, app_id: str) -> list[str]:
        """The roles that an app of this id may have, the default first."""
        top = app_id.split("/")[1]
        if app_id.count("/") < 2:
            return [self.default_role]
        if f"/{top}" in self.enforced:
            return [top]
        return list(dict.fromkeys([self.default_role, top]))


def read_app(raw: Any) -> Document:
    """The typed document of a new app; ApiError 422 for wrong types."""
    errors = Errors()
    document = read_fields(errors, "", raw, APP)
    errors.refuse()
    return document


def read_updates(raw: Any) -> list[Document]:
    """The typed documents of a change of several apps, each of which names its id; ApiError 422 for wrong types."""
    errors = Errors()
    documents = array(record(APP))(errors, "", raw)
    errors.refuse()
    return list(documents)


def read_update(raw: Any) -> Document:
    """The typed document of a change; ApiError 422 for wrong types."""
    errors = Errors()
    document = read_fields(errors, "", raw, APP_UPDATE)
    errors.refuse()
    return document


def build_app(document: Document, app_id: str, version: str, rules: InputRules, base: str = paths.ROOT) -> App:
    """The app in normal form; ApiError when it breaks a rule.

    document: as `read_app` gave it, or merged by `merge`; deprecated fields are allowed.
    base: the group whose update the document is part of.
    """
    settings = without(document, ("version", "versionInfo")) | {"id": app_id}
    app_rules.refuse_broken(app_rules.check_app(settings, app_id, rules.roles(app_id)))
    translated = translate(settings)
    app_rules.refuse_broken(app_rules.check_single_instance(translated))
    app_rules.refuse_illegal(translated)
    default_role = rules.roles(app_id)[0]
    normal = normalise(translated, base=base, default_role=default_role, default_network=rules.default_network)
    return new_app(normal, version)


def merge(app: App, update: Document) -> Document:
    """The app's document with the fields of an update laid over it."""
    replaced: tuple[str, ...] = ()
    if "ports" in update and "portDefinitions" not in update:
        replaced = ("portDefinitions",)
    docker = (update.get("container") or {}).get("docker") or {}
    if "ipAddress" in update or "network" in docker:
        replaced = (*replaced, "networks")
    return without(app.document, replaced) | update


def app_id_of(document: Document, base: str = paths.ROOT) -> str:
    """The canonical id that a document names."""
    return paths.canonical(document["id"], base)
