# SPDX-License-Identifier: GPL-3.0-or-later
"""The modules that manage Graylog on a real one: each is content with what it made, and what it made works."""

import socket
import uuid
from collections.abc import Iterator
from typing import Any

import pytest
from ansible_collections.mesospark.platform.plugins.module_utils.errors import AccessDenied
from graylog_messages import eventually, found, found_anywhere, send, server
from module_process import run_module

pytestmark = pytest.mark.system
GELF = "org.graylog2.inputs.gelf.http.GELFHttpInput"
WIDGETS = [
    {"title": "Messages", "type": "number", "position": {"row": 1, "width": 4}},
    {
        "title": "Longest",
        "group_by": [{"field": "run"}, {"field": "timestamp"}],
        "split_by": [{"field": "executor", "limit": 3}],
        "values": [{"function": "max(duration)", "title": "longest"}, {"function": "percentile(duration,95)"}],
        "sort_by": "max(duration)",
        "position": {"row": 1, "column": 5, "width": 8},
    },
]
RULE = 'rule "{name}"\nwhen has_field("{field}")\nthen set_field("{field}_seen", "yes");\nend'
Options = dict[str, Any]


@pytest.fixture
def name() -> str:
    """A name that nothing else in this Graylog has."""
    return f"modules-{uuid.uuid4().hex[:8]}"


@pytest.fixture
def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


class Made:
    """Runs modules, and removes at the end what they made, the last one first."""

    def __init__(self, options: Options) -> None:
        self.options = options
        self._made: list[tuple[str, Options]] = []

    def run(self, module: str, **options: Any) -> Options:
        identity = next(key for key in ("title", "name", "username", "index_prefix") if key in options)
        if options.get("state") != "absent":
            self._made.append((module, {identity: options[identity]}))
        return run_module(module, **self.options, **options)

    def works(self, module: str, **options: Any) -> Options:
        result = self.run(module, **options)
        assert not result.get("failed"), result.get("msg")
        return result

    def clean_up(self) -> None:
        extra = {"graylog_index_set": {"delete_indices": True}}
        for module, identity in reversed(self._made):
            run_module(module, **self.options, **identity, **extra.get(module, {}), state="absent")


@pytest.fixture
def made(graylog: dict[str, str]) -> Iterator[Made]:
    making = Made({**graylog, "timeout": 30})
    yield making
    making.clean_up()


LIVES = [
    (
        "graylog_index_set",
        lambda name: {"index_prefix": name, "rotation": {"strategy": "time", "period": "1d"}},
        {"rotation": {"strategy": "size", "max_size": "512m"}, "retention": {"strategy": "close", "max_indices": 3}},
    ),
    (
        "graylog_stream",
        lambda name: {"title": name, "rules": [{"field": "principal", "value": name}]},
        {
            "matching": "any",
            "state": "paused",
            "rules": [{"field": "a", "type": "greater", "value": "3"}, {"type": "always_match", "inverted": True}],
        },
    ),
    ("graylog_role", lambda name: {"name": name, "streams": ["All messages"]}, {"permissions": ["searches:relative"]}),
    (
        "graylog_user",
        lambda name: {"username": name, "password": f"first-{name}", "full_name": "Team One"},
        {"password": "second-password", "timezone": "Europe/Berlin", "session_timeout": "1h", "email": "a@example.org"},
    ),
    (
        "graylog_pipeline",
        lambda name: {
            "title": name,
            "rules": [{"source": RULE.format(name=name, field="a")}],
            "stages": [{"rules": [name]}],
            "streams": ["All messages"],
        },
        {"stages": [{"stage": 3, "match": "all", "rules": []}], "streams": [], "description": "changed"},
    ),
    (
        "graylog_event_definition",
        lambda name: {"title": name, "query": f"job:{name}", "streams": ["All messages"]},
        {"priority": "high", "group_by": ["job"], "condition": {"operator": ">=", "value": 2}, "search_within": "1h"},
    ),
    (
        "graylog_dashboard",
        lambda name: {"title": name, "widgets": [WIDGETS[0]]},
        {"summary": "What jobs write", "widgets": WIDGETS},
    ),
    (
        "graylog_saved_search",
        lambda name: {"title": name, "query": f"run:{name}", "fields": ["timestamp", "run", "executor"]},
        {"query": "_exists_:run", "range": "all", "streams": ["All messages"], "widgets": [WIDGETS[1]]},
    ),
]


