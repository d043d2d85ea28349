# SPDX-License-Identifier: GPL-3.0-or-later
"""The small parts of the executors, each alone."""

import json
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from mesos_executors.health import HealthChecker
from mesos_executors.http_client import Address, Closed, Connection
from mesos_executors.process_tree import signal_tree
from mesos_executors.settings import Settings
from mesos_executors.values import environment_of, parse_flags, seconds_of_info, seconds_of_text
from runtime_helpers import is_alive, wait_until

EXECUTORS = Path(__file__).resolve().parent.parent / "executors"
PYTHON = ("/usr/bin/python3", "-ES")  # the build writes them as the first line
RUN = "slaves/agent-S0/frameworks/fw-0000/executors/a.task/runs/run-id"


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("5secs", 5.0), ("1.5mins", 90.0), ("0ns", 0.0), ("10ms", 0.01), ("", 7.0), ("5 parsecs", 7.0)],
)
def test_durations_of_flags(text: str, seconds: float) -> None:
    assert seconds_of_text(text, 7.0) == pytest.approx(seconds)


def test_durations_of_messages() -> None:
    assert seconds_of_info({"nanoseconds": "2500000000"}) == 2.5
    assert seconds_of_info({"nanoseconds": 0}) == 0.0
    assert seconds_of_info(None) is None


def test_flags() -> None:
    assert parse_flags(["--a-b=c=d", "--on", "--no-off", "word", "--empty="]) == {
        **{"a_b": "c=d", "on": "true", "off": "false", "empty": ""},
    }


def test_variables_of_a_command() -> None:
    secret = {"type": "VALUE", "value": {"data": "c2VjcmV0"}}
    variables = [{"name": "A", "value": "1"}, {"name": "B", "type": "SECRET", "secret": secret}, {"name": "C"}]
    assert environment_of({"environment": {"variables": variables}}) == {"A": "1", "B": "secret", "C": ""}


def test_settings_come_from_the_path_and_the_agent() -> None:
    environment = {
        "MESOS_SLAVE_PID": "slave(1)@192.0.2.1:5051",
        "MESOS_RECOVERY_TIMEOUT": "15mins",
        "MESOS_FRAMEWORK_ID": "of-the-task",
    }
    settings = Settings.read(f"/var/lib/mesos/{RUN}", environment)
    assert (settings.agent_work_folder, settings.agent_id) == ("/var/lib/mesos", "agent-S0")
    assert (settings.framework_id, settings.executor_id) == ("fw-0000", "a.task")
    assert (settings.agent_process, settings.agent_host, settings.agent_port) == ("slave(1)", "192.0.2.1", 5051)
    assert settings.recovery_timeout == 900


@pytest.mark.parametrize(("sandbox", "address"), [("/tmp", "slave(1)@192.0.2.1:1"), (f"/w/{RUN}", "nonsense")])
def test_settings_that_are_none(sandbox: str, address: str) -> None:
    with pytest.raises(ValueError, match=r"not the sandbox|MESOS_SLAVE_PID is missing"):
        Settings.read(sandbox, {"MESOS_SLAVE_PID": address})


@pytest.mark.parametrize("program", ["mesos-docker-executor", "mesos-executor", "mesos-fetcher"])
def test_programs_started_by_hand(program: str, tmp_path: Path) -> None:
    helped = subprocess.run([*PYTHON, EXECUTORS / program, "--help"], capture_output=True, text=True, check=True)
    assert "Started by a Mesos agent" in helped.stdout
    done = subprocess.run(
        [*PYTHON, EXECUTORS / program], capture_output=True, text=True, check=False, env={}, cwd=tmp_path
    )
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert done.stderr.startswith(f"{program}: ")


def answering(answer: bytes) -> Address:
    """A server that gives one answer, whatever it is asked, and closes."""
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        peer, _ = listener.accept()
        with peer, listener:
            peer.recv(65536)
            peer.sendall(answer)

    threading.Thread(target=serve, daemon=True).start()
    return Address("127.0.0.1", listener.getsockname()[1])


def record(message: object) -> bytes:
    """One RecordIO record."""
    data = json.dumps(message).encode()
    return b"%d\n%s" % (len(data), data)


