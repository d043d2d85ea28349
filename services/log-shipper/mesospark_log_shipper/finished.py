# SPDX-License-Identifier: GPL-3.0-or-later
"""Files that are shipped to their end, whose run has ended, and that are still in their sandbox."""

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from mesospark_log_shipper.holding import HeldFiles, Note


class Finished(NamedTuple):
    """Little of each, because Mesos keeps sandboxes for a week: there may be many."""

    path: Path
    size: int


class FinishedFiles:
    """Remembers them, so that they are not shipped again, until Mesos removes them. Their notes stay, links do not."""

    def __init__(self, held: HeldFiles) -> None:
        self._held = held
        self._files: dict[str, Finished] = {}

    def add(self, key: str, note: Note) -> None:
        """Take a file whose note says how much of it was shipped (`finished`)."""
        self._held.release(key)
        self._files[key] = Finished(Path(note.path), note.finished or 0)

    def knows(self, key: str, path: Path) -> bool:
        """Whether the file at `path` is one of them; one of another path with the same key has been removed."""
        file = self._files.get(key)
        if file is not None and file.path != path:
            self._forget(key)
            return False
        return file is not None

    def review(self) -> Iterator[str]:
        """Forget files that are gone; the keys of those that have grown, which are given back."""
        for key, file in list(self._files.items()):
            size = size_at(file.path, key)
            if size is None:
                self._forget(key)
            elif size != file.size:
                del self._files[key]
                yield key

    def _forget(self, key: str) -> None:
        del self._files[key]
        self._held.forget(key)


def size_at(path: Path, key: str) -> int | None:
    """The size of the file of this key, in bytes; None if it does not have this path any more."""
    try:
        status = path.lstat()
    except OSError:
        return None
    return status.st_size if key.endswith(f"-{status.st_ino}") else None
