# SPDX-License-Identifier: GPL-3.0-or-later
"""The rules over HTTP: every way to read and to change, as an operator, a viewer, two teams and a stranger."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from memory_store import MemoryStore
from mesos_runtime.local_cluster.cluster import free_port
from mesospark_marathon.api import add_routes
from mesospark_marathon.events.bus import EventBus
from mesospark_marathon.options import Options
from mesospark_marathon.server import MarathonServer
from mesospark_marathon.service import MarathonService
from team_rules import RULES, RUN, rules_file, run_of
from world import offer_of
from yarl import URL

ACCOUNTS = "\n".join(f"{name}:one" for name in ("operator", "alice", "bob", "dora", "carol", "eve", "spark"))
OWN, FOREIGN = "/runs/own", "/runs/foreign"
TOOL = {"id": "/tool", "cmd": "sleep 1", "cpus": 0.1, "mem": 16}


class Api:
    """A server with the rules, and requests of its accounts."""

    def __init__(self, server: MarathonServer, service: MarathonService, session: aiohttp.ClientSession, url: str):
        self.server, self.service, self.session, self.url = server, service, session, url

    async def ask(self, user: str, method: str, path: str, body: Any = None, **headers: str) -> tuple[int, Any]:
        """Status and JSON body; the text where it is no JSON."""
        sent = {"Authorization": aiohttp.encode_basic_auth(user, "one"), **headers}
        # The path is sent as it stands: neither `..` nor escapes are taken out on this side.
        async with self.session.request(
            method, URL(self.url + path, encoded=True), json=body, headers=sent
        ) as response:
            text = await response.text()
            try:
                return response.status, json.loads(text)
            except ValueError:
                return response.status, text

    def run_everything(self) -> None:
        """Offers and updates until every app has its task."""
        for number in range(6):
            self.service.on_mesos_event({"type": "OFFERS", "offers": {"offers": [offer_of(number)]}})
        tracker = self.service.scheduler.tracker
        for app_id in list(tracker.apps()):
            for instance in tracker.of_app(app_id):
                if instance.has_task:
                    status = {
                        "task_id": {"value": instance.task_id},
                        "agent_id": {"value": instance.agent_id},
                        "state": "TASK_RUNNING",
                        "uuid": f"uuid-{instance.task_id}",
                    }
                    self.service.on_mesos_event({"type": "UPDATE", "update": {"status": status}})

    def task_of(self, app_id: str) -> str:
        return next(entry.task_id for entry in self.service.scheduler.tracker.of_app(app_id) if entry.has_task)


@asynccontextmanager
async def serving(folder: Path, **options: Any) -> AsyncIterator[Api]:
    port = free_port()
    given = {"http_port": port, "http_credentials": ACCOUNTS, "rules_file": str(rules_file(folder))} | options
    bus = EventBus(1000)
    service = MarathonService(Options(**given), MemoryStore(), bus)
    server = MarathonServer(Options(**given), service, bus, lambda application: add_routes(application, service))
    await server.start()
    service.on_mesos_event({"type": "SUBSCRIBED", "subscribed": {}})
    async with aiohttp.ClientSession() as session:
        yield Api(server, service, session, f"http://127.0.0.1:{port}")
    await server.stop()


def play(folder: Path, script: Callable[[Api], Coroutine[Any, Any, None]], *, running: bool = True) -> None:
    """Run a script against a server on which a run of each team and an operator's app are there."""

    async def run() -> None:
        async with serving(folder) as api:
            assert (await api.ask("bob", "POST", "/v2/apps", run_of("spark", OWN)))[0] == 201
            assert (await api.ask("dora", "POST", "/v2/apps", run_of("analytics", FOREIGN)))[0] == 201
            assert (await api.ask("operator", "POST", "/v2/apps", TOOL))[0] == 201
            if running:
                api.run_everything()
            await script(api)

    asyncio.run(run())


