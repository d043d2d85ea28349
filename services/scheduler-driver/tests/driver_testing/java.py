# SPDX-License-Identifier: GPL-3.0-or-later
"""JVMs with the driver and the compiled Java tests in their class path."""

import os
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from scheduler_driver.dependencies import (
    JUNIT,
    MESOS,
    MESOS_SHADED,
    PROTOBUF,
    SLF4J,
    SLF4J_SIMPLE,
    ZOOKEEPER,
    ZOOKEEPER_JUTE,
    Artifact,
    fetch,
)

# With protobuf where it was, as in Marathon's class path, and moved to another package, as in Spark's.
MESOS_JARS: Mapping[str, Sequence[Artifact]] = {"mesos-1.11.0": (MESOS, PROTOBUF), "mesos-shaded": (MESOS_SHADED,)}


@dataclass(frozen=True)
class Java:
    """Starts JVMs with the driver first in their class path."""

    command: str
    driver: Path
    classes: Path

    def class_path(self, mesos: str = "mesos-1.11.0", *more: Artifact) -> str:
        """The driver, one of MESOS_JARS, what both need, the compiled tests, and `more`."""
        jars = fetch([*MESOS_JARS[mesos], SLF4J, SLF4J_SIMPLE, *more])
        return os.pathsep.join(str(path) for path in [self.driver, *jars, self.classes])

    def junit(self, mesos: str, *arguments: str, properties: Mapping[str, str] | None = None) -> str:
        """Runs JUnit's console launcher on all tests; its output, which ends with the counts. Fails if a test does."""
        options = [f"-D{name}={value}" for name, value in (properties or {}).items()]
        command = [self.command, "-cp", self.class_path(mesos, JUNIT, ZOOKEEPER, ZOOKEEPER_JUTE), *options]
        command += ["org.junit.platform.console.ConsoleLauncher", "execute", f"--scan-class-path={self.classes}"]
        command += ["--include-classname=.*Test", "--disable-banner", "--disable-ansi-colors", *arguments]
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=200)
        assert done.returncode == 0, done.stdout + done.stderr[-20_000:]
        return done.stdout
