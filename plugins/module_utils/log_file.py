# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Records of logs as a file: one line of text, or one JSON document, for each."""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
import typing as t

from .difference import DifferenceTracker
from .errors import OptionError
from .log_records import Record, text_line

FORMATS = ("text", "json")


def write_log(
    path: str, file_format: str, records: t.Iterable[Record], tracker: DifferenceTracker, check_mode: bool
) -> int:
    """Put a file in its place when it is complete, unless it is there with the same content; how many records.

    Logs may hold what others must not read, so it is its owner's. Raises OptionError when it can not be written.
    """
    folder = check_place(path)
    digest, size, number = hashlib.sha256(), 0, 0
    temporary = None
    try:
        with _opened(folder, check_mode) as output:
            temporary = output.name
            for record in records:
                line = text_line(record) if file_format == "text" else json.dumps(record, ensure_ascii=False)
                data = line.encode("utf-8", "backslashreplace") + b"\n"
                digest.update(data)
                output.write(data)
                size += len(data)
                number += 1
        changed = tracker.compare(path, _present(path), {"sha256": digest.hexdigest(), "size": size})
        if changed and not check_mode:
            os.replace(temporary, path)
    except OSError as error:
        raise OptionError("dest", path, f"can not be written ({error.strerror})", "choose another place") from error
    finally:
        if temporary and not check_mode and os.path.exists(temporary):
            os.unlink(temporary)
    return number


def check_place(path: str) -> str:
    """The folder of a file that may be written. Raises OptionError when it can not be one."""
    folder = os.path.dirname(os.path.abspath(path))
    if os.path.isdir(path) or not os.path.isdir(folder):
        raise OptionError("dest", path, "can not be a file", "name a file in a folder that exists")
    return folder


def _opened(folder: str, check_mode: bool) -> t.Any:
    """A new file, or in check mode nothing that keeps what is written."""
    if check_mode:
        return open(os.devnull, "wb")
    return tempfile.NamedTemporaryFile(prefix=".log-", dir=folder, delete=False)


def _present(path: str) -> t.Optional[dict[str, t.Any]]:
    """Digest and size of a file that is there."""
    digest = hashlib.sha256()
    try:
        with open(path, "rb") as file:
            for page in iter(lambda: file.read(1024 * 1024), b""):
                digest.update(page)
            return {"sha256": digest.hexdigest(), "size": file.tell()}
    except FileNotFoundError:
        return None
