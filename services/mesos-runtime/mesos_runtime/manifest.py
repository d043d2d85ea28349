# SPDX-License-Identifier: GPL-3.0-or-later
"""MANIFEST: what a runtime was made from, and the digest of each of its files."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mesos_runtime import MESOS_VERSION, inputs
from mesos_runtime.download import sha256_of

NAME = "MANIFEST"


def write(folder: Path, sources_sha256: str, toolchain: Mapping[str, str]) -> None:
    """Write `folder`/MANIFEST (JSON)."""
    library = inputs.MESOS_LIBRARY
    document: dict[str, Any] = {
        "name": folder.name,
        "version": MESOS_VERSION,
        "platform": "linux-x86_64",
        "licence": "Apache-2.0 (lib/libmesos-1.11.0.so), GPL-3.0-or-later (everything else)",
        "inputs": [
            {
                "name": library.project,
                "version": library.version,
                "source": f"Python package index: {library.file_name}",
                "sha256": library.sha256,
                "licence": library.licence,
                "used_for": "lib/libmesos-1.11.0.so",
            },
            {
                "name": "services/mesos-runtime",
                "version": MESOS_VERSION,
                "source": "the collection mesospark.platform: launchers, OpenSSL shim, executors",
                "sha256": sources_sha256,
                "licence": "GPL-3.0-or-later",
                "used_for": "everything else",
            },
        ],
        "built_with": dict(sorted(toolchain.items())),
        "run_time_packages": list(inputs.RUN_TIME_PACKAGES),
        "files": {
            str(path.relative_to(folder)): sha256_of(path)
            for path in sorted(folder.rglob("*"))
            if path.is_file() and path.name != NAME
        },
    }
    (folder / NAME).write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")


def read(folder: Path) -> dict[str, Any]:
    """The manifest of an unpacked runtime; OSError or ValueError if there is none."""
    document: dict[str, Any] = json.loads((folder / NAME).read_text(encoding="utf-8"))
    return document
