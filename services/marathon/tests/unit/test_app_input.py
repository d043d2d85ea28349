# SPDX-License-Identifier: GPL-3.0-or-later
"""Reading apps: defaults, old forms, and refusals in Marathon's words."""

from typing import Any

import pytest
from mesospark_marathon.model.app import App, next_version, restored
from mesospark_marathon.model.app_input import InputRules, app_id_of, build_app, merge, read_app, read_update
from mesospark_marathon.model.errors import ApiError
from mesospark_marathon.model.json_text import parse_json
from mesospark_marathon.model.label_selector import matches_labels
from mesospark_marathon.model.service_ports import assign, keep_assigned


def _build(raw: dict[str, Any], rules: InputRules | None = None) -> App:
    document = read_app({"id": "/app"} | raw)
    return build_app(document, app_id_of(document), "v1", rules or InputRules())


def _refused(raw: Any) -> tuple[int, list[tuple[str, list[str]]]]:
    with pytest.raises(ApiError) as refusal:
        _build(raw)
    body = refusal.value.body or {}
    return refusal.value.status, [(entry["path"], entry["errors"]) for entry in body["details"]]


def test_the_smallest_app_with_all_defaults() -> None:
    assert list(_build({"cmd": "sleep 1"}).as_json().items()) == [
        ("id", "/app"),
        ("backoffFactor", 1.15),
        ("backoffSeconds", 1),
        ("cmd", "sleep 1"),
        ("cpus", 1.0),
        ("disk", 0.0),
        ("executor", ""),
        ("instances", 1),
        ("labels", {}),
        ("maxLaunchDelaySeconds", 300),
        ("mem", 128.0),
        ("gpus", 0),
        ("networks", [{"mode": "host"}]),
        ("portDefinitions", [{"port": 0, "name": "default", "protocol": "tcp"}]),
        ("requirePorts", False),
        ("upgradeStrategy", {"maximumOverCapacity": 1.0, "minimumHealthCapacity": 1.0}),
        ("version", "v1"),
        ("versionInfo", {"lastScalingAt": "v1", "lastConfigChangeAt": "v1"}),
        ("killSelection", "YOUNGEST_FIRST"),
        ("unreachableStrategy", {"inactiveAfterSeconds": 0, "expungeAfterSeconds": 0}),
        ("role", "*"),
    ]


def test_old_docker_network_and_uris() -> None:
    raw = {
        "uris": ["http://h/a.tgz", "http://h/b.sh"],
        "container": {"docker": {"image": "i", "network": "BRIDGE", "portMappings": [{"containerPort": 80}]}},
    }
    document = _build(raw).document
    assert document["networks"] == [{"mode": "container/bridge"}]
    assert document["container"]["portMappings"] == [
        {"containerPort": 80, "hostPort": 0, "labels": {}, "protocol": "tcp", "servicePort": 0}
    ]
    assert [artifact["extract"] for artifact in document["fetch"]] == [True, False]
    assert "portDefinitions" not in document


def test_old_ip_address() -> None:
    raw = {"cmd": "sleep 1", "ipAddress": {"networkName": "net", "discovery": {"ports": [{"number": 80, "name": "a"}]}}}
    document = _build(raw).document
    assert document["networks"] == [{"name": "net", "mode": "container"}]
    assert document["container"]["type"] == "MESOS"
    assert document["container"]["portMappings"][0]["containerPort"] == 80


def test_old_ports() -> None:
    assert _build({"cmd": "sleep 1", "ports": [0, 8000]}).document["portDefinitions"] == [
        {"port": 0, "protocol": "tcp"},
        {"port": 8000, "protocol": "tcp"},
    ]


def test_health_checks_get_a_port_only_where_ports_were_given() -> None:
    check = {"healthChecks": [{"protocol": "HTTP"}], "cmd": "sleep 1"}
    assert "portIndex" not in _build(check).health_checks[0]
    assert _build(check | {"portDefinitions": [{"port": 0}]}).health_checks[0]["portIndex"] == 0


