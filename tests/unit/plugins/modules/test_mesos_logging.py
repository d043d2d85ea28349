# SPDX-License-Identifier: GPL-3.0-or-later
"""mesos_logging on a scripted master and agent that keep a level as the real ones do."""

from typing import Any

import pytest
from ansible_collections.mesospark.platform.plugins.modules import mesos_logging

CLOSED = "http://127.0.0.1:1"


class Levels:
    """The levels of a master and an agent, by server."""

    def __init__(self, master: Any, agent: Any) -> None:
        self.master, self.agent = master, agent
        self.of = {master.url: 0, agent.url: 0}
        self.lowest = 0
        for server in (master, agent):
            server.routes |= {"GET /logging/toggle": self._getter(server), "POST /logging/toggle": self._setter(server)}
        slave = {"id": "s-1", "hostname": "agent1", "pid": f"slave(1)@{agent.address}", "active": True}
        leader = {"id": "m", "hostname": "master1", "pid": f"master@{master.address}"}
        master.routes |= {"GET /slaves": (200, {"slaves": [slave]}), "GET /state": (200, {"leader_info": leader})}
        self.all = {"mesos_url": master.url, "masters": "all", "agents": "all", "timeout": 2}

    @property
    def sent(self) -> list[dict[str, str]]:
        return [request.query for request in self.master.writes + self.agent.writes]

    def _getter(self, server: Any) -> Any:
        return lambda request: (200, f"{self.of[server.url]}\n".encode())

    def _setter(self, server: Any) -> Any:
        def set_level(request: Any) -> tuple[int, Any]:
            level = int(request.query["level"])
            if level < self.lowest:
                return 400, f"Invalid level '{level}'.\n".encode()
            self.of[server.url] = level
            return 200, b""

        return set_level


@pytest.fixture
def levels(server: Any, other_server: Any) -> Levels:
    return Levels(server, other_server)


def test_all_hosts_are_set_and_read_back(levels: Levels, run_module: Any) -> None:
    result = run_module(mesos_logging.main, **levels.all, level=2, duration="10m")
    assert levels.sent == [{"level": "2", "duration": "600000ms"}] * 2
    assert [(host["name"], host["role"], host["level_before"], host["level"]) for host in result["hosts"]] == [
        ("master1", "master", 0, 2),
        ("agent1", "agent", 0, 2),
    ]
    assert all(host["reverts_at"].endswith("Z") for host in result["hosts"])
    assert result["diff"]["before"] == {levels.master.url: {"level": 0}, levels.agent.url: {"level": 0}}
    assert result["diff"]["after"][levels.agent.url] == {"level": 2, "duration": "10m"}


def test_a_level_in_force_is_renewed_or_left(levels: Levels, run_module: Any) -> None:
    levels.of[levels.agent.url] = 2
    left = run_module(mesos_logging.main, **levels.all, level=2, duration="1m", renew=False)
    assert [host["changed"] for host in left["hosts"]] == [True, False] and left["hosts"][1]["reverts_at"] is None
    renewed = run_module(mesos_logging.main, **levels.all, level=2, duration="1m")
    assert [host["changed"] for host in renewed["hosts"]] == [True, True]


def test_level_0_ends_it_where_it_is_up(levels: Levels, run_module: Any) -> None:
    levels.of[levels.agent.url] = 3
    ended = run_module(mesos_logging.main, **levels.all, level=0)
    assert ended["diff"] == {"before": {levels.agent.url: {"level": 3}}, "after": {levels.agent.url: {"level": 0}}}
    assert ended["hosts"][1]["reverts_at"] is None
    assert not run_module(mesos_logging.main, **levels.all, level=0)["changed"] and len(levels.sent) == 1


def test_check_mode_only_reads(levels: Levels, run_module: Any) -> None:
    levels.of[levels.master.url] = 1
    options = {**levels.all, "level": 1, "duration": "1m"}
    foreseen = run_module(mesos_logging.main, check_mode=True, **options, renew=False)
    assert levels.sent == [] and [host["changed"] for host in foreseen["hosts"]] == [False, True]
    assert run_module(mesos_logging.main, **options, renew=False)["diff"] == foreseen["diff"]


