# SPDX-License-Identifier: GPL-3.0-or-later
"""What the agent has noted of a run, and how runs are found."""

import time
from pathlib import Path

import pytest
from agent_folder import CHECKPOINT, make_run
from mesospark_log_shipper.discovery import SandboxFinder
from mesospark_log_shipper.meta import decode, run_facts

NOW = 1_795_269_600.0


def test_facts_of_a_run(tmp_path: Path) -> None:
    """What a real agent had checkpointed; before the task is noted, the facts are known to be incomplete."""
    run = make_run(tmp_path, "c1")
    facts, complete = run_facts(run, "agent1")
    assert complete
    assert (facts["job"], facts["principal"], facts["task_id"]) == ("wordcount", "spark", "0")
    assert "staging" not in facts
    (run.meta / "tasks/0/task.info").unlink()
    facts, complete = run_facts(run, "agent1")
    assert not complete
    assert facts["job"] == "wordcount"
    for length in (0, 3, 50):
        (run.meta.parents[3] / "framework.info").write_bytes((CHECKPOINT / "framework.info").read_bytes()[:length])
        assert "framework" not in run_facts(run, "agent1")[0]


def test_staging_jobs_are_marked(tmp_path: Path) -> None:
    """A job called staging-… carries a field to be filtered by."""
    run = make_run(tmp_path, "c1")
    path = run.meta.parents[3] / "framework.info"
    data = path.read_bytes()[4:].replace(b"\x09wordcount", b"\x09staging-w")
    path.write_bytes(len(data).to_bytes(4, "little") + data)
    facts, _complete = run_facts(run, "agent1")
    assert (facts["job"], facts["staging"]) == ("staging-w", "true")


@pytest.mark.parametrize("data", [b"\x0a\x05ab", b"\x0a", b"\xff", b"\x0b", b"\x09abc"])
def test_no_protobuf(data: bytes) -> None:
    """Half a message is told from a whole one."""
    with pytest.raises(ValueError, match=r"cut short|wire type"):
        decode(data)


def test_finder_lists_only_what_changed(tmp_path: Path) -> None:
    """A run is found when its streams are there, then left alone; a new one is found at once."""
    finder = SandboxFinder(tmp_path)
    assert not list(finder.find(NOW))
    make_run(tmp_path, "c1")
    assert {found.path.name for found in finder.find(NOW)} == {"stdout", "stderr"}
    assert not list(finder.find(NOW + 1))
    second = make_run(tmp_path, "c2", executor_id="1")
    (second.sandbox / "stderr").unlink()
    assert [found.path for found in finder.find(NOW + 2)] == [second.sandbox / "stdout"]
    (second.sandbox / "stderr").touch()
    assert len(list(finder.find(NOW + 3))) == 2
    third = make_run(tmp_path, "c3", checkpointed=False)
    assert not list(finder.find(NOW + 4))
    # from here on later than the files' own times
    now = time.time() + 100
    assert len(list(finder.find(now))) == 6
    assert not list(finder.find(now + 61))
    (third.sandbox / "stdout").rename(third.sandbox / "stdout.1")
    (third.sandbox / "stdout").touch()
    assert {found.run.container_id for found in finder.find(now + 122) if found.run} == {"c1", "c3"}
