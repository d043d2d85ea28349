# SPDX-License-Identifier: GPL-3.0-or-later
"""The image under test, built only when its content has changed."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

IMAGES = Path(__file__).resolve().parents[2]
REPOSITORY = IMAGES.parent
BASE_IMAGE = "mesospark/debian:bookworm-slim"
SYSTEM_CA_BUNDLE = Path("/etc/ssl/certs/ca-certificates.crt")
sys.path.insert(0, str(IMAGES / "spark" / "entrypoint"))
sys.path.insert(0, str(IMAGES / "spark"))
sys.path.insert(0, str(IMAGES / "spark" / "tests"))


@pytest.fixture(scope="session")
def spark_image(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Reference of the image in the local engine."""
    subprocess.run([IMAGES / "debian" / "build.sh", "--tag", BASE_IMAGE], check=True)
    context = tmp_path_factory.mktemp("image") / "context"
    command: list[str | Path] = [sys.executable, IMAGES / "spark" / "build_context.py"]
    command += ["--output", context, "--base-image", BASE_IMAGE]
    if SYSTEM_CA_BUNDLE.is_file():
        command += ["--ca-bundle", SYSTEM_CA_BUNDLE]
    assembled = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    reference = f"mesospark-spark-test:{assembled['digest']}"
    if subprocess.run(["docker", "image", "inspect", reference], capture_output=True, check=False).returncode != 0:
        arguments = [f"--build-arg={name}={value}" for name, value in assembled["build_args"].items()]
        subprocess.run(["docker", "build", "--quiet", "--tag", reference, *arguments, context], check=True)
    return reference
