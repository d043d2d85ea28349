# SPDX-License-Identifier: GPL-3.0-or-later
"""executor_logs on a scripted Mesos and a scripted search; the real ones are tried in tests/modules."""

from typing import Any

import pytest
from ansible_collections.mesospark.platform.plugins.module_utils import beats, sandbox_logs
from ansible_collections.mesospark.platform.plugins.modules import executor_logs
from scripted_search import RUN, ScriptedSearch

DRIVER = f"runs_{RUN}.instance-1._app.1"


class ScriptedSandboxes:
    """``files`` by executor and stream; executors without files have no sandbox any more."""

    def __init__(self, mesos: Any) -> None:
        self.mesos = mesos
        self.files: dict[str, dict[str, bytes]] = {}
        self.states: dict[str, str] = {}
        self.agents = [{"id": "s-1", "hostname": "agent1", "pid": f"slave(1)@{mesos.address}", "active": True}]
        self.reads = 0
        mesos.routes |= {
            "GET /slaves": lambda request: (200, {"slaves": self.agents}),
            "GET /frameworks": lambda request: (200, {"frameworks": self._frameworks()}),
            "GET /files/browse": self._browse,
            "GET /files/read": self._read,
        }

    def executor(self, task_id: str, stdout: bytes = b"", stderr: bytes = b"", state: str = "TASK_FINISHED") -> None:
        self.files[task_id] = {"stdout": stdout, "stderr": stderr}
        self.states[task_id] = state

    def _frameworks(self) -> list[dict[str, Any]]:
        labels = [{"key": key, "value": value} for key, value in {"job": "pi", "run_id": RUN}.items()]
        tasks = {"marathon": [], RUN: []}
        for task_id, state in self.states.items():
            container = {"container_id": {"value": f"c-{task_id[-1]}"}}
            status = {"state": state, "timestamp": 1.0, "container_status": container}
            task = {"id": task_id, "executor_id": "", "slave_id": "s-1", "state": state, "statuses": [status]}
            tasks["marathon" if task_id == DRIVER else RUN].append({**task, "labels": labels})
        return [{"id": f"f-{name}", "name": name, "registered_time": 1, "tasks": tasks[name]} for name in tasks]

    def _browse(self, request: Any) -> tuple[int, Any]:
        place = request.query["path"]
        files = self.files.get(place.split("/")[4])
        entry = {"mtime": 1.0, "mode": "-rw-r--r--"}
        return (404, b"") if files is None else (
            200,
            [{**entry, "path": f"{place}/{name}", "size": len(data)} for name, data in files.items()],
        )  # fmt: skip

    def _read(self, request: Any) -> tuple[int, Any]:
        self.reads += 1
        parts = request.query["path"].split("/")
        offset, length = int(request.query["offset"]), int(request.query["length"])
        text = self.files[parts[4]][parts[-1]][offset:][: min(length, 65536)].decode()
        return 200, {"offset": offset, "data": text}


@pytest.fixture
def search(server: Any) -> ScriptedSearch:
    return ScriptedSearch(server)


@pytest.fixture
def sandboxes(other_server: Any) -> ScriptedSandboxes:
    return ScriptedSandboxes(other_server)


@pytest.fixture
def options(search: ScriptedSearch, sandboxes: ScriptedSandboxes) -> dict[str, Any]:
    return {**search.options, "mesos_url": sandboxes.mesos.url, "run_id": RUN}