WRITES: list[tuple[str, str, Any]] = [
    ("POST", "/v2/apps", run_of("analytics", "/runs/other")),
    ("POST", "/v2/apps", run_of("spark", FOREIGN)),
    ("POST", "/v2/apps", run_of("spark", "/elsewhere")),
    ("POST", "/v2/apps", run_of("spark", "/runs/../elsewhere")),
    ("PUT", f"/v2/apps{FOREIGN}", {"instances": 0}),
    ("PUT", f"/v2/apps{FOREIGN}", run_of("spark", FOREIGN)),
    ("PUT", f"/v2/apps{FOREIGN}?partialUpdate=false&force=true", run_of("spark", FOREIGN)),
    ("PUT", f"/v2/apps/runs/..{FOREIGN}", run_of("spark", FOREIGN)),
    ("PUT", "/v2/apps/runs/%2e%2e/fresh", run_of("spark", "/fresh")),
    ("PUT", "/v2/apps/runs%2f..%2ffresh", run_of("spark", "/fresh")),
    ("PUT", "/v2/apps/fresh", run_of("spark", "/fresh")),
    ("PATCH", f"/v2/apps{FOREIGN}", {"labels": {"principal": "spark"}}),
    ("PUT", "/v2/apps", [{"id": OWN, "instances": 0}, {"id": FOREIGN, "instances": 0}]),
    ("PATCH", "/v2/apps", [{"id": FOREIGN, "cpus": 0.2}]),
    ("PATCH", "/v2/apps", [{"id": OWN, "user": "root"}]),
    ("PUT", f"/v2/apps{OWN}", {"container": {"docker": {"image": "evil"}, "volumes": []}}),
    ("PUT", f"/v2/apps{OWN}", {"labels": {"principal": "analytics"}}),
    ("DELETE", f"/v2/apps{FOREIGN}", None),
    ("DELETE", f"/v2/apps{FOREIGN}?force=true", None),
    ("POST", f"/v2/apps{FOREIGN}/restart", None),
    ("POST", f"/v2/apps{FOREIGN}/restart?force=true", None),
    ("DELETE", f"/v2/apps{FOREIGN}/tasks", None),
    ("DELETE", f"/v2/apps{FOREIGN}/tasks?scale=true", None),
    ("DELETE", f"/v2/apps{FOREIGN}/tasks?wipe=true", None),
    ("DELETE", "/v2/apps/tool/tasks", None),
    ("PUT", "/v2/groups", {"apps": []}),
    ("PUT", "/v2/groups", {"groups": []}),
    ("PUT", "/v2/groups/runs", {"apps": []}),
    ("PUT", "/v2/groups/runs", {"apps": [run_of("spark", OWN)]}),
    ("PUT", "/v2/groups/runs?dryRun=true", {"apps": []}),
    ("PUT", "/v2/groups/runs", {"scaleBy": 0}),
    ("PUT", "/v2/groups/runs", {"dependencies": ["/tool"]}),
    ("PUT", "/v2/groups", {"dependencies": ["/tool"]}),
    ("POST", "/v2/groups", {"id": "/elsewhere"}),
    ("POST", "/v2/groups", {"id": "/runs/more", "apps": [run_of("analytics", "/runs/more/x")]}),
    ("POST", "/v2/groups", {"id": "/runs/more", "apps": [run_of("spark", "/runs/more/x", user="root")]}),
    ("PATCH", "/v2/groups/runs", {"enforceRole": True}),
    ("DELETE", "/v2/groups", None),
    ("DELETE", "/v2/groups/runs", None),
    ("DELETE", "/v2/groups/runs?force=true", None),
    ("DELETE", "/v2/leader", None),
]


@pytest.mark.parametrize(("method", "path", "body"), WRITES)
def test_no_way_to_change_goes_around_the_rules(tmp_path: Path, method: str, path: str, body: Any) -> None:
    async def script(api: Api) -> None:
        before = api.service.tree.current
        for user in ("bob", "carol", "eve"):
            status, answer = await api.ask(user, method, path, body)
            assert status == 403, (user, status, answer)
            assert list(answer) == ["message"] and ": " in answer["message"] and "\n" not in answer["message"]
        assert api.service.tree.current is before
        assert not api.service.ended.is_set()
        assert all(entry.killed_at is None for entry in api.service.scheduler.tracker.of_app(FOREIGN))

    play(tmp_path, script)


def test_tasks_of_others_are_not_ended(tmp_path: Path) -> None:
    async def script(api: Api) -> None:
        foreign, own = api.task_of(FOREIGN), api.task_of(OWN)
        refusal = (403, {"message": f"teams: {FOREIGN} belongs to no team of bob (spark)"})
        assert await api.ask("bob", "DELETE", f"/v2/apps{FOREIGN}/tasks/{foreign}") == refusal
        assert await api.ask("bob", "DELETE", f"/v2/apps{OWN}/tasks/{foreign}") == (
            404,
            {"message": f"Task '{foreign}' does not exist", "details": []},
        )
        for query in ("", "?scale=true", "?wipe=true"):
            assert await api.ask("bob", "POST", f"/v2/tasks/delete{query}", {"ids": [own, foreign]}) == refusal
        assert all(
            entry.killed_at is None for app in (OWN, FOREIGN) for entry in api.service.scheduler.tracker.of_app(app)
        )
        status, answer = await api.ask("bob", "POST", "/v2/tasks/delete", {"ids": [own]})
        assert (status, [task["id"] for task in answer["tasks"]]) == (200, [own])

    play(tmp_path, script)


