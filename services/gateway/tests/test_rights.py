# SPDX-License-Identifier: GPL-3.0-or-later
"""Who may do what through the gateway."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from gateway_certificates import Certificates
from gateway_platform import OTHERS_RUN, RUN, GatewayPlatform, gateway_platform

Story = Callable[[GatewayPlatform], Awaitable[None]]
Play = Callable[[Story], None]
SANDBOX = "/agents/localhost/files/read?path=/frameworks/{}/executors/{}/runs/latest/stderr"


@pytest.fixture
def play(tmp_path: Path, certificates: Certificates) -> Play:
    """Runs a story in front of a fresh platform."""

    def run(story: Story) -> None:
        async def told() -> None:
            async with gateway_platform(tmp_path, certificates) as platform:
                await story(platform)

        asyncio.run(told())

    return run


@pytest.mark.parametrize(
    ("user", "method", "path", "status"),
    [
        ("", "GET", "/", 403),
        ("eve", "GET", "/", 403),
        ("carol", "GET", "/", 200),
        ("carol", "GET", "/mesos/state", 200),
        ("carol", "POST", "/mesos/teardown", 403),
        ("bob", "POST", "/mesos/teardown", 403),
        ("alice", "POST", "/mesos/teardown", 200),
        ("bob", "GET", "/mesos/logging/toggle?level=1&duration=1mins", 403),
        ("carol", "GET", "/mesos/logging/toggle?level=1&duration=1mins", 403),
        ("bob", "GET", "/mesos/version", 200),
        ("bob", "GET", "/mesos/../v2/apps", 404),
        ("bob", "GET", "/mesos/%2e%2e/v2/apps", 404),
        ("bob", "GET", "/agents/localhost/state", 403),
        ("carol", "GET", "/agents/localhost/state", 200),
        ("alice", "GET", "/agents/elsewhere/state", 404),
        ("bob", "GET", SANDBOX.format("F-spark", "0"), 200),
        ("dave", "GET", SANDBOX.format("F-spark", "0"), 403),
        ("carol", "GET", SANDBOX.format("F-spark", "0"), 200),
        ("bob", "GET", SANDBOX.format("F-marathon", "driver-1"), 403),
        ("dave", "GET", SANDBOX.format("F-marathon", "driver-1"), 200),
        ("bob", "GET", SANDBOX.format("F-unknown", "1"), 403),
        ("bob", "GET", SANDBOX.format("F-spark", "0") + "/../../../../../etc/shadow", 403),
        ("bob", "GET", SANDBOX.format("F-spark", "0") + "&path=/etc/shadow", 403),
        ("bob", "GET", "/agents/localhost/files/read?path=/slave/log", 403),
        ("bob", "GET", f"/drivers/{RUN}/jobs/", 200),
        ("dave", "GET", f"/drivers/{RUN}/jobs/", 403),
        ("bob", "GET", f"/drivers/{OTHERS_RUN}/jobs/", 403),
        ("carol", "GET", f"/drivers/{RUN}/jobs/", 200),
        ("carol", "GET", f"/drivers/{RUN}/jobs/job/kill/?id=1", 403),
        ("carol", "POST", f"/drivers/{RUN}/jobs/job/kill/", 403),
        ("bob", "POST", f"/drivers/{RUN}/jobs/job/kill/", 200),
        ("bob", "GET", "/drivers/none-20261121t120000-0000/", 404),
        ("bob", "GET", "/v2/", 200),
        ("bob", "PUT", "/v2/mesospark/spark/manifests/3.5.8", 403),
        ("bob", "PUT", "/v2/mesospark/spark/manifests/3.5.8-count-0123456789ab", 200),
        ("bob", "PUT", "/v2/spark/own/manifests/1", 200),
        ("bob", "PUT", "/v2/analytics/own/manifests/1", 403),
        ("bob", "POST", "/v2/mesospark/spark/blobs/uploads/", 202),
        ("bob", "DELETE", "/v2/mesospark/spark/manifests/3.5.8", 403),
        ("carol", "POST", "/v2/mesospark/spark/blobs/uploads/", 403),
        ("alice", "PUT", "/v2/mesospark/spark/manifests/3.5.8", 200),
        ("bob", "GET", "/v2/../v1/secret", 404),
        ("bob", "GET", "/graylog/api/system", 200),
        ("carol", "GET", "/graylog/api/system", 403),
        ("dave", "GET", "/graylog/api/system", 403),
        ("alice", "GET", "/graylog/api/system", 200),
        ("bob", "GET", "/graylog/search", 302),
        ("bob", "GET", "/notebooks/x", 200),
        ("dave", "GET", "/notebooks/x", 403),
        ("alice", "GET", "/notebooks/x", 200),
        ("alice", "GET", "/notebooks/../x", 404),
        ("alice", "GET", "/notebooks/%2E%2e/x", 404),
        ("alice", "GET", "/notebooks/..%2fx", 404),
        ("alice", "GET", "/nothing", 404),
    ],
)
def test_who_may(play: Play, user: str, method: str, path: str, status: int) -> None:
    async def story(platform: GatewayPlatform) -> None:
        answer = await platform.ask(user, path, method)
        assert answer.status == status, answer.body

    play(story)


def test_an_image_with_files_is_never_replaced(play: Play) -> None:
    async def story(platform: GatewayPlatform) -> None:
        platform.tags.add("3.5.8-count-0123456789ab")
        answer = await platform.ask("bob", "/v2/mesospark/spark/manifests/3.5.8-count-0123456789ab", "PUT", b"{}")
        assert answer.status == 403
        assert answer.message.startswith("images: ")

    play(story)


def test_without_rules_marathon_is_for_operators_to_change(play: Play) -> None:
    async def story(platform: GatewayPlatform) -> None:
        platform.marathon_has_rules = False
        assert (await platform.ask("bob", "/marathon/v2/apps")).status == 403
        assert (await platform.ask("carol", "/marathon/v2/apps")).status == 200
        assert (await platform.ask("carol", "/marathon/v2/apps", "POST", b"{}")).status == 403
        assert (await platform.ask("alice", "/marathon/v2/apps", "POST", b"{}")).status == 201
        # The page hides the runs of others by itself.
        page = (await platform.ask("bob", "/")).body.decode()
        assert RUN in page
        assert OTHERS_RUN not in page

    play(story)


def test_teams_see_their_part_of_mesos(play: Play) -> None:
    async def story(platform: GatewayPlatform) -> None:
        state = (await platform.ask("dave", "/mesos/state")).json()
        assert [framework["id"] for framework in state["frameworks"]] == ["F-marathon"]
        assert [framework["id"] for framework in state["completed_frameworks"]] == ["F-analytics"]
        assert "orphan_tasks" not in state
        tasks = (await platform.ask("bob", "/mesos/tasks?limit=2000")).json()["tasks"]
        assert [task["id"] for task in tasks] == ["0"]
        everything = (await platform.ask("carol", "/mesos/frameworks")).json()
        assert len(everything["frameworks"]) == 2

    play(story)


@pytest.mark.parametrize(
    ("path", "site", "mode", "status"),
    [
        ("/", "none", "navigate", 200),
        ("/", "cross-site", "navigate", 200),
        ("/", "cross-site", "no-cors", 403),
        (f"/drivers/{RUN}/jobs/", "cross-site", "navigate", 200),
        ("/mesos/slaves", "same-origin", "navigate", 200),
        ("/mesos/slaves", "cross-site", "navigate", 403),
        ("/mesos/logging/toggle?level=1", "none", "navigate", 200),
        ("/mesos/logging/toggle?level=1", "same-origin", "navigate", 403),
        ("/marathon/v2/apps", "cross-site", "cors", 403),
    ],
)
def test_what_pages_may_ask_for(play: Play, path: str, site: str, mode: str, status: int) -> None:
    async def story(platform: GatewayPlatform) -> None:
        answer = await platform.ask("alice", path, Sec_Fetch_Site=site, Sec_Fetch_Mode=mode)
        assert answer.status == status, answer.body

    play(story)


def test_pages_of_others_change_nothing(play: Play) -> None:
    async def story(platform: GatewayPlatform) -> None:
        origin = "https://gateway.platform.test"
        answer = await platform.ask("alice", "/marathon/v2/apps", "POST", b"{}", Origin=origin)
        assert answer.status == 403
        kill = f"/drivers/{RUN}/jobs/job/kill/?id=1"
        others = f"{origin}/drivers/{OTHERS_RUN}/jobs/"
        assert (await platform.ask("alice", kill, Referer=others)).status == 403
        assert (await platform.ask("alice", kill, "POST", Origin=origin)).status == 403
        assert (await platform.ask("alice", kill, Referer=f"{origin}/drivers/{RUN}/jobs/")).status == 200

    play(story)
