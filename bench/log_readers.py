# SPDX-License-Identifier: GPL-3.0-or-later
"""What is compared: the log shipper and rsyslog, each a process with a state directory of its own."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterable
from importlib.util import find_spec
from pathlib import Path
from types import TracebackType
from typing import Protocol

from log_shipper_certificates import Certificates
from log_shipper_process import ShipperProcess
from process_figures import on_processor

READER_PROCESSOR = 0
_MODULES = ("imfile.so", "impstats.so", "lmnsd_ossl.so")
STATISTICS_SECONDS = 1


class Reader(Protocol):
    """A process that reads logs and sends them on; it runs within `with`."""

    @property
    def pid(self) -> int:
        """The process's number."""

    def __enter__(self) -> "Reader": ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...

    def sent(self) -> int:
        """How many records it says it has sent, or those that were acknowledged; STATISTICS_SECONDS old at most."""


class LogShipper:
    """The log shipper with its default limits: mutual TLS, facts of the tasks, records of several lines."""

    name = "log shipper"

    def __init__(self, folder: Path, certificates: Certificates, agent: Path, port: int) -> None:
        folder.mkdir()
        self._process = ShipperProcess(folder, certificates, [port])
        self._process.agent = agent
        self._process.limits = []

    @property
    def pid(self) -> int:
        return self._process.pid

    def __enter__(self) -> "LogShipper":
        with on_processor(READER_PROCESSOR):
            self._process.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.kill()

    def sent(self) -> int:
        return int(self._process.metric("records_acknowledged_total"))


class Rsyslog:
    """rsyslog's imfile, a record for each line, in syslog's format over mutual TLS; it adds no facts.

    `root`: the folder below which Debian's packages are, `/` if they are installed.
    """

    name = "rsyslog"

    def __init__(self, folder: Path, certificates: Certificates, files: Iterable[Path], port: int, root: Path) -> None:
        self._folder = folder
        self._certificates = certificates
        self._files = files
        self._port = port
        self._root = root
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    def __enter__(self) -> "Rsyslog":
        (self._folder / "state").mkdir(parents=True)
        configuration = self._folder / "rsyslog.conf"
        configuration.write_text(self._configuration(), encoding="utf-8")
        libraries = _library_folder(self._root)
        environment = {**os.environ, "LD_LIBRARY_PATH": str(libraries)}
        command = [str(_program(self._root)), "-n", "-i", "NONE", "-f", str(configuration)]
        command += ["-M", str(libraries / "rsyslog")]
        with on_processor(READER_PROCESSOR), (self._folder / "rsyslog.log").open("wb") as log:
            self._process = subprocess.Popen(command, env=environment, stdout=log, stderr=log)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._process is not None
        self._process.kill()
        self._process.wait()

    def sent(self) -> int:
        if not self._statistics.exists():
            return 0
        found = 0
        for line in self._statistics.read_text(encoding="utf-8").split("\n")[:-1]:
            figures = json.loads(line[line.index("{") :])
            if figures.get("name") == "forward":
                found = figures["processed"] - figures["failed"]
        return found

    @property
    def _statistics(self) -> Path:
        return self._folder / "statistics.json"

    def _configuration(self) -> str:
        path = self._certificates.path
        tls = (
            f'DefaultNetstreamDriver="ossl" DefaultNetstreamDriverCAFile="{path("ca.pem")}" '
            f'DefaultNetstreamDriverCertFile="{path("client.pem")}" '
            f'DefaultNetstreamDriverKeyFile="{path("client.key")}"'
        )
        return "\n".join(
            [
                f'global(workDirectory="{self._folder / "state"}" maxMessageSize="1m" {tls})',
                'module(load="imfile")',
                f'module(load="impstats" interval="{STATISTICS_SECONDS}" format="json" log.syslog="off"'
                f' log.file="{self._statistics}")',
                *(f'input(type="imfile" file="{file}" tag="spark:")' for file in self._files),
                'action(type="omfwd" name="forward" protocol="tcp" target="127.0.0.1"',
                f'  port="{self._port}" streamDriver="ossl" streamDriverMode="1"',
                '  streamDriverAuthMode="x509/name" streamDriverPermittedPeers="server"',
                '  template="RSYSLOG_SyslogProtocol23Format" action.resumeRetryCount="-1")',
                "",
            ]
        )


def missing(root: Path) -> list[str]:
    """What must be installed first, a sentence each."""
    sentences = []
    if find_spec("prometheus_client") is None:
        sentences.append(f"{sys.executable} has no prometheus-client: run this with .venv/bin/python")
    if shutil.which("openssl") is None:
        sentences.append("there is no openssl command: install openssl")
    modules = _library_folder(root) / "rsyslog"
    absent = [str(path) for path in (_program(root), *(modules / name for name in _MODULES)) if not path.exists()]
    if absent:
        sentences.append(
            f"--rsyslog {root}: there is no {', no '.join(absent)}: install rsyslog and rsyslog-openssl, or give the "
            "folder into which they are unpacked (bench/README.md)"
        )
    return sentences


def _program(root: Path) -> Path:
    return root / "usr/sbin/rsyslogd"


def _library_folder(root: Path) -> Path:
    found = next((root / "usr/lib").glob("*/rsyslog/imfile.so"), None)
    return found.parents[1] if found else root / "usr/lib"
