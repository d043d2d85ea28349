# SPDX-License-Identifier: GPL-3.0-or-later
import json
from typing import Any

import pytest
from ansible_collections.mesospark.platform.plugins.modules import spark_driver, spark_driver_info

JOB = {"name": "pi", "image": "registry:5000/spark:1", "application": "local:///opt/job/pi.py", "wait_sleep": "50ms"}


def ends(cluster: Any, state: str, message: str = "", exit_status: str | None = None) -> None:
    """Let every run that is created end at once, as Marathon and Mesos show it."""
    create = cluster.marathon.routes["POST /v2/apps"]

    def create_and_end(request: Any) -> Any:
        answer = create(request)
        run_id = request.body["labels"]["run_id"]
        task = cluster.driver_task(run_id, state, message)
        app = cluster.apps[request.body["id"]]
        app["tasks"] = [{"id": task["id"], "state": state, "host": "agent1"}]
        if state == "TASK_FAILED":
            app["lastTaskFailure"] = {"taskId": task["id"], "state": state, "message": message, "host": "agent1"}
        executor = {"id": "0", "slave_id": "s-1", "state": "TASK_FINISHED", "statuses": []}
        cluster.frameworks.append({"id": "f-7", "name": run_id, "active": False, "completed_tasks": [executor]})
        if exit_status is not None:
            cluster.sandbox["exit_status"] = exit_status
        return answer

    cluster.marathon.routes["POST /v2/apps"] = create_and_end


def test_a_run_that_ends_well(cluster: Any, run_module: Any) -> None:
    ends(cluster, "TASK_FINISHED", exit_status="0\n")
    cluster.sandbox |= {"result.json": '{"pi": 3.14}', "stdout": "a\nb\n", "stderr": "c\n"}
    result = run_module(spark_driver.main, **cluster.options, **JOB, log_lines=1)
    assert result["changed"] and not result["joined"]
    assert (result["state"], result["exit_code"], result["result"]) == ("finished", 0, {"pi": 3.14})
    assert (result["driver_host"], result["framework_id"], result["duration"]) == ("agent1", "f-7", 21.5)
    assert result["executors"] == [{"task_id": "0", "host": "agent1", "state": "TASK_FINISHED", "message": ""}]
    assert result["driver_log"] == {"stdout": ["b"], "stderr": ["c"]}
    assert result["app_id"] == f"/runs/{result['run_id']}"
    assert cluster.apps == {}


def test_a_run_that_fails_is_told_with_its_exit_code_and_log(cluster: Any, run_module: Any) -> None:
    ends(cluster, "TASK_FAILED", "Container exited with status 3")
    cluster.sandbox["stderr"] = (
        "26/11/21 10:15:00 INFO SparkContext: chatter\n"
        "ValueError: no such book\n"
        + "2026-11-21T12:52:20.455Z INFO ShutdownHookManager: Deleting\n" * 60
        + "2026-11-21 12:52:20.455 TASK_FAILED Container exited with status 3\n"
    )
    result = run_module(spark_driver.main, **cluster.options, **JOB)
    assert result["failed"]
    told = f"Run {result['run_id']} failed: its driver ended with exit code 3 on agent1."
    # Here the executor's sandbox has the same file, and the master shows no tasks of Marathon.
    executor = "Errors of executors:\nExecutor 0 on agent1: ValueError: no such book"
    assert result["msg"] == f"{told} The end of its log:\nValueError: no such book\n{executor}"
    assert [(line["executor"], line["host"], line["stream"], line["message"]) for line in result["error_lines"]] == [
        ("0", "agent1", "stderr", "ValueError: no such book"),
        ("driver", "agent1", "stderr", "ValueError: no such book"),
    ]
    assert (result["state"], result["exit_code"], result["changed"]) == ("failed", 3, True)
    assert len(result["driver_log"]["stderr"]) == 40
    assert cluster.apps == {}


def test_an_image_that_can_not_be_pulled(cluster: Any, run_module: Any) -> None:
    ends(cluster, "TASK_FAILED", "Failed to launch container: Failed to pull image: manifest unknown")
    result = run_module(spark_driver.main, **cluster.options, **JOB)
    assert "its driver was not run on agent1 (image registry:5000/spark:1): Failed to launch container" in result["msg"]
    assert result["exit_code"] is None
    assert cluster.apps == {}


