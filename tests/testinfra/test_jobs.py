# SPDX-License-Identifier: GPL-3.0-or-later
"""A Spark job as a team runs it: one playbook, one job file."""

import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.hosts

REPOSITORY = Path(__file__).parents[2]


def submit(platform, job: str) -> subprocess.CompletedProcess[str]:
    command = [str(Path(sys.executable).with_name("ansible-playbook")), "--inventory", platform.inventory]
    command += [str(REPOSITORY / "playbooks/submit.yml"), "--extra-vars", f"job={REPOSITORY / job}"]
    return subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=False, timeout=280)


def test_a_job_ends_with_its_result(platform):
    result = submit(platform, "examples/pi/job.yml")
    assert result.returncode == 0, result.stdout + result.stderr
    assert "exit_code: 0" in result.stdout
    assert "pi: 3.1" in result.stdout


def test_a_failing_job_says_so(platform):
    result = submit(platform, "examples/failing/job.yml")
    assert result.returncode == 2, result.stdout + result.stderr
    assert "state: failed" in result.stdout
    assert "Executor 0 on agent" in result.stdout
    assert "ValueError: sales of -7 in region south" in result.stdout
