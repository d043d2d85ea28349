# SPDX-License-Identifier: GPL-3.0-or-later
"""Groups: ids, updates, dependencies, rollback."""

from typing import Any

import pytest
from mesospark_marathon.model import paths
from mesospark_marathon.model.app_input import InputRules
from mesospark_marathon.model.errors import ApiError, RejectedUpdate
from mesospark_marathon.model.group_input import apply_group, check_group, read_group, roll_back_group, scale_group
from mesospark_marathon.model.plan import Plan
from world import World

APP: dict[str, Any] = {"cmd": "sleep 1", "instances": 0}


def _put(world: World, group_id: str, **fields: Any) -> Plan:
    document = read_group(fields)
    check_group(world.tree.current, document, group_id, InputRules())
    return world.groups.update(
        paths.parent(group_id),
        lambda root, version: apply_group(root, document, group_id, version, InputRules()),
    )


def _steps(plan: Plan) -> list[list[tuple[str, str]]]:
    return [[(action.kind, action.app_id) for action in step] for step in plan.steps]


def _refusal(world: World, group_id: str, **fields: Any) -> list[tuple[str, list[str]]]:
    with pytest.raises(ApiError) as refused:
        _put(world, group_id, **fields)
    body = refused.value.body or {}
    return [(entry["path"], entry["errors"]) for entry in body["details"]]


@pytest.mark.parametrize(
    ("path", "base", "result"),
    [
        ("a", "/", "/a"),
        ("a", "/b", "/b/a"),
        ("../a", "/b/c", "/b/a"),
        ("//a//b/", "/", "/a/b"),
        ("/b/../z", "/", "/z"),
        ("../../..", "/b", "/"),
        ("", "/b", "/b"),
    ],
)
def test_canonical_paths(path: str, base: str, result: str) -> None:
    assert paths.canonical(path, base) == result


@pytest.mark.parametrize(
    ("path", "valid"),
    [("/a/b-1.c", True), ("/", True), ("/A", False), ("/a_b", False), ("/-a", False), ("/a-", False), ("/é", False)],
)
def test_valid_paths(path: str, valid: bool) -> None:
    assert paths.is_path(path) is valid


def test_a_group_with_all_that_is_in_it() -> None:
    world = World()
    _put(world, "/g", apps=[{"id": "a"} | APP], groups=[{"id": "sub", "apps": [{"id": "b"} | APP]}])
    root = world.tree.current
    assert sorted(root.apps) == ["/g/a", "/g/sub/b"]
    assert root.child_groups("/") == ["/g"]
    assert root.child_groups("/g") == ["/g/sub"]
    assert root.groups["/g"].enforce_role is False
    assert root.groups["/g/sub"].enforce_role is None


def test_apps_that_an_update_does_not_name_are_stopped() -> None:
    world = World()
    _put(world, "/g", apps=[{"id": "a"} | APP, {"id": "b"} | APP], groups=[{"id": "sub"}])
    plan = _put(world, "/g", apps=[{"id": "b", "cpus": 2} | APP, {"id": "c"} | APP])
    assert _steps(plan) == [
        [("StopApplication", "/g/a")],
        [("StartApplication", "/g/c")],
        [("RestartApplication", "/g/b"), ("ScaleApplication", "/g/c")],
    ]
    assert "/g/sub" in world.tree.current.groups, "groups were not spoken of"


def test_groups_that_an_update_does_not_name_go_with_all_in_them() -> None:
    world = World()
    _put(world, "/g", groups=[{"id": "x", "apps": [{"id": "a"} | APP]}, {"id": "y"}])
    _put(world, "/g", groups=[{"id": "y"}])
    assert sorted(world.tree.current.groups) == ["/g", "/g/y"]
    assert world.tree.current.apps == {}


def test_an_empty_update_changes_nothing() -> None:
    world = World()
    _put(world, "/g", apps=[{"id": "a"} | APP])
    assert _put(world, "/g").steps == []