@pytest.mark.parametrize(("module", "make", "change"), LIVES, ids=[life[0] for life in LIVES])
def test_the_life_of_a_thing(made: Made, name: str, module: str, make: Any, change: Options) -> None:
    options = make(name)
    foreseen = made.works(module, **options, _ansible_check_mode=True)
    first = made.works(module, **options)
    assert first["changed"] and first["diff"] == foreseen["diff"], "check mode wrote, or foresaw something else"
    again = made.works(module, **options)
    assert not again["changed"], again["diff"]
    options |= change
    foreseen = made.works(module, **options, _ansible_check_mode=True)
    changed = made.works(module, **options)
    assert changed["changed"] and changed["diff"] == foreseen["diff"]
    assert changed["diff"]["before"].keys() == changed["diff"]["after"].keys()
    again = made.works(module, **options)
    assert not again["changed"], again["diff"]
    options["state"] = "absent"
    assert made.works(module, **options, _ansible_check_mode=True)["changed"]
    assert made.works(module, **options)["changed"]
    assert not made.works(module, **options)["changed"]


def test_the_life_of_an_input(made: Made, name: str, free_port: int) -> None:
    options = {"title": name, "type": "GELF HTTP", "configuration": {"bind_address": "127.0.0.1", "port": free_port}}
    assert made.works("graylog_input", **options, _ansible_check_mode=True)["changed"]
    first = made.works("graylog_input", **options)
    assert first["changed"] and set(first["states"].values()) == {"RUNNING"}
    send(free_port, job=name)
    assert not made.works("graylog_input", **options)["changed"]
    options |= {"static_fields": {"site": "lab"}, "secret_configuration": {"tls_key_password": "a secret of mine"}}
    changed = made.works("graylog_input", **options)
    assert changed["diff"]["after"] == {"configuration.tls_key_password": "(hidden)", "static_fields": {"site": "lab"}}
    assert not made.works("graylog_input", **options)["changed"]
    before = first["input"]["id"]
    restarted = made.works("graylog_input", title=name, state="restarted")
    assert restarted["changed"] and restarted["input"]["id"] == before
    send(free_port, job=name)
    messages = eventually(lambda: [*found(server(made.options), f"job:{name}")][1:])
    assert messages, "both messages arrived"
    assert made.works("graylog_input", title=name, state="absent")["changed"]
    assert not made.works("graylog_input", title=name, state="absent")["changed"]


def test_a_port_that_is_taken(made: Made, name: str) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        configuration = {"bind_address": "127.0.0.1", "port": taken.getsockname()[1]}
        result = made.run("graylog_input", title=name, type=GELF, configuration=configuration)
    assert result["failed"] and "Address already in use" in result["msg"]
    repaired = made.works("graylog_input", title=name)
    assert repaired["diff"]["after"] == {"state": "RUNNING"}