def test_deployments_and_delays_of_others_stay(tmp_path: Path) -> None:
    async def script(api: Api) -> None:
        plans = {entry.plan.affected[0]: entry.plan.id for entry in api.service.scheduler.deployments.running()}
        for query in ("", "?force=true"):
            status, answer = await api.ask("bob", "DELETE", f"/v2/deployments/{plans[FOREIGN]}{query}")
            assert (status, answer["message"].partition(":")[0]) == (403, "teams")
        assert (await api.ask("bob", "DELETE", f"/v2/queue{FOREIGN}/delay"))[0] == 403
        assert (await api.ask("bob", "DELETE", f"/v2/queue{OWN}/delay"))[0] == 204
        assert (await api.ask("bob", "DELETE", f"/v2/deployments/{plans[OWN]}?force=true"))[0] == 202
        assert [entry.plan.id for entry in api.service.scheduler.deployments.running()] == [
            plans[FOREIGN],
            plans["/tool"],
        ]

    play(tmp_path, script, running=False)


def test_force_does_not_end_a_deployment_that_is_not_the_teams_alone(tmp_path: Path) -> None:
    async def script(api: Api) -> None:
        both = [{"id": OWN, "cpus": 0.2}, {"id": FOREIGN, "cpus": 0.2}]
        assert (await api.ask("operator", "PUT", "/v2/apps", both))[0] == 200
        status, answer = await api.ask("bob", "DELETE", f"/v2/apps{OWN}")
        assert status == 403 and answer["message"].startswith("teams: the deployment ")
        assert len(api.service.scheduler.deployments.running()) == 1

    play(tmp_path, script)


def test_a_team_sees_its_own_and_nothing_else(tmp_path: Path) -> None:
    async def script(api: Api) -> None:
        async def text(path: str) -> str:
            status, answer = await api.ask("bob", "GET", path)
            assert status == 200, (path, answer)
            return json.dumps(answer)

        listings = ["/v2/apps", "/v2/apps?embed=apps.tasks", "/v2/apps/runs/*", "/v2/tasks", "/v2/apps/runs/*/tasks"]
        groups = ["/v2/groups", "/v2/groups/runs", "/v2/groups/runs/apps", "/v2/groups?embed=group.apps"]
        for path in [*listings, *groups]:
            seen = await text(path)
            assert OWN in seen or "groups?embed" in path
            assert FOREIGN not in seen and "tool" not in seen, path
        for path in (FOREIGN, f"{FOREIGN}/versions", f"{FOREIGN}/tasks", "/tool"):
            status, answer = await api.ask("bob", "GET", f"/v2/apps{path}")
            assert (status, answer["message"].partition(":")[0]) == (403, "teams"), path
        version = api.service.tree.current.apps[FOREIGN].version
        assert (await api.ask("bob", "GET", f"/v2/apps{FOREIGN}/versions/{version}"))[0] == 403
        root = api.service.tree.current.version
        status, answer = await api.ask("bob", "GET", f"/v2/groups/versions/{root}")
        assert status == 200 and FOREIGN not in json.dumps(answer) and OWN in json.dumps(answer)
        # Answers are kept for those who see everything; a team's request in between must not change that.
        for user, count in (("operator", 3), ("bob", 1), ("carol", 3), ("dora", 1), ("operator", 3)):
            _, answer = await api.ask(user, "GET", "/v2/apps")
            assert len(answer["apps"]) == count, user

    play(tmp_path, script)


def test_queue_and_deployments_are_filtered(tmp_path: Path) -> None:
    async def script(api: Api) -> None:
        for path in ("/v2/queue", "/v2/deployments"):
            for user, seen in (("bob", {OWN}), ("dora", {FOREIGN}), ("carol", {OWN, FOREIGN, "/tool"})):
                _, answer = await api.ask(user, "GET", path)
                text = json.dumps(answer)
                assert {app_id for app_id in (OWN, FOREIGN, "/tool") if f'"{app_id}"' in text} == seen, (path, user)

    play(tmp_path, script, running=False)


def test_the_own_run_from_its_post_to_its_end(tmp_path: Path) -> None:
    async def script(api: Api) -> None:
        assert (await api.ask("spark", "POST", "/v2/apps", RUN))[0] == 201
        api.run_everything()
        path = f"/v2/apps{RUN['id']}"
        for method, where, body in (
            ("GET", path, None),
            ("GET", f"{path}/versions", None),
            ("PUT", path, {"instances": 0}),
            ("PUT", f"{path}?force=true", {"instances": 1}),
            ("POST", f"{path}/restart?force=true", None),
            ("DELETE", f"{path}/tasks", None),
            ("DELETE", path, None),
        ):
            status, answer = await api.ask("bob", method, where, body)
            assert status == 200, (method, where, answer)
        assert RUN["id"] not in api.service.tree.current.apps

    play(tmp_path, script)


