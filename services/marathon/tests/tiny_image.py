# SPDX-License-Identifier: GPL-3.0-or-later
"""The image that docker scenarios run: a statically linked busybox and nothing else."""

import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

IMAGE = "x-tiny"
_DOCKERFILE = """\
FROM scratch
COPY busybox /bin/busybox
RUN ["/bin/busybox", "--install", "-s", "/bin"]
CMD ["/bin/sh"]
"""


@contextmanager
def tiny_image() -> Iterator[str | None]:
    """The image's name while it exists: the one that is there, or one made here and removed again.

    None where there is no container engine or no busybox (Debian: busybox-static) to make it from.
    """
    docker, busybox = shutil.which("docker"), shutil.which("busybox")
    if docker is None:
        yield None
        return
    if _runs(docker, "image", "inspect", IMAGE):
        yield IMAGE
        return
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "Dockerfile").write_text(_DOCKERFILE, encoding="ascii")
        if busybox is not None:
            shutil.copy(busybox, Path(folder, "busybox"))
        if not _runs(docker, "build", "--tag", IMAGE, folder):
            yield None
            return
    try:
        yield IMAGE
    finally:
        _runs(docker, "image", "rm", "--force", IMAGE)


def _runs(*command: str) -> bool:
    return subprocess.run(command, capture_output=True, check=False).returncode == 0
