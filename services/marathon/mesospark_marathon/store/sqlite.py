# SPDX-License-Identifier: GPL-3.0-or-later
"""The store in one SQLite file."""

import json
import sqlite3
from collections.abc import Mapping
from pathlib import Path

from mesospark_marathon.store import Document, StoreError

_SCHEMA = (
    "CREATE TABLE IF NOT EXISTS documents (kind TEXT, key TEXT, document TEXT, PRIMARY KEY (kind, key)) WITHOUT ROWID"
)


class SqliteStore:
    """Keeps documents in an SQLite file in write-ahead mode.

    A commit is one transaction without waiting for the disk: killing the process loses nothing; a power failure may
    lose the last moments, never the file.
    """

    def __init__(self, path: str) -> None:
        self._path = path
        self._changes: dict[tuple[str, str], Document | None] = {}
        try:
            Path(path).touch(mode=0o600, exist_ok=True)
            self._database = sqlite3.connect(path, isolation_level=None)
            self._database.execute("PRAGMA locking_mode=EXCLUSIVE")
            self._database.execute("PRAGMA journal_mode=WAL")
            self._database.execute("PRAGMA synchronous=NORMAL")
            self._database.execute(_SCHEMA)
        except (OSError, sqlite3.Error) as error:
            raise StoreError(
                f"the store {path} can not be opened: {error}; check --store, and that no other runs"
            ) from error

    def load(self, kind: str) -> Mapping[str, Document]:
        """All committed documents of a kind by key."""
        try:
            rows = self._database.execute("SELECT key, document FROM documents WHERE kind = ? ORDER BY key", (kind,))
            return {key: json.loads(document) for key, document in rows}
        except (ValueError, sqlite3.Error) as error:
            raise StoreError(f"the store {self._path} can not be read: {error}") from error

    def put(self, kind: str, key: str, document: Document) -> None:
        """Add or replace a document with the next commit."""
        self._changes[kind, key] = document

    def delete(self, kind: str, key: str) -> None:
        """Remove a document with the next commit."""
        self._changes[kind, key] = None

    def commit(self) -> None:
        """Write all collected changes in one transaction."""
        if not self._changes:
            return
        written = [
            (kind, key, json.dumps(document, separators=(",", ":")))
            for (kind, key), document in self._changes.items()
            if document is not None
        ]
        removed = [place for place, document in self._changes.items() if document is None]
        try:
            self._database.execute("BEGIN IMMEDIATE")
            self._database.executemany("INSERT OR REPLACE INTO documents VALUES (?, ?, ?)", written)
            self._database.executemany("DELETE FROM documents WHERE kind = ? AND key = ?", removed)
            self._database.execute("COMMIT")
        except sqlite3.Error as error:
            if self._database.in_transaction:
                self._database.execute("ROLLBACK")
            raise StoreError(f"the store {self._path} can not be written: {error}") from error
        self._changes.clear()

    def close(self) -> None:
        """Commit and give up the file."""
        self.commit()
        self._database.close()
