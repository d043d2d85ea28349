# SPDX-License-Identifier: GPL-3.0-or-later
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

SCRIPT = Path(__file__).resolve().parents[1] / "build_context.py"


@pytest.fixture
def jar(tmp_path: Path) -> Path:
    path = tmp_path / "driver.jar"
    path.write_bytes(b"jar")
    return path


def call(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, SCRIPT, *arguments]
    return subprocess.run([str(part) for part in command], capture_output=True, text=True, check=False)


def assemble(output: Path, jar: Path, *arguments: str | Path) -> dict[str, Any]:
    done = call("--output", output, "--driver-jar", jar, *arguments)
    assert done.returncode == 0, done.stderr
    return dict(json.loads(done.stdout))


def test_context_is_complete(tmp_path: Path, jar: Path) -> None:
    made = assemble(tmp_path / "context", jar, "--base-image", "base:1", "--principal", "a:1850:1851")
    context = Path(made["context"])
    assert context == tmp_path / "context"
    assert made["build_args"] == {"BASE_IMAGE": "base:1", "PRINCIPALS": "a:1850:1851"}
    sources = (line.split() for line in (context / "Dockerfile").read_text().splitlines() if line.startswith("COPY "))
    copied = [name for words in sources if not words[1].startswith("--from") for name in words[1:-1]]
    assert len(copied) > 5
    assert [name for name in copied if not (context / name).exists()] == []
    assert (context / "mesos-scheduler-driver.jar").read_bytes() == b"jar"
    assert not list(context.rglob("__pycache__"))


def test_digest_follows_the_content_and_nothing_else(tmp_path: Path, jar: Path) -> None:
    mirror = tmp_path / "sources.list"
    mirror.write_text("deb http://mirror/debian bookworm main\n")
    first = assemble(tmp_path / "one", jar)
    assert len(first["digest"]) == 16
    assert assemble(tmp_path / "two", jar, "--apt-sources", mirror)["digest"] == first["digest"]
    assert (tmp_path / "two" / "mirror" / "apt-sources").read_text() == mirror.read_text()
    assert assemble(tmp_path / "one", jar)["digest"] == first["digest"]
    assert assemble(tmp_path / "one", jar, "--base-image", "base:2")["digest"] != first["digest"]
    jar.write_bytes(b"another jar")
    assert assemble(tmp_path / "one", jar)["digest"] != first["digest"]


def test_same_files_have_same_modes_and_times(tmp_path: Path, jar: Path) -> None:
    assemble(tmp_path / "context", jar)
    paths = [path for path in (tmp_path / "context").rglob("*") if path.is_file()]
    assert {path.stat().st_mtime for path in paths} == {0}
    executable = {path.name for path in paths if path.stat().st_mode & 0o111}
    assert executable == {"spark-submit"}


def test_bad_options_get_one_sentence(tmp_path: Path, jar: Path) -> None:
    done = call("--output", tmp_path / "context", "--driver-jar", jar, "--principal", "spark:0")
    assert (done.returncode, done.stderr) == (
        2,
        "build_context: --principal spark:0: must be NAME:UID:GID, for example spark:1850:1850\n",
    )
    full = tmp_path / "full"
    full.mkdir()
    (full / "file").touch()
    done = call("--output", full, "--driver-jar", jar)
    assert done.returncode == 2 and "holds other files" in done.stderr and (full / "file").exists()
    done = call("--output", tmp_path / "context", "--driver-jar", jar, "--apt-sources", tmp_path / "none")
    assert done.returncode == 2 and "none" in done.stderr and "Traceback" not in done.stderr
