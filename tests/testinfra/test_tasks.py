# SPDX-License-Identifier: GPL-3.0-or-later
"""Tasks that Marathon starts on the agents: who they run as, what they may see, and what they outlive."""

import time
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import quote

import pytest

pytestmark = pytest.mark.hosts

START_TIMEOUT = 120.0  # seconds, a first pull of the image included


@pytest.fixture(scope="module")
def marathon(platform) -> Callable[..., Any]:
    """Call Marathon's API: method, path, body; returns the answer."""
    account = ("operator", platform.secret("marathon_http_password"))
    server = f"https://{platform.address(platform.members('marathons')[0])}:8443"
    return lambda method, path, body=None: platform.request(f"{server}{path}", account, method=method, body=body)


@pytest.fixture
def start(marathon) -> Iterator[Callable[..., str]]:
    """Create an app below /testinfra and return its id; all are gone at the end."""
    names: list[str] = []

    def remove(identifier: str) -> None:
        marathon("DELETE", f"/v2/apps{identifier}?force=true")
        wait(lambda: marathon("GET", f"/v2/apps{identifier}").status == 404, f"{identifier} to be gone")

    def create(name: str, **app: Any) -> str:
        identifier = f"/testinfra/{name}"
        body = {
            "id": identifier,
            "cpus": 0.1,
            "mem": 64,
            "instances": 1,
            "backoffSeconds": 3600,
            "maxLaunchDelaySeconds": 3600,
            **app,
        }
        # Checks that were interrupted leave theirs.
        remove(identifier)
        assert marathon("POST", "/v2/apps", body).status == 201
        names.append(identifier)
        return identifier

    yield create
    for identifier in names:
        remove(identifier)


def wait(condition: Callable[[], Any], what: str) -> Any:
    """The first true value of `condition`."""
    deadline = time.monotonic() + START_TIMEOUT
    while time.monotonic() < deadline:
        if value := condition():
            return value
        time.sleep(0.5)
    pytest.fail(f"waited {START_TIMEOUT:.0f} s for {what}")


def running_task(marathon, identifier: str) -> dict[str, Any]:
    """The app's one task when it runs."""

    def look() -> dict[str, Any] | None:
        tasks = marathon("GET", f"/v2/apps{identifier}").json()["app"]["tasks"]
        return next((task for task in tasks if task["state"] == "TASK_RUNNING"), None)

    task: dict[str, Any] = wait(look, f"a running task of {identifier}")
    return task


def sandbox_file(platform, operator, task: dict[str, Any], name: str) -> str:
    """A file of a task's sandbox, empty while there is none, as an operator reads it: from the agent's interface."""
    agent = next(host for host in platform.members("mesos_agents") if task["host"].startswith(f"{host}."))
    server = f"https://{platform.address(agent)}:5051"
    state = platform.request(f"{server}/state", operator).json()
    executors = [
        executor
        for framework in state["frameworks"] + state["completed_frameworks"]
        for executor in framework["executors"] + framework["completed_executors"]
    ]
    folder = next(executor["directory"] for executor in executors if executor["id"] == task["id"])
    url = f"{server}/files/read?path={quote(folder)}/{name}&offset=0&length=65536"
    answer = platform.request(url, operator)
    return str(answer.json()["data"]) if answer.status == 200 else ""


def docker(platform) -> dict[str, Any]:
    """What makes an app a docker task; the image's own user is that of the first principal."""
    image = f"{platform.variables['platform_registry']}/mesospark/spark:3.5.8"
    user = platform.variables["spark_principals"][0]["name"]
    return {"container": {"type": "DOCKER", "docker": {"image": image}}, "mem": 128, "user": user}


def test_tasks_without_a_user_are_nobody(platform, operator, marathon, start):
    task = running_task(marathon, start("whoami", cmd="id -un > user && sleep 3600"))
    wait(lambda: sandbox_file(platform, operator, task, "user"), "the task's file")
    assert sandbox_file(platform, operator, task, "user").strip() == "nobody"


def test_tasks_as_root_are_refused_with_the_reason(marathon, start):
    identifier = start("root", cmd="sleep 3600", user="root")
    failure = wait(lambda: marathon("GET", f"/v2/apps{identifier}").json()["app"].get("lastTaskFailure"), "the refusal")
    assert failure["state"] == "TASK_ERROR"
    assert "authorized to launch task" in failure["message"]
    assert "user 'root'" in failure["message"]


@pytest.mark.parametrize("container", [False, True], ids=["command", "docker"])
def test_environment_of_a_task_holds_nothing_of_its_agent(platform, operator, marathon, start, container):
    options = docker(platform) if container else {}
    # Under its name it is complete.
    command = "cd $MESOS_SANDBOX && env > unfinished && mv unfinished environment && sleep 3600"
    task = running_task(marathon, start("environment", cmd=command, **options))
    environment = wait(lambda: sandbox_file(platform, operator, task, "environment"), "the task's file")
    names = {line.partition("=")[0] for line in environment.splitlines()}
    assert {
        name for name in names if name.startswith("LIBPROCESS_SSL") or "TOKEN" in name or name == "DOCKER_CONFIG"
    } == set()
    assert "MESOS_TASK_ID" in names


@pytest.mark.parametrize("container", [False, True], ids=["command", "docker"])
def test_tasks_outlive_a_restart_of_their_agent(platform, marathon, start, container):
    options = docker(platform) if container else {}
    identifier = start("agent-restart", cmd="sleep 3600", **options)
    before = running_task(marathon, identifier)
    agent = platform.host(before["host"].partition(".")[0])
    process = agent.service("mesos-agent").systemd_properties["MainPID"]
    agent.check_output(f"kill -KILL {process}")
    wait(
        lambda: agent.service("mesos-agent").systemd_properties["MainPID"] not in ("0", process),
        "systemd to start the agent again",
    )
    server = f"https://{platform.address(before['host'].partition('.')[0])}:5051"
    account = ("operator", platform.secret("mesos_operator_secret"))

    def registered() -> bool:
        try:
            return platform.request(f"{server}/metrics/snapshot", account).json().get("slave/registered") == 1
        except OSError:
            return False

    wait(registered, "the agent to be registered again")
    # Longer than executors have to come back: whatever would be lost is lost by now.
    time.sleep(17)
    after = running_task(marathon, identifier)
    assert (after["id"], after["startedAt"]) == (before["id"], before["startedAt"])
