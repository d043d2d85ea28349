# SPDX-License-Identifier: GPL-3.0-or-later
"""The jars that the build is made of: which ones (artifacts.lock), and how they are fetched and checked."""

import hashlib
import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from . import BuildError

COMPONENTS = ("graylog", "elasticsearch", "mongodb")
LOCK = Path(__file__).with_name("artifacts.lock")
COPY_GOAL = "org.apache.maven.plugins:maven-dependency-plugin:3.6.1:copy-dependencies"

Progress = Callable[[str], None]


@dataclass(frozen=True, order=True)
class Artifact:
    """A jar of one component; `sha256` in hexadecimal, `licence` as its author names it."""

    component: str
    group: str
    name: str
    version: str
    classifier: str
    sha256: str
    licence: str

    @property
    def file_name(self) -> str:
        """As Maven names the file."""
        return "-".join(part for part in (self.name, self.version, self.classifier) if part) + ".jar"

    @property
    def coordinates(self) -> str:
        """`group:name:version`, and `:classifier` if there is one."""
        return ":".join(part for part in (self.group, self.name, self.version, self.classifier) if part)

    @property
    def xml(self) -> str:
        """The `<dependency>` element of a POM, without what the artifact itself depends on."""
        classifier = f"<classifier>{self.classifier}</classifier>" if self.classifier else ""
        return (
            f"<dependency><groupId>{self.group}</groupId><artifactId>{self.name}</artifactId>"
            f"<version>{self.version}</version>{classifier}<exclusions><exclusion><groupId>*</groupId>"
            "<artifactId>*</artifactId></exclusion></exclusions></dependency>"
        )


def read_lock(path: Path = LOCK) -> list[Artifact]:
    """All artifacts of all components, in the file's order."""
    artifacts = []
    for line in path.read_text().splitlines():
        if line and not line.startswith("#"):
            sha256, component, coordinates, licence = line.split("\t")
            group, name, version, *classifier = coordinates.split(":")
            artifacts.append(Artifact(component, group, name, version, "".join(classifier), sha256, licence))
    return artifacts


def write_lock(artifacts: Iterable[Artifact], path: Path = LOCK) -> None:
    """The counterpart of read_lock."""
    lines = ["# Written by 'python3 -m graylog_server lock': sha256, component, coordinates, licence.\n"]
    lines += [f"{one.sha256}\t{one.component}\t{one.coordinates}\t{one.licence}\n" for one in sorted(artifacts)]
    path.write_text("".join(lines))


def cache_folder() -> Path:
    """This component's part of the project's cache (`MESOSPARK_CACHE`, default `~/.cache/mesospark`)."""
    base = os.environ.get("MESOSPARK_CACHE")
    return (Path(base) if base else Path.home() / ".cache/mesospark").absolute() / "graylog"


def stored(artifact: Artifact) -> Path:
    """Where the cache keeps the artifact; the checksum is the name, since components may share a jar."""
    return cache_folder() / "jars" / f"{artifact.sha256}.jar"


def fetch(artifacts: Sequence[Artifact], progress: Progress) -> None:
    """Puts all artifacts into the cache; what is missing is fetched by Maven, one component after the other.

    Raises BuildError when Maven is missing or fails, or when a file has another checksum than the lock says.
    """
    for component in COMPONENTS:
        missing = [one for one in artifacts if one.component == component and not _is_intact(stored(one), one)]
        if not missing:
            continue
        progress(f"fetching {len(missing)} jars of {component}")
        jars = cache_folder() / "jars"
        jars.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=jars) as work:
            pom = Path(work) / "pom.xml"
            pom.write_text(_project("".join(one.xml for one in missing)))
            run_maven(pom, Path(work))
            for one in missing:
                fetched = Path(work) / one.file_name
                if not _is_intact(fetched, one):
                    raise BuildError(
                        f"{one.coordinates} from the Maven repository is missing or has another checksum than the"
                        f" locked sha256 {one.sha256}: check the mirror in Maven's settings.xml"
                    )
                fetched.replace(stored(one))


def run_maven(pom: Path, output: Path, *options: str) -> None:
    """Copies the dependencies of a POM into a folder.

    Raises BuildError with Maven's first error.
    """
    maven = shutil.which("mvn")
    if maven is None:
        raise BuildError("'mvn' is not installed: apt-get install maven")
    command = [maven, "-q", "-B", "-f", str(pom), COPY_GOAL, "-DincludeScope=runtime", f"-DoutputDirectory={output}"]
    result = subprocess.run([*command, *options], capture_output=True, text=True, check=False)
    if result.returncode != 0:
        errors = [line for line in (result.stdout + result.stderr).splitlines() if "ERROR" in line]
        raise BuildError(f"Maven failed: {errors[0] if errors else f'exit status {result.returncode}'}")


def _is_intact(path: Path, artifact: Artifact) -> bool:
    return path.is_file() and file_digest(path) == artifact.sha256


def file_digest(path: Path) -> str:
    """SHA-256 of a file, in hexadecimal."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _project(dependencies: str) -> str:
    return (
        '<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion>'
        "<groupId>org.mesospark</groupId><artifactId>artifacts</artifactId><version>1</version><packaging>pom</packaging>"
        f"<dependencies>{dependencies}</dependencies></project>"
    )
