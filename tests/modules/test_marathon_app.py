# SPDX-License-Identifier: GPL-3.0-or-later
"""Apps of the embedded Marathon on a real Mesos cluster."""

from typing import Any

import pytest
from mesos_runtime.local_cluster import LocalCluster
from module_process import run_module

pytestmark = pytest.mark.system
SLEEP = {"cmd": "sleep 1000", "cpus": 0.1, "mem": 16}


def test_the_life_of_an_app(servers: dict[str, Any]) -> None:
    options = {**servers, "id": "/tests/sleep", "definition": {**SLEEP, "instances": 2, "env": {"LEVEL": 1}}}
    made = run_module("marathon_app", **options)
    assert made["changed"] and made["app"]["tasksRunning"] == 2
    again = run_module("marathon_app", **options)
    assert not again["changed"], again["diff"]
    options["definition"] = {**options["definition"], "env": {"LEVEL": 2}}
    checked = run_module("marathon_app", **options, _ansible_check_mode=True)
    assert checked["diff"] == {"before": {"env": {"LEVEL": "1"}}, "after": {"env": {"LEVEL": "2"}}}
    changed = run_module("marathon_app", **options)
    assert changed["changed"] and changed["app"]["version"] != made["app"]["version"]
    tasks = {task["id"] for task in changed["app"]["tasks"]}
    restarted = run_module("marathon_app", **servers, id="/tests/sleep", state="restarted")
    assert restarted["changed"] and not tasks & {task["id"] for task in restarted["app"]["tasks"]}
    assert run_module("marathon_app", **servers, id="/tests/sleep", state="absent")["changed"]
    assert not run_module("marathon_app", **servers, id="/tests/sleep", state="absent")["changed"]
    assert run_module("marathon_app_info", **servers, id="/tests/sleep")["apps"] == []


@pytest.mark.parametrize(
    "definition",
    [
        {
            **SLEEP,
            "instances": 0,
            "portDefinitions": [{"port": 0, "name": "http"}],
            "constraints": [["hostname", "UNIQUE"]],
        },
        {**SLEEP, "instances": 0, "healthChecks": [{"protocol": "COMMAND", "command": {"value": "true"}}]},
        {
            **SLEEP,
            "instances": 0,
            "uris": ["file:///etc/hostname"],
            "upgradeStrategy": {"minimumHealthCapacity": 0.5, "maximumOverCapacity": 1},
        },
        {
            "cpus": 0.1,
            "mem": 16,
            "instances": 0,
            "container": {"docker": {"image": "none:1"}, "portMappings": [{"containerPort": 80, "name": "http"}]},
            "networks": [{"mode": "container/bridge"}],
            "healthChecks": [{"path": "/health", "portIndex": 0}],
        },
    ],
)
def test_a_second_call_changes_nothing(servers: dict[str, Any], definition: dict[str, Any]) -> None:
    options = {**servers, "id": "/tests/same", "definition": definition}
    try:
        made = run_module("marathon_app", **options)
        assert made.get("changed"), made["msg"]
        again = run_module("marathon_app", **options)
        assert not again["changed"], again["diff"]
    finally:
        run_module("marathon_app", **servers, id="/tests/same", state="absent")


def test_a_timeout_names_the_reason(servers: dict[str, Any]) -> None:
    options = {**servers, "id": "/tests/large", "definition": {**SLEEP, "mem": 100000}, "wait_timeout": "6s"}
    try:
        result = run_module("marathon_app", **options)
        assert result["failed"] and "too little memory" in result["msg"] and "0 of 1 instances run" in result["msg"]
        waiting = run_module("marathon_app_info", **servers, id="/tests/large")["apps"][0]["waiting_reasons"]
        assert any("too little memory" in reason for reason in waiting)
    finally:
        run_module("marathon_app", **servers, id="/tests/large", state="absent")


def test_a_definition_that_marathon_refuses(servers: dict[str, Any]) -> None:
    result = run_module(
        "marathon_app", **servers, id="/tests/bad", definition={**SLEEP, "constraints": [["rack", "NEAR"]]}
    )
    assert result["failed"] and "operator must be one of" in result["msg"]


def test_mesos_info(servers: dict[str, Any], mesos: LocalCluster) -> None:
    state = run_module("mesos_info", **servers, flags=True)
    assert state["version"] == "1.11.0" and state["leader"]["address"] == mesos.master_address
    assert sorted(agent["hostname"] for agent in state["agents"]) == ["127.0.0.1", "127.0.0.2"]
    assert [item["name"] for item in state["frameworks"] if item["active"]] == ["marathon"]
    assert state["flags"]["port"] == str(mesos.master_port)
