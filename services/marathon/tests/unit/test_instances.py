# SPDX-License-Identifier: GPL-3.0-or-later
"""The life of instances: ends, kills, lost agents, restarts of the server."""

import itertools

from world import World


def _running(instances: int = 1, **fields: object) -> World:
    world = World()
    world.subscribe()
    world.create(instances=instances, **fields)
    world.run_all()
    world.events.clear()
    world.calls.clear()
    return world


def test_the_successor_of_an_ended_task_keeps_the_instance() -> None:
    world = _running(backoffSeconds=0)
    (instance,) = world.instances()
    first = instance.task_id
    world.status(instance, "TASK_FINISHED")
    assert instance.condition == "Finished"
    world.run_all()
    assert world.instances() == [instance]
    assert first.endswith("._app.1")
    assert instance.task_id == first.removesuffix("1") + "2"


def test_only_failures_are_kept_as_last_failure() -> None:
    world = _running(backoffSeconds=0)
    world.status(world.instances()[0], "TASK_FINISHED")
    assert world.scheduler.context.failures == {}
    world.run_all()
    world.status(world.instances()[0], "TASK_FAILED", message="exited with status 3")
    failure = world.scheduler.context.failures["/app"]
    assert failure["message"] == "exited with status 3"
    assert failure["state"] == "TASK_FAILED"


def test_updates_are_acknowledged_and_repeated_ones_change_nothing() -> None:
    world = _running()
    world.status(world.instances()[0], "TASK_RUNNING")
    assert len(world.called("ACKNOWLEDGE")) == 1
    assert world.events == []


def test_a_kill_is_asked_for_again_until_the_task_has_ended() -> None:
    world = _running()
    world.change(instances=0)
    assert len(world.called("KILL")) == 1
    world.wait(25)
    assert len(world.called("KILL")) >= 3
    world.end_killed()
    count = len(world.called("KILL"))
    world.wait(60)
    assert len(world.called("KILL")) == count


def test_the_youngest_are_ended_first_unless_the_app_says_otherwise() -> None:
    for selection, survivor in (("YOUNGEST_FIRST", 0), ("OLDEST_FIRST", 2)):
        world = World()
        world.subscribe()
        world.create(instances=1, killSelection=selection)
        world.run_all()
        for count in (2, 3):
            world.wait(5)
            world.change(instances=count)
            world.run_all()
        by_age = sorted(world.instances(), key=lambda entry: entry.started_at or 0)
        world.change(instances=1)
        world.end_killed()
        assert world.instances() == [by_age[survivor]]


def test_a_wiped_instance_is_forgotten_at_once_and_replaced() -> None:
    world = _running()
    (instance,) = world.instances()
    world.scheduler.kills.wipe(instance)
    world.scheduler.settle()
    (successor,) = world.instances()
    assert successor.id != instance.id
    world.events.clear()
    world.status(instance, "TASK_KILLED")
    assert world.names() == ["unknown_instance_terminated_event Killed"]


def test_a_running_task_that_nobody_knows_is_ended() -> None:
    world = _running()
    world.status("other.instance-1._app.1", "TASK_RUNNING")
    assert world.called("KILL") == [{"task_id": {"value": "other.instance-1._app.1"}, "agent_id": {"value": "agent"}}]


def test_an_unreachable_instance_is_replaced_at_once_by_default() -> None:
    world = _running()
    (lost,) = world.instances()
    world.status(lost, "TASK_UNREACHABLE")
    world.wait(0)
    (successor,) = world.instances()
    assert successor.id != lost.id
    assert world.scheduler.context.failures == {}
    world.status(lost, "TASK_RUNNING")
    assert len(world.called("KILL")) == 1, "the agent has come back with a task that is no longer wanted"


