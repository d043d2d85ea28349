# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs on a real Mesos cluster and the embedded Marathon, in containers, with an image that stands in for Spark's."""

import json
import time
from pathlib import Path
from typing import Any

import pytest
from engine_client import docker
from marathon_process import MarathonProcess
from module_process import ModuleProcess, run_module

pytestmark = pytest.mark.system


def script(folder: Path, text: str) -> str:
    """An application: a shell script."""
    path = folder / "application.sh"
    path.write_text(text, encoding="utf-8")
    return str(path)


def apps(servers: dict[str, Any]) -> list[str]:
    return [app["id"] for app in run_module("marathon_app_info", **servers)["apps"]]


def wait_for(state: str, servers: dict[str, Any], name: str) -> dict[str, Any]:
    """The only going run of a job, once it is in a state."""
    for _attempt in range(150):
        runs = run_module("spark_driver_info", **servers, name=name, state="going")["runs"]
        if runs and runs[0]["state"] == state:
            return runs[0]
        time.sleep(0.2)
    raise AssertionError(f"no run of {name} is {state}: {runs}")


def test_a_run_from_a_local_file_to_its_result(job: dict[str, Any], servers: dict[str, Any], tmp_path: Path) -> None:
    (tmp_path / "book.txt").write_text("one two three\n", encoding="utf-8")
    text = (
        "cat /opt/job/book.txt; echo '{\"words\": 3}' > $SPARK_RESULT_FILE; echo done with $1 for $SPARK_JOB_NAME >&2\n"
    )
    options = {**job, "application": script(tmp_path, text), "files": [str(tmp_path / "book.txt")], "arguments": ["it"]}
    result = run_module("spark_driver", **options)
    assert "failed" not in result, result["msg"]
    assert result["changed"] and not result["joined"]
    assert (result["state"], result["exit_code"], result["result"]) == ("finished", 0, {"words": 3})
    assert "one two three" in result["driver_log"]["stdout"]
    assert "done with it for example" in result["driver_log"]["stderr"]
    assert result["driver_task_id"].endswith("._app.1")
    assert result["driver_host"] in ("127.0.0.1", "127.0.0.2")
    assert result["duration"] >= 0
    assert apps(servers) == []
    again = run_module("spark_driver_info", **servers, run_id=result["run_id"])["runs"][0]
    assert (again["going"], again["state"], again["result"]) == (False, "finished", {"words": 3})


def test_a_job_that_fails(job: dict[str, Any], servers: dict[str, Any], tmp_path: Path) -> None:
    result = run_module("spark_driver", **job, application=script(tmp_path, "echo no such book >&2; exit 3\n"))
    assert result["failed"]
    assert "its driver ended with exit code 3 on 127.0.0." in result["msg"]
    assert result["msg"].endswith("The end of its log:\nno such book")
    assert (result["state"], result["exit_code"]) == ("failed", 3)
    assert apps(servers) == []


def test_an_image_that_does_not_exist(job: dict[str, Any], servers: dict[str, Any]) -> None:
    image = job["image"].replace("driver:1", "driver:none")
    result = run_module("spark_driver", **{**job, "image": image}, application="local:///app")
    assert result["failed"] and "\n" not in result["msg"]
    assert "its driver was not run on 127.0.0." in result["msg"] and f"(image {image})" in result["msg"]
    assert result["exit_code"] is None
    assert apps(servers) == []


def test_more_memory_than_any_agent_has(job: dict[str, Any], servers: dict[str, Any]) -> None:
    options = {**job, "driver_memory": "64g", "driver_memory_overhead": "1g", "wait_timeout": "8s"}
    result = run_module("spark_driver", **options, application="local:///app")
    assert "the driver asks 65 GB of memory; the largest agent has 4 GB" in result["msg"]
    assert "too little memory" in result["msg"]
    assert "the driver asks 65 GB of memory" in json.dumps(result["warnings"])
    assert result["removed"] and apps(servers) == []


