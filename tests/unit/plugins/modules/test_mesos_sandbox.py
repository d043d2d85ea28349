# SPDX-License-Identifier: GPL-3.0-or-later
"""mesos_sandbox on a scripted master and agent; what the real ones say is tried in tests/modules."""

import os
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.mesospark.platform.plugins.modules import mesos_sandbox

RUN = "pi-20261121t120000-0a1b"
DRIVER = f"runs_{RUN}.instance-0b0f2d6e._app.1"
BYTES = bytes(range(256)) * 300


class Sandboxes:
    """``files`` by path are in every sandbox; ``gone`` executors have none. ``cut``: so many bytes of a download
    arrive.
    """

    def __init__(self, mesos: Any, agent: Any) -> None:
        self.mesos, self.agent = mesos, agent
        self.files: dict[str, bytes] = {"stdout": b"out", "stderr": b"", "data.bin": BYTES, "sub/deep.log": b"deep"}
        self.gone: set[str] = set()
        self.cut = 10**9
        slave = {"id": "s-1", "hostname": "agent1", "pid": f"slave(1)@{agent.address}", "active": True}
        labels = [{"key": "run_id", "value": RUN}]
        driver = self._task(DRIVER, labels=labels)
        again = self._task(DRIVER.replace("_app.1", "_app.2"), labels=labels)
        self.executors = [self._task("0"), self._task("1", state="TASK_RUNNING")]
        frameworks = [
            {"id": "f-marathon", "name": "marathon", "tasks": [driver, again]},
            {"id": "f-old", "name": RUN, "registered_time": 1, "completed_tasks": [self._task("9")]},
            {"id": "f-new", "name": RUN, "registered_time": 2, "completed_tasks": self.executors},
        ]
        mesos.routes |= {
            "GET /slaves": (200, {"slaves": [slave]}),
            "GET /frameworks": (200, {"frameworks": frameworks}),
        }
        agent.routes |= {
            "GET /files/browse": self._browse,
            "GET /files/download": self._download,
            "GET /files/read": self._read,
        }
        self.options: dict[str, Any] = {"mesos_url": mesos.url, "timeout": 2}

    @staticmethod
    def _task(task_id: str, **more: Any) -> dict[str, Any]:
        return {"id": task_id, "executor_id": "", "slave_id": "s-1", "state": "TASK_FINISHED", **more}

    @staticmethod
    def _inside(request: Any) -> tuple[str, str, str]:
        root, _, inside = request.query["path"].partition("/runs/latest")
        return f"{root}/runs/latest", root.rpartition("/")[2], inside.lstrip("/")

    def _browse(self, request: Any) -> tuple[int, Any]:
        root, executor, folder = self._inside(request)
        if executor in self.gone:
            return 404, b""
        prefix = f"{folder}/" if folder else ""
        found = {}
        for path, content in self.files.items():
            if path.startswith(prefix):
                name, _, more = path.removeprefix(prefix).partition("/")
                mode = "drwxr-xr-x" if more else "-rw-r--r--"
                found[name] = {"path": f"{root}/{prefix}{name}", "size": len(content), "mtime": 1000.0, "mode": mode}
        return 200, list(found.values())

    def _download(self, request: Any) -> tuple[int, bytes, dict[str, str]]:
        content = self.files[self._inside(request)[2]]
        # The first header of a name counts, and the server hangs up.
        return 200, content[: self.cut], {"Content-Length": str(len(content)), "Connection": "close"}

    def _read(self, request: Any) -> tuple[int, Any]:
        offset, length = int(request.query["offset"]), int(request.query["length"])
        data = self.files[self._inside(request)[2]][offset:][: min(length, 50000)]
        escaped = b"".join(b"\\u%04x" % byte if byte < 32 or byte in b'"\\' else bytes([byte]) for byte in data)
        return 200, b'{"data":"' + escaped + b'","offset":%d}' % offset


@pytest.fixture
def sandboxes(server: Any, other_server: Any) -> Sandboxes:
    return Sandboxes(server, other_server)


