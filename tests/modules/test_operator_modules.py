# SPDX-License-Identifier: GPL-3.0-or-later
"""mesos_logging and mesos_sandbox on a real master and agent, with TLS and accounts, without a container engine."""

import os
import time
from pathlib import Path
from typing import Any

import pytest
from mesos_runtime.local_cluster import LocalCluster
from mesos_runtime.local_cluster.cluster import free_port
from mesos_runtime.local_cluster.framework import Framework, command_task
from module_process import run_module

pytestmark = pytest.mark.system
BYTES = bytes(range(256)) * 800
WRITE = (
    "python3 -c \"open('bytes', 'wb').write(bytes(range(256)) * 800)\"; mkdir 'a b'; echo deep > 'a b/c.log'; echo said"
)


def level_of(cluster: LocalCluster, agent: bool) -> int:
    return int(cluster.client(cluster.agents[0] if agent else None).get("/logging/toggle"))


def test_levels_go_up_and_back_by_themselves(small_cluster: LocalCluster, operator: dict[str, Any]) -> None:
    master, agent = small_cluster.master_url, small_cluster.agents[0]
    options = {**operator, "masters": "all", "agents": "all", "level": 2, "duration": "6s"}
    foreseen = run_module("mesos_logging", **options, _ansible_check_mode=True)
    assert foreseen["changed"] and [level_of(small_cluster, one) for one in (False, True)] == [0, 0]
    done = run_module("mesos_logging", **options)
    assert [level_of(small_cluster, one) for one in (False, True)] == [2, 2]
    assert [(host["role"], host["url"], host["level_before"], host["level"]) for host in done["hosts"]] == [
        ("master", master, 0, 2),
        ("agent", agent.url, 0, 2),
    ]
    assert done["diff"] == foreseen["diff"] and done["diff"]["after"][agent.url] == {"level": 2, "duration": "6s"}
    kept = run_module("mesos_logging", **options, renew=False)
    assert not kept["changed"] and [host["level"] for host in kept["hosts"]] == [2, 2]
    deadline = time.monotonic() + 20
    while any(level_of(small_cluster, one) for one in (False, True)):
        assert time.monotonic() < deadline, "the levels did not go back"
        time.sleep(0.2)
    down = {**options, "level": 0, "duration": None}
    assert not run_module("mesos_logging", **down)["changed"]
    run_module("mesos_logging", **{**options, "masters": "leader", "agents": [], "duration": "1h"})
    ended = run_module("mesos_logging", **down)
    assert ended["changed"] and ended["diff"]["after"] == {master: {"level": 0}} and not level_of(small_cluster, False)


def test_an_unreachable_host_is_named_and_the_others_are_done(
    small_cluster: LocalCluster, operator: dict[str, Any]
) -> None:
    away = f"https://127.0.0.1:{free_port('127.0.0.1')}"
    agent = small_cluster.agents[0]
    options = {**operator, "endpoints": [away, agent.url], "agents": ["nowhere"]}
    result = run_module("mesos_logging", **options, level=1, duration="1m")
    assert result["failed"] and result["changed"] and result["msg"].startswith("2 of 3 hosts failed: ")
    assert away in result["msg"] and "'nowhere' is not registered; there are: 127.0.0.1." in result["msg"]
    assert [(host["level"], host["changed"]) for host in result["hosts"]] == [(None, False), (1, True), (None, False)]
    stranger = run_module("mesos_logging", **{**operator, "mesos_password": "wrong"}, endpoints=[agent.url], level=0)
    assert f"{agent.url} does not know user 'operator' (status 401)" in stranger["msg"]


def test_files_of_a_sandbox(small_cluster: LocalCluster, operator: dict[str, Any], tmp_path: Path) -> None:
    with Framework(small_cluster) as framework:
        labels = {"labels": [{"key": "run_id", "value": "test"}]}
        driver = {**command_task(WRITE), "labels": labels, "task_id": {"value": "runs_test.instance-1._app.1"}}
        executor = command_task(WRITE)
        for task in (driver, executor):
            framework.wait_for(framework.launch(task))
        options = {**operator, "run_id": "test", "recurse": True}
        listed = run_module("mesos_sandbox", **options)
        assert not listed["changed"] and [box["role"] for box in listed["sandboxes"]] == ["driver", "executor"]
        for box in listed["sandboxes"]:
            assert [file["path"] for file in box["files"]] == ["a b/c.log", "bytes", "stderr", "stdout"]
        options |= {"dest": str(tmp_path / "fetched"), "patterns": ["bytes", "*.log", "stdout"]}
        foreseen = run_module("mesos_sandbox", **options, _ansible_check_mode=True)
        assert foreseen["changed"] and not (tmp_path / "fetched").exists()
        fetched = run_module("mesos_sandbox", **options)
        assert fetched["diff"] == foreseen["diff"] and len(fetched["diff"]["after"]) == 6
        for folder in ("driver", executor["task_id"]["value"]):
            assert (tmp_path / "fetched" / folder / "bytes").read_bytes() == BYTES
            assert (tmp_path / "fetched" / folder / "a b/c.log").read_text() == "deep\n"
            assert "said\n" in (tmp_path / "fetched" / folder / "stdout").read_text()
        assert not run_module("mesos_sandbox", **options)["changed"]
        os.truncate(tmp_path / "fetched/driver/bytes", 7)
        again = run_module("mesos_sandbox", **options)
        assert list(again["diff"]["after"]) == [str(tmp_path / "fetched/driver/bytes")]
    ended = run_module("mesos_sandbox", **operator, framework="test")
    assert len(ended["sandboxes"]) == 2 and all(box["files"] for box in ended["sandboxes"])
