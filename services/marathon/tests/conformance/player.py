# SPDX-License-Identifier: GPL-3.0-or-later
"""Plays scenarios against a server."""

import json
import random
import re
import time
from typing import Any

import requests

from conformance.comparison import Failure, Outcome, compare_events, compare_step
from conformance.documents import ABSENT, at_pointer, fill_in, holds, shape
from conformance.event_stream import Event, EventStream
from conformance.normaliser import UUID, Normaliser

_COMPARED_HEADERS = (
    "Location",
    "Content-Type",
    "Marathon-Deployment-Id",
    "X-Marathon-Leader",
    "X-Marathon-Via",
    "Allow",
    "WWW-Authenticate",
)
_NOT_COMPARED_EVENTS = {"event_stream_attached", "event_stream_detached"}
_LATE_EVENTS_SECONDS = 0.4
_SETTLING_SECONDS = 3.0
_TASK_ENVIRONMENT = re.compile(r"MARATHON_|PORT|HOST$|MESOS_TASK_ID|APP_")

Scenario = dict[str, Any]
Step = dict[str, Any]


class ServerNotEmptyError(Exception):
    """The server holds apps that nobody allowed to delete, or could not be emptied."""


class Player:
    """Plays scenarios against the server at `url`, whose two agents have the host names `agents`.

    Everything on the server is deleted before each scenario.
    """

    def __init__(self, url: str, session: requests.Session, agents: tuple[str, str], events: bool = True) -> None:
        self._url = url.rstrip("/")
        self._session = session
        self._agents = agents
        self._stream = EventStream(session, self._url) if events else None

    def play(self, scenario: Scenario) -> list[Failure]:
        """Play one scenario and return what was not as recorded."""
        self.empty_server()
        values: dict[str, Any] = {
            # Part of names that no earlier run used: versions of an app outlive it.
            "run": "".join(random.choice("ghjkmnpqrstvwxz") for _ in range(6)),
            "server": self._url.split("://", 1)[1],
            "agentA": self._agents[0],
            "agentB": self._agents[1],
        }
        hosts = scenario.get("hosts", "any")
        mark = len(self._stream.events) if self._stream else 0
        failures: list[Failure] = []
        for number, step in enumerate(scenario["steps"], start=1):
            outcome = self._step(step, values, hosts, mark)
            found = compare_step(step, outcome)
            # Counts of offers outlive their app, so what a step polls for may be an earlier scenario's.
            settled = time.monotonic() + _SETTLING_SECONDS
            while found and "until" in step and not outcome.trouble and time.monotonic() < settled:
                time.sleep(0.2)
                outcome = self._step(step, values, hosts, mark)
                found = compare_step(step, outcome)
            if found:
                what = f"{step.get('method', 'wait')} {step.get('path', step.get('waitEvent', ''))}"
                failures.append(Failure(number, what, found))
            if outcome.trouble:
                return failures
        if self._stream:
            time.sleep(_LATE_EVENTS_SECONDS)
            received = _normalised(self._stream.events[mark:], Normaliser(values, hosts))
            if found := compare_events(scenario, received):
                failures.append(Failure("events", scenario.get("eventsCompare", ""), found))
        return failures

    def is_empty(self) -> bool:
        root = self._session.get(f"{self._url}/v2/groups").json()
        return not (root.get("apps") or root.get("groups") or root.get("pods"))

    def empty_server(self, timeout: float = 60.0) -> None:
        """Delete everything and wait until nothing is left. Raises ServerNotEmptyError after `timeout` seconds."""
        started = time.monotonic()
        while time.monotonic() - started < timeout:
            try:
                if self._try_to_empty(force=time.monotonic() - started > timeout / 4):
                    time.sleep(0.3)
                    return
            except (ValueError, requests.RequestException):
                pass  # the server is starting
            time.sleep(0.2)
        raise ServerNotEmptyError(f"{self._url} could not be emptied in {timeout:g} s")

    def close(self) -> None:
        if self._stream:
            self._stream.close()

    def _try_to_empty(self, force: bool) -> bool:
        deployments = self._session.get(f"{self._url}/v2/deployments").json()
        if not self.is_empty():
            self._session.delete(f"{self._url}/v2/groups", params={"force": "true"})
            return False
        if force:
            for deployment in deployments:
                self._session.delete(f"{self._url}/v2/deployments/{deployment['id']}", params={"force": "true"})
        tasks = self._session.get(f"{self._url}/v2/tasks", headers={"Accept": "application/json"}).json()["tasks"]
        return not (deployments or tasks or self._session.get(f"{self._url}/v2/queue").json()["queue"])

    def _step(self, step: Step, values: dict[str, Any], hosts: str, mark: int) -> Outcome:
        if "sleep" in step:
            time.sleep(step["sleep"])
            return Outcome()
        if "waitEvent" in step:
            return self._wait_for_event(step, values, mark)
        return self._request(step, values, hosts)

    def _wait_for_event(self, step: Step, values: dict[str, Any], mark: int) -> Outcome:
        deadline = time.monotonic() + step.get("timeout", 30)
        pattern = fill_in(step["waitEvent"], values)
        while self._stream:
            count = sum(1 for event in self._stream.events[mark:] if re.search(pattern, event.name))
            if count >= step.get("count", 1):
                break
            if time.monotonic() > deadline:
                return Outcome(trouble=f"no event {pattern}")
            time.sleep(0.1)
        return Outcome()

    def _request(self, step: Step, values: dict[str, Any], hosts: str) -> Outcome:
        """Send a request, again and again until its `until` conditions hold; capture values of the answer."""
        deadline = time.monotonic() + step.get("timeout", 30)
        conditions = step.get("until")
        while True:
            try:
                response = self._send(step, values)
            except requests.RequestException as error:
                if conditions is None or time.monotonic() > deadline:
                    return Outcome(trouble=str(error))
                time.sleep(0.3)
                continue
            body = _parsed_body(step, response)
            if conditions is None:
                break
            if response.status_code < 500 and all(holds(body, fill_in(each, values)) for each in conditions):
                break
            if time.monotonic() > deadline:
                last = json.dumps(body)[:1500]
                return Outcome(trouble=f"never {json.dumps(conditions)}; last answer {response.status_code} {last}")
            time.sleep(0.2)
        for name, place in (step.get("capture") or {}).items():
            value = response.headers.get(place[7:]) if place.startswith("header:") else at_pointer(body, place)
            if value is not ABSENT and value is not None:
                values[name] = value
        normaliser = Normaliser(values, hosts, step.get("reveal") or ())
        headers = {}
        if "://" not in step["path"]:
            headers = {
                name: normaliser.text(response.headers[name]) for name in _COMPARED_HEADERS if name in response.headers
            }
        body = normaliser.document(body)
        return Outcome(response.status_code, headers, shape(body) if step.get("compare") == "shape" else body)

    def _send(self, step: Step, values: dict[str, Any]) -> requests.Response:
        path = fill_in(step["path"], values)
        headers = {"Accept": "application/json", **fill_in(step.get("headers") or {}, values)}
        data = None
        if "raw" in step:
            data = fill_in(step["raw"], values).encode()
        elif "body" in step:
            data = json.dumps(fill_in(step["body"], values)).encode()
        if data is not None:
            headers.setdefault("Content-Type", "application/json")
        return self._session.request(
            step["method"],
            path if "://" in path else self._url + path,
            params=[(name, fill_in(str(value), values)) for name, value in step.get("query") or []],
            data=data,
            headers=headers,
            timeout=60,
            allow_redirects=False,
        )


