# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs the JUnit tests: those of the encoding alone, and those against a real master and agent."""

import re
from pathlib import Path

import pytest
from driver_testing.java import MESOS_JARS, Java
from mesos_runtime.local_cluster import AgentSpec, LocalCluster


def successful(output: str) -> int:
    """Number of tests in JUnit's closing counts."""
    print(output)
    found = re.search(r"\[ +(\d+) tests successful +\]", output)
    assert found is not None, output
    return int(found[1])


@pytest.mark.parametrize("mesos", MESOS_JARS)
def test_encoding_and_parsing(java: Java, mesos: str) -> None:
    assert successful(java.junit(mesos, "--exclude-tag=system")) >= 70


@pytest.mark.system
@pytest.mark.parametrize("mesos", MESOS_JARS)
def test_against_a_real_master(java: Java, mesos: str, tmp_path: Path) -> None:
    agent = AgentSpec(containerizers="mesos")
    with LocalCluster(tmp_path / "cluster", [agent]) as cluster:
        output = java.junit(mesos, "--include-tag=system", properties={"mesos.master": cluster.master_address})
    assert successful(output) == 13
