# SPDX-License-Identifier: GPL-3.0-or-later
"""Time a Marathon: creations, listings, scaling, memory, start.

    python3 bench/marathon.py                                  starts Mesos and the embedded Marathon on loopback
    python3 bench/marathon.py --url http://127.0.0.1:8080 [--pid PID]     any Marathon that holds no apps

Everything it makes is deleted again. Without --url the time that the agents themselves need for as many tasks is
measured in the same run, by a framework that does nothing but launch them. With a process id the server's own CPU time
is shown too: unlike the other figures it hardly depends on what else the machine does.
"""

from __future__ import annotations

import argparse
import http.client
import json
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from process_figures import cpu_seconds, resident_megabytes

SERVICES = Path(__file__).resolve().parents[1] / "services"
sys.path[:0] = [str(SERVICES / name) for name in ("mesos-runtime", "marathon", "marathon/tests")]

CREATED_APPS = 200
LISTINGS = 100
SCALED_TASKS = 50
DEPLOYED_APPS = 30
THREADS = 8
POLL_SECONDS = 0.05
TIMEOUT_SECONDS = 180.0
GROUP = "/bench"
APP = {"cmd": "sleep 3600", "cpus": 0.02, "mem": 16, "portDefinitions": []}

Row = tuple[str, str]


class Client:
    """One kept connection to the API."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        if parts.scheme != "http" or not parts.hostname:
            sys.exit(f"--url {url}: must be http://host:port (a benchmark runs on loopback, without TLS)")
        self._connection = http.client.HTTPConnection(parts.hostname, parts.port or 80, timeout=60)

    def request(self, method: str, path: str, body: Any = None) -> Any:
        """The JSON answer. Raises RuntimeError for a status of 400 and above."""
        data = None if body is None else json.dumps(body)
        headers = {"Accept": "application/json", "Content-Type": "application/json"}
        self._connection.request(method, path, data, headers)
        response = self._connection.getresponse()
        text = response.read()
        if response.status >= 400:
            raise RuntimeError(f"{method} {path}: {response.status} {text[:300]!r}")
        return json.loads(text) if text else None

    def wait_until(self, path: str, condition: Callable[[Any], bool]) -> None:
        """Ask until the answer fulfils the condition. Raises RuntimeError after TIMEOUT_SECONDS."""
        deadline = time.monotonic() + TIMEOUT_SECONDS
        while not condition(self.request("GET", path)):
            if time.monotonic() > deadline:
                raise RuntimeError(f"{path} did not become what was waited for in {TIMEOUT_SECONDS:g} s")
            time.sleep(POLL_SECONDS)


def create_apps(url: str, count: int, threads: int, instances: int = 0) -> tuple[float, list[float]]:
    """Create `count` apps from `threads` connections: seconds in all, and each request's seconds."""
    durations: list[float] = []
    numbers = iter(range(count))
    lock = threading.Lock()

    def work() -> None:
        client = Client(url)
        while True:
            with lock:
                number = next(numbers, None)
            if number is None:
                return
            began = time.monotonic()
            client.request("POST", "/v2/apps", {"id": f"{GROUP}/app-{number}", "instances": instances, **APP})
            durations.append(time.monotonic() - began)

    workers = [threading.Thread(target=work) for _ in range(threads)]
    began = time.monotonic()
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    if len(durations) != count:
        raise RuntimeError(f"only {len(durations)} of {count} apps were created")
    return time.monotonic() - began, durations


def delete_apps(client: Client) -> None:
    client.request("DELETE", f"/v2/groups/{GROUP}?force=true")
    client.wait_until("/v2/deployments", lambda deployments: not deployments)
    client.wait_until("/v2/tasks", lambda answer: not answer["tasks"])


def percentiles(durations: Sequence[float]) -> str:
    """`p50 / p99` in milliseconds."""
    cuts = statistics.quantiles(durations, n=100, method="inclusive")
    return f"{cuts[49] * 1000:.1f} / {cuts[98] * 1000:.1f} ms"


