# SPDX-License-Identifier: GPL-3.0-or-later
"""The work directory of a Mesos agent, with what a real agent had checkpointed (`data/checkpoint`)."""

import shutil
from pathlib import Path

from mesospark_log_shipper.meta import RunFolder

CHECKPOINT = Path(__file__).resolve().parents[1] / "data/checkpoint"
"""Files that Mesos 1.11.0 wrote for a command task of a framework with labels."""

AGENT_ID = "aa5e3594-ceec-4cd0-a5ae-c1714873b465-S0"
FRAMEWORK_ID = "aa5e3594-ceec-4cd0-a5ae-c1714873b465-0000"


def make_run(work_directory: Path, container_id: str, checkpointed: bool = True, executor_id: str = "0") -> RunFolder:
    """A run with empty streams; without the agent's notes if its framework does not checkpoint."""
    run = RunFolder(work_directory, AGENT_ID, FRAMEWORK_ID, executor_id, container_id)
    if checkpointed:
        task = run.meta / "tasks/0"
        task.mkdir(parents=True)
        shutil.copy(CHECKPOINT / "framework.info", run.meta.parents[3])
        shutil.copy(CHECKPOINT / "executor.info", run.meta.parents[1])
        shutil.copy(CHECKPOINT / "task.info", task)
    run.sandbox.mkdir(parents=True)
    for stream in ("stdout", "stderr"):
        (run.sandbox / stream).touch()
    return run


def end_run(run: RunFolder) -> None:
    """What an agent does at an executor's end."""
    (run.meta / "executor.sentinel").touch()


def collect_garbage(run: RunFolder) -> None:
    """What an agent does long after it."""
    shutil.rmtree(run.sandbox)
    shutil.rmtree(run.meta, ignore_errors=True)