def test_dependencies_between_groups_order_the_steps() -> None:
    world = World()
    plan = _put(
        world,
        "/g",
        groups=[
            {"id": "web", "dependencies": ["/g/db"], "apps": [{"id": "w"} | APP]},
            {"id": "db", "apps": [{"id": "m"} | APP]},
        ],
    )
    assert _steps(plan)[1:] == [[("ScaleApplication", "/g/db/m")], [("ScaleApplication", "/g/web/w")]]


def test_dependencies_between_apps_order_the_steps() -> None:
    world = World()
    apps: list[dict[str, Any]] = [
        {"id": "c", "dependencies": ["b"]},
        {"id": "b", "dependencies": ["/g/a"]},
        {"id": "a"},
    ]
    plan = _put(world, "/g", apps=[app | APP for app in apps])
    assert _steps(plan)[1:] == [[("ScaleApplication", f"/g/{name}")] for name in "abc"]


def test_a_cycle_is_refused() -> None:
    world = World()
    apps: list[dict[str, Any]] = [{"id": "a", "dependencies": ["b"]}, {"id": "b", "dependencies": ["a"]}]
    problem = ("/", ["Dependency graph has cyclic dependencies."])
    assert _refusal(world, "/g", apps=[app | APP for app in apps]) == [problem]
    assert world.tree.current.apps == {}
    assert "group_change_failed" in world.names()


def test_an_app_and_a_group_can_not_have_one_name() -> None:
    world = World()
    world.create("/g/a", instances=0)
    problem = "Groups and Applications may not have the same identifier."
    assert _refusal(world, "/g/a", apps=[]) == [("/groups(0)", [problem])]
    with pytest.raises(RejectedUpdate):
        world.create("/g", instances=0)


@pytest.mark.parametrize(
    ("fields", "path", "error"),
    [
        ({"apps": [{"id": "/elsewhere/x"} | APP]}, "/apps(0)/id", "Identifier is not child of '/g'"),
        ({"scaleBy": 2, "apps": []}, "/scaleBy", "not allowed in conjunction with other properties."),
        ({"groups": [{"id": "/elsewhere"}]}, "/groups(1)", "Group has to be child of groups with parent id"),
    ],
)
def test_misplaced_members(fields: dict[str, Any], path: str, error: str) -> None:
    assert _refusal(World(), "/g", **fields) == [(path, [error])]


def test_scaling_a_group_rounds_up() -> None:
    world = World()
    _put(world, "/g", apps=[{"id": "a"} | APP | {"instances": 3}, {"id": "b"} | APP])
    scaled = scale_group(world.tree.current, "/g", 0.5, "v")
    assert [scaled.apps[name].instances for name in ("/g/a", "/g/b")] == [2, 0]


def test_a_group_goes_back_to_an_old_version() -> None:
    world = World()
    plan = _put(world, "/g", apps=[{"id": "a"} | APP])
    _put(world, "/g", apps=[{"id": "a", "cpus": 3} | APP, {"id": "b"} | APP])
    old = world.tree.history[plan.version]
    world.groups.update("/", lambda root, version: roll_back_group(root, old, "/g", version))
    assert list(world.tree.current.apps) == ["/g/a"]
    assert world.app("/g/a").document["cpus"] == 1.0
    assert world.app("/g/a").version > plan.version


def test_ports_that_a_change_frees_are_free_for_the_next() -> None:
    world = World()
    _put(world, "/g", apps=[{"id": "a"} | APP])
    _put(world, "/g", apps=[{"id": "b"} | APP])
    assert world.app("/g/b").service_ports == [10001]
    _put(world, "/g", apps=[{"id": "b"} | APP, {"id": "c"} | APP])
    assert world.app("/g/c").service_ports == [10000]


def test_the_role_of_a_group_may_be_enforced() -> None:
    rules = InputRules("main", enforced=frozenset({"/team"}))
    assert rules.roles("/team/app") == ["team"]
    assert rules.roles("/other/app") == ["main", "other"]
    assert rules.roles("/app") == ["main"]
