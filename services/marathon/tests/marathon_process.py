# SPDX-License-Identifier: GPL-3.0-or-later
"""An embedded Marathon as a process of its own on a local Mesos cluster, for tests and benchmarks."""

import ssl
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from mesos_runtime.local_cluster import AgentSpec
from mesos_runtime.local_cluster.cluster import free_port
from mesos_runtime.local_cluster.process import ClusterProcess

SERVICE_FOLDER = Path(__file__).resolve().parents[1]
_START_SECONDS = 20.0
_RESOURCES = "cpus:4;mem:4096;disk:4096;ports:"

AGENTS = (
    AgentSpec("127.0.0.1", "rack:r1;zone:z1;gen:5", _RESOURCES + "[31000-31499]"),
    AgentSpec("127.0.0.2", "rack:r2;zone:z1;gen:7", _RESOURCES + "[31500-31999]"),
)
"""The agents of the recorded scenarios."""

COMMAND_AGENTS = tuple(replace(agent, containerizers="mesos") for agent in AGENTS)
"""The same without Docker: they do not stumble over containers that come and go on a shared engine."""

SHORT_INTERVALS = ("--min_revive_offers_interval", "500", "--decline_offer_duration", "2000")
"""Flags of the recorded scenarios: offers come back soon."""


class MarathonProcess(ClusterProcess):
    """Marathon on a free loopback port, with its store in `work_folder`; `flags` are added to those for the listeners.

    With `tls_context` the listener is HTTPS only and the context is what a client uses; `flags` then hold its files.
    """

    def __init__(
        self,
        work_folder: Path,
        master: str,
        flags: Sequence[str] = (),
        environment: Mapping[str, str] | None = None,
        tls_context: ssl.SSLContext | None = None,
    ) -> None:
        self.host = "127.0.0.1"
        self.port = free_port(self.host)
        self.tls_context = tls_context
        self.url = f"{'https' if tls_context else 'http'}://{self.host}:{self.port}"
        listener = (
            ["--disable_http", "--https_port", str(self.port)] if tls_context else ["--http_port", str(self.port)]
        )
        super().__init__(
            "marathon",
            [
                *(sys.executable, "-m", "mesospark_marathon.main"),
                *("--master", master, "--hostname", self.host, "--store", str(work_folder / "marathon.sqlite")),
                *listener,
                *flags,
            ],
            {"PYTHONPATH": str(SERVICE_FOLDER), **(environment or {})},
            work_folder / "marathon.log",
        )
        work_folder.mkdir(parents=True, exist_ok=True)

    def __enter__(self) -> "MarathonProcess":
        self.start()
        self.wait_until_answering()
        return self

    def __exit__(self, *_exception: object) -> None:
        self.stop()

    def wait_until_answering(self, timeout: float = _START_SECONDS) -> float:
        """Wait for any answer to /ping; the seconds it took. Raises AssertionError with the log after `timeout`."""
        started = time.monotonic()
        while time.monotonic() - started < timeout:
            try:
                urllib.request.urlopen(f"{self.url}/ping", timeout=5, context=self.tls_context).close()
                return time.monotonic() - started
            except urllib.error.HTTPError:
                return time.monotonic() - started  # 401: it answers
            except OSError:
                assert self.running, f"marathon ended while starting{self.log_tail()}"
                time.sleep(0.02)
        raise AssertionError(f"marathon does not answer at {self.url} after {timeout:g} s{self.log_tail()}")


def wait_for(condition: Callable[[], Any], what: str, seconds: float = 30.0) -> Any:
    """The first true value of `condition`; AssertionError naming `what` after `seconds`."""
    deadline = time.monotonic() + seconds
    while not (value := condition()):
        assert time.monotonic() < deadline, f"waited {seconds:g} s for {what}"
        time.sleep(0.05)
    return value
