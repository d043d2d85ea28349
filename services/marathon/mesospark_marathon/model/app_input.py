# SPDX-License-Identifier: GPL-3.0-or-later
"""From what a client sent to an app in normal form, or to a refusal in Marathon's words."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from mesospark_marathon.model import app_rules, paths
from mesospark_marathon.model.app import App, new_app
from mesospark_marathon.model.errors import ApiError
from mesospark_marathon.model.normal_form import normalise
from mesospark_marathon.model.old_forms import check_old_forms, translate, translate_update
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
    present: Mapping[str, str] = field(default_factory=dict)
    """roles that apps have already, by app: they may keep them"""

    def roles(self, app_id: str) -> list[str]:
        """The roles that an app of this id may have, the default first."""
        top = app_id.split("/")[1]
        if app_id.count("/") < 2:
            return [self.default_role]
        usual = [top] if f"/{top}" in self.enforced else [self.default_role, top]
        return list(dict.fromkeys([*usual, self.present.get(app_id, usual[0])]))


def read_app(raw: Any) -> Document:
    """The typed document of a new app; ApiError 422 for wrong types."""
    errors = Errors()
    document = read_fields(errors, "", raw, APP)
    errors.refuse()
    return document


def read_updates(raw: Any, *, partial: bool) -> list[Document]:
    """The typed documents of a change of several apps, each of which names its id; ApiError 422 for wrong types.

    partial: fields that are left out stay as they are.
    """
    errors = Errors()
    documents: list[Document] = array(record(APP_UPDATE if partial else APP))(errors, "", raw)
    errors.refuse()
    if any("id" not in document for document in documents):
        raise ApiError(422, {"message": "requirement failed: App Update must have app id set"})
    return documents


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
    app_rules.refuse_broken(check_old_forms(settings))
    translated = translate(settings)
    app_rules.refuse_broken(app_rules.check_app(translated, app_id, rules.roles(app_id)))
    app_rules.refuse_illegal(translated)
    app_rules.refuse_broken(app_rules.check_definition(translated))
    default_role = rules.roles(app_id)[0]
    normal = normalise(translated, base=base, default_role=default_role, default_network=rules.default_network)
    return new_app(normal, version)


def merge(app: App, update: Document) -> Document:
    """The app's document with the fields of an update laid over it."""
    return app.document | translate_update(update)


def app_id_of(document: Document, base: str = paths.ROOT) -> str:
    """The canonical id that a document names."""
    return paths.canonical(document["id"], base)
