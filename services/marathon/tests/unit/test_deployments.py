# SPDX-License-Identifier: GPL-3.0-or-later
"""Deployments: their steps, rolling replacement, locks, rollback."""

import pytest
from mesospark_marathon.model import paths
from mesospark_marathon.model.errors import RejectedUpdate
from mesospark_marathon.model.plan import revert
from world import World


def _steps(world: World) -> list[list[tuple[str, str]]]:
    (deployment,) = world.scheduler.deployments.running()
    return [[(action.kind, action.app_id) for action in step] for step in deployment.plan.steps]


def _subscribed() -> World:
    world = World()
    world.subscribe()
    return world


def _with_running(instances: int, **fields: object) -> World:
    world = _subscribed()
    world.create(instances=instances, **fields)
    world.run_all()
    assert world.deploying() == 0
    world.events.clear()
    world.calls.clear()
    return world


def test_a_new_app_is_started_and_then_scaled() -> None:
    world = _subscribed()
    world.create()
    assert _steps(world) == [[("StartApplication", "/app")], [("ScaleApplication", "/app")]]
    world.run_all()
    assert world.deploying() == 0
    assert [name for name in world.names() if name.startswith("deployment")] == [
        "deployment_info",
        "deployment_step_success",
        "deployment_info",
        "deployment_step_success",
        "deployment_success",
    ]
    assert [name for name in world.names() if name.startswith("instance")] == [
        "instance_changed_event Scheduled",
        "instance_changed_event Provisioned",
        "instance_changed_event Running",
    ]


def test_an_app_without_instances_is_deployed_at_once() -> None:
    world = _subscribed()
    world.create(instances=0)
    assert world.deploying() == 0


def test_a_change_that_changes_nothing_has_no_steps_and_keeps_the_version() -> None:
    world = _with_running(1)
    version = world.app().version
    plan = world.change(instances=1)
    assert plan.steps == []
    assert world.app().version == version


def test_scaling_keeps_what_runs() -> None:
    world = _with_running(1)
    (first,) = world.instances()
    version = world.app().last_config_change_at
    world.change(instances=3)
    assert _steps(world) == [[("ScaleApplication", "/app")]]
    world.run_all()
    assert world.deploying() == 0
    assert first in world.instances()
    assert len(world.instances()) == 3
    assert world.app().last_config_change_at == version


def test_scaling_down_waits_for_the_end_of_the_tasks() -> None:
    world = _with_running(3)
    world.change(instances=1)
    assert len(world.called("KILL")) == 2
    assert world.deploying() == 1
    world.end_killed()
    assert world.deploying() == 0
    assert world.conditions() == ["Running"]


def test_new_ones_come_before_old_ones_go() -> None:
    world = _with_running(2)
    old = world.instances()
    world.change(env={"A": "1"})
    assert not world.called("KILL")
    new = [entry for entry in world.instances() if entry not in old]
    assert len(new) == 2
    world.offer()
    world.status(new[0], "TASK_RUNNING")
    assert len(world.called("KILL")) == 1
    world.run_all()
    assert world.deploying() == 0
    assert not {entry.id for entry in world.instances()} & {entry.id for entry in old}


@pytest.mark.parametrize(
    ("least", "over", "killed_at_once", "started_at_once"),
    [(0.5, 0.0, 1, 0), (1.0, 0.0, 0, 1), (0.0, 0.0, 2, 0), (1.0, 1.0, 0, 2), (0.5, 0.5, 1, 1)],
)
def test_the_upgrade_strategy_limits_both_directions(
    least: float, over: float, killed_at_once: int, started_at_once: int
) -> None:
    strategy = {"minimumHealthCapacity": least, "maximumOverCapacity": over}
    world = _with_running(2, upgradeStrategy=strategy)
    old = world.instances()
    world.change(env={"A": "1"})
    assert len(world.called("KILL")) == killed_at_once
    assert len([entry for entry in world.instances() if entry not in old]) == started_at_once
    world.run_all()
    assert world.deploying() == 0
    assert world.conditions() == ["Running", "Running"]
    assert all(entry.version == world.app().version for entry in world.instances())


