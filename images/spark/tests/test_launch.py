# SPDX-License-Identifier: GPL-3.0-or-later
from pathlib import Path

import pytest
from mesospark_driver import Refusal
from mesospark_driver.environment import driver_environment
from mesospark_driver.launch import read_launch


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    return {
        "SPARK_RUN_ID": "word-count-20260102t030405-0a1b",
        "SPARK_JOB_NAME": "word-count",
        "SPARK_MASTER": "mesos://master1:5050,master2:5050",
        "SPARK_EXECUTOR_IMAGE": "registry:5443/spark:1",
        "MESOS_TASK_ID": "runs_word-count.instance-1._app.1",
        "MESOS_SANDBOX": str(tmp_path),
        "HOST": "agent1.platform.test",
        "PORT0": "31001",
        "PORT1": "31002",
        "PORT2": "31003",
    }


def test_reads_a_launch(environment: dict[str, str], tmp_path: Path) -> None:
    launch = read_launch(environment)
    assert launch.is_first
    assert (launch.driver_port, launch.block_manager_port, launch.ui_port) == (31001, 31002, 31003)
    assert launch.secrets_on_agents == Path("/etc/mesospark/principals/spark")
    assert launch.result_file == tmp_path / "result.json"


def test_secrets_are_the_principals(environment: dict[str, str]) -> None:
    environment |= {"SPARK_PRINCIPAL": "team-a", "SPARK_PRINCIPALS_FOLDER": "/srv/principals"}
    assert read_launch(environment).secrets_on_agents == Path("/srv/principals/team-a")


@pytest.mark.parametrize("suffix", ["_app.2", "_app.11", "_app.1.extra"])
def test_knows_later_launches(environment: dict[str, str], suffix: str) -> None:
    environment["MESOS_TASK_ID"] = f"runs_word-count.instance-1.{suffix}"
    assert not read_launch(environment).is_first


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("SPARK_RUN_ID", "", "SPARK_RUN_ID is not set: the app must give it"),
        ("SPARK_RUN_ID", "a,b", "SPARK_RUN_ID=a,b may hold"),
        ("SPARK_JOB_NAME", "label=x", "SPARK_JOB_NAME=label=x may hold"),
        ("SPARK_MASTER", "master1:5050", "must look like mesos://host:5050"),
        ("SPARK_MASTER", "mesos://a:1,", "must look like mesos://host:5050"),
        ("SPARK_EXECUTOR_IMAGE", "", "SPARK_EXECUTOR_IMAGE is not set"),
        ("MESOS_TASK_ID", "", "MESOS_TASK_ID is not set: Marathon gives it"),
        ("MESOS_SANDBOX", "/no/such/folder", "is not a folder"),
        ("HOST", "", "HOST is not set"),
        ("PORT1", "", "PORT1 is not set: Marathon gives it to an app with three port definitions"),
        ("PORT2", "0", "PORT2=0 is not a TCP port"),
        ("PORT2", "65536", "PORT2=65536 is not a TCP port"),
        ("PORT2", "x", "PORT2=x is not a TCP port"),
    ],
)
def test_names_the_variable_that_is_wrong(environment: dict[str, str], name: str, value: str, message: str) -> None:
    environment[name] = value
    with pytest.raises(Refusal, match=message):
        read_launch(environment)


def test_environment_of_the_driver(environment: dict[str, str]) -> None:
    launch = read_launch(environment)
    inherited = {
        **environment,
        "MESOS_EXECUTOR_ID": "x",
        "MESOS_NATIVE_JAVA_LIBRARY": "/x",
        "LIBPROCESS_IP": "0.0.0.0",
        "MARATHON_APP_ID": "/runs/word-count",
        "GREETING": "hello",
    }
    made = driver_environment(launch, "spark", inherited)
    assert {"MESOS_EXECUTOR_ID", "MESOS_NATIVE_JAVA_LIBRARY", "LIBPROCESS_IP"}.isdisjoint(made)
    assert made["MESOS_TASK_ID"] == launch.task_id
    assert made["MESOS_SANDBOX"] == str(launch.sandbox)
    assert made["GREETING"] == "hello" and made["MARATHON_APP_ID"] == "/runs/word-count"
    assert made["MESOS_FRAMEWORK_NAME"] == launch.run_id
    assert made["MESOS_FRAMEWORK_CHECKPOINT"] == "true"
    assert made["SPARK_LOCAL_IP"] == made["SPARK_PUBLIC_DNS"] == "agent1.platform.test"
    assert made["LIBPROCESS_SSL_ENABLED"] == "1"
    assert made["LIBPROCESS_SSL_KEY_FILE"] == "/run/secrets/spark/client.key"


def test_an_isolated_driver_has_an_address_of_its_own(
    environment: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("socket.gethostname", lambda: "0a1b2c")
    monkeypatch.setattr("socket.gethostbyname", {"0a1b2c": "100.64.1.2"}.__getitem__)
    launch = read_launch(environment | {"SPARK_NETWORK": "isolated.spark.0.run-1"})
    assert (launch.network, launch.address) == ("isolated.spark.0.run-1", "100.64.1.2")
    # Its web interface is the agent's to show.
    own = driver_environment(launch, "spark", environment)
    assert (own["SPARK_LOCAL_IP"], own["SPARK_PUBLIC_DNS"]) == ("100.64.1.2", "agent1.platform.test")
    assert read_launch(environment).address == "agent1.platform.test"
