# SPDX-License-Identifier: GPL-3.0-or-later
"""What survives a restart: JSON documents by kind and key, behind one small interface."""

from collections.abc import Mapping
from typing import Any, Protocol

Document = Any
"""any JSON value"""


class Store(Protocol):
    """Changes are collected and written together by `commit`; what was put is not read back before a restart."""

    def load(self, kind: str) -> Mapping[str, Document]:
        """All committed documents of a kind by key, in the order of their keys."""

    def put(self, kind: str, key: str, document: Document) -> None:
        """Add or replace a document with the next commit."""

    def delete(self, kind: str, key: str) -> None:
        """Remove a document with the next commit; one that is not there is no error."""

    def commit(self) -> None:
        """Write all collected changes in one transaction. Raises StoreError when that fails; nothing is lost then."""

    def close(self) -> None:
        """Commit and give up the file."""


class StoreError(Exception):
    """The store can not be read or written; the message says which file and why."""