def test_a_single_instance_app_never_runs_twice() -> None:
    strategy = {"minimumHealthCapacity": 0, "maximumOverCapacity": 0}
    world = _with_running(1, upgradeStrategy=strategy, labels={"MARATHON_SINGLE_INSTANCE_APP": "true"})
    world.restart_app()
    assert world.offer() == [], "the old task has not ended yet"
    world.end_killed()
    assert len(world.offer()) == 1


def test_a_restart_replaces_all_instances_under_a_new_configuration_version() -> None:
    world = _with_running(1)
    before, (old,) = world.app(), world.instances()
    world.restart_app()
    world.run_all()
    assert world.app().last_config_change_at > before.last_config_change_at
    assert world.app().last_scaling_at == before.last_scaling_at
    assert old not in world.instances()


def test_an_app_is_locked_by_its_deployment() -> None:
    world = _subscribed()
    world.create(cpus=100)
    with pytest.raises(RejectedUpdate) as refused:
        world.change(cpus=50)
    assert refused.value.status == 409
    assert "group_change_failed" in world.names()
    assert world.deploying() == 1
    world.change(cpus=1, force=True)
    assert world.deploying() == 1
    world.run_all()
    assert world.deploying() == 0


def test_two_apps_deploy_beside_each_other() -> None:
    world = _subscribed()
    world.create("/one", cpus=100)
    world.create("/two", cpus=100)
    assert world.deploying() == 2


def test_no_more_than_the_greatest_number_of_deployments() -> None:
    world = World(max_running_deployments=1)
    world.create("/one", cpus=100)
    with pytest.raises(Exception, match="Max number"):
        world.create("/two", cpus=100)


def test_a_rollback_brings_back_the_old_configuration() -> None:
    world = _with_running(1)
    plan = world.change(cpus=100)
    world.groups.update(paths.ROOT, lambda root, version: revert(plan, root, version), force=True)
    world.scheduler.settle()
    assert world.app().document["cpus"] == 0.1
    world.run_all()
    assert world.deploying() == 0
    assert world.conditions() == ["Running"]


def test_a_rollback_of_a_new_app_removes_it_and_its_groups() -> None:
    world = _subscribed()
    plan = world.create("/group/app", cpus=100)
    world.groups.update(paths.ROOT, lambda root, version: revert(plan, root, version), force=True)
    world.scheduler.settle()
    assert world.tree.current.apps == {}
    assert world.tree.current.groups == {}
    assert world.deploying() == 0


def test_a_deleted_app_can_be_made_again_while_its_tasks_end() -> None:
    world = _with_running(1)
    (old,) = world.instances()
    world.delete()
    assert world.deploying() == 1
    world.create()
    world.end_killed()
    world.run_all()
    assert world.deploying() == 0
    assert [entry.condition for entry in world.instances()] == ["Running"]
    assert world.instances()[0].id != old.id


def test_a_deployment_with_health_checks_waits_for_health() -> None:
    world = _subscribed()
    world.create(healthChecks=[{"protocol": "TCP", "portIndex": 0}], portDefinitions=[{"port": 0}])
    world.run_all()
    assert world.deploying() == 1
    world.scheduler.on_health(world.instances()[0].id, 0, True, None)
    assert world.deploying() == 0


def test_a_deployment_goes_on_after_a_restart_of_the_server() -> None:
    world = _with_running(2, upgradeStrategy={"minimumHealthCapacity": 0.5, "maximumOverCapacity": 0})
    world.change(env={"A": "1"})
    after = world.restart_server()
    after.subscribe()
    assert after.deploying() == 1
    after.run_all()
    assert after.deploying() == 0
    assert all(entry.version == after.app().version for entry in after.instances())


def test_far_too_many_instances_do_not_take_all_memory() -> None:
    world = _subscribed()
    world.create(instances=10_000_000)
    assert len(world.instances()) <= 5000
    assert world.offer(), "those that fit are launched all the same"
