# SPDX-License-Identifier: GPL-3.0-or-later
"""A Docker image of a megabyte for test tasks, made on the spot: no registry is needed."""

import io
import shutil
import subprocess
import tarfile
from pathlib import Path

from mesos_runtime.local_cluster.errors import ClusterError

_COMMANDS = (
    *("sh", "cat", "chmod", "date", "echo", "env", "false", "head", "hostname", "httpd", "id", "ip", "kill", "ls"),
    *("mkdir", "nc", "ps", "rm", "sleep", "touch", "tr", "true", "wget"),
)


def engine_answers() -> bool:
    """Whether a Docker engine can be used here."""
    docker = shutil.which("docker")
    return bool(docker) and subprocess.run([str(docker), "version"], capture_output=True, check=False).returncode == 0


def make_tiny_image(name: str) -> str:
    """Import an image of the static busybox under `name`; its id. ClusterError if busybox or the engine is missing."""
    busybox = _static_busybox()
    done = subprocess.run(
        ["docker", "import", "--change", 'CMD ["/bin/sh"]', "-", name],
        input=_file_system(busybox),
        capture_output=True,
        check=False,
    )
    if done.returncode:
        raise ClusterError(f"the image {name} cannot be made: {done.stderr.decode(errors='replace').strip()}")
    return done.stdout.decode().strip()


def remove_image(image_id: str) -> None:
    """Remove an image, if it is there."""
    subprocess.run(["docker", "image", "rm", "-f", image_id], capture_output=True, check=False)


def _static_busybox() -> bytes:
    path = shutil.which("busybox")
    if path:
        data = Path(path).read_bytes()
        # A dynamic program names its loader.
        if b"ld-linux" not in data[:4096]:
            return data
    raise ClusterError("a static busybox is needed for the test image: apt-get install busybox-static")


def _file_system(busybox: bytes) -> bytes:
    output = io.BytesIO()
    with tarfile.open(fileobj=output, mode="w") as tar:
        for name, mode in (("bin", 0o755), ("etc", 0o755), ("tmp", 0o1777)):
            folder = tarfile.TarInfo(name)
            folder.type, folder.mode = tarfile.DIRTYPE, mode
            tar.addfile(folder)
        _add(tar, "bin/busybox", busybox, 0o755)
        _add(tar, "etc/passwd", b"root:x:0:0:root:/:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/sh\n", 0o644)
        for command in _COMMANDS:
            link = tarfile.TarInfo(f"bin/{command}")
            link.type, link.linkname = tarfile.SYMTYPE, "busybox"
            tar.addfile(link)
    return output.getvalue()


def _add(tar: tarfile.TarFile, name: str, data: bytes, mode: int) -> None:
    entry = tarfile.TarInfo(name)
    entry.size, entry.mode = len(data), mode
    tar.addfile(entry, io.BytesIO(data))
