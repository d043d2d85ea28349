# SPDX-License-Identifier: GPL-3.0-or-later
from typing import Any

import pytest
from ansible_collections.mesospark.platform.plugins.modules import graylog_index_set
from scripted_graylog import RETENTION, ROTATION

PATH = "/system/indices/index_sets"


def test_the_document_of_a_new_index_set(graylog: Any, run_module: Any) -> None:
    options = {"title": "Logs", "rotation": {"strategy": "time", "period": "6h"}, "retention": {"strategy": "none"}}
    run_module(graylog_index_set.main, **graylog.options, index_prefix="jobs", **options)
    (document,) = graylog.bodies("POST", PATH)
    assert document.pop("creation_date").endswith("Z")
    assert document == {
        "index_prefix": "jobs",
        "title": "Logs",
        "description": "",
        "shards": 1,
        "replicas": 0,
        "rotation_strategy_class": ROTATION + "TimeBasedRotationStrategy",
        "rotation_strategy": {"type": ROTATION + "TimeBasedRotationStrategyConfig", "rotation_period": "PT6H"},
        "retention_strategy_class": RETENTION + "NoopRetentionStrategy",
        "retention_strategy": {
            "type": RETENTION + "NoopRetentionStrategyConfig",
            "max_number_of_indices": 2147483647,
        },
        "index_analyzer": "standard",
        "index_optimization_max_num_segments": 1,
        "index_optimization_disabled": False,
        "field_type_refresh_interval": 5000,
        "writable": True,
        "default": False,
    }


def test_since_6_the_strategies_must_be_asked_for(graylog: Any, run_module: Any) -> None:
    graylog.version = "6.0.1"
    run_module(graylog_index_set.main, **graylog.options, index_prefix="jobs")
    assert graylog.bodies("POST", PATH)[0]["use_legacy_rotation"] is True


def test_an_update_keeps_what_is_not_named(graylog: Any, run_module: Any) -> None:
    made = graylog.index_set("jobs", index_analyzer="english", rotation_strategy={"type": "x", "other": 1})
    graylog.things[PATH].append(made)
    options = {"index_prefix": "jobs", "rotation": {"strategy": "count", "max_documents": 5}}
    result = run_module(graylog_index_set.main, **graylog.options, **options)
    assert result["diff"]["after"] == {"rotation": {"strategy": "count", "max_documents": 5}}
    (document,) = graylog.bodies("PUT", f"{PATH}/{made['id']}")
    assert document["index_analyzer"] == "english"
    assert document["rotation_strategy"]["other"] == 1 and document["rotation_strategy"]["max_docs_per_index"] == 5


def test_the_default_moves(graylog: Any, run_module: Any) -> None:
    options = {**graylog.options, "index_prefix": "jobs", "default": True}
    made = run_module(graylog_index_set.main, **options)
    assert made["diff"]["after"]["index_set"]["default"] is True
    assert [entry["default"] for entry in graylog.things[PATH]] == [False, True]
    assert not run_module(graylog_index_set.main, **options)["changed"]


def test_one_in_use_is_not_removed(graylog: Any, run_module: Any) -> None:
    used = graylog.index_set("jobs")
    graylog.things[PATH].append(used)
    graylog.things["/streams"].append(graylog.stream("jobs of spark", index_set_id=used["id"]))
    result = run_module(graylog_index_set.main, **graylog.options, index_prefix="jobs", state="absent")
    assert result["msg"] == "index_prefix: 'jobs' is used by 'jobs of spark'; remove or move the streams first."
    result = run_module(graylog_index_set.main, **graylog.options, index_prefix="graylog", state="absent")
    assert result["msg"] == "index_prefix: 'graylog' is the default; make another index set the default first."
    assert graylog.writes == []


def test_an_index_that_does_not_come(graylog: Any, run_module: Any) -> None:
    graylog.server.routes["GET /api/system/deflector/*"] = (200, {"is_up": False, "current_target": None})
    options = {"index_prefix": "jobs", "wait_timeout": "100ms", "wait_sleep": "20ms"}
    result = run_module(graylog_index_set.main, **graylog.options, **options)
    assert result["msg"].startswith("Waited 0.1 s (wait_timeout) for the first index of jobs: Graylog has not made it")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"index_prefix": "Jobs"}, "index_prefix: 'Jobs' is no prefix of an index; write lower case letters"),
        ({"rotation": {"strategy": "size"}}, "rotation has no max_size; give it for the strategy size."),
        ({"rotation": {"strategy": "size", "max_size": "1"}}, "max_size: '1' is not a size"),
        ({"rotation": {"strategy": "time", "period": "90s"}}, "period: '90s' is no whole number of minutes"),
        ({"retention": {"strategy": "delete"}}, "retention has no max_indices; give how many indices are kept."),
        ({"wait_sleep": "0s"}, "wait_sleep: '0s' is no pause"),
    ],
)
def test_bad_options(graylog: Any, run_module: Any, options: dict[str, Any], message: str) -> None:
    result = run_module(graylog_index_set.main, **{**graylog.options, "index_prefix": "jobs", **options})
    assert result["msg"].startswith(message) and graylog.server.requests == []
