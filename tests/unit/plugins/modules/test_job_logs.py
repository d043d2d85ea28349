# SPDX-License-Identifier: GPL-3.0-or-later
"""The lookup plugin job_logs on a scripted search, used by Ansible itself."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from scripted_search import RUN, ScriptedSearch

ROOT = Path(__file__).resolve().parents[4]


@pytest.fixture
def search(server: Any) -> ScriptedSearch:
    return ScriptedSearch(server)


def evaluate(search: ScriptedSearch, expression: str) -> Any:
    """The value of an expression, or the text of Ansible's error."""
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("ANSIBLE_")},
        "ANSIBLE_COLLECTIONS_PATH": str(ROOT / ".collections"),
        "ANSIBLE_LOAD_CALLBACK_PLUGINS": "true",
        "ANSIBLE_STDOUT_CALLBACK": "ansible.builtin.minimal",
        "ANSIBLE_STRATEGY": "linear",
        "GRAYLOG_URL": search.server.url,
    }
    command = [Path(sys.executable).with_name("ansible"), "-i", "localhost,", "-c", "local", "localhost", "-m", "debug"]
    message = "msg={{ (" + expression + ") | to_json }}"
    done = subprocess.run(
        [*command, "-a", message], env=environment, cwd="/", capture_output=True, text=True, check=False
    )
    if done.returncode:
        return done.stdout + done.stderr
    given = json.loads(done.stdout.partition("=>")[2])["msg"]
    return json.loads(given) if isinstance(given, str) else given


def test_runs_of_jobs_and_certain_runs(search: ScriptedSearch) -> None:
    search.line(0, "first", agent_hostname="agent1", stream="stdout")
    search.line(10, "second")
    lookup = "query('mesospark.platform.job_logs',"
    job = f"{lookup} 'pi')"
    run = f"{lookup} '{RUN}', executors=['driver'], level='error', pattern='^f', origin=true)"
    last = f"{lookup} 'pi', limit=1)"
    assert evaluate(search, f"[{job}, {run}, {last}]") == [
        ["first", "second"],
        ["2026-11-21T12:00:00.000Z agent1 driver stdout first"],
        ["second"],
    ]
    assert search.queries() == [
        'job:"pi" AND _exists_:run',
        f'run:"{RUN}"',
        f'run:"{RUN}" AND (task_id:runs_*) AND level:<=3',
    ]


def test_a_job_that_nobody_knows(search: ScriptedSearch) -> None:
    error = evaluate(search, "query('mesospark.platform.job_logs', 'none')")
    assert "has no lines of a job 'none': is the name right?" in error