def test_an_identical_run_is_joined(cluster: Any, run_module: Any) -> None:
    first = run_module(spark_driver.main, **cluster.options, **JOB, wait=False)
    second = run_module(spark_driver.main, **cluster.options, **JOB, wait=False)
    other = run_module(spark_driver.main, **cluster.options, **JOB, wait=False, arguments=["2"])
    assert (second["joined"], second["changed"], second["run_id"]) == (True, False, first["run_id"])
    assert other["run_id"] != first["run_id"]
    assert len(cluster.apps) == 2


def test_a_run_that_ended_while_nobody_waited_is_not_joined(cluster: Any, run_module: Any) -> None:
    ended = run_module(spark_driver.main, **cluster.options, **JOB, wait=False)
    cluster.driver_task(ended["run_id"], "TASK_FINISHED")
    fresh = run_module(spark_driver.main, **cluster.options, **JOB, wait=False)
    assert fresh["changed"] and not fresh["joined"] and fresh["run_id"] != ended["run_id"]
    assert list(cluster.apps) == [fresh["app_id"]]


def test_a_second_launch_is_not_judged(cluster: Any, run_module: Any) -> None:
    ends(cluster, "TASK_FINISHED", exit_status="0")
    create = cluster.marathon.routes["POST /v2/apps"]

    def create_and_launch_again(request: Any) -> Any:
        answer = create(request)
        task = cluster.apps[request.body["id"]]["tasks"][0]
        task.update(id=task["id"].replace("._app.1", "._app.2"), state="TASK_FAILED")
        return answer

    cluster.marathon.routes["POST /v2/apps"] = create_and_launch_again
    result = run_module(spark_driver.main, **cluster.options, **JOB)
    assert (result["state"], result["exit_code"]) == ("finished", 0)


def test_the_end_is_taken_from_the_event_stream(cluster: Any, run_module: Any) -> None:
    """Marathon shows no task any more, and Mesos none yet: only the event tells."""
    create = cluster.marathon.routes["POST /v2/apps"]

    def create_and_tell(request: Any) -> Any:
        event = {
            "eventType": "status_update_event",
            "appId": request.body["id"],
            "taskId": "runs_x.instance-1._app.1",
            "taskStatus": "TASK_FINISHED",
            "host": "agent1",
            "message": "",
        }
        cluster.events = b"event: status_update_event\ndata: " + json.dumps(event).encode() + b"\n\n"
        return create(request)

    cluster.marathon.routes["POST /v2/apps"] = create_and_tell
    result = run_module(spark_driver.main, **cluster.options, **JOB, wait_timeout="10s")
    assert (result["state"], result["driver_host"]) == ("finished", "agent1")


def test_a_run_removed_by_somebody_else(cluster: Any, run_module: Any) -> None:
    create = cluster.marathon.routes["POST /v2/apps"]

    def create_and_lose(request: Any) -> Any:
        answer = create(request)
        cluster.apps.clear()
        return answer

    cluster.marathon.routes["POST /v2/apps"] = create_and_lose
    result = run_module(spark_driver.main, **cluster.options, **JOB)
    assert "its driver was killed" in result["msg"] and "somebody removed the run" in result["msg"]


def test_a_timeout_says_why_and_leaves_nothing(cluster: Any, run_module: Any) -> None:
    rejected = [{"reason": "InsufficientMemory", "declined": 2, "processed": 2}]
    summary = {"processedOffersCount": 2, "rejectSummaryLastOffers": rejected}
    create = cluster.marathon.routes["POST /v2/apps"]

    def create_and_queue(request: Any) -> Any:
        delay = {"timeLeftSeconds": 0, "overdue": True}
        cluster.queue.append({"app": {"id": request.body["id"]}, "delay": delay, "processedOffersSummary": summary})
        return create(request)

    cluster.marathon.routes["POST /v2/apps"] = create_and_queue
    result = run_module(spark_driver.main, **cluster.options, **JOB, driver_memory="64g", wait_timeout="200ms")
    assert result["msg"] == (
        f"Waited 0.2 s (wait_timeout) for the end of run {result['run_id']}: the driver asks 70.4 GB of memory; "
        "the largest agent has 6 GB; of the last offers Marathon declined 2 for too little memory."
    )
    assert result["removed"] and cluster.apps == {}
    assert "70.4 GB" in json.dumps(result["warnings"])


