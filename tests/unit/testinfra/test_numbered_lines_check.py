# SPDX-License-Identifier: GPL-3.0-or-later
"""The check of numbered lines finds every kind of fault that shipping logs could have."""

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

sys.path.extend(
    str(Path(__file__).resolve().parents[3] / folder) for folder in ("examples/numbered-lines", "tests/testinfra")
)

from numbered_lines import FILES, LONG_LINE_BYTES, TRACE_LINES, records
from numbered_lines_check import problems

LINES = 1000
TIME = "2026-11-21T15:33:08.471Z"
Logs = dict[str, list[str]]


@pytest.fixture(scope="module")
def written() -> Logs:
    """What a perfect shipper would have found, Spark's own lines between."""
    return {
        f"container of {process}, {stream}": [
            f"{TIME} INFO SparkContext: Running Spark version 3.5.8",
            *(record.decode("utf-8", "backslashreplace") for record in records(process, stream, LINES, lambda: TIME)),
        ]
        for process, stream in FILES
    }


@pytest.fixture
def logs(written: Logs) -> Logs:
    return {key: list(texts) for key, texts in written.items()}


def test_what_is_written_is_right(logs: Logs) -> None:
    assert problems(logs, LINES) == []


def test_what_is_written_is_what_the_example_promises(logs: Logs) -> None:
    texts = [text for texts in logs.values() for text in texts]
    assert sum("line 0" in text for text in texts) == LINES
    assert sum(len(text.splitlines()) >= TRACE_LINES for text in texts) == 3 * len(FILES)
    assert {len(text.strip("\n").split("\n")) for text in texts} == {1, TRACE_LINES}
    assert sum(len(text) == LONG_LINE_BYTES + 1 for text in texts) == len(FILES)
    assert sum("\\xff" in text for text in texts) == len(FILES)
    assert sum(not text.endswith("\n") for text in texts) == 2 * len(FILES)  # and Spark's


def test_white_space_at_the_ends_may_be_gone(logs: Logs) -> None:
    assert problems({key: [text.strip() for text in texts] for key, texts in logs.items()}, LINES) == []


def test_what_follows_an_unfinished_line_belongs_to_it(logs: Logs) -> None:
    for texts in logs.values():
        texts[-1] += f"{TIME} INFO ShutdownHookManager: Shutdown hook called"
    assert problems(logs, LINES) == []


def test_a_bare_trace_may_follow_a_loggers_line(logs: Logs) -> None:
    texts = logs["container of driver, stderr"]
    place = next(place for place, text in enumerate(texts) if text.startswith("Traceback"))
    texts[place] = f"{TIME} INFO Executor: Running\n{texts[place]}"
    assert problems(logs, LINES) == []


def lose(texts: list[str]) -> None:
    del texts[31:34]


def lose_the_end(texts: list[str]) -> None:
    texts.pop()


def repeat(texts: list[str]) -> None:
    texts.insert(31, texts[31])


def swap(texts: list[str]) -> None:
    texts[31], texts[32] = texts[32], texts[31]


def glue(texts: list[str]) -> None:
    texts[31:33] = ["".join(texts[31:33])]


def split_a_trace(texts: list[str]) -> None:
    place = next(place for place, text in enumerate(texts) if "IllegalState" in text)
    texts[place : place + 1] = [texts[place][:3000], texts[place][3000:]]


def spoil_a_long_line(texts: list[str]) -> None:
    place = next(place for place, text in enumerate(texts) if len(text) > LONG_LINE_BYTES)
    texts[place] = texts[place][:65536] + texts[place][65537:]


def lose_invalid_bytes(texts: list[str]) -> None:
    texts[:] = [text.replace("\\xff", "\N{REPLACEMENT CHARACTER}") for text in texts]


@pytest.mark.parametrize(
    ("spoil", "expected"),
    [
        (lose, "driver stderr: 3 of 100 are missing: 131-133"),
        (lose_the_end, "driver stderr: 1 of 100 are missing: 200"),
        (repeat, "driver stderr: 1 are there more than once: 131"),
        (swap, "driver stderr: 1 stand behind a later one: 131"),
        (glue, "several records in one"),
        (split_a_trace, "driver stderr: 1 have another text, the first: 000113 has 2980 instead of "),
        (spoil_a_long_line, "driver stderr: 1 have another text, the first: 000151 has 999999 instead of 1000000"),
        (lose_invalid_bytes, "driver stderr: 1 have another text, the first: 000176 has"),
        (list.clear, "driver stderr: 100 of 100 are missing: 101-200"),
    ],
)
def test_every_fault_is_found(spoil: Callable[[list[str]], None], expected: str, logs: Logs) -> None:
    spoil(logs["container of driver, stderr"])
    assert any(expected in problem for problem in problems(logs, LINES)), problems(logs, LINES)


def test_records_under_the_wrong_file_are_found(logs: Logs) -> None:
    logs["container of driver, stderr"].append(logs["container of driver, stdout"].pop())
    assert set(problems(logs, LINES)) == {
        "container of driver, stderr holds the records of 2 files",
        "driver stdout: it is spread over ['container of driver, stderr', 'container of driver, stdout']",
    }
