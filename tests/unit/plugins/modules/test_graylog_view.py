# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Dashboards and saved searches: the two documents of each, what counts as a difference, and what is refused."""

import copy
from typing import Any

import pytest
from ansible_collections.mesospark.platform.plugins.module_utils.graylog_view import covers
from ansible_collections.mesospark.platform.plugins.module_utils.graylog_widgets import series
from ansible_collections.mesospark.platform.plugins.modules import graylog_dashboard, graylog_saved_search

BARS = {
    "title": "Messages per job",
    "type": "bar",
    "query": "_exists_:run",
    "range": "8h",
    "group_by": [{"field": "timestamp"}],
    "split_by": [{"field": "job", "limit": 10}],
    "position": {"row": 1, "width": 8},
}
SLOWEST = {
    "title": "Slowest executors",
    "group_by": [{"field": "run"}],
    "values": [{"function": "avg(size)", "title": "mean"}, {"function": "percentile(size,95)"}],
    "sort_by": "avg(size)",
    "position": {"row": 5},
}
ERRORS = {
    "title": "Errors",
    "type": "messages",
    "streams": ["All messages"],
    "fields": ["timestamp", "job"],
    "position": {"row": 9},
}
JOBS = {"title": "Jobs", "summary": "What jobs write", "widgets": [BARS, SLOWEST, ERRORS]}
RUN = {"title": "A run", "query": "_exists_:run", "range": "7d", "fields": ["timestamp", "run"]}
MODULES = {graylog_dashboard: JOBS, graylog_saved_search: RUN}


def _made(graylog: Any, run_module: Any, module: Any, options: dict[str, Any]) -> tuple[Any, Any, Any]:
    """The result, the search and the view that were sent."""
    result = run_module(module.main, **graylog.options, **options)
    return result, graylog.searches[-1], graylog.bodies("POST", "/views")[-1]


@pytest.mark.parametrize("module", MODULES)
def test_the_life_of_a_view(graylog: Any, run_module: Any, module: Any) -> None:
    options = {**graylog.options, **MODULES[module]}
    foreseen = run_module(module.main, check_mode=True, **options)
    assert foreseen["changed"] and foreseen["url"] is None and graylog.writes == [], "check mode wrote"
    made = run_module(module.main, **options)
    assert made["diff"] == foreseen["diff"] and graylog.writes == ["POST /views/search", "POST /views"]
    assert not run_module(module.main, **options)["changed"]
    changed = {**options, "description": "For people"}
    assert run_module(module.main, **changed)["diff"]["after"] == {"description": "For people"}
    assert run_module(module.main, check_mode=True, **options, state="absent")["changed"]
    assert run_module(module.main, **options, state="absent")["changed"]
    assert not run_module(module.main, **options, state="absent")["changed"]
    assert [view["title"] for view in graylog.things["/views"]] == ["Sources"]


def test_a_widget_is_drawn_and_computed_alike(graylog: Any, run_module: Any) -> None:
    result, search, view = _made(graylog, run_module, graylog_dashboard, JOBS)
    assert result["url"] == f"{graylog.options['graylog_url']}/dashboards/{result['view']['id']}"
    (query,), (state,) = search["queries"], view["state"].values()
    assert view["type"] == "DASHBOARD" and view["search_id"] == search["id"] and set(view["state"]) == {query["id"]}
    computed = {entry["id"]: entry for entry in query["search_types"]}
    assert [state["titles"]["widget"][widget["id"]] for widget in state["widgets"]] == [
        widget["title"] for widget in JOBS["widgets"]
    ]
    for widget in state["widgets"]:
        ((search_type),) = state["widget_mapping"][widget["id"]]
        for field in ("query", "timerange", "streams"):
            assert widget[field] == computed[search_type][field]
    bars, slowest, errors = ({**widget["config"]} for widget in state["widgets"])
    assert bars["visualization"] == "bar" and bars["visualization_config"] == {"barmode": "stack"}
    assert bars["row_pivots"][0]["type"] == "time" and bars["column_pivots"][0]["config"] == {"limit": 10}
    assert slowest["sort"] == [{"type": "series", "field": "avg(size)", "direction": "Descending"}]
    assert errors["fields"] == ["timestamp", "job"]
    (pivot,) = [entry for entry in query["search_types"] if entry.get("row_groups", [{}])[0].get("field") == "run"]
    assert pivot["series"] == [
        {"type": "avg", "id": "mean", "field": "size"},
        {"type": "percentile", "id": "percentile(size,95)", "field": "size", "percentile": 95.0},
    ]
    assert {entry["timerange"]["range"] for entry in computed.values()} == {8 * 3600, 3600}


