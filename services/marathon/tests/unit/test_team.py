# SPDX-License-Identifier: GPL-3.0-or-later
"""What each rule of a team refuses, and in which words."""

from pathlib import Path
from typing import Any

import pytest
from mesospark_marathon.access.escapes import OPERATORS_PARAMETERS
from mesospark_marathon.access.rules import read_rules
from mesospark_marathon.access.team import Team, normal_path
from mesospark_marathon.model.app_input import InputRules, app_id_of, build_app, read_app
from team_rules import REGISTRY, RULES, RUN, changed, rules_file


@pytest.fixture
def spark(tmp_path: Path) -> Team:
    return read_rules(str(rules_file(tmp_path))).teams["spark"]


def refusal(team: Team, document: dict[str, Any]) -> str | None:
    typed = read_app(document)
    return team.refusal(build_app(typed, app_id_of(typed), "", InputRules()))


def with_parameter(key: str, value: str) -> dict[str, Any]:
    parameters = [*RUN["container"]["docker"]["parameters"], {"key": key, "value": value}]
    return changed("container.docker.parameters", parameters)


def with_volume(host_path: str, mode: str = "RO", container_path: str = "/mnt/x") -> dict[str, Any]:
    return changed("container.volumes", [{"hostPath": host_path, "containerPath": container_path, "mode": mode}])


def test_a_run_as_the_modules_post_it_is_allowed(spark: Team) -> None:
    assert refusal(spark, RUN) is None


def own_network(name: str) -> list[dict[str, str]]:
    return [{"mode": "container", "name": name}]


@pytest.mark.parametrize(
    ("document", "words"),
    [
        (changed("id", "/tools/pi"), "app_ids: the id /tools/pi is not one of /runs/"),
        (changed("id", "/runsome/pi"), "app_ids: the id /runsome/pi"),
        (changed("labels", {}), "labels: the label principal is missing, and must be 'spark'"),
        (changed("labels.principal", "analytics"), "labels: the label principal is 'analytics'"),
        (
            changed("container", {"type": "MESOS", "docker": {"image": f"{REGISTRY}/x"}}),
            "container: an app must run in a container of type DOCKER",
        ),
        ({"id": "/runs/x", "cmd": "id", "labels": {"principal": "spark"}}, "container: "),
        (changed("container.docker.privileged", True), "docker_parameters: privileged is for operators only"),
        (changed("executor", "/bin/sh"), "executor: '/bin/sh' would run on the agent itself"),
        (changed("container.docker.image", "docker.test/evil"), "images: 'docker.test/evil' is not one of " + REGISTRY),
        (changed("container.docker.image", REGISTRY + ".evil.test/x"), "images: "),
        (changed("container.docker.image", f"{REGISTRY}/x --privileged"), "images: "),
        (changed("user", "root"), "users: the user is 'root', and must be one of spark"),
        ({key: value for key, value in RUN.items() if key != "user"}, "users: the user is missing"),
        (changed("container.docker.parameters", []), "users: the docker parameter user is missing; give one of spark"),
        (with_parameter("user", "0:0"), "users: the docker parameter user is '0:0'"),
        (changed("role", "runs"), "roles: the role 'runs' is not one of *"),
        (changed("networks", [{"mode": "container/bridge"}]), "networks: 'container/bridge' is not one of host"),
        (changed("networks", [{"mode": "container", "name": "host"}]), None),
        (changed("networks", own_network("isolated.spark.3.pi-20261121t120000-abcd.hdfs")), None),
        (
            changed("networks", own_network("isolated.spark.3.other")),
            "networks: 'isolated.spark.3.other' is not the network of /runs/pi-20261121t120000-abcd",
        ),
        (
            changed("networks", own_network("isolated.analytics.3.pi-20261121t120000-abcd")),
            "networks: 'isolated.analytics.3.pi-20261121t120000-abcd' is not one of host, isolated.spark.*",
        ),
        (
            changed("id", "/runs/staging-pi-1"),
            "isolated_apps: /runs/staging-pi-1 is one of /runs/staging-*, which must say network: isolated",
        ),
        (
            {**RUN, "id": "/runs/staging-pi-1", "networks": own_network("host")},
            "isolated_apps: /runs/staging-pi-1 is one of",
        ),
        ({**RUN, "id": "/runs/staging-pi-1", "networks": own_network("isolated.spark.0.staging-pi-1")}, None),
        (with_parameter("label", "anything"), None),
        (with_parameter("read-only", "true"), "docker_parameters: 'read-only' is not one of user, label"),
        (with_parameter("volume=/:/host", "rw"), "docker_parameters: 'volume=/:/host' is for operators only"),
        (with_parameter("", "x"), "docker_parameters: '' is for operators only"),
        (changed("fetch", [{"uri": "file:///etc/shadow"}]), "fetch: 'file:///etc/shadow' is not one of http://*"),
        (changed("fetch", [{"uri": "/etc/shadow"}]), "fetch: '/etc/shadow'"),
        ({**RUN, "fetch": [], "uris": ["/etc/shadow"]}, "fetch: '/etc/shadow'"),
        (changed("fetch", [{"uri": "https://x/y", "destPath": "../../y"}]), "fetch: destPath '../../y' must lie in"),
        (changed("fetch", [{"uri": "https://x/y", "destPath": "y'; id; '"}]), "fetch: destPath "),
        (changed("user", "root\nforged"), "users: the user is 'root\\nforged'"),
        (changed("env", {"LD_PRELOAD": "x.so"}), "environment: 'LD_PRELOAD' would govern the agent's own programs"),
        (changed("env", {"PATH": "."}), "environment: 'PATH'"),
        (
            {**RUN, "healthChecks": [{"protocol": "COMMAND", "command": {"value": '"; id; "'}}]},
            "health_checks: COMMAND runs in a shell of the agent",
        ),
        ({**RUN, "healthChecks": [{"protocol": "HTTP", "portIndex": 0}]}, None),
    ],
)
def test_each_rule(spark: Team, document: dict[str, Any], words: str | None) -> None:
    found = refusal(spark, document)
    if words is None:
        assert found is None
    else:
        assert found is not None and found.startswith(words)
        assert "\n" not in found


