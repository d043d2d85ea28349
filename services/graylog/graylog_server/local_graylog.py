# SPDX-License-Identifier: GPL-3.0-or-later
"""A real Graylog on loopback for tests: all three servers, on free ports and in a folder of their own.

Needs the folder services/mesos-runtime in the import path, for its processes.
"""

import base64
import hashlib
import json
import secrets
import socket
import sys
import time
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from mesos_runtime.local_cluster.process import ClusterProcess

from . import GRAYLOG_VERSION
from .build import unpacked

START_TIMEOUT = 180.0  # seconds, on a machine with much else to do
BEATS = "org.graylog.plugins.beats.Beats2Input"
# What is compiled once, and quickly, is enough for a server that lives for minutes.
JAVA_OPTIONS = ["-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Dlog4j2.disable.jmx=true"]


class GraylogError(Exception):
    """What went wrong, with the end of the log that tells why."""


@dataclass(frozen=True)
class InputTls:
    """Files (PEM, the key as PKCS#8) of an input that takes only clients with a certificate of `authority`."""

    certificate: Path
    key: Path
    authority: Path


class LocalGraylog:
    """Graylog with what it stands on. Use it as a context manager; it starts in about 20 seconds.

    Args:
        folder: where everything is kept; made if missing. What a stopped one left there is found again.
        settings: further settings of graylog.conf.
        heap: of Graylog and of Elasticsearch each, such as `512m`.
    """

    username = "admin"

    def __init__(self, folder: Path, settings: dict[str, str] | None = None, heap: str = "400m") -> None:
        self.folder = folder.absolute()
        self.password = secrets.token_urlsafe(16)
        self._settings = settings or {}
        self._heap = heap
        self._port, self._search_port, self._transport_port, self._store_port = _free_ports(4)
        home = unpacked(lambda message: print(f"graylog_server: {message}", file=sys.stderr))
        self.search = self._search(home)
        self.store = self._store(home)
        self.server = self._server(home)

    @property
    def url(self) -> str:
        """Address of the interface, without `/api` and without a slash at its end."""
        return f"http://127.0.0.1:{self._port}"

    @property
    def search_url(self) -> str:
        """Address of Elasticsearch."""
        return f"http://127.0.0.1:{self._search_port}"

    def __enter__(self) -> Self:
        try:
            self.start()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, *_unused: object) -> None:
        self.stop()

    def start(self) -> None:
        """Starts what does not run, and waits until Graylog takes messages.

        Raises GraylogError if one of them ends, or after three minutes.
        """
        for process in (self.search, self.store):
            if not process.running:
                process.start()
        deadline = time.monotonic() + START_TIMEOUT
        self._wait(self.store, self._store_answers, deadline)
        self._wait(self.search, self._search_answers, deadline)
        if not self.server.running:
            self.server.start()
        self._wait(self.server, self._server_answers, deadline)

    def stop(self) -> None:
        """Ends all three; what was not written yet is."""
        for process in (self.server, self.search, self.store):
            process.stop(timeout=30)

    def kill(self) -> None:
        """Ends Graylog itself as a crash would; `start` brings it back."""
        self.server.kill()

    def call(self, method: str, path: str, body: object = None, accept: str = "application/json") -> Any:
        """An answer of the API (`path` begins below `/api`), decoded if it is JSON; GraylogError for an error."""
        account = base64.b64encode(f"{self.username}:{self.password}".encode()).decode()
        headers = {"Authorization": f"Basic {account}", "X-Requested-By": "tests", "Accept": accept}
        headers["Content-Type"] = "application/json"
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"{self.url}/api{path}", data, headers, method=method)
        try:
            with _direct.open(request, timeout=60) as answer:
                content = answer.read()
                if content and answer.headers.get_content_type() == "application/json":
                    return json.loads(content)
                return content.decode()
        except urllib.error.HTTPError as error:
            text = error.read().decode(errors="replace")
            raise GraylogError(f"{method} {path}: HTTP {error.code}: {text[:500]}") from None

    def open_beats(self, title: str = "beats", tls: InputTls | None = None, port: int | None = None) -> int:
        """Opens an input of Beats without prefixes, on a free port if none is given; the port, which listens."""
        number = port or _free_ports(1)[0]
        configuration: dict[str, Any] = {"bind_address": "127.0.0.1", "port": number, "no_beats_prefix": True}
        configuration |= {"recv_buffer_size": 1048576, "number_worker_threads": 2}
        if tls:
            configuration |= {
                "tls_enable": True,
                "tls_cert_file": str(tls.certificate),
                "tls_key_file": str(tls.key),
                "tls_client_auth": "required",
                "tls_client_auth_cert_file": str(tls.authority),
            }
        wanted = {"title": title, "type": BEATS, "global": True, "configuration": configuration}
        self.call("POST", "/system/inputs", wanted)
        deadline = time.monotonic() + 30
        while not _listens(number):
            if time.monotonic() > deadline:
                raise GraylogError(f"the input {title} does not listen on port {number}{self.server.log_tail()}")
            time.sleep(0.1)
        # Graylog 3.3 starts a new input once more a second after it was made.
        time.sleep(2)
        return number

    def _wait(self, process: ClusterProcess, ready: Any, deadline: float) -> None:
        while not ready():
            if not process.running:
                raise GraylogError(f"{process.name} ended{process.log_tail()}")
            if time.monotonic() > deadline:
                raise GraylogError(f"{process.name} did not answer in time{process.log_tail()}")
            time.sleep(0.2)

    def _store_answers(self) -> bool:
        return _listens(self._store_port)

    def _search_answers(self) -> bool:
        return _answers(f"{self.search_url}/_cluster/health?wait_for_status=yellow&timeout=1s")

    def _server_answers(self) -> bool:
        # The API is up before the index that messages are written to.
        return _answers(f"{self.url}/api/system/lbstatus") and _answers(f"{self.search_url}/graylog_deflector")

    def _search(self, home: Path) -> ClusterProcess:
        data, configuration = self.folder / "elasticsearch", self.folder / "elasticsearch-configuration"
        for folder in (data, configuration):
            folder.mkdir(parents=True, exist_ok=True)
        settings = {
            "cluster.name": "graylog",
            "network.host": "127.0.0.1",
            "http.port": self._search_port,
            "transport.port": self._transport_port,
            "discovery.type": "single-node",
            "action.auto_create_index": "false",
            # The machine's disk is not this server's to judge.
            "cluster.routing.allocation.disk.threshold_enabled": "false",
        }
        text = "".join(f"{name}: {value}\n" for name, value in settings.items())
        (configuration / "elasticsearch.yml").write_text(text)
        arguments = ["org.mesospark.graylog.ElasticsearchNode", str(data), str(configuration)]
        class_path = f"{home}/launchers/*:{home}/elasticsearch/*"
        return self._process("elasticsearch", self._heap, class_path, arguments)

    def _store(self, home: Path) -> ClusterProcess:
        file = self.folder / "store.mv"
        arguments = ["org.mesospark.graylog.MongoProtocolServer", "127.0.0.1", str(self._store_port), str(file)]
        class_path = f"{home}/launchers/*:{home}/mongodb/*"
        return self._process("store", "96m", class_path, arguments)

    def _server(self, home: Path) -> ClusterProcess:
        data = self.folder / "graylog"
        (data / "plugins").mkdir(parents=True, exist_ok=True)
        settings = {
            "is_master": "true",
            "node_id_file": data / "node-id",
            "password_secret": secrets.token_hex(48),
            "root_password_sha2": hashlib.sha256(self.password.encode()).hexdigest(),
            "data_dir": data,
            "bin_dir": data / "bin",
            "plugin_dir": data / "plugins",
            "message_journal_dir": data / "journal",
            "message_journal_max_size": "512mb",
            "http_bind_address": f"127.0.0.1:{self._port}",
            "elasticsearch_hosts": self.search_url,
            "mongodb_uri": f"mongodb://127.0.0.1:{self._store_port}/graylog",
            "elasticsearch_shards": "1",
            "elasticsearch_replicas": "0",
            "output_flush_interval": "1",
            "processbuffer_processors": "1",
            "outputbuffer_processors": "1",
            "inputbuffer_processors": "1",
            "ring_size": "8192",
            "inputbuffer_ring_size": "8192",
            "lb_recognition_period_seconds": "0",
            "versionchecks": "false",
            **self._settings,
        }
        file = self.folder / "graylog.conf"
        file.touch(mode=0o600)
        file.write_text("".join(f"{name} = {value}\n" for name, value in settings.items()))
        jars = home / "graylog"
        # The server's own jar comes first: another one also has its version file.
        class_path = f"{jars}/graylog2-server-{GRAYLOG_VERSION}.jar:{jars}/*"
        arguments = ["org.graylog2.bootstrap.Main", "server", "--configfile", str(file), "--no-pid-file"]
        return self._process("graylog", self._heap, class_path, arguments)

    def _process(self, name: str, heap: str, class_path: str, arguments: list[str]) -> ClusterProcess:
        command = ["java", f"-Xmx{heap}", *JAVA_OPTIONS, "--add-opens", "java.base/java.lang=ALL-UNNAMED"]
        return ClusterProcess(name, [*command, "-classpath", class_path, *arguments], {}, self.folder / f"{name}.log")


_direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def _answers(url: str) -> bool:
    try:
        request = urllib.request.Request(url, headers={"Accept": "*/*"})
        with _direct.open(request, timeout=5) as answer:
            return bool(answer.status == 200)
    except (OSError, urllib.error.URLError):
        return False


def _listens(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), 2).close()
    except OSError:
        return False
    return True


def _free_ports(count: int) -> list[int]:
    """TCP ports of loopback that are free now, all different."""
    probes = [socket.create_server(("127.0.0.1", 0)) for _unused in range(count)]
    ports = [probe.getsockname()[1] for probe in probes]
    for probe in probes:
        probe.close()
    return ports