def measure(url: str, pid: int | None) -> Iterator[Row]:
    """All figures of a Marathon that holds no apps, in the order of measuring."""
    client = Client(url)
    if pid:
        yield "RSS at start", f"{resident_megabytes(pid):.0f} MB"
    for threads in (1, THREADS):
        cpu_before = cpu_seconds(pid) if pid else 0.0
        seconds, durations = create_apps(url, CREATED_APPS, threads)
        what = f"{CREATED_APPS} creations, {threads} thread{'s' if threads > 1 else ''}"
        yield what, f"{CREATED_APPS / seconds:.0f} requests/s"
        yield f"{what}, p50 / p99", percentiles(durations)
        if pid:
            yield f"{what}, server's CPU each", f"{(cpu_seconds(pid) - cpu_before) / CREATED_APPS * 1000:.1f} ms"
        if threads == 1:
            client.wait_until("/v2/deployments", lambda deployments: not deployments)
            for query in ("", "?embed=apps.tasks"):
                yield f"GET /v2/apps{query}, {CREATED_APPS} apps, p50 / p99", percentiles(listings(client, query))
            if pid:
                yield f"RSS with {CREATED_APPS} apps", f"{resident_megabytes(pid):.0f} MB"
        delete_apps(client)
    yield from measure_tasks(client, url)
    if pid:
        yield "RSS at the end", f"{resident_megabytes(pid):.0f} MB"


def listings(client: Client, query: str) -> list[float]:
    durations = []
    for _ in range(LISTINGS):
        began = time.monotonic()
        client.request("GET", f"/v2/apps{query}")
        durations.append(time.monotonic() - began)
    return durations


def measure_tasks(client: Client, url: str) -> Iterator[Row]:
    path = f"/v2/apps{GROUP}/scaled"
    client.request("POST", "/v2/apps", {"id": f"{GROUP}/scaled", "instances": 0, **APP})
    client.wait_until("/v2/deployments", lambda deployments: not deployments)
    for before, after in ((0, SCALED_TASKS), (SCALED_TASKS, 0)):
        began = time.monotonic()
        client.request("PUT", path, {"instances": after})
        client.wait_until(path, partial(_runs, after))
        yield f"one app {before} -> {after} tasks", f"{time.monotonic() - began:.2f} s"
        client.wait_until("/v2/deployments", lambda deployments: not deployments)
    delete_apps(client)
    began = time.monotonic()
    create_apps(url, DEPLOYED_APPS, THREADS, instances=1)
    client.wait_until("/v2/apps", lambda answer: all(app["tasksRunning"] for app in answer["apps"]))
    yield f"{DEPLOYED_APPS} apps at once, all running", f"{time.monotonic() - began:.2f} s"
    delete_apps(client)


def _runs(count: int, answer: Any) -> bool:
    return bool(answer["app"]["tasksRunning"] == count)


@contextmanager
def own_cluster(default_intervals: bool) -> Iterator[tuple[str, int, list[Row]]]:
    """Mesos and the embedded Marathon on loopback: its URL and pid, and the figures of starting it."""
    from marathon_process import COMMAND_AGENTS, SHORT_INTERVALS, MarathonProcess
    from mesos_runtime.local_cluster import LocalCluster

    with (
        tempfile.TemporaryDirectory(prefix="bench-marathon-") as folder,
        LocalCluster(folder, COMMAND_AGENTS) as cluster,
    ):
        floor = agents_floor(cluster.master_address)
        flags = () if default_intervals else SHORT_INTERVALS
        marathon = MarathonProcess(Path(folder) / "marathon", cluster.master_address, flags)
        marathon.start()
        try:
            rows = [
                ("process start -> first answer", f"{marathon.wait_until_answering():.2f} s"),
                ("process start -> first answer, CPU", f"{cpu_seconds(marathon.pid):.2f} s"),
                (f"agents alone: {SCALED_TASKS} tasks running", f"{floor:.2f} s"),
            ]
            yield marathon.url, marathon.pid, rows
        finally:
            marathon.stop()


def agents_floor(master: str) -> float:
    """Seconds the agents need for SCALED_TASKS tasks, launched all at once from the first offers."""
    from bare_framework import launch_tasks

    return launch_tasks(master, SCALED_TASKS, str(APP["cmd"]), float(str(APP["cpus"])), float(str(APP["mem"])))


def show(rows: Iterator[Row] | Sequence[Row]) -> None:
    for name, figure in rows:
        print(f"| {name:<52} | {figure:>16} |", flush=True)


def main() -> None:
    """Print one table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--url", help="a Marathon that runs already and holds no apps (default: start one)")
    parser.add_argument("--pid", type=int, help="its process id, to show its memory")
    parser.add_argument(
        "--default-intervals", action="store_true", help="start Marathon with its own revive and decline intervals"
    )
    options = parser.parse_args()
    print(f"| {'figure':<52} | {'value':>16} |\n| {'-' * 52} | {'-' * 15}: |", flush=True)
    if options.url:
        if Client(options.url).request("GET", "/v2/apps")["apps"]:
            sys.exit(f"{options.url} holds apps; a benchmark needs an empty Marathon")
        show(measure(options.url, options.pid))
        return
    with own_cluster(options.default_intervals) as (url, pid, rows):
        show(rows)
        show(measure(url, pid))


if __name__ == "__main__":
    main()