def test_a_saved_search_has_the_query_and_its_widgets_none(graylog: Any, run_module: Any) -> None:
    options = {**RUN, "streams": ["All messages"]}
    result, search, view = _made(graylog, run_module, graylog_saved_search, options)
    assert result["url"].endswith(f"/search/{result['view']['id']}")
    (query,), (state,) = search["queries"], view["state"].values()
    assert query["query"]["query_string"] == "_exists_:run" and query["timerange"]["range"] == 7 * 86400
    assert query["filter"] == {"type": "or", "filters": [{"type": "stream", "id": "id-2"}]}
    assert [widget["query"] for widget in state["widgets"]] == [None, None]
    assert state["selected_fields"] == ["run", "timestamp"]


def test_what_people_changed_is_undone(graylog: Any, run_module: Any) -> None:
    _result, search, _view = _made(graylog, run_module, graylog_dashboard, JOBS)
    stored = graylog.things["/views"][-1]
    (state,) = stored["state"].values()
    state["widgets"][0]["config"]["visualization"] = "line"
    state["positions"][state["widgets"][1]["id"]]["row"] = 20
    stored["search_id"] = "1" * 24
    result = run_module(graylog_dashboard.main, **graylog.options, **JOBS)
    assert set(result["diff"]["after"]) == {"widget Messages per job", "widget Slowest executors", "search"}
    assert graylog.things["/views"][-1]["search_id"] == search["id"]
    assert not run_module(graylog_dashboard.main, **graylog.options, **JOBS)["changed"]


def test_a_new_query_is_a_new_search(graylog: Any, run_module: Any) -> None:
    run_module(graylog_saved_search.main, **graylog.options, **RUN)
    result = run_module(graylog_saved_search.main, **graylog.options, **{**RUN, "query": "run:1"})
    first, second = graylog.searches
    assert first["id"] != second["id"]
    assert result["diff"] == {"before": {"search": first["id"]}, "after": {"search": second["id"]}}


def test_what_newer_versions_add_is_no_difference(graylog: Any, run_module: Any) -> None:
    run_module(graylog_dashboard.main, **graylog.options, **JOBS)
    (state,) = graylog.things["/views"][-1]["state"].values()
    for widget in state["widgets"]:
        widget["search_filters"] = []
        for pivot in widget["config"].get("row_pivots", []):
            pivot["fields"] = [pivot.pop("field")]
            pivot["config"]["skip_empty_values"] = False
    assert not run_module(graylog_dashboard.main, **graylog.options, **JOBS)["changed"]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"values": [{"function": "median(size)"}]}, "function: 'median(size)' is nothing that Graylog computes"),
        ({"values": [{"function": "avg()"}]}, "function: 'avg()' is nothing that Graylog computes"),
        ({"position": {"row": 1, "column": 8, "width": 6}}, "is beyond the dashboard (Messages per job)"),
        ({"range": "soon"}, "range: 'soon' is not a duration"),
        ({"streams": ["none"]}, "streams: 'none' is no stream of this Graylog; make the stream first."),
    ],
)
def test_bad_widgets(graylog: Any, run_module: Any, change: dict[str, Any], message: str) -> None:
    options = {**copy.deepcopy(JOBS), "widgets": [{**BARS, **change}]}
    result = run_module(graylog_dashboard.main, **graylog.options, **options)
    assert message in result["msg"] and graylog.writes == []


@pytest.mark.parametrize(
    ("function", "computed"),
    [
        ("count()", {"type": "count", "id": "count()", "field": None}),
        ("card(container_id)", {"type": "card", "id": "card(container_id)", "field": "container_id"}),
        ("percentile(a, 99.9)", {"type": "percentile", "id": "percentile(a, 99.9)", "field": "a", "percentile": 99.9}),
    ],
)
def test_functions(function: str, computed: dict[str, Any]) -> None:
    assert series({"function": function}) == computed


@pytest.mark.parametrize(
    ("current", "wanted", "same"),
    [
        ({"a": 1, "b": 2}, {"a": 1}, True),
        ({"a": 2}, {"a": 1}, False),
        ([1, 2], [1], False),
        (None, [], True),
        (None, {}, True),
        (None, [1], False),
        ({"fields": ["x"]}, {"field": "x"}, True),
        ({"fields": ["x", "y"]}, {"field": "x"}, False),
    ],
)
def test_covers(current: Any, wanted: Any, same: bool) -> None:
    assert covers(current, wanted) is same