@pytest.mark.parametrize("key", sorted(OPERATORS_PARAMETERS))
def test_parameters_that_leave_the_container_are_for_operators(spark: Team, key: str) -> None:
    assert refusal(spark, with_parameter(key, "host")) == f"docker_parameters: '{key}' is for operators only"


@pytest.mark.parametrize(
    "key",
    [
        *("privileged", "pid", "ipc", "uts", "userns", "device", "cap-add", "security-opt", "volume", "volumes-from"),
        *("mount", "cgroup-parent", "network", "net", "runtime", "gpus", "env-file", "group-add", "sysctl", "cidfile"),
    ],
)
def test_the_well_known_ways_out_are_among_them(key: str) -> None:
    assert key in OPERATORS_PARAMETERS


@pytest.mark.parametrize(
    ("path", "mode", "allowed"),
    [
        ("/etc/mesospark/principals/spark", "RO", True),
        ("/etc/mesospark/principals/spark/", "RO", True),
        ("/etc//mesospark/./principals/spark/client.pem", "RO", True),
        ("/etc/mesospark/principals/spark", "RW", False),
        ("/etc/mesospark/principals/sparkling", "RO", False),
        ("/etc/mesospark/principals/spark/../analytics", "RO", False),
        ("/etc/mesospark/principals", "RO", False),
        ("//etc/shadow", "RO", False),
        ("/", "RO", False),
        ("etc/mesospark/principals/spark", "RO", False),
        ("../../../../etc", "RO", False),
        ("/etc/mesospark/principals/spark:/x", "RO", False),
    ],
)
def test_host_paths(spark: Team, path: str, mode: str, allowed: bool) -> None:
    found = refusal(spark, with_volume(path, mode))
    assert (found is None) is allowed
    if found:
        assert found.startswith("host_paths: ")


def test_a_host_path_is_shown_as_it_is_judged(spark: Team) -> None:
    assert refusal(spark, with_volume("/etc/mesospark/principals/spark/../analytics")) == (
        "host_paths: /etc/mesospark/principals/spark/../analytics, which is /etc/mesospark/principals/analytics, (RO) "
        "is not one of /etc/mesospark/principals/spark (RO)"
    )


def test_a_colon_in_the_container_path_is_refused(spark: Team) -> None:
    found = refusal(spark, with_volume("/etc/mesospark/principals/spark", container_path="/x:rw"))
    assert found is not None and found.startswith("host_paths: ")


def test_a_team_without_anything_may_run_nothing(tmp_path: Path) -> None:
    rules = RULES | {"teams": {"empty": {"app_ids": ["/runs/"]}}}
    team = read_rules(str(rules_file(tmp_path, rules))).teams["empty"]
    found = refusal(team, RUN)
    assert found is not None and found.startswith("images: ") and found.endswith("nothing")


@pytest.mark.parametrize(
    ("path", "normal"),
    [("/a//b/./c/", "/a/b/c"), ("/a/../../b", "/b"), ("//a", "/a"), ("/", "/"), ("a", None), ("", None)],
)
def test_normal_paths(path: str, normal: str | None) -> None:
    assert normal_path(path) == normal
