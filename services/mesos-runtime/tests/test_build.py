# SPDX-License-Identifier: GPL-3.0-or-later
"""The build's outcome: what is in it, that it can be moved, and that the same inputs give the same bytes."""

import json
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest
from mesos_runtime import inputs, manifest
from mesos_runtime.build import ARCHIVE_NAME, Runtime, build
from mesos_runtime.cache import cache_folder
from mesos_runtime.download import sha256_of
from mesos_runtime.errors import BuildError
from mesos_runtime.local_cluster import LocalCluster
from mesos_runtime.verify import verify

pytestmark = pytest.mark.system


@pytest.fixture(scope="module")
def built() -> Runtime:
    """The cached build."""
    return build()


@pytest.fixture(scope="module")
def moved(built: Runtime, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The archive, unpacked somewhere else."""
    folder = tmp_path_factory.mktemp("opt") / "some where"
    folder.mkdir()
    with tarfile.open(built.archive) as tar:
        tar.extractall(folder, filter="tar")
    return folder / "mesos-1.11.0"


def test_programs_and_manifest(moved: Path) -> None:
    assert sorted(path.name for path in moved.iterdir()) == ["MANIFEST", "lib", "libexec", "sbin"]
    programs = [*(moved / "sbin").iterdir(), *(moved / "libexec/mesos").glob("mesos-*")]
    assert sorted(path.name for path in programs if path.stat().st_mode & 0o111) == [
        *("mesos-agent", "mesos-containerizer", "mesos-docker-executor", "mesos-executor", "mesos-fetcher"),
        "mesos-master",
    ]
    document = manifest.read(moved)
    shipped = {path.relative_to(moved / "libexec/mesos").parts[0] for path in (moved / "libexec/mesos").rglob("*")}
    assert shipped == {path.name for path in programs if path.parent.name == "mesos"} | {"mesos_executors"}
    assert not [name for name in document["files"] if not name.endswith((".py", ".pyc")) and "mesos_executors" in name]
    assert document["inputs"][0]["sha256"] == inputs.MESOS_LIBRARY.sha256
    assert all(entry["licence"] for entry in document["inputs"])
    assert document["built_with"].keys() == {"binutils", "compiler", "openssl"}
    assert "libssl3" in document["run_time_packages"]


def test_moved_runtime_verifies_and_runs(moved: Path, tmp_path: Path) -> None:
    assert "every library found" in verify(moved)
    version = subprocess.run([moved / "sbin/mesos-agent", "--version"], capture_output=True, text=True, check=True)
    assert version.stdout == "mesos 1.11.0\n"
    with LocalCluster(tmp_path, runtime=moved) as cluster:
        assert cluster.client().get("/version")["version"] == "1.11.0"
    assert "every library found" in verify(moved)  # running it has written nothing there


def test_nothing_of_the_old_openssl_is_used(moved: Path) -> None:
    listed = subprocess.run(["ldd", moved / "sbin/mesos-master"], capture_output=True, text=True, check=True).stdout
    for library in ("libssl.so.3", "libcrypto.so.3"):
        assert any(line.split()[0] == library and "/lib" in line for line in listed.splitlines())
    assert {path.name for path in (moved / "lib").iterdir()} == {
        *("libcrypto.so.1.0.0", "libcurl.so.4", "libmesos-1.11.0.so", "libmesos-py.so", "libssl.so.1.0.0"),
    }


def test_same_inputs_give_the_same_archive(
    built: Runtime, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    downloads = cache_folder() / "downloads"
    monkeypatch.setenv("MESOSPARK_CACHE", str(tmp_path / "cache"))
    shutil.copytree(downloads, cache_folder() / "downloads")
    output = tmp_path / "output"
    again = build(output)
    assert again.folder != built.folder
    assert (output / ARCHIVE_NAME).read_bytes() == built.archive.read_bytes()
    assert "compiling" in capfd.readouterr().err
    build()
    assert "compiling" not in capfd.readouterr().err  # from the cache


def test_archive_is_checked(built: Runtime, tmp_path: Path) -> None:
    for file in (built.archive, built.checksum):
        shutil.copy(file, tmp_path)
    archive = tmp_path / ARCHIVE_NAME
    assert sha256_of(archive) in verify(archive)
    archive.write_bytes(archive.read_bytes() + b"x")
    with pytest.raises(BuildError, match="build or copy it again"):
        verify(archive)
    (tmp_path / f"{ARCHIVE_NAME}.sha256").unlink()
    with pytest.raises(BuildError, match="is missing"):
        verify(archive)


def test_every_fault_of_an_unpacked_runtime_is_named(built: Runtime, tmp_path: Path) -> None:
    folder = tmp_path / "mesos-1.11.0"
    shutil.copytree(built.folder, folder, ignore=shutil.ignore_patterns("libmesos-1.11.0.so"))
    (folder / "libexec/mesos/mesos-fetcher").write_text("changed")
    (folder / "lib/new.so").write_text("new")
    with pytest.raises(BuildError) as caught:
        verify(folder)
    for fault in ("mesos-fetcher was changed", "new.so does not belong there", "libmesos-1.11.0.so is missing"):
        assert fault in str(caught.value)


def test_missing_tools_are_named_at_once(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "mesos_runtime", "build"],
        env={"PATH": str(tmp_path), "PYTHONPATH": str(inputs.BUILD_SOURCES.parent), "HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "apt-get install binutils g++ gcc" in done.stderr
    assert "Traceback" not in done.stderr


def test_manifest_has_no_place_of_the_build(built: Runtime) -> None:
    text = json.dumps(manifest.read(built.folder))
    assert str(inputs.BUILD_SOURCES.parent) not in text
    assert str(Path.home()) not in text
