# SPDX-License-Identifier: GPL-3.0-or-later
"""Unpacks fetched archives, told by their names."""

import re
import shutil
import stat
import subprocess
from pathlib import Path

_TAR = re.compile(r"\.(tar|tgz|tar\.gz|tbz2|tar\.bz2|txz|tar\.xz)$")


def extract(source: Path, folder: Path) -> bool:
    """Unpack `source` into `folder`; False if its name is not that of an archive. OSError, ValueError or
    CalledProcessError if it is damaged."""
    if _TAR.search(source.name):
        subprocess.run(["tar", "-C", str(folder), "-xf", str(source)], check=True)
    elif source.suffix == ".zip":
        _extract_zip(source, folder)
    elif source.suffix == ".gz":
        import gzip

        target = folder / source.stem
        with gzip.open(source) as compressed, target.open("wb") as file:
            shutil.copyfileobj(compressed, file, 1 << 20)
    else:
        return False
    return True


def _extract_zip(source: Path, folder: Path) -> None:
    import zipfile

    try:
        with zipfile.ZipFile(source) as archive:
            for member in archive.infolist():
                target = Path(archive.extract(member, folder))
                mode = member.external_attr >> 16
                if stat.S_ISLNK(mode):
                    target.unlink()
                    target.symlink_to(archive.read(member).decode())
                elif mode and not member.is_dir():
                    target.chmod(stat.S_IMODE(mode))
    except zipfile.BadZipFile as error:
        raise ValueError(str(error)) from error
