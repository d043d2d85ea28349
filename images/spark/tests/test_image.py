# SPDX-License-Identifier: GPL-3.0-or-later
"""The image by itself, without a cluster."""

import subprocess
from pathlib import Path

import pytest

pytestmark = pytest.mark.system

JOB = Path(__file__).parent / "jobs" / "local.py"


def run(image: str, *command: str, options: tuple[str, ...] = ()) -> str:
    """Standard output of a command in a container of the image, without network."""
    # A container outlives its `docker run` when that is killed, so its own command ends it.
    full = ["docker", "run", "--rm", "--network=none", *options, "--entrypoint=timeout", image, "240", *command]
    done = subprocess.run(full, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_trimmed_spark_has_what_jobs_use(spark_image: str) -> None:
    output = run(
        spark_image, "python3", "/job.py", options=(f"--volume={JOB}:/job.py:ro", "--env=SPARK_LOCAL_IP=127.0.0.1")
    )
    counts = {"mllib 2", "parquet 2", "orc 2", "json 2", "csv 2", "sql 3", "streaming 2"}
    assert counts <= set(output.splitlines()), output


def test_image_is_small_and_its_user_is_not_root(spark_image: str) -> None:
    inspected = subprocess.run(
        ["docker", "image", "inspect", "--format={{.Size}} {{.Config.User}} {{.Config.WorkingDir}}", spark_image],
        capture_output=True,
        text=True,
        check=True,
    )
    size, user, folder = inspected.stdout.split()
    assert int(size) < 480e6
    assert (user, folder) == ("1850:1850", "/opt/spark")
    assert run(spark_image, "id").startswith("uid=1850(spark) gid=1850(spark)")


def test_nothing_of_the_build_is_left(spark_image: str) -> None:
    # Mirror settings, set-user-id programs, package lists.
    search = "find / -xdev ( -path /mirror -o -path /stages -o -name *mirror* -path /etc/apt* -o -perm /6000 -type f )"
    assert run(spark_image, *search.split(), options=("--user=0",)) == ""
    assert run(spark_image, "find", "/var/lib/apt/lists", "-type", "f") == ""


def test_without_marathon_it_says_what_is_missing(spark_image: str) -> None:
    done = subprocess.run(
        ["docker", "run", "--rm", "--network=none", spark_image, "app.py"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert done.stderr == (
        "mesospark-driver: MESOS_SANDBOX is not set: the Mesos executor gives it, start this image by Marathon\n"
    )
