# SPDX-License-Identifier: GPL-3.0-or-later
"""A small image for drivers without Spark: busybox, the user nobody, and entrypoint.sh."""

import io
import tarfile
from pathlib import Path

from debian_program import debian_program

_COMMANDS = ("sh", "cat", "echo", "sleep", "seq", "env", "test")


def image_archive() -> bytes:
    """Its file system as a tar archive, for ``docker import``."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        busybox = debian_program("busybox-static", "bin/busybox")
        _add(archive, "bin/busybox", busybox.read_bytes(), 0o755)
        for command in _COMMANDS:
            link = tarfile.TarInfo(f"bin/{command}")
            link.type, link.linkname = tarfile.SYMTYPE, "busybox"
            archive.addfile(link)
        _add(archive, "etc/passwd", b"nobody:x:65534:65534::/:/bin/sh\n", 0o644)
        _add(archive, "entrypoint", Path(__file__).with_name("entrypoint.sh").read_bytes(), 0o755)
    return buffer.getvalue()


def _add(archive: tarfile.TarFile, name: str, data: bytes, mode: int) -> None:
    entry = tarfile.TarInfo(name)
    entry.size, entry.mode = len(data), mode
    archive.addfile(entry, io.BytesIO(data))
