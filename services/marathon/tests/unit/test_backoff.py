# SPDX-License-Identifier: GPL-3.0-or-later
"""Delays between launches."""

import pytest
from world import World


def _fail(world: World, state: str = "TASK_FAILED") -> float:
    """Launches the waiting instance, lets it end, and gives the delay that follows."""
    assert world.offer(), "an instance was due"
    world.status(world.instances()[0], "TASK_RUNNING")
    world.status(world.instances()[0], state)
    return world.scheduler.context.backoff.until(world.app()) - world.time


def _started(**fields: object) -> World:
    world = World()
    world.subscribe()
    world.create(**fields)
    return world


def test_the_first_launch_is_never_delayed() -> None:
    world = _started()
    assert len(world.offer()) == 1


def test_each_end_makes_the_delay_longer_up_to_the_longest() -> None:
    world = _started(backoffSeconds=2, backoffFactor=3, maxLaunchDelaySeconds=20)
    delays = []
    for _ in range(4):
        delays.append(_fail(world))
        world.wait(delays[-1])
    assert delays == pytest.approx([2, 6, 18, 20])


def test_an_exit_with_status_zero_counts_like_a_failure() -> None:
    world = _started(backoffSeconds=5)
    assert _fail(world, "TASK_FINISHED") == 5


def test_a_kill_adds_no_delay() -> None:
    world = _started(backoffSeconds=5)
    world.run_all()
    world.scheduler.kills.kill(world.instances()[0])
    world.end_killed()
    assert len(world.offer()) == 1


def test_nothing_is_launched_before_the_delay_is_over() -> None:
    world = _started(backoffSeconds=10)
    _fail(world)
    world.wait(9.9)
    assert world.offer() == []
    world.wait(0.2)
    assert len(world.offer()) == 1


def test_offers_are_asked_for_when_the_delay_ends() -> None:
    world = _started(backoffSeconds=10)
    _fail(world)
    world.calls.clear()
    world.wait(9)
    assert not world.called("REVIVE")
    world.wait(1.1)
    assert world.called("REVIVE")


def test_a_long_run_is_forgiven() -> None:
    world = _started(backoffSeconds=5, backoffFactor=2, maxLaunchDelaySeconds=60)
    assert _fail(world) == 5
    world.wait(5)
    world.offer()
    world.status(world.instances()[0], "TASK_RUNNING")
    world.wait(75)
    world.status(world.instances()[0], "TASK_FAILED")
    assert world.scheduler.context.backoff.until(world.app()) - world.time == 5


def test_a_new_configuration_starts_without_delay_and_a_scaling_keeps_it() -> None:
    world = _started(backoffSeconds=100)
    _fail(world)
    world.change(instances=2)
    assert world.offer() == []
    world.change(env={"A": "b"}, force=True)
    assert len(world.offer()) == 2


def test_no_seconds_mean_no_delay_ever() -> None:
    world = _started(backoffSeconds=0)
    assert _fail(world) <= 0
    assert _fail(world) <= 0


def test_an_ended_app_is_not_launched_again_after_a_restart_of_the_server() -> None:
    world = _started(backoffSeconds=86400, maxLaunchDelaySeconds=86400)
    _fail(world, "TASK_FINISHED")
    after = world.restart_server()
    after.subscribe()
    assert after.offer() == []
    after.wait(3600)
    assert after.offer() == []


def test_an_offer_that_was_under_way_when_the_task_ended_launches_nothing() -> None:
    world = _started(backoffSeconds=86400, maxLaunchDelaySeconds=86400)
    world.run_all()
    world.status(world.instances()[0], "TASK_FINISHED")
    for _ in range(20):
        assert world.offer() == []
