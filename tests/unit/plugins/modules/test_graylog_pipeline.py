# SPDX-License-Identifier: GPL-3.0-or-later
from typing import Any

import pytest
from ansible_collections.mesospark.platform.plugins.module_utils.errors import OptionError
from ansible_collections.mesospark.platform.plugins.module_utils.graylog_event_definition import definition_document
from ansible_collections.mesospark.platform.plugins.module_utils.graylog_message_processors import reordered
from ansible_collections.mesospark.platform.plugins.module_utils.graylog_pipeline import pipeline_source, rule_name
from ansible_collections.mesospark.platform.plugins.modules import (
    graylog_event_definition,
    graylog_message_processors,
    graylog_pipeline,
)

ONE = 'rule "one"\nwhen true\nthen set_field("a", 1);\nend\n'
TWO = 'rule "two"\nwhen true\nthen set_field("a", 2);\nend'


def test_the_source_of_a_pipeline() -> None:
    stages = [{"stage": 0, "match": "either", "rules": ["one", "two"]}, {"stage": 5, "match": "pass", "rules": []}]
    assert pipeline_source("jobs", stages).splitlines() == [
        'pipeline "jobs"',
        "stage 0 match either",
        '  rule "one"',
        '  rule "two"',
        "stage 5 match pass",
        "end",
    ]


def test_the_name_of_a_rule() -> None:
    assert rule_name(ONE) == "one"
    assert rule_name("// what it is for\n  rule 'cut \"x\"'\nwhen true then end") == 'cut "x"'
    with pytest.raises(OptionError, match="rules: 'when true' is not the source of a rule; begin it with rule"):
        rule_name("when true")


def test_all_rules_are_tried_before_one_is_written(graylog: Any, run_module: Any) -> None:
    options = {"title": "jobs", "rules": [{"source": ONE}, {"source": TWO.replace("true", "nonsense()")}]}
    result = run_module(graylog_pipeline.main, **graylog.options, **options)
    assert "400: line 2: Unknown function" in result["msg"]
    assert set(graylog.writes) == {"POST /system/pipelines/rule/parse"}


def test_rules_of_other_pipelines_stay(graylog: Any, run_module: Any) -> None:
    for title, rules in (("jobs", [ONE, TWO]), ("other", [ONE])):
        given = [{"source": source} for source in rules]
        stages = [{"rules": [rule_name(source) for source in rules]}]
        run_module(graylog_pipeline.main, **graylog.options, title=title, rules=given, stages=stages)
    options = {"title": "jobs", "rules": [{"source": ONE}, {"source": TWO}], "state": "absent"}
    removed = run_module(graylog_pipeline.main, **graylog.options, **options)
    assert list(removed["diff"]["before"]) == ["pipeline", "rule two"]
    assert [rule["title"] for rule in graylog.things["/system/pipelines/rule"]] == ["one"]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"stages": [{"rules": ["nine"]}]}, "stages: 'nine' is no rule of this Graylog; make the rule first."),
        ({"stages": [{"rules": []}, {"rules": []}]}, "stages has one number twice; put all rules of a stage into"),
        ({"stages": [{"rules": [], "match": "pass"}]}, "stages: 'pass' is unknown to Graylog before version 4"),
        ({"streams": ["jobs"]}, "streams: 'jobs' is no stream of this Graylog; make the stream first."),
        ({"title": 'a "b"'}, "title: 'a \"b\"' has a quotation mark; leave it out."),
    ],
)
def test_bad_options(graylog: Any, run_module: Any, options: dict[str, Any], message: str) -> None:
    result = run_module(graylog_pipeline.main, **{**graylog.options, "title": "jobs", **options})
    assert result["msg"].startswith(message) and graylog.writes == []


def test_processors_change_places_with_each_other_only() -> None:
    assert reordered(["a", "b", "c", "d"], ["d", "b"]) == ["a", "d", "c", "b"]
    assert reordered(["a", "b"], []) == ["a", "b"]


def test_the_order_of_processors(graylog: Any, run_module: Any) -> None:
    options = {**graylog.options, "order": ["Message Filter Chain", "PipelineInterpreter"]}
    foreseen = run_module(graylog_message_processors.main, check_mode=True, **options)
    assert foreseen["changed"] and graylog.writes == []
    result = run_module(graylog_message_processors.main, **options)
    assert result["order"] == ["Message Filter Chain", "GeoIP Resolver", "Pipeline Processor"]
    assert result["diff"] == foreseen["diff"]
    assert not run_module(graylog_message_processors.main, **options)["changed"]
    disabled = run_module(graylog_message_processors.main, **graylog.options, disabled=["org.GeoIpProcessor"])
    assert disabled["disabled"] == ["GeoIP Resolver"] and disabled["order"] == result["order"]
    result = run_module(graylog_message_processors.main, **graylog.options, order=["Pipelines"])
    assert result["msg"].startswith("order: 'Pipelines' is no message processor of this Graylog; give some of Message")


def _definition(version: tuple[int, ...], condition: Any) -> dict[str, Any]:
    wanted = {
        "description": "",
        "priority": "high",
        "alert": True,
        "query": "*",
        "streams": [],
        "group_by": [],
        "condition": condition,
        "search_within": 60.0,
        "execute_every": 30.0,
        "notifications": ["n-1"],
    }
    return definition_document("errors", wanted, None, version)


def test_the_document_of_an_event_definition() -> None:
    condition = {"function": "avg", "field": "took", "operator": ">=", "value": 2.0}
    old, new = _definition((3, 3, 11), condition), _definition((5, 2, 0), condition)
    assert old["priority"] == 3 and old["notifications"] == [{"notification_id": "n-1"}]
    assert old["config"]["series"] == [{"id": "condition", "function": "avg", "field": "took"}]
    assert new["config"]["series"] == [{"id": "condition", "type": "avg", "field": "took"}]
    assert old["config"]["conditions"]["expression"]["right"] == {"expr": "number", "value": 2.0}
    assert "event_limit" not in old["config"] and "event_limit" not in new["config"]
    assert _definition((5, 2, 0), None)["config"]["event_limit"] == 100


def test_a_condition_of_another_kind_is_kept(graylog: Any, run_module: Any) -> None:
    run_module(graylog_event_definition.main, **graylog.options, title="errors", query="level:3")
    stored = graylog.things["/events/definitions"][0]
    series = [{"id": "a", "function": "count", "field": None}, {"id": "b", "function": "max", "field": "took"}]
    expression = {"expr": "&&", "left": {"expr": "true"}, "right": {"expr": "true"}}
    stored["config"] |= {"series": series, "conditions": {"expression": expression}}
    changed = run_module(graylog_event_definition.main, **graylog.options, title="errors", priority="low")
    assert changed["diff"]["after"] == {"priority": "low"}
    config = graylog.things["/events/definitions"][0]["config"]
    assert config["series"] == series and config["conditions"]["expression"] == expression


def test_groups_need_a_condition(graylog: Any, run_module: Any) -> None:
    options = {"title": "errors", "query": "*", "group_by": ["service"]}
    result = run_module(graylog_event_definition.main, **graylog.options, **options)
    assert result["msg"].startswith("group_by: ['service'] has no condition")
    result = run_module(graylog_event_definition.main, **graylog.options, title="errors")
    assert result["msg"] == "query is missing, and there is no event definition 'errors'; give it."