@pytest.mark.parametrize(
    ("raw", "path", "error"),
    [
        ({"cmd": 5}, "/cmd", "error.expected.jsstring"),
        ({"cmd": "sleep 1", "cpus": "a"}, "/cpus", "error.expected.jsnumber"),
        ({"cmd": "sleep 1", "cpus": -1}, "/cpus", "error.min"),
        ({"cmd": "sleep 1", "instances": 1.5}, "/instances", "error.expected.int"),
        ({"cmd": "sleep 1", "instances": True}, "/instances", "error.expected.jsnumber"),
        ({"cmd": "sleep 1", "id": "/Bad"}, "/id", "error.pattern"),
        ({"cmd": "sleep 1", "id": ""}, "/id", "error.minLength"),
        ({"cmd": "sleep 1", "labels": {"a": 1}}, "/labels/a", "error.expected.jsstring"),
        ({"cmd": "sleep 1", "env": {"A": 1}}, "/env/A", "error.expected.jsobject"),
        ({"cmd": "sleep 1", "constraints": [[1, "UNIQUE"]]}, "/constraints(0)(0)", "error.expected.jsstring"),
        ({"cmd": "sleep 1", "killSelection": "X"}, "/killSelection", "error.unknown.enum.literal"),
        ({"cmd": "sleep 1", "version": "x"}, "/version", "error.expected.date.isoformat"),
        ({"container": {"docker": {}}}, "/container/docker/image", "'image' is undefined on object: {}"),
        ({"cmd": "sleep 1", "requirePorts": "yes"}, "/requirePorts", "error.expected.jsboolean"),
        ({"cmd": "sleep 1", "ports": [70000]}, "/ports(0)", "error.max"),
    ],
)
def test_wrong_types(raw: dict[str, Any], path: str, error: str) -> None:
    assert _refused(raw) == (422, [(path, [error])])


@pytest.mark.parametrize(
    ("raw", "path", "error"),
    [
        ({}, "/", "AppDefinition must either contain one of 'cmd' or 'args', and/or a 'container'."),
        ({"cmd": "x"}, "/", "must not be an empty string"),
        ({"cmd": "sleep 1", "role": "a"}, "/role", "got a, expected one of: [*]"),
        (
            {"cmd": "sleep 1", "constraints": [["a", "LIKE"]]},
            "/constraints",
            "LIKE and UNLIKE require a non-empty, regular expression value",
        ),
        ({"cmd": "sleep 1", "acceptedResourceRoles": []}, "/acceptedResourceRoles", "must not be empty"),
        (
            {"cmd": "sleep 1", "networks": [{"mode": "container"}]},
            "/networks",
            "Network name must be specified when container network is selected.",
        ),
        ({"cmd": "sleep 1", "container": {}}, "/container/docker", "not defined"),
        (
            {"cmd": "sleep 1", "ports": [1], "portDefinitions": [{"port": 2}]},
            "/",
            "cannot specify both ports and port definitions",
        ),
        (
            {"cmd": "sleep 1", "labels": {"MARATHON_SINGLE_INSTANCE_APP": "true"}, "instances": 2},
            "/",
            "Single instance app may only have one instance",
        ),
    ],
)
def test_broken_rules(raw: dict[str, Any], path: str, error: str) -> None:
    assert _refused(raw) == (422, [(path, [error])])


def test_all_that_is_wrong_is_told_at_once() -> None:
    status, details = _refused({"cmd": 1, "cpus": "a", "mem": -1})
    assert status == 422
    assert sorted(path for path, _errors in details) == ["/cmd", "/cpus", "/mem"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (b"nonsense", "Unrecognized token 'nonsense'"),
        (b'{"id":', "Unexpected end-of-input within/between Object entries"),
        (b'{"args":["a",', "Unexpected end-of-input within/between Array entries"),
        (b'{"id":"/x', "was expecting closing quote for a string value"),
        (b'{"a":1,}', "Unexpected character ('}' (code 125)): was expecting double-quote to start field name"),
        (b'{"a" 1}', "Unexpected character ('1' (code 49)): was expecting a colon to separate field name and value"),
        (b'{"a":[1 2]}', "Unexpected character ('2' (code 50)): was expecting comma to separate Array entries"),
        (b'{"a":1 "b":2}', "was expecting comma to separate Object entries"),
        (b'{"a":NaN}', "Unrecognized token 'NaN'"),
        (b'{"a":]}', "Unexpected character (']' (code 93)): expected a valid value"),
        (b"", "No content to map"),
    ],
)
def test_what_is_no_json(text: bytes, message: str) -> None:
    with pytest.raises(ApiError) as refusal:
        parse_json(text)
    assert refusal.value.status == 400
    assert message in (refusal.value.body or {})["details"]


