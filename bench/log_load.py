# SPDX-License-Identifier: GPL-3.0-or-later
"""Logs to read: sandboxes of an agent, whose every line has a number of its own."""

import re
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from agent_folder import end_run, make_run

EXECUTORS = 4
NUMBER = re.compile(rb"line=(\d{10})")
"""In every line, once."""

_TEXTS = (
    "INFO TaskSetManager: Starting task {0}.0 in stage 3.0 (TID {0}) (10.0.0.31, executor 2, 7423 bytes)",
    "INFO MemoryStore: Block broadcast_{0}_piece0 stored as bytes in memory (estimated size 4.1 KiB)",
    "INFO Executor: Finished task {0}.0 in stage 3.0 (TID {0}). 1172 bytes result sent to driver",
    "WARN BlockManager: Block rdd_3_{0} could not be removed as it was not found on disk",
)
_FRAME = "\tat org.apache.spark.executor.Executor$TaskRunner.$anonfun$run(Executor.scala:{0})"
_LINES_OF_A_TRACE = 20
_RECORDS_TO_A_TRACE = 200
_BLOCK_LINES = 10_000


@dataclass(frozen=True)
class Load:
    """`agent`: an agent's work directory. `files`: the streams in it. A stack trace of many lines is one record."""

    agent: Path
    files: tuple[Path, ...]
    lines: int
    records: int


def make_load(agent: Path, lines: int) -> Load:
    """Runs that have ended with `lines` lines of Spark's, a tenth of them in stack traces, over eight files."""
    files = make_sandboxes(agent, EXECUTORS, ended=True)
    records = 0
    for number, path in enumerate(files):
        first, end = (lines * position // len(files) for position in (number, number + 1))
        records += _write(path, first, end)
    return Load(agent, files, lines, records)


def make_sandboxes(agent: Path, count: int, ended: bool = False) -> tuple[Path, ...]:
    """Both streams, empty, of `count` executors with what the agent has checkpointed of them."""
    files: list[Path] = []
    for number in range(count):
        container = f"c0ffee00-0000-4000-8000-{number:012d}"
        run = make_run(agent, container, executor_id=str(number))
        if ended:
            end_run(run)
        files += (run.sandbox / "stdout", run.sandbox / "stderr")
    return tuple(files)


def numbered(text: str, number: int) -> str:
    """A line with its number."""
    return f"{text} line={number:010d}\n"


def log_line(number: int, now: float) -> str:
    """A line as of the platform's Spark images."""
    second = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(now))
    return numbered(f"{second}.{int(now % 1 * 1000):03d}Z {_TEXTS[number % len(_TEXTS)].format(number)}", number)


def _write(path: Path, first: int, end: int) -> int:
    """Lines number `first` to `end` - 1, a millisecond apart, the last one now; how many records they are."""
    records = 0
    block: list[str] = []
    now = time.time()
    with path.open("w", encoding="ascii") as file:
        for number, goes_on in _shape(first, end):
            if goes_on:
                block.append(numbered(_FRAME.format(number % 1000), number))
            else:
                block.append(log_line(number, now - (end - number) / 1000))
                records += 1
            if len(block) == _BLOCK_LINES:
                file.writelines(block)
                block.clear()
        file.writelines(block)
    return records


def _shape(first: int, end: int) -> Iterator[tuple[int, bool]]:
    """Numbers of lines, and whether each goes on with the record before."""
    period = _RECORDS_TO_A_TRACE + _LINES_OF_A_TRACE - 1
    for number in range(first, end):
        yield number, (number - first) % period >= _RECORDS_TO_A_TRACE