def test_a_runs_driver_and_the_executors_of_its_newest_framework(sandboxes: Sandboxes, run_module: Any) -> None:
    result = run_module(mesos_sandbox.main, **sandboxes.options, run_id=RUN)
    found = [(box["role"], box["executor_id"], box["framework_id"], box["host"]) for box in result["sandboxes"]]
    assert found == [
        ("driver", DRIVER, "f-marathon", "agent1"),
        ("executor", "0", "f-new", "agent1"),
        ("executor", "1", "f-new", "agent1"),
    ]
    assert not result["changed"]
    assert result["sandboxes"][0]["files"][0] == {
        "path": "data.bin",
        "size": 76800,
        "mtime": 1000,
        "mode": "-rw-r--r--",
    }
    assert [file["path"] for file in result["sandboxes"][1]["files"]] == ["data.bin", "stderr", "stdout"]


def test_folders_and_patterns(sandboxes: Sandboxes, run_module: Any) -> None:
    options = {**sandboxes.options, "run_id": RUN, "executors": ["1"], "recurse": True, "patterns": ["*.log", "stdo*"]}
    result = run_module(mesos_sandbox.main, **options)
    assert [[file["path"] for file in box["files"]] for box in result["sandboxes"]] == [["stdout", "sub/deep.log"]]


@pytest.mark.parametrize("name", ["f-old", RUN])
def test_a_framework_by_id_or_its_newest_by_name(sandboxes: Sandboxes, run_module: Any, name: str) -> None:
    result = run_module(mesos_sandbox.main, **sandboxes.options, framework=name)
    assert [box["executor_id"] for box in result["sandboxes"]] == (["9"] if name == "f-old" else ["0", "1"])


@pytest.mark.parametrize("cut", [10**9, 1000, 0])
def test_files_are_fetched_whole_once_and_for_their_owner(
    sandboxes: Sandboxes, run_module: Any, tmp_path: Path, cut: int
) -> None:
    sandboxes.cut = cut
    options = {**sandboxes.options, "run_id": RUN, "executors": ["driver", "0"], "recurse": True}
    options["dest"] = str(tmp_path / "logs/pi")
    foreseen = run_module(mesos_sandbox.main, check_mode=True, **options)
    assert foreseen["changed"] and list(tmp_path.iterdir()) == []
    done = run_module(mesos_sandbox.main, **options)
    assert done["diff"] == foreseen["diff"] and len(done["diff"]["after"]) == 8
    for folder in ("driver", "0"):
        place = tmp_path / "logs/pi" / folder
        assert {path: (place / path).read_bytes() for path in sandboxes.files} == sandboxes.files
        assert (place / "data.bin").stat().st_mode & 0o777 == 0o600 and place.stat().st_mode & 0o777 == 0o700
    assert not run_module(mesos_sandbox.main, **options)["changed"]
    assert sandboxes.mesos.writes == sandboxes.agent.writes == []


def test_only_what_differs_is_fetched(sandboxes: Sandboxes, run_module: Any, tmp_path: Path) -> None:
    options = {**sandboxes.options, "run_id": RUN, "executors": ["0"], "dest": str(tmp_path)}
    run_module(mesos_sandbox.main, **options)
    (tmp_path / "0/stdout").write_bytes(b"older and longer")
    os.utime(tmp_path / "0/stdout", (500, 500))
    diff = run_module(mesos_sandbox.main, **options)["diff"]
    name = str(tmp_path / "0/stdout")
    assert diff == {"before": {name: {"size": 16, "mtime": 500}}, "after": {name: {"size": 3, "mtime": 1000}}}
    assert (tmp_path / "0/stdout").read_bytes() == b"out"


