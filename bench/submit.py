# SPDX-License-Identifier: GPL-3.0-or-later
"""Time from submitting a run to its driver RUNNING, beside a plain `docker run` of the same image, in the same run.

    python3 bench/submit.py                             # a local Mesos cluster and Marathon, a small image
    python3 bench/submit.py --image IMAGE --engine "docker exec mesospark-agent1 docker"   # a running platform

A running platform and its accounts are found by the environment variables of the modules (MARATHON_URL and so on).
The image must be on the agents already: pulls are not measured. Both are started in turn, so that a machine that
changes its speed meanwhile changes both.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

sys.path.extend(
    str(Path(__file__).resolve().parents[1] / folder)
    for folder in (".collections", "tests/modules", "services/marathon/tests", "services/mesos-runtime")
)

from ansible_collections.mesospark.platform.plugins.module_utils.arguments import (
    connection_options,
    marathon_from,
)
from ansible_collections.mesospark.platform.plugins.module_utils.events import EventStream
from ansible_collections.mesospark.platform.plugins.module_utils.marathon import Marathon
from ansible_collections.mesospark.platform.plugins.module_utils.spark import Job, app_id_of, build_app
from ansible_collections.mesospark.platform.plugins.module_utils.spark_run import EVENT_KINDS, new_run_id
from ansible_collections.mesospark.platform.plugins.module_utils.spark_submission import spark_master

_PATIENCE = 60.0
_REST = 1.0


def submit(marathon: Marathon, job: Job) -> float:
    """Seconds from the request that creates a driver's app to the event that it runs; the app is removed again."""
    run_id = new_run_id(job.name)
    events = EventStream(marathon, app_id_of(run_id), EVENT_KINDS)
    events.open()
    began = time.monotonic()
    marathon.create_app(build_app(job, run_id))
    try:
        while time.monotonic() - began < _PATIENCE:
            for event in events.wait(1):
                if event.get("taskStatus") == "TASK_RUNNING":
                    return time.monotonic() - began
        raise SystemExit(f"the driver of {run_id} did not run within {_PATIENCE:g} s")
    finally:
        events.close()
        marathon.delete_app(app_id_of(run_id))


def plain_run(engine: list[str], image: str, arguments: list[str]) -> float:
    """Seconds that `docker run -d` takes until the container is started; it is removed again."""
    began = time.monotonic()
    done = subprocess.run(
        [*engine, "run", "-d", "--network", "host", image, *arguments], capture_output=True, text=True, check=False
    )
    took = time.monotonic() - began
    if done.returncode:
        raise SystemExit(f"docker run failed: {done.stderr.strip()}")
    subprocess.run([*engine, "rm", "-f", done.stdout.strip()], capture_output=True, check=True)
    return took


def options_from_environment() -> dict[str, Any]:
    """The modules' connection options, as their environment variables give them."""
    options: dict[str, Any] = {}
    for name, spec in connection_options().items():
        value = os.environ.get(spec["fallback"][1][0]) if "fallback" in spec else spec["default"]
        options[name] = value.split(",") if value and spec["type"] == "list" else value
    return options


@contextmanager
def local_platform() -> Iterator[tuple[dict[str, Any], str]]:
    """A Mesos cluster and Marathon on loopback, with a small image in the engine: connection options and the image."""
    from driver_image import image_archive
    from marathon_process import MarathonProcess
    from mesos_runtime.local_cluster import AgentSpec, LocalCluster

    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        image = f"mesospark-bench-submit:{os.getpid()}"
        imported = ["docker", "import", "-c", 'ENTRYPOINT ["/entrypoint"]', "-", image]
        subprocess.run(imported, input=image_archive(), stdout=subprocess.DEVNULL, check=True)
        stack.callback(subprocess.run, ["docker", "rmi", "-f", image], stdout=subprocess.DEVNULL, check=True)
        agents = [AgentSpec("127.0.0.1"), AgentSpec("127.0.0.2")]
        mesos = stack.enter_context(LocalCluster(folder / "mesos", agents))
        marathon = stack.enter_context(MarathonProcess(folder / "marathon", mesos.master_address))
        options = options_from_environment() | {"marathon_url": [marathon.url], "mesos_url": [mesos.master_url]}
        yield options, image


def row(name: str, seconds: list[float]) -> str:
    return f"| {name} | {statistics.median(seconds):.2f} | {min(seconds):.2f} | {max(seconds):.2f} |"


def main() -> None:
    """Print one table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--image", help="image of a running platform, with its registry")
    parser.add_argument("--engine", default="docker", help="how to run the docker client of an agent")
    parser.add_argument("--principal", default="spark", help="identity of the runs on a running platform")
    parser.add_argument("--rounds", type=int, default=10)
    arguments = parser.parse_args()
    with ExitStack() as stack:
        if arguments.image:
            options, image, principal = options_from_environment(), arguments.image, arguments.principal
        else:
            options, image = stack.enter_context(local_platform())
            principal = "nobody"
        job = Job(
            name="bench",
            image=image,
            application="/etc/passwd",
            spark_master=spark_master(options["mesos_url"]),
            driver_cpus=0.1,
            driver_memory=64,
            driver_memory_overhead=64,
            principal=principal,
        )
        marathon = marathon_from(options)
        plain, submitted = [], []
        for number in range(arguments.rounds + 1):
            plain.append(plain_run(arguments.engine.split(), image, ["/etc/passwd"]))
            submitted.append(submit(marathon, job))
            time.sleep(_REST)
            print(f"round {number}: {plain[-1]:.2f} s, {submitted[-1]:.2f} s", file=sys.stderr)
    # The first round warms caches up.
    plain, submitted = plain[1:], submitted[1:]
    print("| | median s | min | max |\n| --- | --- | --- | --- |")
    print(row("plain docker run", plain))
    print(row("submit to driver RUNNING", submitted))
    print(f"\nratio of the medians: {statistics.median(submitted) / statistics.median(plain):.2f} (goal: 2.00 at most)")


if __name__ == "__main__":
    main()