@pytest.mark.parametrize(("action", "left"), [("leave", 1), ("remove", 0)])
def test_a_running_driver_may_outlive_the_timeout(cluster: Any, run_module: Any, action: str, left: int) -> None:
    ends(cluster, "TASK_RUNNING")
    result = run_module(spark_driver.main, **cluster.options, **JOB, wait_timeout="100ms", timeout_action=action)
    assert result["failed"] and "the driver runs on agent1" in result["msg"]
    assert len(cluster.apps) == left
    assert result["removed"] is (left == 0)


def test_executors_that_fail_are_a_reason(cluster: Any, run_module: Any) -> None:
    ends(cluster, "TASK_RUNNING")
    create = cluster.marathon.routes["POST /v2/apps"]

    def create_and_fail_executors(request: Any) -> Any:
        answer = create(request)
        tasks = [{"id": str(i), "slave_id": "s-1", "state": "TASK_FAILED", "statuses": []} for i in range(2)]
        cluster.sandbox["stderr"] = "starting\nwrong secret\n"
        cluster.frameworks[0]["completed_tasks"] = tasks
        return answer

    cluster.marathon.routes["POST /v2/apps"] = create_and_fail_executors
    result = run_module(spark_driver.main, **cluster.options, **JOB, wait_timeout="100ms")
    assert "no executor is running; 2 executors failed on agent1, the last with: wrong secret" in result["msg"]


def test_check_mode_writes_nothing(cluster: Any, run_module: Any) -> None:
    result = run_module(spark_driver.main, check_mode=True, **cluster.options, **JOB)
    assert result["changed"] and cluster.writes == []
    assert result["diff"]["after"]["app"]["container"]["docker"]["image"] == JOB["image"]


def test_check_mode_of_a_run_that_goes(cluster: Any, run_module: Any) -> None:
    started = run_module(spark_driver.main, **cluster.options, **JOB, wait=False)
    cluster.marathon.requests.clear()
    result = run_module(spark_driver.main, check_mode=True, **cluster.options, **JOB)
    assert not result["changed"] and result["joined"] and result["run_id"] == started["run_id"]
    assert cluster.writes == []


def test_absent_removes_the_runs_of_the_job_only(cluster: Any, run_module: Any) -> None:
    run_module(spark_driver.main, **cluster.options, **JOB, wait=False)
    other = run_module(spark_driver.main, **cluster.options, **{**JOB, "name": "other"}, wait=False)
    checked = run_module(spark_driver.main, check_mode=True, **cluster.options, name="pi", state="absent")
    assert checked["changed"] and len(cluster.apps) == 2
    result = run_module(spark_driver.main, **cluster.options, name="pi", state="absent")
    assert result["changed"] and len(result["removed"]) == 1
    assert list(cluster.apps) == [other["app_id"]]
    assert not run_module(spark_driver.main, **cluster.options, name="pi", state="absent")["changed"]


@pytest.mark.parametrize(
    ("option", "value", "message"),
    [
        ("env", {"LD_PRELOAD": "x"}, "env.LD_PRELOAD"),
        ("log_lines", -1, "log_lines: -1 is no number of lines; give 0 for none, or more."),
        ("timeout", 0, "timeout: 0.0 is no time to wait for an answer; give seconds above 0."),
    ],
)
def test_bad_options_change_nothing(cluster: Any, run_module: Any, option: str, value: Any, message: str) -> None:
    result = run_module(spark_driver.main, **{**cluster.options, **JOB, option: value})
    assert result["failed"] and result["msg"].startswith(message)
    assert cluster.marathon.requests == []


