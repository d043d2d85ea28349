# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Local files of a job as one image layer: the same bytes for the same files, wherever and whenever it is made."""

from __future__ import annotations

import gzip
import io
import os
import tarfile
import typing as t
from dataclasses import dataclass

from .errors import OptionError
from .sizes import readable
from .spark import JOB_FOLDER

MAXIMUM_SIZE = 512 * 1024 * 1024


@dataclass(frozen=True)
class LocalFile:
    """A file ``source`` of this machine that shall be ``target`` (absolute) in the image."""

    source: str
    target: str


def local_files(options: t.Sequence[tuple[str, t.Sequence[str]]]) -> list[LocalFile]:
    """The files which the options name, folders with all that is in them.

    ``options``: pairs of an option's name and its paths. Raises OptionError for what is missing, unreadable, named
    twice, too large.
    """
    found: dict[str, LocalFile] = {}
    size = 0
    for option, paths in options:
        for path in paths:
            for item in _expanded(option, path):
                known = found.get(item.target)
                if known and os.path.realpath(known.source) != os.path.realpath(item.source):
                    raise OptionError(option, path, f"has the same name as {known.source}", "rename one of them")
                if not known:
                    size += os.path.getsize(item.source)
                found[item.target] = item
            if size > MAXIMUM_SIZE:
                limit = readable(MAXIMUM_SIZE / 1024 / 1024)
                raise OptionError(
                    option, path, f"brings the job's files above {limit}", "put large data where agents can read it"
                )
    return [found[target] for target in sorted(found)]


def _expanded(option: str, path: str) -> t.Iterator[LocalFile]:
    name = os.path.basename(os.path.normpath(path))
    if os.path.isdir(path):
        for folder, folders, files in os.walk(path):
            folders.sort()
            for file in sorted(files):
                source = os.path.join(folder, file)
                yield _readable(option, source, f"{JOB_FOLDER}/{name}/{os.path.relpath(source, path)}")
    else:
        yield _readable(option, path, f"{JOB_FOLDER}/{name}")


def _readable(option: str, source: str, target: str) -> LocalFile:
    if not os.path.exists(source):
        fix = (
            f"correct the path, or write local://{source} if the file is in the image"
            if source[:1] == "/"
            else "correct the path"
        )
        raise OptionError(option, source, "is no file on this machine", fix)
    if not os.path.isfile(source) or not os.access(source, os.R_OK):
        raise OptionError(option, source, "can not be read", "make it a readable file")
    return LocalFile(source, target)


def layer_of(files: t.Sequence[LocalFile]) -> bytes:
    """An uncompressed tar: owned by root, readable by all, without times."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for folder in sorted({folder for file in files for folder in _folders(file.target)}):
            entry = tarfile.TarInfo(folder)
            entry.type = tarfile.DIRTYPE
            entry.mode = 0o755
            archive.addfile(entry)
        for file in files:
            entry = tarfile.TarInfo(file.target.lstrip("/"))
            with open(file.source, "rb") as content:
                data = content.read()
            entry.size = len(data)
            entry.mode = 0o755 if os.access(file.source, os.X_OK) else 0o644
            archive.addfile(entry, io.BytesIO(data))
    return buffer.getvalue()


def compressed(layer: bytes) -> bytes:
    return gzip.compress(layer, compresslevel=6, mtime=0)


def _folders(target: str) -> t.Iterator[str]:
    """The folders of a target from JOB_FOLDER downwards, as they stand in a tar."""
    folder = os.path.dirname(target)
    while len(folder) >= len(JOB_FOLDER):
        yield folder.lstrip("/")
        folder = os.path.dirname(folder)
