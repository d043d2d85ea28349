# SPDX-License-Identifier: GPL-3.0-or-later
"""A ZooKeeper server on loopback, from the jar that the driver is compiled against."""

import subprocess
import time
from pathlib import Path
from types import TracebackType

from mesos_runtime.local_cluster.cluster import free_port
from scheduler_driver.dependencies import METRICS, SNAPPY, ZOOKEEPER, ZOOKEEPER_JUTE

from driver_testing.java import Java


class ZooKeeper:
    """Runs until the end of a `with` block; `url` is the masters' election, `class_path` one that can read it."""

    def __init__(self, java: Java, folder: Path) -> None:
        self.port = free_port()
        self.url = f"zk://127.0.0.1:{self.port}/mesos"
        self.class_path = java.class_path("mesos-1.11.0", ZOOKEEPER, ZOOKEEPER_JUTE)
        server_class_path = java.class_path("mesos-1.11.0", ZOOKEEPER, ZOOKEEPER_JUTE, METRICS, SNAPPY)
        self._log = folder / "zookeeper.log"
        settings = folder / "zoo.cfg"
        settings.write_text(
            f"dataDir={folder}/data\nclientPort={self.port}\nclientPortAddress=127.0.0.1\ntickTime=500\n"
            "admin.enableServer=false\n"
        )
        server = "org.apache.zookeeper.server.ZooKeeperServerMain"
        self._command = [java.command, "-Xmx128m", "-cp", server_class_path, server, str(settings)]

    def __enter__(self) -> "ZooKeeper":
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(self._command, stdout=log, stderr=log)
        deadline = time.monotonic() + 20
        while "binding to port" not in self._log.read_text():
            assert self._process.poll() is None and time.monotonic() < deadline, self._log.read_text()
            time.sleep(0.1)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.kill()
        self._process.wait()
