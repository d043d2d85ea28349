# SPDX-License-Identifier: GPL-3.0-or-later
"""Makes the archive. The same sources, locked jars and JDK give the same archive, byte for byte."""

import gzip
import hashlib
import io
import os
import re
import shutil
import subprocess
import tarfile
import tempfile
import zipfile
from collections.abc import Iterable, Sequence
from pathlib import Path

from . import ELASTICSEARCH_VERSION, GRAYLOG_VERSION, BuildError
from .artifacts import COMPONENTS, LOCK, Artifact, Progress, cache_folder, fetch, file_digest, read_lock, stored

NAME = f"graylog-{GRAYLOG_VERSION}"
ARCHIVE_NAME = f"{NAME}-linux.tar.gz"
LAUNCHERS_NAME = "mesospark-launchers.jar"
SOURCES = Path(__file__).resolve().parents[1] / "src"
MINIMUM_JDK = 11
JAVA_RELEASE = 11


def build(progress: Progress) -> Path:
    """Path of the archive in the cache; made only if these sources and jars were not packed before.

    Raises BuildError when there is no JDK, no Maven, or the sources do not compile.
    """
    javac, version = find_compiler()
    artifacts = read_lock()
    sources = sorted(SOURCES.rglob("*.java"))
    archive = cache_folder() / _digest(sources, version) / ARCHIVE_NAME
    if not archive.is_file():
        fetch(artifacts, progress)
        archive.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=archive.parent) as work:
            progress(f"compiling {len(sources)} launchers")
            launchers = Path(work) / LAUNCHERS_NAME
            _compile(javac, sources, artifacts, Path(work), launchers)
            progress(f"packing {ARCHIVE_NAME}")
            unfinished = Path(work) / ARCHIVE_NAME
            _pack(artifacts, launchers, unfinished)
            unfinished.replace(archive)
    checksum = archive.with_name(archive.name + ".sha256")
    if not checksum.is_file():
        checksum.write_text(f"{file_digest(archive)}  {archive.name}\n")
    return archive


def copy_to(archive: Path, folder: Path) -> Path:
    """Copies the archive and its checksum file into the folder, which is made if missing."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in (archive.name, archive.name + ".sha256"):
        shutil.copyfile(archive.with_name(name), folder / name)
    return folder / archive.name


def unpacked(progress: Progress) -> Path:
    """Path of the unpacked archive in the cache."""
    archive = build(progress)
    target = archive.parent / NAME
    if not target.is_dir():
        with tempfile.TemporaryDirectory(dir=archive.parent) as work:
            with tarfile.open(archive) as content:
                content.extractall(work, filter="data")
            # Another build may have been faster.
            if not target.is_dir():
                (Path(work) / NAME).rename(target)
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


def _digest(sources: Sequence[Path], compiler: str) -> str:
    digest = hashlib.sha256(f"{NAME} {compiler}".encode())
    for path in (Path(__file__), LOCK, *sources):
        digest.update(f"{path.name}\0{path.stat().st_size}\0".encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


def _compile(javac: str, sources: Sequence[Path], artifacts: Iterable[Artifact], work: Path, jar: Path) -> None:
    classes = work / "classes"
    class_path = os.pathsep.join(str(stored(one)) for one in artifacts if one.component != "graylog")
    command = [javac, "--release", str(JAVA_RELEASE), "-encoding", "UTF-8", "-nowarn", "-d", str(classes)]
    command += ["-cp", class_path, *(str(path) for path in sources)]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    if result.returncode != 0:
        raise BuildError(f"the Java sources do not compile:\n{result.stdout}{result.stderr}")
    with zipfile.ZipFile(jar, "w") as content:
        for path in sorted(classes.rglob("*.class")):
            # Time, system and mode are fixed, so that equal classes give equal jars.
            entry = zipfile.ZipInfo(path.relative_to(classes).as_posix(), date_time=(1980, 1, 1, 0, 0, 0))
            entry.create_system = 3
            entry.external_attr = 0o644 << 16
            content.writestr(entry, path.read_bytes())


def _pack(artifacts: Sequence[Artifact], launchers: Path, archive: Path) -> None:
    entries = [(f"{one.component}/{one.file_name}", stored(one)) for one in artifacts]
    entries.append((f"launchers/{LAUNCHERS_NAME}", launchers))
    # Jars are compressed already: a higher level would cost time and gain nothing.
    with (
        archive.open("wb") as stream,
        gzip.GzipFile(filename="", mode="wb", compresslevel=1, fileobj=stream, mtime=0) as compressed,
        tarfile.open(fileobj=compressed, mode="w", format=tarfile.GNU_FORMAT) as content,
    ):
        _add(content, "MANIFEST", _manifest(artifacts))
        for name, path in sorted(entries):
            _add(content, name, path.read_bytes())


def _add(archive: tarfile.TarFile, name: str, content: bytes) -> None:
    entry = tarfile.TarInfo(f"{NAME}/{name}")
    entry.size = len(content)
    entry.mode = 0o644
    archive.addfile(entry, io.BytesIO(content))


def _manifest(artifacts: Sequence[Artifact]) -> bytes:
    lines = [
        f"Graylog {GRAYLOG_VERSION}, Elasticsearch {ELASTICSEARCH_VERSION} and a server of MongoDB's protocol,",
        f"from Maven artifacts. launchers/{LAUNCHERS_NAME}: GPL-3.0-or-later.",
        "",
    ]
    for component in COMPONENTS:
        lines += [f"{component}:"]
        lines += [
            f"  {one.sha256}  {one.coordinates}  {one.licence}" for one in artifacts if one.component == component
        ]
    return ("\n".join(lines) + "\n").encode()
