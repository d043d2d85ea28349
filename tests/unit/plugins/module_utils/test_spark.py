# SPDX-License-Identifier: GPL-3.0-or-later
"""The app document of a driver. To accept a wanted change: pytest with UPDATE_GOLDEN=1, then read the difference."""

import json
import os
from dataclasses import replace
from pathlib import Path

import pytest
from ansible_collections.mesospark.platform.plugins.module_utils.spark import (
    Job,
    build_app,
    definition_of,
    overhead,
    submit_arguments,
)

GOLDEN = Path(__file__).parent / "golden"
SIMPLE = Job(
    name="pi",
    image="registry.example.org:5443/mesospark/spark:3.5.8",
    application="/opt/job/pi.py",
    spark_master="mesos://master1:5050",
)
FULL = Job(
    name="settlement",
    image="registry.example.org:5443/mesospark/spark:3.5.8-settlement-0123456789ab",
    application="https://files.example.org/jobs/settlement-1.4.jar?version=7",
    spark_master="mesos://master1:5050,master2:5050",
    main_class="org.example.Settlement",
    arguments=("--day", "2026-11-20", 'a word; and "quotes"'),
    py_files=("/opt/job/helpers.zip", "https://files.example.org/more.zip"),
    jars=("/opt/job/driver.jar",),
    driver_cpus=0.5,
    driver_memory=8192,
    executor_cores=2,
    executor_memory=2048,
    executor_memory_overhead=512,
    max_cores=8,
    conf={"spark.sql.shuffle.partitions": "64"},
    env={"REGION": "north"},
    principal="finance",
    constraints=(("rack", "CLUSTER", "r1"), ("hostname", "UNIQUE")),
    executor_constraints="rack:r1,r2",
    labels={"team": "finance"},
)


@pytest.mark.parametrize(("name", "job"), [("simple", SIMPLE), ("full", FULL)])
def test_app_document(name: str, job: Job) -> None:
    document = build_app(job, f"{job.name}-20261121t101500-3fa8")
    file = GOLDEN / f"driver_{name}.json"
    if os.environ.get("UPDATE_GOLDEN"):
        file.write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")
    assert document == json.loads(file.read_text(encoding="utf-8"))


def test_a_run_id_does_not_change_the_definition() -> None:
    one, two = build_app(SIMPLE, "pi-1"), build_app(SIMPLE, "pi-2")
    assert one["labels"]["definition"] == two["labels"]["definition"] == definition_of(SIMPLE)
    assert one["id"] != two["id"]


@pytest.mark.parametrize(
    "other",
    [
        replace(SIMPLE, arguments=("1",)),
        replace(SIMPLE, driver_memory=2048),
        replace(SIMPLE, env={"A": "1"}),
        replace(SIMPLE, principal="other"),
        replace(SIMPLE, max_cores=3),
        replace(SIMPLE, labels={"team": "a"}),
    ],
)
def test_whatever_changes_the_run_changes_the_definition(other: Job) -> None:
    assert definition_of(other) != definition_of(SIMPLE)


def test_the_platforms_names_win_over_a_jobs() -> None:
    document = build_app(replace(SIMPLE, env={"SPARK_RUN_ID": "x"}, labels={"job": "x"}), "pi-1")
    assert (document["env"]["SPARK_RUN_ID"], document["labels"]["job"]) == ("pi-1", "pi")


def test_memory_overhead_follows_sparks_rule() -> None:
    assert [overhead(512, None), overhead(8192, None), overhead(8192, 100)] == [384, 819, 100]
    assert SIMPLE.driver_container_memory == 1024 + 384


def test_the_application_is_followed_by_its_arguments_only() -> None:
    arguments = submit_arguments(FULL)
    assert arguments[-4:] == ["sandbox:settlement-1.4.jar", "--day", "2026-11-20", 'a word; and "quotes"']
