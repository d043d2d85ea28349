# SPDX-License-Identifier: GPL-3.0-or-later
"""An embedded Marathon as a process of its own, for tests and benchmarks."""

import ssl
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Mapping, Sequence
from pathlib import Path

from mesos_runtime.local_cluster.cluster import free_port
from mesos_runtime.local_cluster.process import ClusterProcess

SERVICE_FOLDER = Path(__file__).resolve().parents[1]
_START_SECONDS = 20.0


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
