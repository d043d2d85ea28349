# SPDX-License-Identifier: GPL-3.0-or-later
import hashlib
import os
import subprocess
import sys
import zipfile
from collections.abc import Sequence
from pathlib import Path

import pytest
from scheduler_driver import BuildError, __version__, build, dependencies

PROJECT = Path(__file__).resolve().parents[1]


@pytest.fixture
def empty_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cache of its own that has the fetched jars already."""
    dependencies.fetch(dependencies.COMPILE)
    jars = dependencies.cache_folder() / "jars"
    monkeypatch.setenv("MESOSPARK_CACHE", str(tmp_path))
    dependencies.cache_folder().mkdir(parents=True)
    (dependencies.cache_folder() / "jars").symlink_to(jars)
    return tmp_path


def run(*arguments: str | Path, **environment: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "scheduler_driver", *map(str, arguments)]
    variables = {**os.environ, "PYTHONPATH": str(PROJECT), **environment}
    return subprocess.run(command, env=variables, capture_output=True, text=True, check=False)


def test_same_sources_give_the_same_jar(empty_cache: Path, tmp_path: Path) -> None:
    first = build.build()
    content = first.read_bytes()
    first.unlink()
    assert build.build().read_bytes() == content
    copy = build.copy_to(first, tmp_path / "output")
    digest = hashlib.sha256(content).hexdigest()
    assert copy.with_name("mesos-scheduler-driver.jar.sha256").read_text() == f"{digest}  mesos-scheduler-driver.jar\n"


def test_jar_says_its_version_and_needs_no_protobuf_package() -> None:
    with zipfile.ZipFile(build.build()) as jar:
        names = jar.namelist()
        assert names[0] == "META-INF/MANIFEST.MF"
        assert f"Implementation-Version: {__version__}\r\n".encode() in jar.read(names[0])
        assert {"org/apache/mesos/MesosSchedulerDriver.class", "org/apache/mesos/MesosExecutorDriver.class"} < {*names}
        assert "org/apache/mesos/MesosNativeLibrary.class" in names
        for name in names[1:]:
            content = jar.read(name)
            assert content[6:8] == b"\0\x34", "class files must be of Java 8"
            assert not build.PROTOBUF_PACKAGE.search(content), name


def test_sources_compile_without_warnings(tmp_path: Path) -> None:
    javac, _ = build.find_compiler()
    sources = sorted(build.SOURCES.rglob("*.java"))
    build.compile_java(javac, sources, dependencies.fetch(dependencies.COMPILE), tmp_path / "classes", 8, strict=True)


def test_command_prints_the_path(tmp_path: Path) -> None:
    cached = run("path")
    assert cached.returncode == 0 and Path(cached.stdout.strip()).is_file()
    done = run("build", "--output", tmp_path / "new")
    assert done.stdout.strip() == str(tmp_path / "new" / "mesos-scheduler-driver.jar")
    assert Path(done.stdout.strip()).read_bytes() == Path(cached.stdout.strip()).read_bytes()


def test_missing_compiler_is_one_sentence(tmp_path: Path) -> None:
    done = run("build", JAVA_HOME=str(tmp_path))
    assert done.returncode == 2
    assert done.stderr.startswith(f"scheduler_driver: no javac in JAVA_HOME={tmp_path}: install a JDK 11 or newer")
    assert done.stderr.count("\n") == 1


def test_old_compiler_is_one_sentence(tmp_path: Path) -> None:
    javac = tmp_path / "bin" / "javac"
    javac.parent.mkdir()
    javac.write_text("#!/bin/sh\necho 'javac 1.8.0_392' >&2\n")
    javac.chmod(0o755)
    done = run("build", JAVA_HOME=str(tmp_path))
    assert done.returncode == 2
    assert "is 'javac 1.8.0_392', the build needs a JDK 11 or newer" in done.stderr


def test_class_that_names_a_protobuf_package_is_refused(tmp_path: Path) -> None:
    (tmp_path / "A.class").write_bytes(b"...Lcom/google/protobuf/ByteString;...")
    with pytest.raises(BuildError, match=r"A.class names the package com/google/protobuf"):
        build._refuse_protobuf_packages(tmp_path)


def test_jar_with_another_checksum_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def deliver(artifacts: Sequence[dependencies.Artifact], folder: Path) -> None:
        for artifact in artifacts:
            (folder / artifact.file_name).write_bytes(b"something else")

    monkeypatch.setenv("MESOSPARK_CACHE", str(tmp_path))
    monkeypatch.setattr(dependencies, "_copy_by_maven", deliver)
    with pytest.raises(BuildError, match=r"slf4j-api-1.7.36.jar from the Maven repository .* another checksum"):
        dependencies.fetch([dependencies.SLF4J])
    assert not list(tmp_path.rglob("*.jar"))


def test_missing_maven_is_one_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MESOSPARK_CACHE", str(tmp_path))
    monkeypatch.setattr("scheduler_driver.dependencies.shutil.which", lambda name: None)
    with pytest.raises(BuildError, match=r"^'mvn' is not installed: apt-get install maven$"):
        dependencies.fetch([dependencies.SLF4J])


def test_what_compilers_complain_about_is_shown(tmp_path: Path) -> None:
    source = tmp_path / "Wrong.java"
    source.write_text("class Wrong { int x = nothing; }")
    javac, _ = build.find_compiler()
    with pytest.raises(BuildError, match=r"do not compile:\n.*Wrong.java:1: error"):
        build.compile_java(javac, [source], [], tmp_path / "classes", release=8)