@pytest.mark.parametrize("check_mode", [False, True])
def test_one_host_that_fails_is_named_and_the_others_are_reported(
    levels: Levels, run_module: Any, check_mode: bool
) -> None:
    options = {**levels.all, "endpoints": [CLOSED, levels.agent.url], "level": 1, "duration": "1m"}
    result = run_module(mesos_logging.main, check_mode=check_mode, **options)
    assert result["failed"] and result["changed"]
    assert result["msg"].startswith(f"1 of 3 hosts failed: Mesos at {CLOSED} does not answer (Connection refused)")
    assert [host["role"] for host in result["hosts"]] == ["endpoint", "endpoint", "master"], "the agent is asked once"
    assert [host["level"] for host in result["hosts"]] == [None, 1, 1]
    assert set(levels.of.values()) == ({0} if check_mode else {1})


def test_errors_name_the_agent(levels: Levels, run_module: Any) -> None:
    levels.agent.routes["GET /logging/toggle"] = (403, b"")
    result = run_module(mesos_logging.main, **levels.all, url_username="viewer", level=1, duration="1m")
    assert f"The Mesos agent agent1 at {levels.agent.url} does not allow this to user 'viewer'" in result["msg"]
    assert levels.of[levels.master.url] == 1
    levels.agent.routes["GET /logging/toggle"] = (200, b"<html>")
    result = run_module(mesos_logging.main, **levels.all, level=1, duration="1m")
    assert "answered with no level: is this a Mesos master or agent?" in result["msg"]


def test_what_a_host_refuses_or_loses_again_is_told(levels: Levels, run_module: Any) -> None:
    levels.lowest, levels.of[levels.agent.url] = 2, 2
    options = {"mesos_url": levels.master.url, "agents": ["s-1"]}
    result = run_module(mesos_logging.main, **options, level=0)
    assert "The Mesos agent agent1 answered POST /logging/toggle with 400: Invalid level '0'." in result["msg"]
    levels.agent.routes["POST /logging/toggle"] = (200, b"")
    result = run_module(mesos_logging.main, **options, level=3, duration="1m")
    assert result["changed"] and "took level 3, but level 2 is in force" in result["msg"]


def test_an_unknown_agent_does_not_hold_up_the_others(levels: Levels, run_module: Any) -> None:
    options = {"mesos_url": levels.master.url, "agents": ["agent9", "agent1"]}
    result = run_module(mesos_logging.main, **options, level=1, duration="1m")
    assert result["msg"] == "1 of 2 hosts failed: agents: 'agent9' is not registered; there are: agent1."
    assert [host["level"] for host in result["hosts"]] == [None, 1]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"level": 4, "duration": "1m"}, "value of level must be one of: 0, 1, 2, 3, got: 4"),
        ({"level": 2}, "duration is missing for level 2; write how long, such as 10m."),
        ({"level": 2, "duration": "10 minutes"}, "duration: '10 minutes' is not a duration; write a number and a unit"),
        ({"level": 2, "duration": "500ms"}, "duration: '500ms' is shorter than a second; write a duration such as 10m"),
        ({"level": 2, "duration": "400d"}, "duration: '400d' is longer than a year; write a duration such as 10m."),
        ({"level": 2, "duration": "1m", "endpoints": ["agent1"]}, "endpoints: 'agent1' is not the URL of a host; "),
        ({"level": 2, "duration": "1m", "endpoints": ["http://a:x"]}, "endpoints: 'http://a:x' is not the URL of a "),
        ({"level": 0, "masters": "none", "agents": []}, "endpoints, masters, agents: [] name no registered host; "),
    ],
)
def test_bad_options_are_refused_before_any_request(
    levels: Levels, run_module: Any, options: dict[str, Any], message: str
) -> None:
    result = run_module(mesos_logging.main, **{**levels.all, **options})
    assert result["failed"] and result["msg"].startswith(message)
    assert levels.master.requests == levels.agent.requests == []
