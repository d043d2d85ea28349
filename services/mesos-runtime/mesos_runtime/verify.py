# SPDX-License-Identifier: GPL-3.0-or-later
"""Checks an archive or an unpacked runtime."""

import subprocess
from pathlib import Path

from mesos_runtime import manifest
from mesos_runtime.download import sha256_of
from mesos_runtime.errors import BuildError


def verify(path: Path) -> str:
    """Check an archive against its .sha256, or an unpacked runtime against its MANIFEST and this machine's libraries.

    Returns one sentence about what was found good; BuildError names everything that is not.
    """
    if path.is_dir():
        return _verify_folder(path)
    if path.is_file():
        return _verify_archive(path)
    raise BuildError(f"{path}: no such file or folder")


def _verify_archive(path: Path) -> str:
    checksum = path.with_name(f"{path.name}.sha256")
    if not checksum.is_file():
        raise BuildError(f"{checksum} is missing, so {path.name} cannot be checked")
    wanted = checksum.read_text(encoding="ascii").split()[0]
    found = sha256_of(path)
    if found != wanted:
        raise BuildError(f"{path} has the sha256 {found}, not {wanted} as {checksum.name} says: build or copy it again")
    return f"{path} has the right sha256 {found}"


def _verify_folder(folder: Path) -> str:
    try:
        files = manifest.read(folder)["files"]
    except (OSError, ValueError, KeyError):
        raise BuildError(f"{folder} holds no runtime: {folder / manifest.NAME} is missing or damaged") from None
    present = {str(p.relative_to(folder)) for p in folder.rglob("*") if p.is_file() and p.name != manifest.NAME}
    faults = [f"{name} is missing" for name in sorted(files.keys() - present)]
    faults += [f"{name} does not belong there" for name in sorted(present - files.keys())]
    faults += [
        f"{name} was changed" for name in sorted(files.keys() & present) if sha256_of(folder / name) != files[name]
    ]
    if not faults:
        faults = _library_faults(folder)
    if faults:
        raise BuildError(f"{folder}: " + "; ".join(faults))
    return f"{folder}: {len(files)} files as in its MANIFEST, every library found"


def _library_faults(folder: Path) -> list[str]:
    done = subprocess.run(
        ["ldd", str(folder / "sbin/mesos-agent")], capture_output=True, text=True, check=False, env={"LC_ALL": "C"}
    )
    missing = sorted({line.split()[0] for line in done.stdout.splitlines() if "not found" in line})
    if not missing:
        return []
    packages = " ".join(manifest.read(folder)["run_time_packages"])
    return [f"this machine lacks {', '.join(missing)}: apt-get install {packages}"]
