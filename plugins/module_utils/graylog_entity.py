# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the modules that manage things in Graylog share: comparing fields, and naming one thing in another."""

from __future__ import annotations

import typing as t

from .difference import DifferenceTracker
from .errors import OptionError
from .graylog import Document, Graylog, only


def compare_fields(differences: DifferenceTracker, kind: str, current: t.Optional[Document], wanted: Document) -> None:
    """Record the wanted fields that differ from the current ones, or the whole when there is nothing yet."""
    if current is None:
        differences.compare(kind, None, wanted)
        return
    for field, value in wanted.items():
        differences.compare(field, current.get(field), value)


def given(params: dict[str, t.Any], *names: str) -> Document:
    """The options among ``names`` that have a value."""
    return {name: params[name] for name in names if params[name] is not None}


class References:
    """Ids of things that options name.

    In check mode a thing may be missing which an earlier task would have made: then its id is a placeholder, and
    ``warnings`` tells. Otherwise that raises OptionError.
    """

    def __init__(self, graylog: Graylog, check_mode: bool) -> None:
        self.graylog = graylog
        self.warnings: list[str] = []
        self._check_mode = check_mode
        self._streams: t.Optional[list[Document]] = None
        self._index_sets: t.Optional[list[Document]] = None
        self._views: t.Optional[list[Document]] = None

    def stream_id(self, option: str, name: str) -> str:
        return self._id(option, name, "stream", only(option, name, self._all_streams(), "title", "id"))

    def index_set_id(self, option: str, name: str) -> str:
        found = only(option, name, self._all_index_sets(), "index_prefix", "title", "id")
        return self._id(option, name, "index set", found)

    def view_id(self, option: str, name: str) -> str:
        """Id of a dashboard or saved search."""
        if self._views is None:
            self._views = self.graylog.views()
        found = only(option, name, self._views, "title", "id")
        return self._id(option, name, "dashboard or saved search", found)

    def notification_id(self, option: str, name: str) -> str:
        found = only(option, name, self.graylog.pages("/events/notifications", "notifications"), "title", "id")
        return self._id(option, name, "notification", found)

    def index_set_prefix(self, index_set_id: str) -> str:
        known = self._all_index_sets()
        return next((entry["index_prefix"] for entry in known if entry["id"] == index_set_id), index_set_id)

    def default_index_set(self) -> str:
        """Prefix of the index set that takes what no stream sends elsewhere."""
        return next(entry["index_prefix"] for entry in self._all_index_sets() if entry["default"])

    def _all_streams(self) -> list[Document]:
        if self._streams is None:
            self._streams = self.graylog.streams()
        return self._streams

    def _all_index_sets(self) -> list[Document]:
        if self._index_sets is None:
            self._index_sets = self.graylog.index_sets()
        return self._index_sets

    def missing(self, option: str, name: str, kind: str) -> None:
        """Complain about a thing that is not there, or in check mode warn."""
        if not self._check_mode:
            raise OptionError(option, name, f"is no {kind} of this Graylog", f"make the {kind} first")
        self.warnings.append(f"There is no {kind} {name!r} yet: it is taken for one that an earlier task makes.")

    def _id(self, option: str, name: str, kind: str, found: t.Optional[Document]) -> str:
        if found is not None:
            return found["id"]
        self.missing(option, name, kind)
        return f"({name})"
