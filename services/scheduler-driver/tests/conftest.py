# SPDX-License-Identifier: GPL-3.0-or-later
"""The driver's jar and the compiled Java tests."""

import shutil
import sys
from pathlib import Path

import pytest
from scheduler_driver.build import build, compile_java, find_compiler
from scheduler_driver.dependencies import TEST, fetch

sys.path.insert(0, str(Path(__file__).parent))

from driver_testing.java import Java

JAVA_TESTS = Path(__file__).parent / "java"
JAVA_OF_TESTS = 11


@pytest.fixture(scope="session")
def java(tmp_path_factory: pytest.TempPathFactory) -> Java:
    javac, _ = find_compiler()
    command = shutil.which("java", path=str(Path(javac).resolve().parent))
    assert command is not None
    driver = build()
    classes = tmp_path_factory.mktemp("java") / "classes"
    sources = sorted(JAVA_TESTS.rglob("*.java"))
    compile_java(javac, sources, [driver, *fetch(TEST)], classes, JAVA_OF_TESTS)
    return Java(command, driver, classes)
