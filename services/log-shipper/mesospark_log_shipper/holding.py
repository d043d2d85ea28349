# SPDX-License-Identifier: GPL-3.0-or-later
"""Keeps files until they are acknowledged: a hard link beside a note of what the file is.

Mesos removes sandboxes, and log rotation removes logs, without asking. A hard link keeps the bytes, over a restart too.
"""

import json
import logging
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

LOG = logging.getLogger(__name__)


@dataclass
class Note:
    """What is known of a file apart from positions.

    series: what record ids begin with
    generation: counts the files and truncations that the same series had before
    facts: what every event of the file says
    local_time: whether its writer shares this host's time zone
    finished: bytes that were shipped when the file was done with, or None
    """

    path: str
    series: str
    generation: int
    facts: dict[str, Any]
    local_time: bool = False
    finished: int | None = None


class HeldFiles:
    """Notes and hard links in `folder`, by key."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        # os.link follows /proc's links only if a folder is given
        self._descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)

    def notes(self) -> Iterator[tuple[str, Note]]:
        """Every note, by key."""
        for path in sorted(self._folder.glob("*.json")):
            note = self.read(path.stem)
            if note:
                yield path.stem, note

    def read(self, key: str) -> Note | None:
        """A note; one that can not be read is removed, its file will be found again."""
        path = self._folder / f"{key}.json"
        try:
            return Note(**json.loads(path.read_text(encoding="utf-8")))
        except (OSError, ValueError, TypeError) as error:
            LOG.error("The note %s is unreadable, its file is shipped from the beginning: %s", path, error)
            path.unlink(missing_ok=True)
            return None

    def write(self, key: str, note: Note) -> bool:
        """Write a note so that it is there whole or not at all; False if it can not be, as on a full disk."""
        try:
            write_atomically(self._folder / f"{key}.json", json.dumps(vars(note)), False)
        except OSError as error:
            LOG.error("The note of %s can not be written: %s", note.path, error)
            return False
        return True

    def hold(self, key: str, descriptor: int) -> bool:
        """Link an open file; False where that can not be, as on another file system."""
        try:
            os.link(f"/proc/self/fd/{descriptor}", self._path(key), src_dir_fd=self._descriptor, follow_symlinks=True)
        except FileExistsError:
            return True
        except OSError as error:
            LOG.warning("No hard link for %s, which is lost if it is removed while the shipper is down: %s", key, error)
            return False
        return True

    def open(self, key: str) -> int | None:
        """Open the linked file; None if there is no link."""
        try:
            return os.open(self._path(key), os.O_RDONLY | os.O_NOFOLLOW)
        except FileNotFoundError:
            return None

    def release(self, key: str) -> None:
        """Remove the link and keep the note."""
        self._path(key).unlink(missing_ok=True)

    def forget(self, key: str) -> None:
        """Remove link and note."""
        self.release(key)
        (self._folder / f"{key}.json").unlink(missing_ok=True)

    def _path(self, key: str) -> Path:
        return self._folder / f"{key}.log"


def write_atomically(path: Path, text: str, durable: bool) -> None:
    """Replace a file so that a reader finds the old or the new one, whole; with `durable` also after a power cut."""
    new = path.with_name(path.name + ".new")
    with new.open("w", encoding="utf-8") as file:
        file.write(text)
        if durable:
            file.flush()
            os.fsync(file.fileno())
    new.replace(path)
