# SPDX-License-Identifier: GPL-3.0-or-later
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from mesospark_driver.process import shell_status, write_status

ENTRYPOINT = Path(__file__).resolve().parents[1] / "entrypoint"
SPARK_SUBMIT = Path(__file__).resolve().parents[1] / "bin" / "spark-submit"


@pytest.mark.parametrize(("code", "status"), [(0, 0), (3, 3), (-15, 143), (-9, 137)])
def test_status_as_a_shell_reports_it(code: int, status: int) -> None:
    assert shell_status(code) == status


def test_status_file_is_a_number_and_a_newline(tmp_path: Path) -> None:
    write_status(tmp_path, 143)
    assert [(path.name, path.read_text()) for path in tmp_path.iterdir()] == [("exit_status", "143\n")]


def parent(script: str, folder: Path) -> subprocess.Popen[str]:
    """A process that runs a shell script as the entrypoint runs spark-submit, and ends with its status."""
    program = (
        "import os, sys; from pathlib import Path; from mesospark_driver.process import run;"
        f" sys.exit(run(['sh', '-c', {script!r}], os.environ, Path({str(folder)!r})))"
    )
    environment = {**os.environ, "PYTHONPATH": str(ENTRYPOINT)}
    return subprocess.Popen([sys.executable, "-c", program], env=environment, stdout=subprocess.PIPE, text=True)


def test_status_and_folder_of_the_child(tmp_path: Path) -> None:
    with parent("pwd; exit 3", tmp_path) as process:
        assert process.communicate(timeout=20)[0] == f"{tmp_path}\n"
    assert process.returncode == 3


@pytest.mark.parametrize(
    ("script", "status"),
    [("echo ready; exec sleep 60", 143), ("trap 'kill $!; exit 7' TERM; echo ready; sleep 60 & wait", 7)],
)
def test_termination_is_handed_on(tmp_path: Path, script: str, status: int) -> None:
    with parent(script, tmp_path) as process:
        assert process.stdout is not None and process.stdout.readline() == "ready\n"
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == status


def test_dispatchers_driver_cores_become_a_whole_number(tmp_path: Path) -> None:
    spark_class = tmp_path / "bin" / "spark-class"
    spark_class.parent.mkdir()
    spark_class.write_text('#!/bin/sh\nfor argument in "$@"; do echo "$argument"; done\necho "seed $PYTHONHASHSEED"\n')
    spark_class.chmod(0o755)
    command = [str(SPARK_SUBMIT), "--driver-cores", "1.0", "--driver-memory", "1.0g", "app.py", "2.0", "two words"]
    done = subprocess.run(
        command, env={**os.environ, "SPARK_HOME": str(tmp_path)}, capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines() == [
        "org.apache.spark.deploy.SparkSubmit",
        *("--driver-cores", "1", "--driver-memory", "1.0g", "app.py", "2.0", "two words"),
        "seed 0",
    ]