def test_single_failures_are_named_and_the_rest_is_fetched(
    sandboxes: Sandboxes, run_module: Any, tmp_path: Path
) -> None:
    sandboxes.gone = {"0"}
    sandboxes.executors.append(sandboxes._task("2", slave_id="s-7"))
    sandboxes.files["large"] = bytes(2 * 1024 * 1024)
    (tmp_path / "1/stderr").mkdir(parents=True)
    options = {**sandboxes.options, "framework": "f-new", "dest": str(tmp_path), "max_size": "1m"}
    result = run_module(mesos_sandbox.main, **options)
    assert result["failed"] and result["changed"]
    for part in (
        "Executor 0 on agent1 has no sandbox any more.",
        "Executor 2 was on agent s-7, which is not registered any more.",
        "Executor 1 on agent1: large has 2097152 bytes, more than max_size.",
        f"{tmp_path}/1/stderr can not be written (a folder is in its place).",
    ):
        assert part in result["msg"]
    assert (tmp_path / "1/data.bin").read_bytes() == BYTES and not (tmp_path / "1/large").exists()


def test_a_file_that_becomes_shorter_leaves_nothing_behind(
    sandboxes: Sandboxes, run_module: Any, tmp_path: Path
) -> None:
    def shorten(request: Any) -> Any:
        sandboxes.files["stdout"] = b""
        return sandboxes._download(request)

    sandboxes.agent.routes["GET /files/download"] = shorten
    options = {**sandboxes.options, "run_id": RUN, "executors": ["0"], "patterns": ["stdout"], "dest": str(tmp_path)}
    result = run_module(mesos_sandbox.main, **options)
    assert "Executor 0 on agent1: stdout: it became shorter while it was read; call again." in result["msg"]
    assert not result["changed"] and list((tmp_path / "0").iterdir()) == []


def test_a_path_that_leads_out_of_the_folder_is_refused(sandboxes: Sandboxes, run_module: Any, tmp_path: Path) -> None:
    entry = {"path": "/frameworks/f-new/executors/0/runs/latest/../x", "size": 1, "mtime": 1.0, "mode": "-rw-r--r--"}
    sandboxes.agent.routes["GET /files/browse"] = (200, [entry])
    options = {**sandboxes.options, "run_id": RUN, "executors": ["0"], "dest": str(tmp_path)}
    assert "is no path in a sandbox" in run_module(mesos_sandbox.main, **options)["msg"]
    assert list(tmp_path.iterdir()) == []


def test_folders_that_lead_in_circles_come_to_an_end(sandboxes: Sandboxes, run_module: Any) -> None:
    def circle(request: Any) -> Any:
        here = request.query["path"]
        names = [f"{here}/a", f"{here}/b"] + [f"{here}/{number}" for number in range(500)]
        return 200, [{"path": path, "size": 1, "mtime": 1.0, "mode": "drwxr-xr-x"} for path in names]

    sandboxes.agent.routes["GET /files/browse"] = circle
    result = run_module(mesos_sandbox.main, **sandboxes.options, run_id=RUN, executors=["0"], recurse=True)
    assert "it has more than 10000 entries; set recurse to false." in result["msg"]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"run_id": "none"}, "run_id: 'none' has no task that the leading master remembers; correct it, or look "),
        ({"framework": "none"}, "framework: 'none' has no task that the leading master remembers; "),
        ({"run_id": RUN, "executors": ["7"]}, f"executors: '7' is none of {RUN}; choose from driver, 0, 1."),
        ({"framework": RUN, "executors": ["driver"]}, f"executors: 'driver' is none of {RUN}; choose from 0, 1."),
        ({"run_id": RUN, "max_size": "5"}, "max_size: '5' is not a size; write a number and a unit"),
        ({"run_id": RUN, "dest": __file__}, f"dest: '{__file__}' is not a folder; name a folder"),
        ({}, "one of the following is required: run_id, framework"),
    ],
)
def test_bad_options(sandboxes: Sandboxes, run_module: Any, options: dict[str, Any], message: str) -> None:
    result = run_module(mesos_sandbox.main, **sandboxes.options, **options)
    assert result["failed"] and result["msg"].startswith(message)
