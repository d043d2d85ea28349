# SPDX-License-Identifier: GPL-3.0-or-later
"""Derived images at a real registry, pulled by a real engine."""

import io
import subprocess
import tarfile
from pathlib import Path

import pytest
from ansible_collections.mesospark.platform.plugins.module_utils.client import Connection
from ansible_collections.mesospark.platform.plugins.module_utils.errors import AccessDenied, OptionError
from ansible_collections.mesospark.platform.plugins.module_utils.image_layer import compressed, layer_of, local_files
from ansible_collections.mesospark.platform.plugins.module_utils.registry import DerivedImage, Registry, parse_reference
from engine_client import docker
from registry_process import PASSWORD, USERNAME, RegistryProcess

pytestmark = pytest.mark.system


def registry_of(running: RegistryProcess, image: str, password: str = PASSWORD) -> Registry:
    connection = Connection(urls=(running.url,), username=USERNAME, password=password, ca_path=str(running.ca))
    return Registry(connection, parse_reference(image))


def derive(running: RegistryProcess, image: str, folder: Path) -> tuple[Registry, DerivedImage]:
    layer = layer_of(local_files([("files", [str(path) for path in sorted(folder.iterdir())])]))
    registry = registry_of(running, image)
    return registry, registry.derive(layer, compressed(layer), "pi", "files of job pi")


def test_an_engine_pulls_the_derived_image(
    registry: RegistryProcess, driver_image: str, engine_configuration: str, tmp_path: Path
) -> None:
    (tmp_path / "app.py").write_text("print('hello')\n", encoding="utf-8")
    service, image = derive(registry, driver_image, tmp_path)
    assert image.missing
    assert image.reference.startswith(f"{registry.host}/mesospark-modules/driver:1-pi-")
    service.push(image)
    again = derive(registry, driver_image, tmp_path)[1]
    assert (again.missing, again.reference) == (False, image.reference)

    docker("--config", engine_configuration, "pull", "-q", image.reference)
    try:
        container = docker("create", image.reference, "none")
        exported = subprocess.run(["docker", "export", container], capture_output=True, check=True).stdout
        docker("rm", container)
    finally:
        docker("rmi", image.reference)
    with tarfile.open(fileobj=io.BytesIO(exported)) as archive:
        content = archive.extractfile("opt/job/app.py")
        assert content is not None and content.read() == b"print('hello')\n"
        assert archive.getmember("opt/job/app.py").mode & 0o777 == 0o644
        assert "entrypoint" in archive.getnames()


def test_other_content_makes_another_image(registry: RegistryProcess, driver_image: str, tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text("1", encoding="utf-8")
    first = derive(registry, driver_image, tmp_path)[1]
    (tmp_path / "app.py").write_text("2", encoding="utf-8")
    assert derive(registry, driver_image, tmp_path)[1].reference != first.reference


def test_an_image_that_does_not_exist(registry: RegistryProcess, driver_image: str, tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text("1", encoding="utf-8")
    missing = driver_image.replace("driver:1", "driver:2")
    with pytest.raises(OptionError, match=r"^image: '.*driver:2' is not in its registry; push it first"):
        derive(registry, missing, tmp_path)


def test_a_wrong_password(registry: RegistryProcess, driver_image: str) -> None:
    with pytest.raises(AccessDenied, match=r"image registry at .* does not know user 'push'"):
        registry_of(registry, driver_image, "wrong").derive(b"", b"", "pi", "nothing")


@pytest.mark.parametrize("image", ["spark", "mesospark/spark:1", "registry.example.org:5443/UPPER:1", ""])
def test_images_without_a_registry(image: str) -> None:
    with pytest.raises(OptionError, match="names no registry; write it as host:port/repository:tag"):
        parse_reference(image)
