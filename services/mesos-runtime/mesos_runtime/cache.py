# SPDX-License-Identifier: GPL-3.0-or-later
"""Where builds and downloads are kept on the controller."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from mesos_runtime.errors import BuildError


def cache_folder() -> Path:
    """The runtime's part of the project's cache (`MESOSPARK_CACHE`, default `~/.cache/mesospark`)."""
    base = os.environ.get("MESOSPARK_CACHE")
    return (Path(base) if base else Path.home() / ".cache/mesospark").absolute() / "mesos-runtime"


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Keeps other builds out of `folder`, also those of other processes; waits for its turn."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def runtime_folder() -> Path:
    """The unpacked runtime: `MESOSPARK_RUNTIME` if set, else the cached build, made first if it is missing.

    BuildError if there is none in that folder, or it cannot be built.
    """
    override = os.environ.get("MESOSPARK_RUNTIME")
    if override:
        folder = Path(override).absolute()
        if not (folder / "sbin/mesos-master").exists():
            raise BuildError(f"MESOSPARK_RUNTIME={override} holds no runtime: there is no sbin/mesos-master in it")
        return folder
    from mesos_runtime.build import build  # here, because only this way needs a compiler

    return build().folder