def test_an_unreachable_instance_is_waited_for_as_long_as_the_app_says() -> None:
    world = _running(unreachableStrategy={"inactiveAfterSeconds": 30, "expungeAfterSeconds": 60})
    (lost,) = world.instances()
    world.status(lost, "TASK_UNREACHABLE")
    world.wait(29)
    assert world.instances() == [lost]
    world.wait(2)
    assert world.conditions() == ["Scheduled", "UnreachableInactive"]
    world.wait(30)
    assert world.conditions() == ["Scheduled"]


def test_an_instance_that_is_reachable_again_goes_on() -> None:
    world = _running(unreachableStrategy={"inactiveAfterSeconds": 30, "expungeAfterSeconds": 60})
    world.status(world.instances()[0], "TASK_UNREACHABLE")
    world.wait(10)
    world.status(world.instances()[0], "TASK_RUNNING")
    world.wait(100)
    assert world.conditions() == ["Running"]


def test_with_a_disabled_strategy_a_lost_instance_is_never_replaced() -> None:
    world = _running(unreachableStrategy="disabled")
    world.status(world.instances()[0], "TASK_UNREACHABLE")
    world.wait(100_000)
    assert world.conditions() == ["Unreachable"]


def test_a_restart_of_the_server_keeps_running_tasks_and_asks_mesos_for_them() -> None:
    world = _running(2)
    after = world.restart_server()
    after.subscribe()
    (reconciled, *_rest) = after.called("RECONCILE")
    assert {task["task_id"]["value"] for task in reconciled["tasks"]} == {entry.task_id for entry in world.instances()}
    assert after.conditions() == ["Running", "Running"]
    assert after.offer() == []


def test_a_task_that_ended_while_the_server_was_down_is_launched_once() -> None:
    world = _running(backoffSeconds=1)
    after = world.restart_server()
    after.subscribe()
    after.status(after.instances()[0], "TASK_FINISHED")
    assert after.offer() == [], "its delay has to pass"
    after.wait(1)
    assert len(after.offer()) == 1
    assert after.offer() == []


def test_a_launch_that_mesos_never_saw_is_made_up_for_after_a_restart() -> None:
    world = World()
    world.subscribe()
    world.create(backoffSeconds=0)
    world.offer()
    after = world.restart_server()
    after.subscribe()
    assert after.offer() == []
    after.status(after.instances()[0], "TASK_GONE", reason="REASON_RECONCILIATION")
    assert len(after.offer()) == 1


def test_a_launch_without_an_answer_is_given_up() -> None:
    world = World(task_launch_timeout=60_000)
    world.subscribe()
    world.create()
    world.offer()
    world.wait(70)
    assert len(world.called("KILL")) >= 1


def test_mesos_is_told_when_no_offers_are_wanted() -> None:
    world = World()
    world.subscribe()
    assert world.called("SUPPRESS")
    world.create()
    assert world.called("REVIVE")


def test_what_is_left_of_a_used_offer_is_asked_for_at_once() -> None:
    world = World(max_instances_per_offer=2)
    world.subscribe()
    world.create(instances=5)
    world.calls.clear()
    assert len(world.offer()) == 2
    world.wait(0.1)
    assert world.called("REVIVE")


def test_offers_are_shared_between_apps() -> None:
    world = World(max_instances_per_offer=2)
    world.subscribe()
    world.create("/large", instances=5)
    world.create("/small", instances=1)
    assert sorted(task["name"] for task in world.offer()) == ["large", "small"]


def test_for_what_does_not_fit_offers_are_asked_for_ever_more_seldom() -> None:
    world = World(min_revive_offers_interval=5000, decline_offer_duration=60_000)
    world.subscribe()
    world.create(cpus=100)
    times = []
    for _ in range(400):
        before = len(world.called("REVIVE"))
        world.wait(1)
        world.offer()
        if len(world.called("REVIVE")) > before:
            times.append(round(world.time - 1_700_000_000))
    gaps = [after - before for before, after in itertools.pairwise(times)]
    assert times[0] == 5
    assert gaps[:4] == [10, 20, 40, 60]
    assert set(gaps[4:]) == {60}
