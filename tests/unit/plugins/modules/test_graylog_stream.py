# SPDX-License-Identifier: GPL-3.0-or-later
from typing import Any

import pytest
from ansible_collections.mesospark.platform.plugins.module_utils.graylog_stream import rule_changes
from ansible_collections.mesospark.platform.plugins.modules import graylog_role, graylog_stream

SPARK = {"field": "principal", "value": "spark"}


def _rule(value: str, **fields: Any) -> dict[str, Any]:
    return {"type": "exact", "field": "principal", "value": value, "inverted": False, "description": "", **fields}


def _stored(rule_id: str, value: str) -> dict[str, Any]:
    return {**_rule(value), "type": 1, "id": rule_id}


def test_rules_are_changed_in_their_place() -> None:
    current = [_stored("1", "a"), _stored("2", "b"), _stored("3", "c")]
    assert rule_changes(current, [_rule("c"), _rule("a"), _rule("b")]) == ([], [], [])
    assert rule_changes(current, [_rule("a"), _rule("d")]) == ([("2", _rule("d"))], [], ["3"])
    assert rule_changes(current[:1], [_rule("d"), _rule("e")]) == ([("1", _rule("d"))], [_rule("e")], [])
    assert rule_changes([_stored("1", "a"), _stored("2", "a")], [_rule("a")]) == ([], [], ["2"])


def test_a_stream_starts_with_its_rules(graylog: Any, run_module: Any) -> None:
    run_module(graylog_stream.main, **graylog.options, title="jobs", rules=[SPARK])
    made = graylog.bodies("POST", "/streams")[0]
    assert made["rules"] == [_rule("spark", type=1)] and made["remove_matches_from_default_stream"] is True
    assert graylog.writes == ["POST /streams", f"POST /streams/{graylog.things['/streams'][1]['id']}/resume"]


def test_rules_that_are_not_given_stay(graylog: Any, run_module: Any) -> None:
    graylog.things["/streams"].append(graylog.stream("jobs", rules=[_stored("1", "spark")]))
    result = run_module(graylog_stream.main, **graylog.options, title="jobs", description="Of spark")
    assert result["diff"] == {"before": {"description": ""}, "after": {"description": "Of spark"}}
    assert result["stream"]["rules"] == [_stored("1", "spark")]


def test_an_index_set_may_be_missing_in_check_mode_only(graylog: Any, run_module: Any) -> None:
    options = {**graylog.options, "title": "jobs", "index_set": "later"}
    result = run_module(graylog_stream.main, **options)
    assert result["msg"] == "index_set: 'later' is no index set of this Graylog; make the index set first."
    result = run_module(graylog_stream.main, check_mode=True, **options)
    assert result["changed"] and "There is no index set 'later' yet" in result["warnings"][0]
    result = run_module(graylog_role.main, check_mode=True, **graylog.options, name="r", streams=["jobs"])
    assert result["diff"]["after"]["role"]["permissions"] == ["streams:read:(jobs)"]
    assert graylog.writes == []


def test_two_of_one_title(graylog: Any, run_module: Any) -> None:
    graylog.things["/streams"] += [graylog.stream("jobs"), graylog.stream("jobs")]
    result = run_module(graylog_stream.main, **graylog.options, title="jobs")
    assert "is the title of several" in result["msg"]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"rules": [{"value": "spark"}]}, "rules: 'exact' has no field; give the rule's field."),
        ({"rules": [{"field": "a", "type": "regex"}]}, "rules: 'regex' has no value; give the rule's value."),
        (
            {"rules": [{"type": "match_input", "value": "1"}]},
            "rules: 'match_input' is unknown to Graylog before version 4;",
        ),
        ({"title": "All messages"}, "title: 'All messages' is the stream of all messages; choose another title."),
    ],
)
def test_bad_options(graylog: Any, run_module: Any, options: dict[str, Any], message: str) -> None:
    result = run_module(graylog_stream.main, **{**graylog.options, "title": "jobs", **options})
    assert result["msg"].startswith(message) and graylog.writes == []


def test_roles_of_graylog_itself_are_left_alone(graylog: Any, run_module: Any) -> None:
    result = run_module(graylog_role.main, **graylog.options, name="Reader", streams=[])
    assert result["msg"] == "name: 'Reader' is a role of Graylog itself; choose another name."


def test_permissions_of_a_role_are_one_set(graylog: Any, run_module: Any) -> None:
    options = {"name": "r", "editable_streams": ["All messages"], "permissions": ["searches:relative"]}
    made = run_module(graylog_role.main, **graylog.options, **options)
    stream = graylog.things["/streams"][0]["id"]
    wanted = [f"streams:{action}:{stream}" for action in ("changestate", "edit", "read")]
    assert made["role"]["permissions"] == ["searches:relative", *wanted]
    kept = run_module(graylog_role.main, **graylog.options, name="r", description="Only this")
    assert kept["diff"]["after"] == {"description": "Only this"}
