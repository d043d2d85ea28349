# SPDX-License-Identifier: GPL-3.0-or-later
"""A real Mesos master and agents on loopback."""

import shutil
import signal
import socket
import ssl
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any

from mesos_runtime.cache import runtime_folder
from mesos_runtime.local_cluster.certificates import Certificate, CertificateAuthority
from mesos_runtime.local_cluster.client import OperatorClient
from mesos_runtime.local_cluster.credentials import CredentialFiles
from mesos_runtime.local_cluster.errors import ClusterError
from mesos_runtime.local_cluster.leftovers import remove_leftovers
from mesos_runtime.local_cluster.options import AgentSpec, Authentication, Tls
from mesos_runtime.local_cluster.process import ClusterProcess

_START_TIMEOUT = 30.0


class LocalAgent(ClusterProcess):
    """An agent of the cluster: `host`, `port`, `url`, and what ClusterProcess can do."""

    def __init__(self, name: str, spec: AgentSpec, url: str, port: int, work_folder: Path, **process: Any) -> None:
        super().__init__(name, **process)
        self.spec = spec
        self.host = spec.host
        self.port = port
        self.url = url
        self.work_folder = work_folder


class LocalCluster:
    """Master and agents as child processes; everything is removed again by `stop` or at the end of a `with` block.

    `work_folder` is made if it is missing; logs, certificates and credentials are kept in it (`logs/`, `tls/`,
    `credentials/`) after the end, the agents' work directories are not. The runtime is the one that
    `mesos_runtime.cache.runtime_folder` gives (MESOSPARK_RUNTIME, or the cached build).
    `master_flags` and `agent_flags` are further flags without the dashes and win over the cluster's own.
    """

    def __init__(
        self,
        work_folder: Path | str,
        agents: Sequence[AgentSpec] = (AgentSpec(),),
        *,
        tls: Tls | None = None,
        authentication: Authentication | None = None,
        master_flags: Mapping[str, str] | None = None,
        agent_flags: Mapping[str, str] | None = None,
        master_port: int | None = None,
        runtime: Path | None = None,
    ) -> None:
        self.work_folder = Path(work_folder).resolve()
        self.tls = tls
        self.authentication = authentication
        self.runtime = runtime or runtime_folder()
        self.master_host = "127.0.0.1"
        self.master_port = master_port or free_port(self.master_host)
        self.scheme = "https" if tls else "http"
        self.authority: CertificateAuthority | None = None
        self.client_certificate: Certificate | None = None
        self.server_certificate: Certificate | None = None
        if tls:
            self.authority = CertificateAuthority(self.work_folder / "tls")
            hosts = sorted({self.master_host, *(spec.host for spec in agents)})
            self.server_certificate = self.authority.issue("host", hosts, ["localhost"])
            self.client_certificate = self.authority.issue("client", hosts, ["client"])
        self.credentials: dict[str, str] = {}
        self._credential_files: CredentialFiles | None = None
        if authentication:
            self.credentials = authentication.credentials()
            self._credential_files = CredentialFiles(self.work_folder / "credentials", authentication, self.credentials)
        self.cgroups_root = f"mesospark-local-{self.master_port}"
        self.master = ClusterProcess(
            "mesos-master",
            [
                str(self.runtime / "sbin/mesos-master"),
                *_flag_arguments(self._master_flags() | dict(master_flags or {})),
            ],
            self.library_environment(),
            self.work_folder / "logs/master.log",
        )
        self.agents = [self._agent(i, spec, dict(agent_flags or {})) for i, spec in enumerate(agents, start=1)]

    def __enter__(self) -> "LocalCluster":
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def master_address(self) -> str:
        """`host:port` of the master, as `--master` flags take it."""
        return f"{self.master_host}:{self.master_port}"

    @property
    def master_url(self) -> str:
        """Base URL of the master."""
        return f"{self.scheme}://{self.master_address}"

    def start(self) -> "LocalCluster":
        """Start everything; returns when the master leads and every agent is registered."""
        try:
            self.start_master()
            for agent in self.agents:
                agent.start()
            if self.agents:
                self.wait_for_agents()
        except BaseException:
            self.stop()
            raise
        return self

    def stop(self) -> None:
        """End every process and remove what the agents left: tasks, containers, cgroups, mounts, work directories."""
        for process in (*self.agents, self.master):
            process.kill()
        remove_leftovers(self.work_folder, self.cgroups_root)
        for folder in ("master", *(agent.name for agent in self.agents)):
            shutil.rmtree(self.work_folder / folder, ignore_errors=True)

    def start_master(self) -> None:
        """Start the master (again) and wait until it leads."""
        self.master.start()
        self.wait_until(lambda: self._registered() is not None, "the master to lead", self.master)

    def wait_for_agents(self, count: int | None = None, timeout: float = _START_TIMEOUT) -> list[dict[str, Any]]:
        """Wait until `count` agents (all running ones by default) are registered and active; their /slaves entries."""

        def active() -> list[dict[str, Any]]:
            wanted = count if count is not None else sum(agent.running for agent in self.agents)
            for agent in self.agents:
                if count is None and not agent.running:
                    raise ClusterError(f"{agent.name} ended{agent.log_tail()}")
            found = [a for a in self._registered() or [] if a["active"]]
            return found if len(found) >= wanted and wanted else []

        agents: list[dict[str, Any]] = self.wait_until(
            active, "the agents to register", self.agents[-1] if self.agents else self.master, timeout
        )
        return agents

    def wait_until(
        self,
        condition: Callable[[], Any],
        what: str,
        process: ClusterProcess | None = None,
        timeout: float = _START_TIMEOUT,
    ) -> Any:
        """The first true value of `condition`; ClusterError with the log of `process` after `timeout` seconds."""
        watched = process or self.master
        deadline = time.monotonic() + timeout
        while True:
            value = condition()
            if value:
                return value
            if not watched.running:
                raise ClusterError(f"{watched.name} ended while waiting for {what}{watched.log_tail()}")
            if time.monotonic() > deadline:
                raise ClusterError(f"waited {timeout:g} s for {what}{watched.log_tail()}")
            time.sleep(0.05)

    def _registered(self) -> list[dict[str, Any]] | None:
        """What the master says of its agents; None while it does not lead (it answers 503 then) or is not there."""
        answer = self.master_get("/slaves")
        return answer["slaves"] if isinstance(answer, dict) else None

    def client(self, process: ClusterProcess | None = None) -> OperatorClient:
        """An HTTP client of the master or of an agent, with the operator's credentials and certificate."""
        url = process.url if isinstance(process, LocalAgent) else self.master_url
        operator = None
        if self.authentication:
            operator = (self.authentication.operator, self.credentials[self.authentication.operator])
        return OperatorClient(url, self.client_context(), operator)

    def master_get(self, path: str) -> Any:
        """JSON (or text) of a GET from the master; None while it does not answer."""
        return self.client().get(path)

    def client_context(self) -> ssl.SSLContext | None:
        """TLS context of a client with a right certificate; None without TLS."""
        return self.authority.client_context(self.client_certificate) if self.authority else None

    def library_environment(self) -> dict[str, str]:
        """The LIBPROCESS_SSL_* variables of the cluster's own processes; also right for frameworks on libprocess."""
        if self.tls is None or self.server_certificate is None or self.authority is None:
            return {}
        return {
            "LIBPROCESS_SSL_ENABLED": "true",
            "LIBPROCESS_SSL_SUPPORT_DOWNGRADE": "false",
            "LIBPROCESS_SSL_CERT_FILE": str(self.server_certificate.certificate),
            "LIBPROCESS_SSL_KEY_FILE": str(self.server_certificate.key),
            "LIBPROCESS_SSL_CA_FILE": str(self.authority.certificate),
            "LIBPROCESS_SSL_VERIFY_SERVER_CERT": "true",
            "LIBPROCESS_SSL_REQUIRE_CLIENT_CERT": "true" if self.tls.require_client_cert else "false",
            "LIBPROCESS_SSL_HOSTNAME_VALIDATION_SCHEME": "openssl",
            # The processes address each other by IP, also where certificates have names.
            "LIBPROCESS_SSL_VERIFY_IPADD": "true",
            "LIBPROCESS_SSL_ENABLE_SSL_V3": "false",
            "LIBPROCESS_SSL_ENABLE_TLS_V1_0": "false",
            "LIBPROCESS_SSL_ENABLE_TLS_V1_1": "false",
            "LIBPROCESS_SSL_ENABLE_TLS_V1_2": "true",
            "LIBPROCESS_SSL_ENABLE_TLS_V1_3": "true" if self.tls.tls_v1_3 else "false",
            "LIBPROCESS_SSL_CIPHERS": (
                "ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384:"
                "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256"
            ),
            "LIBPROCESS_SSL_ECDH_CURVES": "auto",
        }

    def _master_flags(self) -> dict[str, str]:
        flags = {
            "ip": self.master_host,
            "port": str(self.master_port),
            "hostname": self.master_host,
            "work_dir": str(self.work_folder / "master"),
            "registry": "in_memory",
            "allocation_interval": "200ms",
        }
        if self._credential_files:
            flags |= self._credential_files.master_flags()
        return flags

    def _agent(self, number: int, spec: AgentSpec, more: dict[str, str]) -> LocalAgent:
        name = f"agent{number}"
        folder = self.work_folder / name
        port = spec.port or free_port(spec.host)
        flags = {
            "ip": spec.host,
            "port": str(port),
            "hostname": spec.host,
            "master": self.master_address,
            "work_dir": str(folder / "work"),
            "runtime_dir": str(folder / "run"),
            "fetcher_cache_dir": str(folder / "fetch"),
            "launcher_dir": str(self.runtime / "libexec/mesos"),
            "launcher": "posix",
            "isolation": "posix/cpu,posix/mem",
            "containerizers": spec.containerizers,
            "resources": spec.resources,
            "cgroups_root": self.cgroups_root,
            "no-systemd_enable_support": "",
            # All agents of all local clusters share one engine.
            "no-docker_kill_orphans": "",
            # What ended tasks leave is looked at, one by one, whenever an agent starts.
            "docker_remove_delay": "15secs",
            "executor_registration_timeout": "2mins",
            "registration_backoff_factor": "100ms",
        }
        if spec.attributes:
            flags["attributes"] = spec.attributes
        if docker := shutil.which("docker"):
            flags["docker"] = docker
        if self._credential_files:
            flags |= self._credential_files.agent_flags()
        flags |= more | dict(spec.flags)
        return LocalAgent(
            name,
            spec,
            f"{self.scheme}://{spec.host}:{port}",
            port,
            folder / "work",
            command=[str(self.runtime / "sbin/mesos-agent"), *_flag_arguments(flags)],
            environment=self.library_environment(),
            log=self.work_folder / f"logs/{name}.log",
        )

    def restart_agent(self, agent: LocalAgent, number: signal.Signals = signal.SIGKILL, pause: float = 0.0) -> None:
        """End an agent by a signal, wait `pause` seconds, start it again and wait for its registration."""
        agent.send_signal(number)
        agent.wait(20)
        time.sleep(pause)
        mark = len(agent.log_text())
        agent.start()
        self.wait_until(
            lambda: any(text in agent.log_text()[mark:] for text in ("Re-registered with master", "Registered with")),
            f"{agent.name} to register again",
            agent,
        )


def free_port(host: str = "127.0.0.1") -> int:
    """A TCP port that is free on `host` now."""
    with socket.socket() as probe:
        probe.bind((host, 0))
        port: int = probe.getsockname()[1]
    return port


def _flag_arguments(flags: Mapping[str, str]) -> list[str]:
    return [f"--{name}={value}" if value else f"--{name}" for name, value in flags.items()]