def test_no_url(run_module: Any) -> None:
    result = run_module(spark_driver.main, **JOB)
    assert "set the environment variable MARATHON_URL" in result["msg"]


def test_the_password_is_in_no_result(cluster: Any, run_module: Any) -> None:
    secret = {"url_username": "operator", "url_password": "hush-hush", "mesos_password": "hush-too"}
    result = run_module(spark_driver.main, **cluster.options, **secret, **JOB, wait=False)
    assert "hush" not in json.dumps(result)


def test_info_finds_runs_that_go_and_runs_that_ended(cluster: Any, run_module: Any) -> None:
    going = run_module(spark_driver.main, **cluster.options, **JOB, wait=False)
    cluster.driver_task("pi-20200101t000000-0000", "TASK_FINISHED")
    found = run_module(spark_driver_info.main, **cluster.options)["runs"]
    assert [(run["run_id"], run["going"]) for run in found] == [
        (going["run_id"], True),
        ("pi-20200101t000000-0000", False),
    ]
    assert (found[1]["name"], found[1]["state"], found[1]["exit_code"]) == ("pi", "finished", 0)
    ended = run_module(spark_driver_info.main, **cluster.options, name="pi", state="ended")["runs"]
    assert [run["run_id"] for run in ended] == ["pi-20200101t000000-0000"]
    assert run_module(spark_driver_info.main, **cluster.options, state="going", limit=0)["runs"] == []


def test_an_isolated_run_is_started_when_its_number_is_its_own(cluster: Any, run_module: Any) -> None:
    options = {**JOB, "network": "isolated", "services": ["hdfs-staging"], "wait": False}
    result = run_module(spark_driver.main, **cluster.options, **options)
    app = cluster.apps[result["app_id"]]
    assert app["instances"] == 1
    network = app["networks"][0]["name"].split(".")
    assert [*network[:2], *network[3:]] == ["isolated", "spark", result["run_id"], "hdfs-staging"]
    assert network[2] in ("0", "1", "2", "3")
    assert app["env"]["SPARK_NETWORK"] == app["networks"][0]["name"] == result["network"]
    assert [write.method for write in cluster.marathon.writes] == ["POST", "PUT"]
    assert cluster.marathon.writes[0].body["instances"] == 0
    joined = run_module(spark_driver.main, **cluster.options, **options)
    assert (joined["joined"], joined["network"]) == (True, result["network"])


def test_two_isolated_runs_never_have_the_same_number(cluster: Any, run_module: Any) -> None:
    """Somebody else's app comes between the look and the app."""
    taken: list[str] = []
    create = cluster.marathon.routes["POST /v2/apps"]

    def create_after_another(request: Any) -> Any:
        number = request.body["networks"][0]["name"].split(".")[2]
        taken.append(number)
        other = {"id": "/runs/other", "labels": {"run_id": "other", "principal": "spark"}, "instances": 0}
        network = {"mode": "container", "name": f"isolated.spark.{number}.other"}
        cluster.apps["/runs/other"] = {**other, "networks": [network]}
        return create(request)

    cluster.marathon.routes["POST /v2/apps"] = create_after_another
    result = run_module(spark_driver.main, **cluster.options, **JOB, network="isolated", wait=False)
    app = cluster.apps[result["app_id"]]
    name = app["networks"][0]["name"]
    assert name.split(".")[2] not in taken
    assert (app["env"]["SPARK_NETWORK"], app["instances"]) == (name, 1)
    assert app["env"]["SPARK_RUN_ID"] == result["run_id"]


def test_numbers_of_other_teams_do_not_count(cluster: Any, run_module: Any) -> None:
    for number in range(4):
        app_id = f"/runs/other-{number}"
        labels = {"run_id": f"other-{number}", "principal": "analytics"}
        network = {"mode": "container", "name": f"isolated.analytics.{number}.other-{number}"}
        cluster.apps[app_id] = {"id": app_id, "labels": labels, "instances": 1, "networks": [network]}
    result = run_module(spark_driver.main, **cluster.options, **JOB, network="isolated", wait=False)
    network = cluster.apps[result["app_id"]]["networks"][0]["name"]
    assert int(network.split(".")[2]) < 4
