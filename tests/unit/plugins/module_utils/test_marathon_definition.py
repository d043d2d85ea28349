# SPDX-License-Identifier: GPL-3.0-or-later
from typing import Any

import pytest
from ansible_collections.mesospark.platform.plugins.module_utils.difference import DifferenceTracker
from ansible_collections.mesospark.platform.plugins.module_utils.errors import OptionError
from ansible_collections.mesospark.platform.plugins.module_utils.marathon_definition import compare, wanted_definition

# What Marathon 1.11 shows of an app created with the definition below.
SHOWN: dict[str, Any] = {
    "id": "/web",
    "backoffFactor": 1.15,
    "backoffSeconds": 1,
    "container": {
        "type": "DOCKER",
        "docker": {"forcePullImage": False, "image": "web:1", "parameters": [], "privileged": False},
        "volumes": [],
        "portMappings": [
            {
                "containerPort": 8080,
                "hostPort": 0,
                "labels": {},
                "name": "http",
                "protocol": "tcp",
                "servicePort": 10003,
            }
        ],
    },
    "cpus": 0.5,
    "disk": 0.0,
    "env": {"LEVEL": "3"},
    "executor": "",
    "fetch": [{"uri": "https://files.example.org/a.tgz", "extract": True, "executable": False, "cache": False}],
    "healthChecks": [
        {
            "gracePeriodSeconds": 300,
            "ignoreHttp1xx": False,
            "intervalSeconds": 60,
            "maxConsecutiveFailures": 3,
            "path": "/health",
            "portIndex": 0,
            "protocol": "HTTP",
            "ipProtocol": "IPv4",
            "timeoutSeconds": 20,
            "delaySeconds": 15,
        }
    ],
    "instances": 2,
    "labels": {"team": "search"},
    "mem": 128.0,
    "networks": [{"mode": "container/bridge"}],
    "upgradeStrategy": {"maximumOverCapacity": 1.0, "minimumHealthCapacity": 1.0},
    "unreachableStrategy": {"inactiveAfterSeconds": 0, "expungeAfterSeconds": 0},
    "version": "2026-11-21T10:00:00.000Z",
    "tasksRunning": 2,
}
DEFINITION: dict[str, Any] = {
    "container": {"docker": {"image": "web:1"}, "portMappings": [{"containerPort": 8080, "name": "http"}]},
    "networks": [{"mode": "container/bridge"}],
    "cpus": 0.5,
    "mem": 128,
    "instances": 2,
    "env": {"LEVEL": 3},
    "labels": {"team": "search"},
    "fetch": [{"uri": "https://files.example.org/a.tgz"}],
    "healthChecks": [{"path": "/health", "delaySeconds": 1}],
    "upgradeStrategy": {"minimumHealthCapacity": 1},
    "constraints": [],
    "acceptedResourceRoles": None,
}


def differences(definition: dict[str, Any], shown: dict[str, Any] = SHOWN) -> list[str]:
    tracker = DifferenceTracker()
    compare(wanted_definition("/web", definition), shown, tracker)
    return tracker.names


def test_what_the_server_fills_in_is_no_difference() -> None:
    assert differences(DEFINITION) == []


def test_the_form_which_the_server_shows_is_no_difference() -> None:
    assert differences({key: value for key, value in SHOWN.items() if key not in ("version", "tasksRunning")}) == []


def test_old_fields_are_compared_in_their_new_form() -> None:
    old = {
        "container": {
            "docker": {"image": "web:1", "network": "BRIDGE", "portMappings": [{"containerPort": 8080, "name": "http"}]}
        },
        "uris": ["https://files.example.org/a.tgz"],
    }
    assert differences(old) == []


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"cpus": 0.6}, ["cpus"]),
        ({"env": {}}, ["env"]),
        ({"env": {"LEVEL": "3", "MORE": "1"}}, ["env"]),
        ({"labels": {"team": "ads"}}, ["labels"]),
        ({"instances": 3, "mem": 256}, ["instances", "mem"]),
        ({"container": {"docker": {"image": "web:2"}}}, ["container"]),
        (
            {"container": {"docker": {"image": "web:1"}, "portMappings": [{"containerPort": 8081, "name": "http"}]}},
            ["container"],
        ),
        ({"healthChecks": [{"path": "/health", "intervalSeconds": 5}]}, ["healthChecks"]),
        ({"healthChecks": []}, ["healthChecks"]),
        ({"constraints": [["hostname", "UNIQUE"]]}, ["constraints"]),
        ({"unreachableStrategy": "disabled"}, ["unreachableStrategy"]),
        ({"upgradeStrategy": {"minimumHealthCapacity": 0}}, ["upgradeStrategy"]),
        ({"cmd": "sleep 1"}, ["cmd"]),
    ],
)
def test_every_real_difference_is_found(change: dict[str, Any], named: list[str]) -> None:
    assert differences(change) == named


def test_a_service_port_that_is_asked_for_counts() -> None:
    mapping = {"containerPort": 8080, "name": "http", "servicePort": 10004}
    assert differences({"container": {"docker": {"image": "web:1"}, "portMappings": [mapping]}}) == ["container"]


def test_fields_of_the_server_are_refused() -> None:
    with pytest.raises(OptionError, match=r"definition.version: '...' is set by Marathon; leave it out"):
        wanted_definition("/web", {"version": "x"})
    with pytest.raises(OptionError, match="is not the id /web"):
        wanted_definition("/web", {"id": "/other"})
