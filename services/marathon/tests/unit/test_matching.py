# SPDX-License-Identifier: GPL-3.0-or-later
"""Offers against apps: constraints, resources, ports, and the reasons that are told."""

from random import Random

import pytest
from mesospark_marathon.model.app import App
from mesospark_marathon.model.app_input import InputRules, build_app, read_app
from mesospark_marathon.scheduler.constraints import Place, attributes_of, meets_all
from mesospark_marathon.scheduler.launch_queue import attempt_summary, last_offers_summary
from mesospark_marathon.scheduler.ports import choose_ports
from mesospark_marathon.scheduler.resources import OfferedResources
from world import World, offer_of

A1, A2, B1 = Place("a1", {"rack": "a"}), Place("a2", {"rack": "a"}), Place("b1", {"rack": "b"})
BARE = Place("bare", {})


@pytest.mark.parametrize(
    ("constraint", "place", "others", "allowed"),
    [
        (["hostname", "UNIQUE"], A1, [A2], True),
        (["hostname", "UNIQUE"], A1, [A1], False),
        (["rack", "UNIQUE"], A2, [A1], False),
        (["rack", "CLUSTER", "a"], A1, [], True),
        (["rack", "CLUSTER", "a"], B1, [], False),
        (["rack", "CLUSTER"], B1, [A1], False),
        (["rack", "CLUSTER", "b"], B1, [A1], True),
        (["rack", "CLUSTER"], A2, [A1], True),
        (["rack", "GROUP_BY"], A1, [A1, A1], True),
        (["rack", "GROUP_BY"], A1, [A1, A1, B1], False),
        (["rack", "GROUP_BY", "2"], A1, [A1], True),
        (["rack", "GROUP_BY", "2"], A1, [A1, A2], False),
        (["rack", "GROUP_BY", "2"], A1, [A1, A2, B1], False),
        (["rack", "GROUP_BY", "1"], B1, [A1], False),
        (["rack", "GROUP_BY", "3"], A1, [A1], True),
        (["rack", "GROUP_BY", "3"], A1, [A1, A1], False),
        (["rack", "GROUP_BY", "2"], B1, [A1], True),
        (["rack", "GROUP_BY", "2"], A1, [A1, B1], True),
        (["hostname", "LIKE", "a[0-9]"], A1, [], True),
        (["hostname", "LIKE", "a"], A1, [], False),
        (["rack", "LIKE", ".*"], BARE, [], False),
        (["hostname", "UNLIKE", "a.*"], A1, [], False),
        (["rack", "UNLIKE", "a"], BARE, [], True),
        (["rack", "MAX_PER", "2"], A1, [A1, B1], True),
        (["rack", "MAX_PER", "2"], A1, [A1, A2], False),
        (["rack", "IS", "b"], B1, [], True),
        (["rack", "IS", "b"], A1, [], False),
        (["rack", "UNIQUE"], BARE, [], False),
    ],
)
def test_constraints(constraint: list[str], place: Place, others: list[Place], allowed: bool) -> None:
    assert meets_all([constraint], place, others, 4) is allowed


def test_all_constraints_have_to_be_met() -> None:
    assert not meets_all([["rack", "LIKE", "a"], ["hostname", "UNIQUE"]], A1, [A1], 2)


def test_attributes_as_text() -> None:
    offer = {
        "attributes": [
            {"name": "rack", "type": "TEXT", "text": {"value": "r1"}},
            {"name": "gen", "type": "SCALAR", "scalar": {"value": 5.0}},
            {"name": "speed", "type": "SCALAR", "scalar": {"value": 2.5}},
            {"name": "disks", "type": "SET", "set": {"item": ["b", "a"]}},
            {"name": "slots", "type": "RANGES", "ranges": {"range": [{"begin": 1, "end": 3}]}},
        ],
        "domain": {"fault_domain": {"region": {"name": "north"}, "zone": {"name": "z1"}}},
    }
    assert attributes_of(offer) == {
        "rack": "r1",
        "gen": "5",
        "speed": "2.5",
        "disks": "{a,b}",
        "slots": "[1-3]",
        "@region": "north",
        "@zone": "z1",
    }


def _app(**fields: object) -> App:
    return build_app(read_app({"id": "/x", "cmd": "sleep 1"} | fields), "/x", "", InputRules())


def test_free_ports_come_in_a_row() -> None:
    app = _app(portDefinitions=[{"port": 0}, {"port": 0}, {"port": 0}])
    first, second, third = choose_ports(app, [(31000, 31099, "*")], Random(3)) or []
    assert first is not None
    assert (second, third) == (first + 1, first + 2)


def test_ports_go_round_at_the_end_of_the_range() -> None:
    app = _app(portDefinitions=[{"port": 0}] * 4)
    for seed in range(10):
        assert sorted(choose_ports(app, [(1, 2, "*"), (7, 8, "*")], Random(seed)) or []) == [1, 2, 7, 8]