def test_executors_never_come(job: dict[str, Any], servers: dict[str, Any], tmp_path: Path) -> None:
    options = {**job, "executor_memory": "64g", "wait_timeout": "6s", "timeout_action": "leave", "name": "waiting"}
    result = run_module("spark_driver", **options, application=script(tmp_path, "exec sleep 60\n"))
    assert "each executor asks 70.4 GB of memory; the largest agent has 4 GB" in result["msg"]
    assert not result["removed"] and len(apps(servers)) == 1
    ended = run_module("spark_driver", **servers, name="waiting", state="absent")
    assert ended["removed"] == [result["run_id"]] and apps(servers) == []


def test_an_identical_call_joins_and_an_interrupted_one_is_found(
    job: dict[str, Any], servers: dict[str, Any], tmp_path: Path
) -> None:
    options = {**job, "name": "joined", "application": script(tmp_path, "sleep 6; echo '7' > $SPARK_RESULT_FILE\n")}
    interrupted = ModuleProcess("spark_driver", options)
    going = wait_for("running", servers, "joined")
    interrupted.kill()
    result = run_module("spark_driver", **options)
    assert (result["joined"], result["changed"], result["run_id"]) == (True, False, going["run_id"])
    assert result["result"] == 7 and apps(servers) == []


def test_absent_ends_the_driver(job: dict[str, Any], servers: dict[str, Any], tmp_path: Path) -> None:
    options = {**job, "name": "endless", "application": script(tmp_path, "exec sleep 300\n")}
    started = run_module("spark_driver", **options, wait=False)
    assert started["state"] in ("waiting", "staging", "running")
    wait_for("running", servers, "endless")
    assert run_module("spark_driver", **servers, name="endless", state="absent")["changed"]
    past = run_module("spark_driver_info", **servers, name="endless")["runs"][0]
    assert (past["run_id"], past["going"], past["state"]) == (started["run_id"], False, "killed")
    assert "example" not in docker("ps", "--format", "{{.Image}}")
    assert not run_module("spark_driver", **servers, name="endless", state="absent")["changed"]


def test_a_run_outlives_restarts_of_marathon(
    job: dict[str, Any], servers: dict[str, Any], marathon: MarathonProcess, tmp_path: Path
) -> None:
    """One restart while the driver runs, and its end while Marathon is away."""
    options = {**job, "name": "patient", "application": script(tmp_path, "sleep 5; echo '1' > $SPARK_RESULT_FILE\n")}
    waiting = ModuleProcess("spark_driver", options)
    wait_for("running", servers, "patient")
    marathon.kill()
    time.sleep(6)
    marathon.start()
    marathon.wait_until_answering()
    result = waiting.result()
    assert "failed" not in result, result["msg"]
    assert (result["state"], result["exit_code"], result["result"]) == ("finished", 0, 1)
    assert apps(servers) == []


def test_a_missing_application_changes_nothing(job: dict[str, Any], servers: dict[str, Any]) -> None:
    result = run_module("spark_driver", **job, application="/nowhere/app.py")
    assert result["msg"] == (
        "application: '/nowhere/app.py' is no file on this machine; correct the path, or write local:///nowhere/app.py "
        "if the file is in the image."
    )
    assert apps(servers) == []


def test_check_mode_starts_nothing(job: dict[str, Any], servers: dict[str, Any], tmp_path: Path) -> None:
    options = {**job, "application": script(tmp_path, "exit 0\n"), "_ansible_check_mode": True, "_ansible_diff": True}
    result = run_module("spark_driver", **options)
    assert result["changed"] and "-example-" in result["diff"]["after"]["app"]["container"]["docker"]["image"]
    assert apps(servers) == []


@pytest.mark.parametrize(("option", "service"), [("marathon_url", "Marathon"), ("mesos_url", "The Mesos master")])
def test_a_server_that_is_down(job: dict[str, Any], servers: dict[str, Any], option: str, service: str) -> None:
    result = run_module("spark_driver", **{**job, option: "http://127.0.0.1:1"}, application="local:///app")
    assert result["msg"] == (
        f"{service} at http://127.0.0.1:1 does not answer (Connection refused): is it running, and is {option} right?"
    )
    assert apps(servers) == []
