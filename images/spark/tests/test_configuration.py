# SPDX-License-Identifier: GPL-3.0-or-later
from dataclasses import replace
from pathlib import Path

import pytest
from mesospark_driver import Refusal
from mesospark_driver.configuration import SECRET_FILES, check_secrets, read_defaults, spark_configuration
from mesospark_driver.launch import Launch

LAUNCH = Launch(
    run_id="run-1",
    job="word-count",
    master="mesos://master1:5050",
    executor_image="registry:5443/spark:1",
    secrets_on_agents=Path("/etc/mesospark/principals/spark"),
    task_id="t._app.1",
    sandbox=Path("/mnt/mesos/sandbox"),
    host="agent1",
    driver_port=31001,
    block_manager_port=31002,
    ui_port=31003,
)
JAR = "/opt/spark/mesos/mesos-scheduler-driver.jar"


def test_what_every_driver_gets() -> None:
    settings = spark_configuration(LAUNCH, "spark", {})
    assert settings["spark.authenticate"] == settings["spark.network.crypto.enabled"] == "true"
    assert settings["spark.driver.host"] == settings["spark.driver.bindAddress"] == "agent1"
    assert settings["spark.driver.port"] == "31001"
    assert settings["spark.driver.blockManager.port"] == "31002"
    assert settings["spark.ssl.ui.port"] == "31003"
    assert settings["spark.port.maxRetries"] == "0"
    assert settings["spark.shuffle.readHostLocalDisk"] == "false"
    assert settings["spark.driver.extraClassPath"] == settings["spark.executor.extraClassPath"] == JAR
    assert settings["spark.executorEnv.JDK_JAVA_OPTIONS"] == "@/run/secrets/spark/executor.args"
    assert settings["spark.mesos.executor.docker.volumes"] == "/etc/mesospark/principals/spark:/run/secrets/spark:ro"
    assert settings["spark.mesos.executor.docker.parameters"] == (
        "user=spark,label=job=word-count,label=run_id=run-1,workdir=/mnt/mesos/sandbox"
    )
    assert settings["spark.mesos.task.labels"] == "job:word-count,run_id:run-1"
    assert "spark.blockManager.port" not in settings


def test_an_isolated_run() -> None:
    isolated = replace(LAUNCH, network="isolated.spark.0.run-1", own_address="100.64.1.2")
    settings = spark_configuration(isolated, "spark", {})
    assert settings["spark.mesos.network.name"] == "isolated.spark.0.run-1"
    assert settings["spark.driver.host"] == settings["spark.driver.bindAddress"] == "100.64.1.2"
    assert "spark.mesos.network.name" not in spark_configuration(LAUNCH, "spark", {})


def test_no_secret_stands_in_the_settings() -> None:
    names = [name for name in spark_configuration(LAUNCH, "spark", {}) if "assword" in name or name.endswith("secret")]
    assert names == []


def test_lists_of_the_user_are_added_to() -> None:
    settings = spark_configuration(
        LAUNCH,
        "spark",
        {
            "spark.driver.extraClassPath": f"/a.jar:{JAR}:/b.jar",
            "spark.mesos.executor.docker.volumes": "/data:/data:ro",
            "spark.mesos.executor.docker.parameters": "shm-size=1g",
            "spark.mesos.task.labels": "team:a",
            "spark.shuffle.readHostLocalDisk": "true",
            "spark.sql.shuffle.partitions": "8",
            "spark.ui.filters": "org.example.Filter",
        },
    )
    assert settings["spark.driver.extraClassPath"] == f"{JAR}:/a.jar:/b.jar"
    assert settings["spark.mesos.executor.docker.volumes"].endswith(":ro,/data:/data:ro")
    assert settings["spark.mesos.executor.docker.parameters"].endswith("workdir=/mnt/mesos/sandbox,shm-size=1g")
    assert settings["spark.mesos.task.labels"].endswith("run_id:run-1,team:a")
    assert settings["spark.shuffle.readHostLocalDisk"] == "true"
    assert settings["spark.ui.filters"] == "org.mesospark.spark.TlsOnlyFilter,org.example.Filter"
    assert settings["spark.sql.shuffle.partitions"] == "8"


def test_repeating_the_platforms_value_is_no_fault() -> None:
    assert spark_configuration(LAUNCH, "spark", {"spark.authenticate": "true"})["spark.authenticate"] == "true"


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("spark.authenticate", "false"),
        ("spark.network.crypto.enabled", "false"),
        ("spark.mesos.network.name", "bridge"),
        ("spark.mesos.network.labels", "a:b"),
        ("spark.network.crypto.saslFallback", "true"),
        ("spark.authenticate.secret", "known"),
        ("spark.authenticate.enableSaslEncryption", "false"),
        ("spark.ssl.enabled", "false"),
        ("spark.ssl.ui.needClientAuth", "false"),
        ("spark.master", "local[*]"),
        ("spark.app.name", "mine"),
        ("spark.driver.port", "4000"),
        ("spark.blockManager.port", "4000"),
        ("spark.ui.port", "4040"),
        ("spark.mesos.secret", "known"),
        ("spark.mesos.executor.docker.image", "other"),
        ("spark.executorEnv.JDK_JAVA_OPTIONS", "-Dx"),
        ("spark.executorEnv.LD_PRELOAD", "/x.so"),
    ],
)
def test_refuses_what_the_platform_decides(key: str, value: str) -> None:
    with pytest.raises(Refusal, match=rf"setting {key}.* remove it"):
        spark_configuration(LAUNCH, "spark", {key: value})


def test_refuses_parameters_that_undo_the_container() -> None:
    for parameter in ("user=root", "privileged=true", "network=bridge"):
        with pytest.raises(Refusal, match=f"holds '{parameter.partition('=')[0]}'"):
            spark_configuration(LAUNCH, "spark", {"spark.mesos.executor.docker.parameters": f"shm-size=1g,{parameter}"})


def test_refuses_settings_hidden_in_java_options() -> None:
    with pytest.raises(Refusal, match=r"holds a -Dspark\. option"):
        spark_configuration(LAUNCH, "spark", {"spark.driver.extraJavaOptions": "-Xss2m -Dspark.authenticate=false"})


def test_reads_defaults_as_spark_does(tmp_path: Path) -> None:
    path = tmp_path / "spark-defaults.conf"
    path.write_text("# comment\n\nspark.a  b c\nspark.d=e\nspark.f: g\n  spark.h\ti\nspark.j\n")
    assert read_defaults(path) == {"spark.a": "b c", "spark.d": "e", "spark.f": "g", "spark.h": "i", "spark.j": ""}
    assert read_defaults(tmp_path / "none.conf") == {}


def test_names_the_secret_file_that_is_missing(tmp_path: Path) -> None:
    for name in SECRET_FILES:
        (tmp_path / name).touch()
    check_secrets(LAUNCH.secrets_on_agents, tmp_path)
    (tmp_path / "executor.args").unlink()
    with pytest.raises(Refusal, match=r"executor.args: No such file.* mount /etc/mesospark/principals/spark"):
        check_secrets(LAUNCH.secrets_on_agents, tmp_path)
