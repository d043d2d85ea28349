# SPDX-License-Identifier: GPL-3.0-or-later
from typing import Any

import pytest
from ansible_collections.mesospark.platform.plugins.module_utils.run_errors import (
    JAVA_FRAME,
    errors_of_executors,
    is_error,
    shortened,
)

HEADER = "2026-11-21T16:06:38.144Z ERROR Executor: Exception in task 1.0 in stage 0.0 (TID 1)"
TRACE = "\n".join(
    [
        HEADER,
        "org.apache.spark.api.python.PythonException: Traceback (most recent call last):",
        '  File "/opt/job/app.py", line 4, in check',
        "ValueError: record 3 is broken",
        "",
        *["\tat org.apache.spark.Deep.dive(Deep.scala:1)"] * 40,
        "Caused by: java.io.IOException: gone",
        *["\tat java.base/java.lang.Thread.run(Unknown Source)"] * 3,
        "\t... 12 more",
    ]
)


@pytest.mark.parametrize(
    ("record", "error"),
    [
        ({"level": 3, "message": "anything"}, True),
        ({"level": 4, "message": "ValueError: only a warning"}, False),
        ({"message": "Traceback (most recent call last):\n  ..."}, True),
        ({"message": 'Exception in thread "main" java.lang.IllegalStateException'}, True),
        ({"message": "pyspark.errors.exceptions.base.PySparkTypeError: [CANNOT_ACCEPT]"}, True),
        ({"message": "27331 words, no Error among them"}, False),
        ({}, False),
    ],
)
def test_what_is_an_error(record: dict[str, Any], error: bool) -> None:
    assert is_error(record) is error


def test_of_a_trace_the_causes_and_the_first_frames_stay() -> None:
    lines = shortened(TRACE).split("\n")
    assert lines[0] == HEADER and "ValueError: record 3 is broken" in lines
    assert sum(bool(JAVA_FRAME.match(line)) for line in lines) == 4 and "Caused by: java.io.IOException: gone" in lines


def test_of_long_text_the_beginning_and_the_end_stay() -> None:
    lines = shortened("\n".join(f"line {number}" for number in range(100))).split("\n")
    assert (len(lines), lines[0], lines[20], lines[-1]) == (41, "line 0", "...", "line 99")


def test_executors_are_told_with_their_last_error_and_its_causes() -> None:
    errors = [
        {"executor": "0", "host": "agent1", "message": "ValueError: first"},
        {"executor": "driver", "host": "agent1", "message": "ERROR TaskSetManager: failed"},
        {"executor": "0", "host": "agent1", "message": TRACE},
        {"executor": "1", "host": "agent2", "message": "ValueError: other"},
    ]
    told = f"Executor 0 on agent1: {HEADER}\nValueError: record 3 is broken\nCaused by: java.io.IOException: gone"
    assert errors_of_executors(errors, 3) == f"{told}\nExecutor 1 on agent2: ValueError: other"
    assert errors_of_executors(errors, 1) == "Executor 1 on agent2: ValueError: other"
    assert errors_of_executors([], 3) == ""
