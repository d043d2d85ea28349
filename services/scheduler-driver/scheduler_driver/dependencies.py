# SPDX-License-Identifier: GPL-3.0-or-later
"""Jars that the build and the tests need from Maven Central, checked against the sums that stand here."""

import hashlib
import os
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from . import BuildError


@dataclass(frozen=True)
class Artifact:
    """A jar in a Maven repository; `sha256` in hexadecimal."""

    group: str
    name: str
    version: str
    sha256: str
    classifier: str = ""

    @property
    def file_name(self) -> str:
        """As Maven names the file."""
        return "-".join(part for part in (self.name, self.version, self.classifier) if part) + ".jar"

    @property
    def xml(self) -> str:
        """The `<dependency>` element of a POM."""
        classifier = f"<classifier>{self.classifier}</classifier>" if self.classifier else ""
        return (
            f"<dependency><groupId>{self.group}</groupId><artifactId>{self.name}</artifactId>"
            f"<version>{self.version}</version>{classifier}</dependency>"
        )


MESOS = Artifact(
    "org.apache.mesos", "mesos", "1.11.0", "340c7424220efdb460ed7c3d2d68cab9f597749f06a79906c22de6f21aba7074"
)
# Spark ships 1.4.3 of this jar, with protobuf moved into another package; 1.4.1 moves it in the same way.
MESOS_SHADED = Artifact(
    "org.apache.mesos",
    "mesos",
    "1.4.1",
    "df39fa75f8af5105fa457ab20f84fcea6ca64befa40567d97161542eb105c9aa",
    "shaded-protobuf",
)
PROTOBUF = Artifact(
    "com.google.protobuf",
    "protobuf-java",
    "3.5.0",
    "49a3c7b3781d4b7b2d15063e125824260c9b46bdb62494b63b367b661fdb2b26",
)
SLF4J = Artifact("org.slf4j", "slf4j-api", "1.7.36", "d3ef575e3e4979678dc01bf1dcce51021493b4d11fb7f1be8ad982877c16a1c0")
ZOOKEEPER = Artifact(
    "org.apache.zookeeper", "zookeeper", "3.6.3", "ac44de96d37a80d463c1e01aaa2ea86b19490fa17a37438d14491456c0e4a911"
)
ZOOKEEPER_JUTE = Artifact(
    "org.apache.zookeeper",
    "zookeeper-jute",
    "3.6.3",
    "6f463ade2b777f81e6c3e145b3fc03d4b39131b73dcf8c7f4b89ac4b1bacc9c5",
)
SLF4J_SIMPLE = Artifact(
    "org.slf4j", "slf4j-simple", "1.7.36", "2f39bed943d624dfa8f4102d0571283a10870b6aa36f197a8a506f147010c10f"
)
# Not the driver but ZooKeeper's server, which some tests run, needs these two.
METRICS = Artifact(
    "io.dropwizard.metrics",
    "metrics-core",
    "3.2.5",
    "3844be6a6a4ef065abe336c6eadf7d5e880ca13759a0c13a01d0d08ea4d05a8c",
)
SNAPPY = Artifact(
    "org.xerial.snappy", "snappy-java", "1.1.7", "c4e14c31d49e4301a9643ed60112136797b6244316bbe44ce190ac37ed8dfdaf"
)
JUNIT = Artifact(
    "org.junit.platform",
    "junit-platform-console-standalone",
    "1.10.2",
    "a1de557821293ce903c213c694165fff532cf92081bac4238b9e05b35f04f43f",
)

COMPILE = (MESOS, PROTOBUF, SLF4J, ZOOKEEPER, ZOOKEEPER_JUTE)
TEST = (*COMPILE, MESOS_SHADED, SLF4J_SIMPLE, METRICS, SNAPPY, JUNIT)


def cache_folder() -> Path:
    """This component's part of the project's cache (`MESOSPARK_CACHE`, default `~/.cache/mesospark`)."""
    base = os.environ.get("MESOSPARK_CACHE")
    return (Path(base) if base else Path.home() / ".cache/mesospark").absolute() / "scheduler-driver"


def fetch(artifacts: Sequence[Artifact]) -> list[Path]:
    """Paths of the artifacts in the cache, in the given order; what is missing is fetched by Maven.

    Raises BuildError when Maven is missing or fails, or when a file has another checksum than the one pinned here.
    """
    folder = cache_folder() / "jars"
    missing = [artifact for artifact in artifacts if not _is_intact(folder / artifact.file_name, artifact)]
    if missing:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder) as work:
            _copy_by_maven(missing, Path(work))
            for artifact in missing:
                fetched = Path(work) / artifact.file_name
                if not _is_intact(fetched, artifact):
                    raise BuildError(
                        f"{artifact.file_name} from the Maven repository is missing or has another checksum than the"
                        f" pinned sha256 {artifact.sha256}: check the mirror in Maven's settings.xml"
                    )
                fetched.replace(folder / artifact.file_name)
    return [folder / artifact.file_name for artifact in artifacts]


def _is_intact(path: Path, artifact: Artifact) -> bool:
    return path.is_file() and hashlib.sha256(path.read_bytes()).hexdigest() == artifact.sha256


def _copy_by_maven(artifacts: Sequence[Artifact], folder: Path) -> None:
    maven = shutil.which("mvn")
    if maven is None:
        raise BuildError("'mvn' is not installed: apt-get install maven")
    pom = folder / "pom.xml"
    pom.write_text(
        '<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion>'
        "<groupId>org.mesospark</groupId><artifactId>dependencies</artifactId><version>1</version><dependencies>"
        + "".join(artifact.xml for artifact in artifacts)
        + "</dependencies></project>"
    )
    command = [maven, "-q", "-B", "-f", str(pom), "dependency:copy-dependencies"]
    command += ["-DexcludeTransitive=true", f"-DoutputDirectory={folder}"]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    if result.returncode != 0:
        errors = [line for line in (result.stdout + result.stderr).splitlines() if "ERROR" in line]
        reason = errors[0] if errors else f"exit status {result.returncode}"
        raise BuildError(f"Maven could not fetch {', '.join(a.file_name for a in artifacts)}: {reason}")