def test_a_role_may_be_that_of_the_top_group() -> None:
    document = read_app({"id": "/team/app", "cmd": "sleep 1", "role": "team"})
    assert build_app(document, "/team/app", "", InputRules()).role == "team"


def test_an_update_keeps_what_it_does_not_name_and_replaces_maps_whole() -> None:
    app = _build({"cmd": "sleep 1", "labels": {"a": "1", "b": "2"}, "cpus": 2})
    merged = merge(app, read_update({"labels": {"c": "3"}, "cpus": None}))
    changed = build_app(merged, "/app", "v2", InputRules())
    assert changed.labels == {"c": "3"}
    assert changed.document["cpus"] == 2.0
    assert changed.document["cmd"] == "sleep 1"


def test_building_a_normal_form_again_changes_nothing() -> None:
    app = _build(
        {
            "cmd": "sleep 1",
            "networks": [{"mode": "container/bridge"}],
            "container": {"docker": {"image": "i"}, "portMappings": [{"containerPort": 80}]},
            "healthChecks": [{"protocol": "HTTP"}],
            "fetch": [{"uri": "http://h/x"}],
            "unreachableStrategy": "disabled",
        }
    )
    again = build_app(merge(app, {}), "/app", "v2", InputRules())
    assert again.document == app.document
    assert next_version(app, again, "v2") is app


def test_versions_tell_scaling_from_configuration() -> None:
    old = _build({"cmd": "sleep 1"})
    scaled = next_version(old, old.with_instances(5), "v2")
    assert (scaled.version, scaled.last_scaling_at, scaled.last_config_change_at) == ("v2", "v2", "v1")
    changed = next_version(old, _build({"cmd": "sleep 2"}), "v2")
    assert (changed.version, changed.last_scaling_at, changed.last_config_change_at) == ("v2", "v2", "v2")


def test_an_app_survives_the_store() -> None:
    app = _build({"cmd": "sleep 1", "env": {"A": "b"}})
    assert restored(app.stored()) == app


def test_service_ports_are_the_lowest_free_ones() -> None:
    one = _build({"id": "/one", "cmd": "sleep 1", "ports": [0, 10001]})
    two = _build({"id": "/two", "cmd": "sleep 1", "ports": [0, 0]})
    (one,) = assign([one], [], 10000, 10005)
    assert one.service_ports == [10000, 10001]
    (two,) = assign([two], [one], 10000, 10005)
    assert two.service_ports == [10002, 10003]


def test_an_update_keeps_its_service_ports() -> None:
    (old,) = assign([_build({"cmd": "sleep 1", "ports": [0]})], [], 10000, 10005)
    new = keep_assigned(old, _build({"cmd": "sleep 1", "ports": [0, 0]}))
    assert new.service_ports == [10000, 0]
    assert keep_assigned(old, _build({"cmd": "sleep 1", "ports": [0, 10000]})).service_ports == [0, 10000]


@pytest.mark.parametrize(
    ("selector", "matches"),
    [
        ("a", True),
        ("z", False),
        ("a==1", True),
        ("a == 2", False),
        ("a!=2", True),
        ("z!=2", False),
        ("a in (1, 2)", True),
        ("a notin (1, 2)", False),
        ("a==1,b==2", True),
        ("a==1, b==3", False),
    ],
)
def test_label_selectors(selector: str, matches: bool) -> None:
    assert matches_labels(selector, {"a": "1", "b": "2"}) is matches


def test_a_label_selector_that_can_not_be_read() -> None:
    with pytest.raises(ApiError):
        matches_labels("==", {})
