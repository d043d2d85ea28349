# SPDX-License-Identifier: GPL-3.0-or-later
"""Compiles the driver. The same sources and the same JDK give the same jar, byte for byte."""

import hashlib
import os
import re
import shutil
import subprocess
import tempfile
import zipfile
from collections.abc import Iterable, Sequence
from pathlib import Path

from . import BuildError, __version__
from .dependencies import COMPILE, cache_folder, fetch

JAR_NAME = "mesos-scheduler-driver.jar"
SOURCES = Path(__file__).resolve().parents[1] / "src"
MINIMUM_JDK = 11
JAVA_RELEASE = 8

# Spark moves protobuf into another package. A class file that names either package would fit only one of the jars.
PROTOBUF_PACKAGE = re.compile(rb"(?:com/google|org/apache/mesos)/protobuf")


def build() -> Path:
    """Path of the jar in the cache; compiled only if these sources have not been compiled by this JDK before.

    Raises BuildError when there is no JDK, no Maven, or the sources do not compile.
    """
    javac, version = find_compiler()
    sources = sorted(SOURCES.rglob("*.java"))
    folder = cache_folder() / _digest(sources, version)
    jar = folder / JAR_NAME
    if not jar.is_file():
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder) as work:
            classes = Path(work) / "classes"
            compile_java(javac, sources, fetch(COMPILE), classes, release=JAVA_RELEASE)
            _refuse_protobuf_packages(classes)
            unfinished = Path(work) / JAR_NAME
            _write_jar(classes, unfinished)
            unfinished.replace(jar)
    _write_checksum(jar)
    return jar


def copy_to(jar: Path, folder: Path) -> Path:
    """Copies the jar and its checksum file into the folder, which is made if missing."""
    folder.mkdir(parents=True, exist_ok=True)
    target = folder / JAR_NAME
    shutil.copyfile(jar, target)
    _write_checksum(target)
    return target


def find_compiler() -> tuple[str, str]:
    """Path and version text of javac: of `JAVA_HOME` if that is set, else of `PATH`."""
    home = os.environ.get("JAVA_HOME")
    javac = shutil.which("javac", path=str(Path(home) / "bin")) if home else shutil.which("javac")
    if javac is None:
        place = f"in JAVA_HOME={home}" if home else "in PATH"
        raise BuildError(
            f"no javac {place}: install a JDK {MINIMUM_JDK} or newer (apt-get install openjdk-17-jdk-headless)"
        )
    result = subprocess.run([javac, "-version"], capture_output=True, text=True, check=False)
    version = (result.stdout + result.stderr).strip()
    major = re.search(r"javac (\d+)", version)
    if major is None or int(major[1]) < MINIMUM_JDK:
        raise BuildError(f"{javac} is '{version}', the build needs a JDK {MINIMUM_JDK} or newer: set JAVA_HOME to one")
    return javac, version


def compile_java(
    javac: str, sources: Sequence[Path], class_path: Iterable[Path], output: Path, release: int, strict: bool = False
) -> None:
    """Compiles for a release of Java; `strict` takes warnings as errors.

    Raises BuildError with the compiler's messages.
    """
    output.mkdir(parents=True)
    command = [javac, "--release", str(release), "-encoding", "UTF-8", "-d", str(output)]
    command += ["-cp", os.pathsep.join(str(path) for path in class_path)]
    # Newer JDKs call release 8 old, and generated protobuf classes have deprecated methods.
    command += ["-Xlint:all,-options,-deprecation,-processing,-classfile", "-Werror"] if strict else ["-nowarn"]
    result = subprocess.run([*command, *(str(path) for path in sources)], capture_output=True, text=True, check=False)
    if result.returncode != 0:
        raise BuildError(f"the Java sources do not compile:\n{result.stdout}{result.stderr}")


def _digest(sources: Sequence[Path], compiler: str) -> str:
    digest = hashlib.sha256(f"{__version__} {compiler}".encode())
    digest.update(Path(__file__).read_bytes())
    for artifact in COMPILE:
        digest.update(artifact.sha256.encode())
    for path in sources:
        digest.update(f"{path.relative_to(SOURCES)}\0{path.stat().st_size}\0".encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


def _refuse_protobuf_packages(classes: Path) -> None:
    for path in sorted(classes.rglob("*.class")):
        found = PROTOBUF_PACKAGE.search(path.read_bytes())
        if found:
            raise BuildError(
                f"{path.name} names the package {found[0].decode()}: use only methods of the Mesos classes that neither"
                " take nor return a protobuf type, or the jar fits only one build of mesos.jar"
            )


def _write_jar(classes: Path, jar: Path) -> None:
    manifest = (
        "Manifest-Version: 1.0\r\n"
        "Implementation-Title: mesos-scheduler-driver\r\n"
        f"Implementation-Version: {__version__}\r\n\r\n"
    )
    entries = [("META-INF/MANIFEST.MF", manifest.encode())]
    entries += [(path.relative_to(classes).as_posix(), path.read_bytes()) for path in sorted(classes.rglob("*.class"))]
    with zipfile.ZipFile(jar, "w") as archive:
        for name, content in entries:
            # Time, system and mode are fixed, so that equal classes give equal jars.
            entry = zipfile.ZipInfo(name, date_time=(1980, 1, 1, 0, 0, 0))
            entry.create_system = 3
            entry.external_attr = 0o644 << 16
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, content)


def _write_checksum(jar: Path) -> None:
    digest = hashlib.sha256(jar.read_bytes()).hexdigest()
    jar.with_name(jar.name + ".sha256").write_text(f"{digest}  {jar.name}\n")
