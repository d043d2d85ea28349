# SPDX-License-Identifier: GPL-3.0-or-later
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.mesospark.platform.plugins.module_utils.errors import OptionError
from ansible_collections.mesospark.platform.plugins.module_utils.image_layer import LocalFile
from ansible_collections.mesospark.platform.plugins.module_utils.spark import Job
from ansible_collections.mesospark.platform.plugins.module_utils.spark_options import JOB_OPTIONS, job_from

MASTER = "mesos://master1:5050"


def job_and_files(**options: Any) -> tuple[Job, list[LocalFile]]:
    params = {name: spec.get("default") for name, spec in JOB_OPTIONS.items()}
    params |= {"name": "pi", "image": "registry:5000/spark:1", "application": "local:///opt/job/pi.py"}
    return job_from(params | options, MASTER)


def job(**options: Any) -> Job:
    return job_and_files(**options)[0]


def test_defaults() -> None:
    assert job() == Job(
        name="pi", image="registry:5000/spark:1", application="/opt/job/pi.py", spark_master=MASTER, max_cores=2
    )


def test_sizes_and_numbers_of_executors() -> None:
    made = job(driver_memory="2g", executor_memory="512m", executor_cores=2, executor_instances=3)
    assert (made.driver_memory, made.executor_memory, made.max_cores) == (2048, 512, 6)
    assert job(max_cores=5).max_cores == 5


def test_a_local_application_gets_its_place_in_the_image(tmp_path: Path) -> None:
    for name in ("app.py", "helpers.py", "book.txt"):
        (tmp_path / name).write_text("x", encoding="utf-8")
    made, files = job_and_files(
        application=str(tmp_path / "app.py"),
        py_files=[str(tmp_path / "helpers.py")],
        files=[str(tmp_path / "book.txt")],
    )
    assert (made.application, made.py_files) == ("/opt/job/app.py", ("/opt/job/helpers.py",))
    assert [file.target for file in files] == ["/opt/job/app.py", "/opt/job/book.txt", "/opt/job/helpers.py"]


def test_texts_of_conf_env_and_constraints() -> None:
    made = job(
        conf={"spark.sql.shuffle.partitions": 64, "spark.speculation": True},
        env={"REGION": "north", "LEVEL": 3},
        constraints=[["hostname", "UNIQUE"], ["rack", "MAX_PER", 2]],
        executor_constraints={"rack": ["r1", "r2"], "disk": "ssd"},
    )
    assert made.conf == {"spark.sql.shuffle.partitions": "64", "spark.speculation": "true"}
    assert made.env == {"REGION": "north", "LEVEL": "3"}
    assert made.constraints == (("hostname", "UNIQUE"), ("rack", "MAX_PER", "2"))
    assert made.executor_constraints == "disk:ssd;rack:r1,r2"


FORBIDDEN_ENV = (
    "LIBPROCESS_SSL_ENABLED",
    "MESOS_TASK_ID",
    "LD_PRELOAD",
    "PATH",
    "HOST",
    "PORT0",
    "SPARK_RUN_ID",
    "MARATHON_APP_ID",
)


@pytest.mark.parametrize("name", FORBIDDEN_ENV)
def test_environment_that_would_reach_the_mesos_executor_is_refused(name: str) -> None:
    with pytest.raises(OptionError, match=rf"^env\.{name}: .*use another name\.$"):
        job(env={name: "x"})


@pytest.mark.parametrize("name", ["HOSTNAME_OF_DATABASE", "REPORT_0", "LDAP_SERVER", "PATHS", "SPARK_LOCAL_DIRS"])
def test_other_environment_is_accepted(name: str) -> None:
    assert job(env={name: "x"}).env == {name: "x"}


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            {"env": {"DATABASE_PASSWORD": "hush"}},
            r"env\.DATABASE_PASSWORD: '...' looks like a secret.*/run/secrets/spark",
        ),
        ({"conf": {"spark.hadoop.fs.s3a.secret.key": "hush"}}, r"looks like a secret"),
        ({"labels": {"api_token": "hush"}}, r"looks like a secret"),
    ],
)
def test_secrets_are_refused_without_repeating_them(options: dict[str, Any], message: str) -> None:
    with pytest.raises(OptionError, match=message) as caught:
        job(**options)
    assert "hush" not in caught.value.message


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"name": "Word Count"}, r"name: 'Word Count' is no name of a job; use up to 40 lower-case letters"),
        ({"image": None}, r"^image is missing; say which image"),
        (
            {"application": "/nowhere/app.py"},
            r"application: '/nowhere/app.py' is no file on this machine; .*local:///nowhere/app.py",
        ),
        ({"application": "s3a://bucket/app.py"}, r"can not be fetched by an agent"),
        ({"application": "https://user:hush@files.example.org/app.py"}, r"carries credentials"),
        ({"application": "https://files.example.org/"}, r"names no file"),
        ({"main_class": "org.example.Main"}, r"main_class: .* does not fit a Python application; leave it out"),
        ({"driver_memory": "64"}, r"driver_memory: '64' is not a size; write a number and a unit"),
        ({"driver_cpus": 0}, r"driver_cpus: 0 is not positive"),
        ({"executor_cores": 4, "max_cores": 2}, r"max_cores: 2 is less than executor_cores \(4\)"),
        ({"conf": {"spark.executor.memory": "1g"}}, r"has an option of its own; use executor_memory"),
        (
            {"conf": {"spark.authenticate": "false"}},
            r"conf.spark.authenticate: '...' is set by the platform; leave it out",
        ),
        ({"conf": {"spark.executorEnv.JAVA_TOOL_OPTIONS": "-ea"}}, r"is set by the platform; leave it out"),
        ({"conf": {"executor.memory": "1g"}}, r"is no Spark setting"),
        ({"conf": {"spark.x": ["a"]}}, r"conf.spark.x: \['a'\] is not a text or a number"),
        ({"constraints": [["rack", "NEAR", "r1"]]}, r"is no constraint; write \[field, operator, value\]"),
        ({"executor_constraints": {"rack": "a:b"}}, r"holds one of : ; ,"),
        ({"labels": {"run_id": "x"}}, r"labels.run_id: 'x' is set by the platform"),
        ({"principal": "../root"}, r"principal: '../root' is no name of a principal"),
        ({"env": {"A-B": "x"}}, r"env: 'A-B' is no name of a variable"),
    ],
)
def test_bad_options_are_told_in_one_sentence(options: dict[str, Any], message: str) -> None:
    with pytest.raises(OptionError, match=message) as caught:
        job(**options)
    assert "\n" not in caught.value.message
    assert "hush" not in caught.value.message
