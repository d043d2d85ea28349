# SPDX-License-Identifier: GPL-3.0-or-later
"""Resolves the POMs of this folder anew and writes artifacts.lock: for maintainers, never for a build."""

import re
import shutil
import subprocess
import tempfile
from pathlib import Path
from xml.etree import ElementTree

from . import BuildError
from .artifacts import COMPONENTS, Artifact, Progress, file_digest, run_maven, write_lock

POMS = Path(__file__).resolve().parents[1] / "pom"
NAMESPACE = "{http://maven.apache.org/POM/4.0.0}"


def lock(progress: Progress) -> None:
    """Writes the lock from what Maven resolves; raises BuildError when it can not."""
    repository = _local_repository()
    artifacts = []
    with tempfile.TemporaryDirectory() as work:
        for component in COMPONENTS:
            progress(f"resolving {component}")
            output = Path(work) / component
            run_maven(POMS / f"{component}.xml", output, "-Dmdep.useRepositoryLayout=true")
            artifacts += [_artifact(component, jar, output, repository) for jar in sorted(output.rglob("*.jar"))]
    write_lock(artifacts)


def _local_repository() -> Path:
    maven = shutil.which("mvn")
    if maven is None:
        raise BuildError("'mvn' is not installed: apt-get install maven")
    command = [maven, "-q", "-B", "help:evaluate", "-Dexpression=settings.localRepository", "-DforceStdout"]
    answer = subprocess.run(command, capture_output=True, text=True, check=True, cwd=POMS).stdout
    # Maven colours even this.
    return Path(re.sub(r"\x1b\[[\d;]*m", "", answer).strip())


def _artifact(component: str, jar: Path, output: Path, repository: Path) -> Artifact:
    *group, name, version, file_name = jar.relative_to(output).parts
    classifier = file_name.removesuffix(".jar").removeprefix(f"{name}-{version}").removeprefix("-")
    pom = repository.joinpath(*group, name, version, f"{name}-{version}.pom")
    return Artifact(component, ".".join(group), name, version, classifier, file_digest(jar), _licence(pom, repository))


def _licence(pom: Path, repository: Path) -> str:
    """What the POM, or the nearest parent that says it, calls its licences."""
    if not pom.is_file():
        return "not said"
    project = ElementTree.parse(pom).getroot()
    names = [_text(one) for one in project.iterfind(f"{NAMESPACE}licenses/{NAMESPACE}license/{NAMESPACE}name")]
    if any(names):
        return ", ".join(name for name in names if name)
    parent = project.find(f"{NAMESPACE}parent")
    if parent is None:
        return "not said"
    group, name, version = (_text(parent.find(NAMESPACE + tag)) for tag in ("groupId", "artifactId", "version"))
    return _licence(repository.joinpath(*group.split("."), name, version, f"{name}-{version}.pom"), repository)


def _text(element: ElementTree.Element | None) -> str:
    return re.sub(r"\s+", " ", (element.text or "") if element is not None else "").strip()
