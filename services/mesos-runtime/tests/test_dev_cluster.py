# SPDX-License-Identifier: GPL-3.0-or-later
"""tools/dev_cluster.py, as a module's author uses it."""

import json
import os
import shlex
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from mesos_runtime.local_cluster.leftovers import processes_of
from runtime_helpers import is_alive, wait_until

pytestmark = pytest.mark.system
PROGRAM = Path(__file__).resolve().parents[3] / "tools/dev_cluster.py"


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """Where the cluster is kept; it is stopped in the end."""
    yield tmp_path / "dev cluster"
    run(tmp_path / "dev cluster", "stop")


def run(folder: Path, command: str) -> "subprocess.CompletedProcess[str]":
    """Run dev_cluster.py."""
    words = [sys.executable, str(PROGRAM), command, "--folder", str(folder)]
    return subprocess.run(words, capture_output=True, text=True, check=False)


def variables(folder: Path) -> dict[str, str]:
    """What a shell gets from the file env."""
    script = f"set -a; . {shlex.quote(str(folder / 'env'))}; exec {sys.executable} -c {shlex.quote(PRINT)}"
    done = subprocess.run(["sh", "-c", script], capture_output=True, text=True, check=True, env={"PATH": os.defpath})
    found: dict[str, str] = json.loads(done.stdout)
    return found


PRINT = "import json, os; print(json.dumps(dict(os.environ)))"


def call(url: str, body: object = None) -> dict[str, object]:
    """GET, or POST of JSON."""
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data, {"Content-Type": "application/json", "Accept": "application/json"})
    with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=10) as answer:
        found: dict[str, object] = json.load(answer)
        return found


def test_start_use_and_stop(folder: Path) -> None:
    started = run(folder, "start")
    assert started.returncode == 0, started.stderr
    assert (folder / "env").read_text() in started.stdout
    cluster = variables(folder)
    assert cluster["AGENTS"] == "127.0.0.1,127.0.0.2"
    agents = call(f"{cluster['MESOS_MASTER_URL']}/slaves")["slaves"]
    assert isinstance(agents, list)
    attributes = {agent["hostname"]: agent["attributes"] for agent in agents}
    assert attributes == {
        "127.0.0.1": {"rack": "r1", "zone": "z1", "gen": 5.0},
        "127.0.0.2": {"rack": "r2", "zone": "z1", "gen": 7.0},
    }
    app = {"id": "/sleeper", "cmd": "exec sleep 1000", "cpus": 0.1, "mem": 32}
    call(f"{cluster['MARATHON_URL']}/v2/apps", app)
    tasks = f"{cluster['MARATHON_URL']}/v2/tasks?status=running"
    wait_until(lambda: "TASK_RUNNING" in json.dumps(call(tasks)), 20)

    again = run(folder, "start")
    assert again.returncode == 1
    assert again.stderr.startswith("dev_cluster: the cluster runs already")
    assert again.stderr.count("\n") == 1
    assert run(folder, "status").returncode == 0

    pids = [cluster["MESOS_MASTER_PID"], cluster["MARATHON_PID"], *cluster["MESOS_AGENT_PIDS"].split(",")]
    assert all(is_alive(int(pid)) for pid in pids)
    assert run(folder, "stop").returncode == 0
    assert not any(is_alive(int(pid)) for pid in pids)
    assert not processes_of(folder)
    assert not folder.exists()
    assert run(folder, "stop").stdout == "not running\n"


def test_after_a_crash_it_starts_again(folder: Path) -> None:
    assert run(folder, "start").returncode == 0
    cluster = variables(folder)
    for name in ("MESOS_MASTER_PID", "MARATHON_PID"):
        os.kill(int(cluster[name]), signal.SIGKILL)
    time.sleep(0.2)
    assert run(folder, "status").returncode == 1
    for pid in cluster["MESOS_AGENT_PIDS"].split(","):
        os.kill(int(pid), signal.SIGKILL)
    time.sleep(0.2)
    assert run(folder, "start").returncode == 0
    assert run(folder, "status").returncode == 0


def test_failed_start_leaves_nothing(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "none").mkdir()
    words = [sys.executable, str(PROGRAM), "start", "--folder", str(folder)]
    environment = {**os.environ, "MESOSPARK_RUNTIME": str(tmp_path / "none")}
    done = subprocess.run(words, capture_output=True, text=True, check=False, env=environment)
    assert done.returncode == 1
    assert "MESOSPARK_RUNTIME" in done.stderr
    assert "Traceback" not in done.stderr
    assert not folder.exists()
