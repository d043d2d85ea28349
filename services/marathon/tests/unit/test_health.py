# SPDX-License-Identifier: GPL-3.0-or-later
"""Health of instances."""

from typing import Any

from world import World

CHECK = {"protocol": "HTTP", "path": "/", "portIndex": 0, "gracePeriodSeconds": 10, "maxConsecutiveFailures": 3}


def _checked(**changes: Any) -> World:
    world = World()
    world.subscribe()
    world.create(portDefinitions=[{"port": 0}], healthChecks=[CHECK | changes])
    world.run_all()
    world.events.clear()
    world.calls.clear()
    return world


def _report(world: World, alive: bool, cause: str | None = None) -> None:
    world.scheduler.on_health(world.instances()[0].id, 0, alive, cause)


def _results(world: World) -> list[dict[str, Any]]:
    return world.scheduler.health.results_json(world.instances()[0])


def test_what_has_to_be_probed() -> None:
    world = _checked(intervalSeconds=7, timeoutSeconds=3)
    (target,) = world.scheduler.health.targets()
    instance = world.instances()[0]
    assert (target.host, target.port, target.path) == ("host-a", instance.ports[0], "/")
    assert (target.interval, target.timeout) == (7.0, 3.0)
    world.change(instances=0, force=True)
    world.end_killed()
    assert world.scheduler.health.targets() == []


def test_a_first_success_is_told() -> None:
    world = _checked()
    _report(world, True)
    assert world.names()[:2] == ["health_status_changed_event", "instance_health_changed_event"]
    (result,) = _results(world)
    assert result["alive"] is True
    assert result["consecutiveFailures"] == 0
    assert result["firstSuccess"] == result["lastSuccess"]


def test_failures_in_the_grace_period_do_not_count_before_a_success() -> None:
    world = _checked()
    _report(world, False, "refused")
    assert _results(world) == []
    _report(world, True)
    _report(world, False, "refused")
    assert _results(world)[0]["consecutiveFailures"] == 1


def test_an_instance_that_fails_too_often_is_killed_and_its_failure_kept() -> None:
    world = _checked()
    world.wait(11)
    for _ in range(4):
        assert not world.called("KILL")
        _report(world, False, "refused")
    assert len(world.called("KILL")) == 1
    assert "unhealthy_instance_kill_event" in world.names()
    world.end_killed()
    failure = world.scheduler.context.failures["/app"]
    assert failure["message"] == "Task was killed since health check failed. Reason: refused"
    assert failure["state"] == "TASK_KILLED"
    assert world.scheduler.context.backoff.until(world.app()) == 0
    assert _results(world)[0]["alive"] is False, "shown until the next launch"
    world.offer()
    assert _results(world) == []


def test_without_a_limit_nothing_is_killed() -> None:
    world = _checked(maxConsecutiveFailures=0)
    world.wait(11)
    for _ in range(20):
        _report(world, False)
    assert not world.called("KILL")
    assert world.scheduler.health.is_healthy(world.app(), world.instances()[0]) is False


def test_a_success_ends_a_row_of_failures() -> None:
    world = _checked()
    world.wait(11)
    for alive in (False, False, True, False, False):
        _report(world, alive)
    assert not world.called("KILL")


def test_all_checks_have_to_be_alive() -> None:
    world = World()
    world.subscribe()
    world.create(portDefinitions=[{"port": 0}], healthChecks=[CHECK, CHECK | {"path": "/two"}])
    world.run_all()
    instance = world.instances()[0]
    world.scheduler.on_health(instance.id, 0, True, None)
    assert world.deploying() == 1
    world.scheduler.on_health(instance.id, 1, True, None)
    assert world.deploying() == 0


def test_the_executor_reports_its_own_checks() -> None:
    world = World()
    world.subscribe()
    world.create(healthChecks=[{"protocol": "COMMAND", "command": {"value": "true"}}])
    world.run_all()
    assert world.deploying() == 1
    assert world.scheduler.health.targets() == []
    world.events.clear()
    world.status(world.instances()[0], "TASK_RUNNING", healthy=True)
    assert world.deploying() == 0
    assert [name for name in world.names() if not name.startswith("deployment")] == [
        "health_status_changed_event",
        "instance_health_changed_event",
        "status_update_event",
        "instance_health_changed_event",
    ]


def test_a_report_about_an_instance_that_is_gone_is_ignored() -> None:
    world = _checked()
    world.scheduler.on_health("nobody", 0, True, None)
    _report(world, True)
    world.scheduler.on_health(world.instances()[0].id, 5, True, None)
    assert len(_results(world)) == 1
