# SPDX-License-Identifier: GPL-3.0-or-later
"""Where builds and downloads are kept on the controller."""

import os
from pathlib import Path


def cache_folder() -> Path:
    """The runtime's part of the project's cache (`MESOSPARK_CACHE`, default `~/.cache/mesospark`)."""
    base = os.environ.get("MESOSPARK_CACHE")
    return (Path(base) if base else Path.home() / ".cache/mesospark").absolute() / "mesos-runtime"


def runtime_folder() -> Path:
    """The unpacked runtime: `MESOSPARK_RUNTIME` if set, else the cached build (built if it is missing)."""
    override = os.environ.get("MESOSPARK_RUNTIME")
    if override:
        return Path(override).absolute()
    raise RuntimeError("MESOSPARK_RUNTIME is not set")
