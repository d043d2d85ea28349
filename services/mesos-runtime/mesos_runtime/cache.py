# SPDX-License-Identifier: GPL-3.0-or-later
"""Where builds and downloads are kept on the controller."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


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

    BuildError if it cannot be built.
    """
    override = os.environ.get("MESOSPARK_RUNTIME")
    if override:
        return Path(override).absolute()
    from mesos_runtime.build import build  # here, because only this way needs a compiler

    return build().folder
