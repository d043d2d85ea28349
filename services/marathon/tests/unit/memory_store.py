# SPDX-License-Identifier: GPL-3.0-or-later
"""A store that forgets: for tests of what uses one."""

import copy
from collections.abc import Mapping

from mesospark_marathon.store import Document


class MemoryStore:
    """Keeps documents in this process."""

    def __init__(self) -> None:
        self._committed: dict[tuple[str, str], Document] = {}
        self._changes: dict[tuple[str, str], Document | None] = {}

    def load(self, kind: str) -> Mapping[str, Document]:
        """All committed documents of a kind by key."""
        found = ((key, document) for (known, key), document in self._committed.items() if known == kind)
        return dict(sorted(copy.deepcopy(list(found))))

    def put(self, kind: str, key: str, document: Document) -> None:
        """Add or replace a document with the next commit."""
        self._changes[kind, key] = copy.deepcopy(document)

    def delete(self, kind: str, key: str) -> None:
        """Remove a document with the next commit."""
        self._changes[kind, key] = None

    def commit(self) -> None:
        """Make all collected changes."""
        for place, document in self._changes.items():
            if document is None:
                self._committed.pop(place, None)
            else:
                self._committed[place] = document
        self._changes.clear()

    def close(self) -> None:
        """Commit."""
        self.commit()