def test_required_ports_must_be_there() -> None:
    app = _app(portDefinitions=[{"port": 31005}], requirePorts=True)
    assert choose_ports(app, [(31000, 31009, "*")], Random(1)) == [31005]
    assert choose_ports(app, [(31000, 31004, "*")], Random(1)) is None


def test_service_ports_are_not_host_ports_by_themselves() -> None:
    app = _app(portDefinitions=[{"port": 10000}])
    (port,) = choose_ports(app, [(31000, 31009, "*")], Random(1)) or []
    assert port is not None
    assert 31000 <= port <= 31009


def test_mappings_may_have_fixed_random_or_no_host_port() -> None:
    app = _app(
        networks=[{"mode": "container", "name": "net"}],
        container={
            "docker": {"image": "i"},
            "portMappings": [{"containerPort": 80}, {"containerPort": 81, "hostPort": 31000}, {"hostPort": 0}],
        },
    )
    none, fixed, free = choose_ports(app, [(31000, 31001, "*")], Random(1)) or []
    assert (none, fixed, free) == (None, 31000, 31001)


def test_taking_resources_leaves_the_rest() -> None:
    free = OfferedResources(
        [
            {"name": "cpus", "role": "*", "scalar": {"value": 1.0}},
            {"name": "cpus", "role": "team", "scalar": {"value": 0.5}},
            {"name": "ports", "role": "*", "ranges": {"range": [{"begin": 1, "end": 5}]}},
            {"name": "disk", "role": "*", "scalar": {"value": 9.0}, "disk": {"persistence": {"id": "v"}}},
        ]
    )
    both = {"*", "team"}
    taken = free.take("cpus", 0.7, both)
    assert [(part["role"], part["scalar"]["value"]) for part in taken] == [("team", 0.5), ("*", 0.2)]
    assert free.amount("cpus", both) == 0.8
    free.take_ports([3], both)
    assert free.ports(both) == [(1, 2, "*"), (4, 5, "*")]
    assert free.amount("disk", both) == 0, "a volume is no free disk"


def test_sums_do_not_drift() -> None:
    free = OfferedResources([{"name": "cpus", "role": "*", "scalar": {"value": 1.0}}])
    for _ in range(10):
        assert free.amount("cpus", {"*"}) >= 0.1
        free.take("cpus", 0.1, {"*"})
    assert free.amount("cpus", {"*"}) == 0


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"cpus": 100}, "InsufficientCpus"),
        ({"mem": 100_000}, "InsufficientMemory"),
        ({"disk": 100_000}, "InsufficientDisk"),
        ({"constraints": [["rack", "IS", "none"]]}, "UnfulfilledConstraint"),
        ({"portDefinitions": [{"port": 5}], "requirePorts": True}, "InsufficientPorts"),
    ],
)
def test_the_queue_knows_why(fields: dict[str, object], reason: str) -> None:
    world = World()
    world.subscribe()
    world.create(**fields)
    world.offer("host-a")
    world.offer("host-b")
    assert len(world.called("DECLINE")) == 2
    statistics = world.scheduler.context.statistics.of("/app")
    declined = {entry["reason"]: entry["declined"] for entry in last_offers_summary(statistics)}
    assert declined[reason] == 2
    assert sum(declined.values()) == 2
    processed = [entry["processed"] for entry in attempt_summary(statistics)]
    assert processed == sorted(processed, reverse=True), "what fails early is not asked further"


@pytest.mark.parametrize(("begins_in", "launched"), [(-10.0, 0), (-100.0, 1), (10.0, 1)])
def test_an_agent_in_maintenance_gets_nothing(begins_in: float, launched: int) -> None:
    world = World()
    world.subscribe()
    world.create()
    offer = offer_of(99)
    start = round((world.time + begins_in) * 1e9)
    offer["unavailability"] = {"start": {"nanoseconds": start}, "duration": {"nanoseconds": 60 * 10**9}}
    world.scheduler.on_mesos_event({"type": "OFFERS", "offers": {"offers": [offer]}})
    assert len(world.called("ACCEPT")) == launched
    declined = world.scheduler.context.statistics.of("/app").declined
    assert declined == ({} if launched else {"AgentMaintenance": 1})


def test_an_offer_for_another_role_is_of_no_use() -> None:
    world = World()
    world.subscribe()
    world.create(acceptedResourceRoles=["*"])
    world.tree.current.apps["/app"].document["role"] = "other"
    assert world.offer() == []
    assert world.scheduler.context.statistics.of("/app").declined == {"UnfulfilledRole": 1}


def test_mesos_is_told_of_the_roles_of_apps() -> None:
    world = World()
    world.subscribe()
    world.create("/team/app", role="team")
    assert world.called("UPDATE_FRAMEWORK") == [{"framework_info": {"roles": ["*", "team"]}}]
    assert world.called("REVIVE")[-1] == {"roles": ["*", "team"]}
    assert world.offer() == [], "an offer made to another role"
    world.delete("/team/app")
    assert world.called("UPDATE_FRAMEWORK")[-1] == {"framework_info": {"roles": ["*"]}}
