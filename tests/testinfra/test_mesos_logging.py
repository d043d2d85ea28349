# SPDX-License-Identifier: GPL-3.0-or-later
"""Mesos' own logs are turned up on the whole cluster for a minute, also while an agent is down."""

import time

import pytest
from module_calls import call_module, mesos_access

pytestmark = pytest.mark.hosts
LENGTH = 60.0
REACH = 20.0
"""seconds within which levels go back and an agent comes back"""


def levels(platform) -> dict[str, int | None]:
    """The level in force on every host that answers, by URL. Level 0 is set where it is already, so nothing changes."""
    foreseen = call_module(
        "mesos_logging", **mesos_access(platform), level=0, masters="all", agents="all", _ansible_check_mode=True
    )
    return {host["url"]: host["level_before"] for host in foreseen["hosts"]}


def test_a_minute_of_verbosity_on_all_hosts_though_an_agent_is_down(platform):
    everywhere = {**mesos_access(platform), "masters": "all", "agents": "all"}
    down, *others = platform.members("mesos_agents")
    agent = platform.host(down)
    before = levels(platform)
    assert len(before) == len(platform.members("mesos_masters")) + 1 + len(others)
    assert set(before.values()) == {0}

    agent.run_test("systemctl stop mesos-agent")
    try:
        start = time.monotonic()
        result = call_module("mesos_logging", **everywhere, level=2, duration=f"{LENGTH:.0f}s")
    finally:
        agent.run_test("systemctl start mesos-agent")
    assert result["failed"] and result["msg"].startswith(f"1 of {len(before)} hosts failed: ")
    assert f"agent {down}" in result["msg"] and f"{platform.address(down)}:5051" in result["msg"]
    told = {host["url"]: (host["level"], host["changed"], bool(host["error"])) for host in result["hosts"]}
    unreachable = f"https://{platform.address(down)}:5051"
    assert told == {url: (None, False, True) if url == unreachable else (2, True, False) for url in before}

    seen = dict(before)
    while set(seen.values()) != {0} or time.monotonic() < start + LENGTH / 2:
        if time.monotonic() < start + LENGTH / 2:
            up = [level for url, level in levels(platform).items() if url != unreachable]
            assert set(up) == {2}
        assert time.monotonic() < start + LENGTH + REACH, seen
        time.sleep(5)
        seen = levels(platform)


def test_a_level_that_does_not_exist(platform):
    result = call_module("mesos_logging", **mesos_access(platform), agents=["all"], level=9, duration="1m")
    assert result["failed"] and "level" in result["msg"] and "9" in result["msg"]
    assert set(levels(platform).values()) == {0}
