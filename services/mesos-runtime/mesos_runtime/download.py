# SPDX-License-Identifier: GPL-3.0-or-later
"""Checksummed downloads that can be resumed."""

import hashlib
from pathlib import Path

from mesos_runtime.errors import BuildError
from mesos_runtime.package_index import PackageIndex
from mesos_runtime.progress import Percentage, say

_BLOCK = 1 << 18


def sha256_of(path: Path) -> str:
    """Hex digest of a file."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


def fetch(project: str, file_name: str, sha256: str, folder: Path, index: PackageIndex | None = None) -> Path:
    """The named file in `folder`, downloaded if it is not there; a partial download is continued.

    A file with another digest is removed. BuildError if the index fails or sends something else.
    """
    target = folder / file_name
    if target.exists():
        if sha256_of(target) == sha256:
            return target
        say(f"{target} is damaged: it is downloaded again")
        target.unlink()
    folder.mkdir(parents=True, exist_ok=True)
    partial = folder / f"{file_name}.part"
    index = index or PackageIndex()
    _download(index, index.find(project, sha256, file_name), partial, file_name)
    found = sha256_of(partial)
    if found != sha256:
        partial.unlink()
        raise BuildError(
            f"{file_name} from the package index has the sha256 {found}, not {sha256}: it was not used; "
            "run the build again, and if that does not help, check the index"
        )
    partial.rename(target)
    return target


def _download(index: PackageIndex, url: str, partial: Path, name: str) -> None:
    have = partial.stat().st_size if partial.exists() else 0
    try:
        answer = index.open(url, {"Range": f"bytes={have}-"} if have else {})
    except BuildError:
        if not have:
            raise
        # The server may refuse a range, for one because all of the file is there already: once more from the start.
        partial.unlink()
        have = 0
        answer = index.open(url, {})
    with answer:
        if have and answer.status != 206:
            have = 0
        length = answer.headers.get("Content-Length")
        total = have + int(length) if length else None
        percentage = Percentage(f"downloading {name}", total, have)
        try:
            with partial.open("ab" if have else "wb") as file:
                while block := answer.read(_BLOCK):
                    file.write(block)
                    percentage.add(len(block))
        except OSError as error:
            raise BuildError(
                f"the download of {name} broke off ({error}); run the build again to continue it"
            ) from None
    if total is not None and partial.stat().st_size < total:
        raise BuildError(f"the download of {name} broke off; run the build again to continue it")
