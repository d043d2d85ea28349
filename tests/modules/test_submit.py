# SPDX-License-Identifier: GPL-3.0-or-later
"""playbooks/submit.yml as people run it: a job file, servers by environment, one sentence for each mistake."""

import os
import subprocess
from pathlib import Path
from typing import Any

import pytest
from registry_process import PASSWORD, USERNAME

pytestmark = pytest.mark.system
_ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def environment(job: dict[str, Any]) -> dict[str, str]:
    """The servers of the tests, as the modules' environment variables."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("MESOS", "MARATHON_", "ANSIBLE_"))}
    return {
        **kept,
        "ANSIBLE_CONFIG": str(_ROOT / "ansible.cfg"),
        "ANSIBLE_LOCALHOST_WARNING": "false",
        "ANSIBLE_INVENTORY_UNPARSED_WARNING": "false",
        "MARATHON_URL": job["marathon_url"],
        "MESOS_MASTER_URL": job["mesos_url"],
        "MESOSPARK_CA_PATH": job["ca_path"],
        "MESOSPARK_REGISTRY_URL": job["registry_url"],
        "MESOSPARK_REGISTRY_USERNAME": USERNAME,
        "MESOSPARK_REGISTRY_PASSWORD": PASSWORD,
    }


def submit(folder: Path, environment: dict[str, str], *arguments: str) -> tuple[int, str]:
    """Exit status and output of ansible-playbook in a user's folder; a traceback is never right."""
    done = subprocess.run(
        ["ansible-playbook", str(_ROOT / "playbooks/submit.yml"), *arguments],
        cwd=folder,
        env={**environment, "PWD": str(folder)},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    output = done.stdout + done.stderr
    assert "Traceback" not in output
    return done.returncode, " ".join(output.split())


def write_job(folder: Path, job: dict[str, Any], *lines: str) -> None:
    keys = [
        "name: submitted",
        "application: app.sh",
        f"image: {job['image']}",
        f"principal: {job['principal']}",
        "driver_memory: 32m",
    ]
    (folder / "job.yml").write_text("\n".join([*keys, "driver_memory_overhead: 32m", *lines]) + "\n", encoding="utf-8")
    (folder / "app.sh").write_text("echo '{\"answer\": 42}' > $SPARK_RESULT_FILE\nexit $1\n", encoding="utf-8")


def test_a_job_file_in_the_users_folder(job: dict[str, Any], environment: dict[str, str], tmp_path: Path) -> None:
    write_job(tmp_path, job, "arguments: [0]")
    status, output = submit(tmp_path, environment, "-e", "job=job.yml")
    assert status == 0, output
    assert "answer: 42" in output and "exit_code: 0" in output


def test_a_job_that_fails(job: dict[str, Any], environment: dict[str, str], tmp_path: Path) -> None:
    write_job(tmp_path, job, "arguments: [7]")
    status, output = submit(tmp_path, environment, "-e", "job=job.yml")
    assert status == 2
    assert "its driver ended with exit code 7 on 127.0.0." in output


def test_a_typo(job: dict[str, Any], environment: dict[str, str], tmp_path: Path) -> None:
    write_job(tmp_path, job, "executor_memry: 1g")
    status, output = submit(tmp_path, environment, "-e", "job=job.yml")
    assert status == 2
    assert "job.yml, line 7: there is no key 'executor_memry'; did you mean 'executor_memory'?" in output


def test_no_job_file(environment: dict[str, str], tmp_path: Path) -> None:
    assert "Say which job to run: -e job=job.yml" in submit(tmp_path, environment)[1]
    status, output = submit(tmp_path, environment, "-e", "job=none.yml")
    assert status == 2 and "none.yml: the job file can not be read (No such file or directory)" in output


def test_marathon_is_down(job: dict[str, Any], environment: dict[str, str], tmp_path: Path) -> None:
    write_job(tmp_path, job)
    status, output = submit(tmp_path, {**environment, "MARATHON_URL": "http://127.0.0.1:1"}, "-e", "job=job.yml")
    assert status == 2
    assert "Marathon at http://127.0.0.1:1 does not answer (Connection refused): is it running" in output