@pytest.fixture
def shipping(options: dict[str, Any], monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> dict[str, Any]:
    """The options to ship to a client that only remembers, in ``sent``."""
    sent: list[bytes] = []

    class Client:
        connected = True

        def __init__(self, *arguments: Any) -> None:
            pass

        def send(self, events: list[bytes]) -> None:
            sent.extend(events)

    monkeypatch.setattr(beats, "LumberjackClient", Client)
    (tmp_path / "file.pem").touch()
    files = dict.fromkeys(("ca_path", "client_cert", "client_key"), str(tmp_path / "file.pem"))
    monkeypatch.setattr(
        "ansible_collections.mesospark.platform.plugins.module_utils.client.make_context", lambda **_more: None
    )
    return {**options, **files, "ship": True, "ship_to": ["graylog1:5044"], "wait": False, "sent": sent}


def lines(result: dict[str, Any]) -> list[str]:
    return [item["message"] for item in result["messages"]]


def test_only_what_graylog_lacks_is_read_from_the_sandboxes(
    search: ScriptedSearch, sandboxes: ScriptedSandboxes, options: dict[str, Any], run_module: Any
) -> None:
    sandboxes.executor(DRIVER, b"one\ntwo\n\n\nthree\nfour", b"")
    search.line(0, "one\n", record_id="c-1-stdout-0-4")
    search.line(8 + 2, "three\n", record_id="c-1-stdout-a-6")
    result = run_module(executor_logs.main, **options)
    # Graylog shows "one" and "three" as the search scripts them, with their newlines.
    assert [line.strip() for line in lines(result)] == ["one", "two", "three", "four"]
    (driver,) = result["executors"]
    assert (driver["executor"], driver["host"], driver["container_id"]) == ("driver", "agent1", "c-1")
    assert (driver["stdout"], driver["stderr"]) == ({"size": 20, "lacking": 2}, {"size": 0, "lacking": 0})
    assert result["complete"] and not result["changed"] and sandboxes.reads == 1


def test_a_run_that_only_the_master_knows(
    sandboxes: ScriptedSandboxes, options: dict[str, Any], run_module: Any
) -> None:
    sandboxes.executor(DRIVER, b"2026-11-21T10:00:00.000Z INFO Driver: first\n")
    sandboxes.executor("3", b"", b"2026-11-21T10:00:01.000Z ERROR Executor: second\n\tat org.example.A.b(A.java:1)\n")
    options = {name: value for name, value in options.items() if name not in ("graylog_url", "run_id")}
    result = run_module(executor_logs.main, **options, name="pi", fields=["application"])
    assert (result["run_id"], result["count"]) == (RUN, 2)
    driver, executor = result["messages"]
    assert (driver["application"], driver["job"], driver["level"]) == (f"/runs/{RUN}", "pi", 6)
    assert (executor["application"], executor["executor"], executor["level"]) == (RUN, "3", 3)
    assert executor["record_id"] == "c-3-stderr-0-4e" and executor["message"].count("\n") == 1
    chosen = run_module(executor_logs.main, **options, name="pi", executors=["driver"])
    assert lines(chosen) == [driver["message"]]


def test_a_sandbox_that_is_gone_matters_only_if_graylog_has_no_lines(
    search: ScriptedSearch, sandboxes: ScriptedSandboxes, options: dict[str, Any], run_module: Any
) -> None:
    sandboxes.executor(DRIVER, b"one\n")
    sandboxes.executor("3", b"")
    del sandboxes.files["3"]
    lost = run_module(executor_logs.main, **options)
    assert lost["failed"] and lines(lost) == ["one"]
    assert lost["msg"] == (
        f"Not all lines of run {RUN} could be read: Executor 3 on agent1: its sandbox is gone, and Graylog has none of "
        "its lines."
    )
    search.line(0, "kept", record_id="c-3-stdout-0-5", executor_id="3", task_id="3", container_id="c-3")
    kept = run_module(executor_logs.main, **options)
    assert "failed" not in kept and not kept["complete"] and sorted(lines(kept)) == ["kept", "one"]


def test_executors_that_the_master_has_forgotten(
    search: ScriptedSearch, sandboxes: ScriptedSandboxes, options: dict[str, Any], run_module: Any
) -> None:
    search.line(0, "kept", container_id="c", executor_id="3", task_id="3", agent_hostname="agent9")
    result = run_module(executor_logs.main, **options)
    (executor,) = result["executors"]
    assert (executor["executor"], executor["host"], executor["state"]) == ("3", "agent9", None)
    assert lines(result) == ["kept"] and not result["complete"]


def test_shipping(
    search: ScriptedSearch, sandboxes: ScriptedSandboxes, shipping: dict[str, Any], run_module: Any
) -> None:
    sent = shipping.pop("sent")
    sandboxes.executor(DRIVER, b"one\ntwo\n")
    sandboxes.executor("3", b"running\n", state="TASK_RUNNING")
    search.line(0, "one\n", record_id="c-1-stdout-0-4")
    foreseen = run_module(executor_logs.main, check_mode=True, **shipping)
    assert foreseen["changed"] and foreseen["shipped"] == 1 and sent == []
    shipped = run_module(executor_logs.main, **shipping)
    lacking = [{"driver stdout": {"lacking": number}} for number in (1, 0)]
    assert shipped["diff"] == foreseen["diff"] == {"before": lacking[0], "after": lacking[1]}
    (event,) = sent
    assert b'"message":"two"' in event and b'"record_id":"c-1-stdout-4-4"' in event
    assert [entry["shipped"] for entry in shipped["executors"]] == [1, None]
    search.line(4, "two\n", record_id="c-1-stdout-4-4")
    assert not run_module(executor_logs.main, **shipping)["changed"] and len(sent) == 1


def test_pages_and_records_of_any_size(
    sandboxes: ScriptedSandboxes, options: dict[str, Any], run_module: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sandbox_logs, "_RECORD_LIMIT", 100_000)
    trace = "2026-11-21T10:00:00.000Z ERROR A: b\n" + "\tat org.example.Deep.dive(Deep.java:1)\n" * 3000
    text = "".join(f"line {number}\n" for number in range(20_000)) + "x" * 250_000 + "\n" + trace + "end"
    sandboxes.executor(DRIVER, text.encode())
    result = run_module(executor_logs.main, mesos_url=options["mesos_url"], run_id=RUN)
    found = result["messages"]
    assert found[0]["message"] == "line 0" and found[-1]["message"] == "end"
    places = [(item["offset"], item["length"]) for item in found]
    assert places == sorted(places) and sum(length for _offset, length in places) == len(text)
    pieces = [item["length"] for item in found if item.get("cut")]
    assert pieces[:2] == [100_000, 100_000] and all(length <= 100_000 for length in pieces)


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ({"run_id": "none"}, "run_id: 'none' has no lines and no sandboxes; correct it."),
        ({"run_id": None, "name": "none"}, "name: 'none' has no run that is known; correct it, or give run_id."),
        ({"ship": True}, "ship_to is missing for ship; give it, or leave ship out."),
        ({"ship": True, "mesos_url": None}, "ship: True needs Graylog and Mesos; give graylog_url and mesos_url."),
        ({"mesos_url": None, "graylog_url": None}, "graylog_url, mesos_url are both missing; give one of them, or "),
        ({"run_id": None}, "one of the following is required: name, run_id"),
        ({"executors": ["7"]}, f"executors: '7' is none of {RUN}; choose from driver."),
    ],
)
def test_bad_options(
    sandboxes: ScriptedSandboxes, options: dict[str, Any], run_module: Any, more: dict[str, Any], message: str
) -> None:
    sandboxes.executor(DRIVER)
    merged = {name: value for name, value in {**options, **more}.items() if value is not None}
    result = run_module(executor_logs.main, **merged)
    assert result["failed"] and result["msg"].startswith(message)


def test_an_address_that_is_none(shipping: dict[str, Any], run_module: Any) -> None:
    shipping.pop("sent")
    result = run_module(executor_logs.main, **{**shipping, "ship_to": ["graylog"]})
    assert result["msg"] == "ship_to: 'graylog' is no address; write host:port, such as graylog1.example.org:5044."
