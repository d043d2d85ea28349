# SPDX-License-Identifier: GPL-3.0-or-later
"""What all modules that manage things in Graylog have in common: they create, are content, check, change and remove."""

import importlib
import json
from dataclasses import dataclass
from typing import Any

import pytest

RULE = 'rule "{name}"\nwhen has_field("{field}")\nthen set_field("seen", 1);\nend'


@dataclass
class Case:
    """A module, options that make a thing, options that change it, and the diff of that change."""

    module: str
    options: dict[str, Any]
    change: dict[str, Any]
    before: dict[str, Any]
    after: dict[str, Any]


CASES = [
    Case(
        "graylog_index_set",
        {"index_prefix": "jobs", "rotation": {"strategy": "size", "max_size": "1g"}},
        {"rotation": {"strategy": "time", "period": "24h"}, "title": "Jobs"},
        {"rotation": {"strategy": "size", "max_size": 1024**3}, "title": "jobs"},
        {"rotation": {"strategy": "time", "period": "P1D"}, "title": "Jobs"},
    ),
    Case(
        "graylog_stream",
        {"title": "jobs of spark", "index_set": "graylog", "rules": [{"field": "principal", "value": "spark"}]},
        {"matching": "any", "state": "paused"},
        {"matching": "all", "state": "present"},
        {"matching": "any", "state": "paused"},
    ),
    Case(
        "graylog_role",
        {"name": "spark-jobs", "streams": ["All messages"]},
        {"streams": ["All messages"], "views": ["Sources"]},
        {"permissions": ["streams:read:id-2"]},
        {"permissions": ["streams:read:id-2", "view:read:v-1"]},
    ),
    Case(
        "graylog_user",
        {"username": "spark", "password": "s3cret-spark", "full_name": "Team Spark", "session_timeout": "8h"},
        {"password": "s3cret-other", "session_timeout": "1h"},
        {"session_timeout": 28800.0, "password": "(another one)"},
        {"session_timeout": 3600.0, "password": "(the given one)"},
    ),
    Case(
        "graylog_input",
        {"title": "beats", "type": "Beats", "configuration": {"port": "5044", "tls_enable": "yes"}},
        {"configuration": {"port": 5045}, "secret_configuration": {"tls_key_password": "s3cret-key"}},
        {"configuration.port": 5044, "configuration.tls_key_password": None},
        {"configuration.port": 5045, "configuration.tls_key_password": "(hidden)"},
    ),
    Case(
        "graylog_pipeline",
        {
            "title": "jobs",
            "rules": [{"source": RULE.format(name="one", field="job")}],
            "stages": [{"rules": ["one"]}],
            "streams": ["All messages"],
        },
        {"stages": [{"rules": ["one"], "match": "all"}], "streams": []},
        {"stages": [{"stage": 0, "match": "either", "rules": ["one"]}], "streams": ["id-2"]},
        {"stages": [{"stage": 0, "match": "all", "rules": ["one"]}], "streams": []},
    ),
    Case(
        "graylog_event_definition",
        {"title": "errors", "query": "level:3", "condition": {"operator": ">", "value": 5}},
        {"priority": "high", "search_within": "10m"},
        {"priority": "normal", "search_within": 300.0},
        {"priority": "high", "search_within": 600.0},
    ),
]
by_module = pytest.mark.parametrize("case", CASES, ids=lambda case: case.module)


def _main(case: Case) -> Any:
    return importlib.import_module(f"ansible_collections.mesospark.platform.plugins.modules.{case.module}").main


@by_module
@pytest.mark.parametrize("version", ["3.3.11+9335407", "5.2.4+fe6f98f", "6.3.1+b6a1b4f"])
def test_the_life_of_a_thing(graylog: Any, run_module: Any, case: Case, version: str) -> None:
    graylog.version = version
    options = {**graylog.options, **case.options}
    foreseen = run_module(_main(case), check_mode=True, **options)
    assert foreseen["changed"] and graylog.writes == [], "check mode wrote"
    made = run_module(_main(case), **options)
    assert made["changed"] and made["diff"] == foreseen["diff"]
    assert list(made["diff"]["before"].values()) == [None] * len(made["diff"]["before"])
    written = len(graylog.writes)
    again = run_module(_main(case), **options)
    assert not again["changed"], again["diff"]
    changed_options = {**options, **case.change}
    foreseen = run_module(_main(case), check_mode=True, **changed_options)
    assert foreseen["diff"] == {"before": case.before, "after": case.after} and len(graylog.writes) == written
    assert run_module(_main(case), **changed_options)["diff"] == foreseen["diff"]
    assert not run_module(_main(case), **changed_options)["changed"]
    written = len(graylog.writes)
    absent = {**options, "state": "absent"}
    foreseen = run_module(_main(case), check_mode=True, **absent)
    assert foreseen["changed"] and len(graylog.writes) == written
    assert run_module(_main(case), **absent)["diff"] == foreseen["diff"]
    assert not run_module(_main(case), **absent)["changed"]


@by_module
def test_no_secret_is_shown(graylog: Any, run_module: Any, case: Case) -> None:
    for options in (case.options, {**case.options, **case.change}, {**case.options, "state": "absent"}):
        assert "s3cret" not in json.dumps(run_module(_main(case), **graylog.options, **options))


@by_module
def test_a_wrong_password_is_told(graylog: Any, run_module: Any, case: Case) -> None:
    graylog.server.routes["GET /api/*"] = (401, {"message": "unauthorized"})
    result = run_module(_main(case), **graylog.options, **case.options)
    assert "Graylog at" in result["msg"] and "does not know user" in result["msg"]


@by_module
def test_no_server_is_told(run_module: Any, case: Case) -> None:
    result = run_module(_main(case), **case.options)
    assert result["msg"] == "graylog_url names no server; give the option or set the environment variable GRAYLOG_URL."