def _parsed_body(step: Step, response: requests.Response) -> Any:
    if step.get("parse") == "env":
        return _task_environment(response.text)
    if not response.content:
        return None
    try:
        return response.json()
    except ValueError:
        return "<html>" if "html" in response.headers.get("Content-Type", "") else response.text


def _task_environment(listing: str) -> dict[str, str]:
    """Marathon's variables in the output of `env`; host ports stay told apart, <port1> is the lowest."""
    ports = sorted(set(re.findall(r"\b31\d{3}\b", listing)))
    numbered = re.sub(r"(?<=[=,_])31\d{3}\b", lambda found: f"<port{ports.index(found[0]) + 1}>", listing)
    parted = (line.partition("=") for line in numbered.splitlines())
    return {name: value for name, _, value in parted if _TASK_ENVIRONMENT.match(name)}


def _normalised(events: list[Event], normaliser: Normaliser) -> list[dict[str, Any]]:
    """The events in the form of the corpus; `instance` numbers the instances in order of appearance."""
    numbers: dict[str, int] = {}
    result = []
    for event in events:
        if event.kind in _NOT_COMPARED_EVENTS:
            continue
        entry = {
            "type": event.kind,
            "name": normaliser.text(event.name),
            "body": normaliser.document(event.body),
        }
        if isinstance(event.body, dict):
            found = re.search(UUID, str(event.body.get("instanceId") or event.body.get("taskId") or ""))
            if found:
                entry["instance"] = numbers.setdefault(found[0], len(numbers) + 1)
        result.append(entry)
    return result
