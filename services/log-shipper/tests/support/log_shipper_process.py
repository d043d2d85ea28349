# SPDX-License-Identifier: GPL-3.0-or-later
"""The shipper as a process of its own."""

import os
import signal
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Sequence
from pathlib import Path

from journal_stand_in import JournalFile
from log_shipper_certificates import Certificates

SERVICE_FOLDER = Path(__file__).resolve().parents[2]
COMMAND = (sys.executable, "-m", "mesospark_log_shipper")


def free_port() -> int:
    """A port of 127.0.0.1 on which nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


class ShipperProcess:
    """Ships `folder/logs/*.log` (name `service`) and the sandboxes of `folder/agent` to destination `graylog`.

    `limits` and `agent_access` are lines of the configuration's tables `limits` and `sandboxes.agent`; `others` are
    further ports, each of a destination of its own called `graylog-<port>`; `journal` is one to ship the units
    mesos-agent, named and marathon of.
    """

    def __init__(self, folder: Path, certificates: Certificates, ports: Sequence[int], client: str = "client") -> None:
        self.folder = folder
        self.logs = folder / "logs"
        self.agent = folder / "agent"
        self.state = folder / "state/graylog"
        self.metrics_port = free_port()
        self.limits = ['rewind = "500ms"', 'record_quiet = "300ms"', 'line_quiet = "1s"']
        self.tls = folder / "tls"
        for path in (self.logs, self.agent, self.tls):
            path.mkdir()
        (self.tls / "ca.pem").write_bytes(certificates.path("ca.pem").read_bytes())
        self.use_client(certificates, client)
        self.ports = ports
        self.others: list[int] = []
        self.journal: JournalFile | None = None
        self.agent_access: list[str] = []
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        """The process's number."""
        assert self._process is not None
        return self._process.pid

    def use_client(self, certificates: Certificates, name: str) -> None:
        """Put another client certificate into the files that the shipper reads."""
        for ending in ("key", "pem"):
            new = self.tls / f"new.{ending}"
            new.write_bytes(certificates.path(f"{name}.{ending}").read_bytes())
            new.replace(self.tls / f"client.{ending}")

    def configuration(self) -> str:
        """The text of the configuration file."""
        destinations = [("graylog", self.ports), *((f"graylog-{port}", [port]) for port in self.others)]
        return "\n".join(
            [
                f'state_directory = "{self.folder / "state"}"',
                'host = "agent1.example.org"',
                "[metrics]",
                f"port = {self.metrics_port}",
                "[sandboxes]",
                f'work_directory = "{self.agent}"',
                *(["[sandboxes.agent]", *self.agent_access] if self.agent_access else []),
                "[[files]]",
                'name = "service"',
                f'paths = ["{self.logs}/*.log"]',
                *(["[journal]", 'units = ["mesos-agent", "named", "marathon"]'] if self.journal else []),
                *(line for name, ports in destinations for line in self._destination(name, ports)),
                "[limits]",
                *self.limits,
            ]
        )

    def _destination(self, name: str, ports: Sequence[int]) -> list[str]:
        return [
            "[[destinations]]",
            f'name = "{name}"',
            "servers = [" + ", ".join(f'"127.0.0.1:{port}"' for port in ports) + "]",
            f'ca_file = "{self.tls / "ca.pem"}"',
            f'certificate_file = "{self.tls / "client.pem"}"',
            f'key_file = "{self.tls / "client.key"}"',
        ]

    def start(self) -> None:
        """Start (again)."""
        path = self.folder / "log-shipper.toml"
        path.write_text(self.configuration(), encoding="utf-8")
        environment = {**os.environ, "PYTHONPATH": str(SERVICE_FOLDER)}
        if self.journal:
            environment["PATH"] = f"{self.journal.programs}:{environment['PATH']}"
        with (self.folder / "shipper.log").open("ab") as log:
            self._process = subprocess.Popen([*COMMAND, "--config", str(path)], env=environment, stderr=log)

    def signal(self, number: signal.Signals) -> None:
        """Send a signal."""
        assert self._process is not None
        self._process.send_signal(number)

    def stop(self) -> int:
        """Stop by SIGTERM; the exit status."""
        assert self._process is not None
        self._process.send_signal(signal.SIGTERM)
        status = self._process.wait(10)
        self._process = None
        return status

    def kill(self) -> None:
        """Stop by SIGKILL, if it runs."""
        if self._process:
            self._process.kill()
            self._process.wait(10)
            self._process = None

    def metric(self, name: str) -> float:
        """One figure from the metrics listener."""
        with urllib.request.urlopen(f"http://127.0.0.1:{self.metrics_port}/metrics", timeout=5) as answer:
            text: str = answer.read().decode()
        found = [line for line in text.splitlines() if line.startswith(f'log_shipper_{name}{{destination="graylog"}} ')]
        return float(found[0].split()[-1])

    def log(self) -> str:
        """What the shipper has logged."""
        return (self.folder / "shipper.log").read_text(encoding="utf-8")

    def resident_bytes(self) -> int:
        """The memory that the process has."""
        pages = Path(f"/proc/{self.pid}/statm").read_text(encoding="ascii").split()[1]
        return int(pages) * os.sysconf("SC_PAGE_SIZE")
