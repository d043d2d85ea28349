# SPDX-License-Identifier: GPL-3.0-or-later
import hashlib
import os
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest
from graylog_server import BuildError, artifacts, build

PROJECT = Path(__file__).resolve().parents[1]


def silent(_message: str) -> None:
    pass


@pytest.fixture
def empty_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cache of its own that has the fetched jars already."""
    artifacts.fetch(artifacts.read_lock(), silent)
    jars = artifacts.cache_folder() / "jars"
    monkeypatch.setenv("MESOSPARK_CACHE", str(tmp_path))
    artifacts.cache_folder().mkdir(parents=True)
    (artifacts.cache_folder() / "jars").symlink_to(jars)
    return tmp_path


def run(*arguments: str | Path, **environment: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "graylog_server", *map(str, arguments)]
    variables = {**os.environ, "PYTHONPATH": str(PROJECT), **environment}
    return subprocess.run(command, env=variables, capture_output=True, text=True, check=False)


def test_same_sources_give_the_same_archive(empty_cache: Path, tmp_path: Path) -> None:
    messages: list[str] = []
    first = build.build(messages.append)
    assert messages == ["compiling 2 launchers", "packing graylog-3.3.11-linux.tar.gz"]
    digest = artifacts.file_digest(first)
    first.unlink()
    assert artifacts.file_digest(build.build(silent)) == digest
    copy = build.copy_to(first, tmp_path / "output")
    assert artifacts.file_digest(copy) == digest
    assert copy.with_name(copy.name + ".sha256").read_text() == f"{digest}  graylog-3.3.11-linux.tar.gz\n"


def test_archive_holds_every_locked_jar_and_says_its_licence() -> None:
    locked = artifacts.read_lock()
    with tarfile.open(build.build(silent)) as archive:
        members = {member.name: member for member in archive}
        manifest = archive.extractfile("graylog-3.3.11/MANIFEST")
        assert manifest is not None
        text = manifest.read().decode()
    for one in locked:
        assert f"graylog-3.3.11/{one.component}/{one.file_name}" in members
        assert f"{one.sha256}  {one.coordinates}  {one.licence}" in text
    assert len(members) == len(locked) + 2
    assert {(member.uid, member.mtime, member.mode) for member in members.values()} == {(0, 0, 0o644)}


def test_lock_is_whole(tmp_path: Path) -> None:
    locked = artifacts.read_lock()
    assert {one.component for one in locked} == set(artifacts.COMPONENTS)
    assert all(len(bytes.fromhex(one.sha256)) == 32 for one in locked)
    # Older ones can be made to run what a log line says.
    assert {one.version for one in locked if one.name == "log4j-core"} == {"2.17.1"}
    copy = tmp_path / "artifacts.lock"
    artifacts.write_lock(locked, copy)
    assert copy.read_text() == artifacts.LOCK.read_text()


def test_jar_with_another_checksum_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    wanted = next(one for one in artifacts.read_lock() if one.name == "mongo-java-server")

    def deliver(_pom: Path, output: Path) -> None:
        (output / wanted.file_name).write_bytes(b"something else")

    monkeypatch.setenv("MESOSPARK_CACHE", str(tmp_path))
    monkeypatch.setattr(artifacts, "run_maven", deliver)
    with pytest.raises(
        BuildError, match=r"^de.bwaldvogel:mongo-java-server:1.47.0 from the Maven repository .* sha256"
    ):
        artifacts.fetch([wanted], silent)
    assert not list(tmp_path.rglob("*.jar"))


def test_damaged_jar_in_the_cache_is_fetched_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    content = b"the right one"
    one = artifacts.Artifact("mongodb", "org.example", "part", "1", "", hashlib.sha256(content).hexdigest(), "MIT")
    monkeypatch.setenv("MESOSPARK_CACHE", str(tmp_path))
    monkeypatch.setattr(artifacts, "run_maven", lambda _pom, output: (output / "part-1.jar").write_bytes(content))
    artifacts.fetch([one], silent)
    artifacts.stored(one).write_bytes(b"damaged")
    artifacts.fetch([one], silent)
    assert artifacts.stored(one).read_bytes() == content


def test_missing_compiler_is_one_sentence(tmp_path: Path) -> None:
    done = run("build", JAVA_HOME=str(tmp_path))
    assert done.returncode == 2
    assert done.stderr.startswith(f"graylog_server: no javac in JAVA_HOME={tmp_path}: install a JDK 11 or newer")
    assert done.stderr.count("\n") == 1


def test_missing_maven_is_one_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MESOSPARK_CACHE", str(tmp_path))
    monkeypatch.setattr("graylog_server.artifacts.shutil.which", lambda name: None)
    with pytest.raises(BuildError, match=r"^'mvn' is not installed: apt-get install maven$"):
        artifacts.fetch(artifacts.read_lock()[:1], silent)


def test_path_is_an_unpacked_archive() -> None:
    done = run("path")
    folder = Path(done.stdout.strip())
    assert done.returncode == 0 and folder.name == "graylog-3.3.11"
    assert (folder / "graylog" / "graylog2-server-3.3.11.jar").is_file()
    assert (folder / "launchers" / build.LAUNCHERS_NAME).is_file()