def test_teams_see_their_own_stream_only(made: Made, name: str, free_port: int) -> None:
    """And no message is lost between the first index and the first message: nothing here waits for either."""
    made.works("graylog_index_set", index_prefix=name)
    made.works("graylog_input", title=name, type=GELF, configuration={"bind_address": "127.0.0.1", "port": free_port})
    streams = {}
    for team in (f"{name}-one", f"{name}-two"):
        rules = [{"field": "principal", "value": team}]
        stream = made.works("graylog_stream", title=f"jobs of {team}", index_set=name, rules=rules)
        streams[team] = stream["stream"]["id"]
        made.works("graylog_role", name=team, streams=[f"jobs of {team}"])
        made.works("graylog_user", username=team, password=f"password of {team}", roles=["Reader", team])
    # Graylog knows a new stream some seconds later; what comes before goes to all messages.
    admin = server(made.options)
    eventually(lambda: [send(free_port, principal=team, job=name) for team in streams] and _all_there(admin, streams))
    for team, stream in streams.items():
        other = next(entry for entry in streams.values() if entry != stream)
        user = server(made.options, team, f"password of {team}")
        own = found(user, f"job:{name}", stream)
        assert own and {message["principal"] for message in own} == {team}
        assert all(message["index"].startswith(f"{name}_") for message in own)
        assert {message["principal"] for message in found_anywhere(user, f"job:{name}")} == {team}
        for path, query in (
            ("/search/universal/relative", [("query", "*"), ("range", "300"), ("filter", f"streams:{other}")]),
            ("/search/universal/relative", [("query", "*"), ("range", "300")]),
            (f"/streams/{other}", []),
            ("/users", []),
        ):
            with pytest.raises(AccessDenied):
                user.read(path, query)
        with pytest.raises(AccessDenied):
            user.create("/streams", {"title": name, "index_set_id": "1"})


def _all_there(admin: Any, streams: dict[str, str]) -> bool:
    return all(found(admin, f"principal:{team}", stream) for team, stream in streams.items())


def test_a_pipeline_works_on_a_stream(made: Made, name: str, free_port: int) -> None:
    made.works("graylog_input", title=name, type=GELF, configuration={"bind_address": "127.0.0.1", "port": free_port})
    made.works("graylog_stream", title=name, rules=[{"field": "job", "value": name}])
    rule = {"source": RULE.format(name=name, field="job")}
    made.works("graylog_pipeline", title=name, rules=[rule], stages=[{"rules": [name]}], streams=[name])
    order = ["Message Filter Chain", "Pipeline Processor"]
    before = run_module("graylog_message_processors", **made.options)["order"]
    try:
        after = run_module("graylog_message_processors", **made.options, order=order)
        assert after["order"].index(order[0]) < after["order"].index(order[1])
        assert not run_module("graylog_message_processors", **made.options, order=order)["changed"]
        admin = server(made.options)
        eventually(lambda: send(free_port, job=name) or found(admin, f"job:{name} AND job_seen:yes"))
    finally:
        run_module("graylog_message_processors", **made.options, order=before)


def test_an_event_definition_raises_events(made: Made, name: str, free_port: int) -> None:
    made.works("graylog_input", title=name, type=GELF, configuration={"bind_address": "127.0.0.1", "port": free_port})
    condition = {"operator": ">=", "value": 1}
    options = {"query": f"job:{name}", "condition": condition, "search_within": "1m", "execute_every": "1s"}
    definition = made.works("graylog_event_definition", title=name, **options)["event_definition"]
    admin = server(made.options)
    search = {
        "query": f"event_definition_id:{definition['id']}",
        "page": 1,
        "per_page": 1,
        "sort_by": "timestamp",
        "sort_direction": "desc",
        "timerange": {"type": "relative", "range": 600},
        "filter": {"alerts": "include"},
    }

    def raised() -> bool:
        # Graylog looks at a span of time only when later messages tell that all of its messages are there.
        send(free_port, job=name)
        return admin.create("/events/search", search)["total_events"] > 0

    eventually(raised, timeout=60)


def test_what_graylog_refuses_is_told_in_a_sentence(made: Made, name: str, graylog: dict[str, str]) -> None:
    bad = {"source": 'rule "x"\nwhen has_fied("a")\nthen set_field("a", 1);\nend'}
    result = made.run("graylog_pipeline", title=name, rules=[bad])
    assert "Unknown function has_fied in line 2" in result["msg"]
    result = run_module("graylog_role", **{**graylog, "url_password": "wrong"}, name=name)
    assert "does not know user 'admin' (status 401)" in result["msg"]