def chunk(data: bytes) -> bytes:
    """One chunk of a chunked body."""
    return b"%x\r\n%s\r\n" % (len(data), data)


def test_records_in_arbitrary_pieces() -> None:
    messages = [{"type": "A"}, {"type": "B", "text": "x" * 5000}, {"type": "C"}]
    stream = b"".join(record(message) for message in messages)
    for size in (1, 7, 4096, len(stream)):
        chunks = b"".join(chunk(stream[i : i + size]) for i in range(0, len(stream), size))
        head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
        connection = Connection(answering(head + chunks + b"0\r\n\r\n"), 5)
        assert list(connection.request("POST", "/", {}).records()) == messages
        connection.close()


@pytest.mark.parametrize(
    ("answer", "body"),
    [
        (b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nbody", b"body"),
        (b"HTTP/1.0 200 OK\r\n\r\nbody", b"body"),
        (b"HTTP/1.1 204 No Content\r\n\r\n", b""),
    ],
)
def test_bodies(answer: bytes, body: bytes) -> None:
    assert Connection(answering(answer), 5).call("GET", "/")[1] == body


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"SSH-2.0\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nbody",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nbo",
    ],
)
def test_broken_answers(answer: bytes) -> None:
    with pytest.raises(Closed):
        Connection(answering(answer), 5).call("GET", "/")


def checker(check: dict[str, Any], run: Callable[..., tuple[bool, str]]) -> list[tuple[bool, bool]]:
    """What a checker reports until it is told that the task is hopeless, or has reported a success after a failure."""
    reports: list[tuple[bool, bool]] = []
    over = threading.Event()

    def report(healthy: bool, hopeless: bool) -> None:
        reports.append((healthy, hopeless))
        if hopeless or (healthy and len(reports) > 1):
            made.stop()
            over.set()

    times = {"delay_seconds": 0.0, "interval_seconds": 0.01, "grace_period_seconds": 0.0, "consecutive_failures": 3}
    made = HealthChecker({**times, "command": {}, **check}, run, report)
    made.start()
    assert over.wait(10)
    return reports


def test_reports_of_a_checker() -> None:
    outcomes = iter([True, True, False, False, True])
    assert checker({}, lambda *_: (next(outcomes), "")) == [
        (True, False),
        (False, False),
        (False, False),
        (True, False),
    ]
    assert checker({}, lambda *_: (False, "")) == [(False, False), (False, False), (False, True)]


def test_checker_without_network_uses_the_given_address() -> None:
    """A process whose network cannot be entered: the check goes to the container's address."""
    listener = socket.create_server(("127.0.0.1", 0))
    reported = threading.Event()
    check = {"type": "TCP", "tcp": {"port": listener.getsockname()[1]}, "delay_seconds": 0.0}
    made = HealthChecker(
        check, lambda *_: (False, ""), lambda ok, _: reported.set() if ok else None, 2**22 + 1, "127.0.0.1"
    )
    made.start()
    assert reported.wait(10)
    made.stop()
    listener.close()


def test_signals_reach_the_whole_tree() -> None:
    script = "setsid sleep 1000 & echo $!; sleep 1000"
    shell = subprocess.Popen(["sh", "-c", script], stdout=subprocess.PIPE, text=True, start_new_session=True)
    assert shell.stdout
    child = int(shell.stdout.readline())
    signal_tree(shell.pid, signal.SIGKILL)
    assert shell.wait(5) == -signal.SIGKILL
    wait_until(lambda: not is_alive(child), 5)
    shell.stdout.close()


def test_event_loop_is_woken_by_a_signal_to_any_thread() -> None:
    script = f"""
import os, signal, sys, threading, time
sys.path.insert(0, {str(EXECUTORS)!r})
from mesos_executors.event_loop import EventLoop, end_process
loop = EventLoop()
loop.on_signals(lambda: end_process(7), signal.SIGTERM)
threading.Timer(0.3, lambda: signal.pthread_kill(threading.get_ident(), signal.SIGTERM)).start()
loop.run()
"""
    done = subprocess.run([sys.executable, "-c", script], check=False, timeout=10, env={"PATH": os.defpath})
    assert done.returncode == 7
