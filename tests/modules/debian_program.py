# SPDX-License-Identifier: GPL-3.0-or-later
"""Programs of Debian packages: the installed one, or the package unpacked into the cache."""

import os
import shutil
import subprocess
from pathlib import Path

_CACHE = Path(os.environ.get("MESOSPARK_CACHE", "~/.cache/mesospark")).expanduser() / "test-programs"


def debian_program(package: str, path: str) -> Path:
    """The program at ``path`` (relative) in ``package``; downloaded by apt-get if it is not installed."""
    installed = shutil.which(Path(path).name)
    if installed:
        return Path(installed)
    program = _CACHE / package / path
    if not program.exists():
        program_folder = _CACHE / package
        program_folder.mkdir(parents=True, exist_ok=True)
        subprocess.run(["apt-get", "-qq", "download", package], cwd=program_folder, check=True, capture_output=True)
        archive = next(program_folder.glob(f"{package}_*.deb"))
        subprocess.run(["dpkg", "-x", str(archive), str(program_folder)], check=True)
    return program


def debian_tree(name: str, *packages: str) -> Path:
    """A folder of the cache into which all these packages are unpacked; `name` stands for the list."""
    folder = _CACHE / name
    if not (folder / ".complete").exists():
        folder.mkdir(parents=True, exist_ok=True)
        subprocess.run(["apt-get", "-qq", "download", *packages], cwd=folder, check=True, capture_output=True)
        for archive in folder.glob("*.deb"):
            subprocess.run(["dpkg", "-x", str(archive), str(folder)], check=True)
        (folder / ".complete").touch()
    return folder