def test_what_older_rules_allowed_can_be_ended_but_not_grow(tmp_path: Path) -> None:
    async def script(api: Api) -> None:
        rules_file(tmp_path, RULES | {"teams": {"spark": RULES["teams"]["spark"] | {"images": []}}})
        api.server.reload()
        for method, path, body in (("PUT", "", {"cpus": 0.2}), ("POST", "/restart", None)):
            status, answer = await api.ask("bob", method, f"/v2/apps{OWN}{path}", body)
            assert status == 403 and answer["message"].startswith("images: ")
        assert (await api.ask("bob", "PUT", f"/v2/apps{OWN}", {"instances": 0}))[0] == 200
        assert (await api.ask("bob", "DELETE", f"/v2/apps{OWN}"))[0] == 200
        assert (await api.ask("dora", "GET", "/v2/apps"))[0] == 403

    play(tmp_path, script)


def test_rules_that_are_wrong_do_not_replace_those_that_hold(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    async def script(api: Api) -> None:
        rules_file(tmp_path, {"operators": []})
        api.server.reload()
        assert "operators is empty" in caplog.text
        assert (await api.ask("bob", "DELETE", f"/v2/apps{FOREIGN}"))[0] == 403
        assert (await api.ask("bob", "GET", f"/v2/apps{OWN}"))[0] == 200

    play(tmp_path, script)


def test_an_account_without_any_right(tmp_path: Path) -> None:
    async def script(api: Api) -> None:
        sentence = "teams: eve is in no team of the rules, and neither an operator nor a viewer"
        for path in ("/v2/apps", "/v2/info", "/v2/groups", "/metrics", "/v2/events", "/nothing"):
            assert await api.ask("eve", "GET", path) == (403, {"message": sentence}), path
        assert (await api.ask("eve", "GET", "/ping"))[0] == 200
        assert (await api.ask("carol", "POST", "/v2/apps", RUN))[1] == {
            "message": "viewers: carol may look, and change nothing"
        }

    play(tmp_path, script)


def test_event_streams_are_filtered(tmp_path: Path) -> None:
    async def script(api: Api) -> None:
        seen: dict[str, list[dict[str, Any]]] = {"bob": [], "carol": []}

        async def follow(user: str) -> None:
            headers = {"Authorization": aiohttp.encode_basic_auth(user, "one"), "Accept": "text/event-stream"}
            async with api.session.get(f"{api.url}/v2/events", headers=headers) as stream:
                async for line in stream.content:
                    if line.startswith(b"data: "):
                        seen[user].append(json.loads(line[6:]))

        followers = [asyncio.create_task(follow(user)) for user in seen]
        async with asyncio.timeout(10):
            while not all(seen.values()):
                await asyncio.sleep(0.01)
        assert (await api.ask("bob", "PUT", f"/v2/apps{FOREIGN}", {"cpus": 1}))[0] == 403
        for user, app_id in (("bob", OWN), ("dora", FOREIGN)):
            assert (await api.ask(user, "DELETE", f"/v2/apps{app_id}"))[0] == 200
        for app_id in (OWN, FOREIGN):
            update = {
                "task_id": {"value": api.task_of(app_id)},
                "agent_id": {"value": "agent"},
                "state": "TASK_KILLED",
                "uuid": app_id,
            }
            api.service.on_mesos_event({"type": "UPDATE", "update": {"status": update}})
        async with asyncio.timeout(10):
            while not all("deployment_success" in json.dumps(events) for events in seen.values()):
                await asyncio.sleep(0.01)
        await api.server.stop()
        await asyncio.gather(*followers)
        kinds = [event["eventType"] for event in seen["bob"]]
        assert kinds[0] == "event_stream_attached" and kinds.count("event_stream_attached") == 1
        assert {"status_update_event", "app_terminated_event", "deployment_success"} <= set(kinds)
        assert not any(kind.startswith("group_change") for kind in kinds)
        assert FOREIGN not in json.dumps(seen["bob"])
        assert FOREIGN in json.dumps(seen["carol"])

    play(tmp_path, script)


def test_without_rules_every_account_is_an_operator(tmp_path: Path) -> None:
    async def run() -> None:
        async with serving(tmp_path, rules_file="") as api:
            assert (await api.ask("eve", "POST", "/v2/apps", TOOL, **{"X-Remote-User": "nobody"}))[0] == 201
            assert (await api.ask("bob", "DELETE", "/v2/apps/tool"))[0] == 200

    asyncio.run(run())
