# SPDX-License-Identifier: GPL-3.0-or-later
"""Real servers on loopback for the modules: an image registry, a Mesos cluster, the embedded Marathon."""

import io
import subprocess
import sys
import tarfile
from collections.abc import Iterator
from pathlib import Path

import pytest

_ROOT = Path(__file__).resolve().parents[2]
for _folder in (_ROOT / ".collections", _ROOT / "services/marathon/tests", Path(__file__).parent):
    if str(_folder) not in sys.path:
        sys.path.insert(0, str(_folder))

from registry_process import PASSWORD, USERNAME, RegistryProcess  # noqa: E402 - it stands beside this file


def docker(*arguments: str, data: bytes | None = None) -> str:
    """Run the engine's client; its standard output."""
    done = subprocess.run(["docker", *arguments], input=data, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout.decode().strip()


@pytest.fixture(scope="session")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RegistryProcess]:
    with RegistryProcess(tmp_path_factory.mktemp("registry") / "server") as running:
        yield running


@pytest.fixture(scope="session")
def engine_configuration(registry: RegistryProcess, tmp_path_factory: pytest.TempPathFactory) -> str:
    """A client configuration that is logged in at the registry."""
    folder = str(tmp_path_factory.mktemp("docker"))
    docker("--config", folder, "login", "-u", USERNAME, "--password-stdin", registry.host, data=PASSWORD.encode())
    return folder


@pytest.fixture(scope="session")
def base_image(registry: RegistryProcess, engine_configuration: str) -> Iterator[str]:
    """A small image, pushed by a real engine: one layer with the file /etc/base."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        entry = tarfile.TarInfo("etc/base")
        entry.size = 5
        archive.addfile(entry, io.BytesIO(b"base\n"))
    name = f"{registry.host}/mesospark-modules/base:1"
    docker("import", "-", name, data=buffer.getvalue())
    docker("--config", engine_configuration, "push", "-q", name)
    yield name
    docker("rmi", "-f", name)
