# SPDX-License-Identifier: GPL-3.0-or-later
"""mesos-docker-executor: one Docker container as one Mesos task."""

import base64
import json
import math
import os
import threading
import time
from collections.abc import Mapping, Sequence
from functools import partial

from mesos_executors.docker_arguments import Place, create_command
from mesos_executors.docker_engine import DockerEngine
from mesos_executors.docker_run import DockerRun
from mesos_executors.executor import Executor, start
from mesos_executors.health import HealthChecker
from mesos_executors.log import log
from mesos_executors.recovery_mark import RecoveryMark
from mesos_executors.settings import Settings
from mesos_executors.values import Json, is_true, parse_flags, require_flags, seconds_of_text

_PROGRAM = "mesos-docker-executor"
_HELP = f"""Usage: {_PROGRAM} --container=NAME --docker=PATH --docker_socket=PATH --sandbox_directory=PATH
    --mapped_directory=PATH [--cgroups_enable_cfs] [--default_container_dns=JSON] [--stop_timeout=DURATION]
    [--task_environment=JSON]
Started by a Mesos agent for each docker task."""
# The beginning of the time at which a container has started that has not.
_NEVER = "0001-"
_STOP_ATTEMPTS = 5
# The engine can miss the exit of a container: how long its end is waited for after a stop.
_END_TIMEOUT = 20.0


class DockerExecutor(Executor):
    """`flags` are those the agent gave."""

    def __init__(self, settings: Settings, flags: Mapping[str, str]) -> None:
        super().__init__(settings)
        self._place = Place(
            container=flags["container"],
            sandbox=flags["sandbox_directory"],
            mapped_sandbox=flags["mapped_directory"],
            enforce_cpu_quota=is_true(flags.get("cgroups_enable_cfs")),
            default_dns=flags.get("default_container_dns", ""),
            task_environment=flags.get("task_environment", ""),
        )
        socket_path = flags.get("docker_socket") or "/var/run/docker.sock"
        self._engine = DockerEngine(flags["docker"], socket_path, flags["container"])
        self.shutdown_grace = max(self.shutdown_grace, seconds_of_text(flags.get("stop_timeout"), 0.0))
        self._mark = RecoveryMark(settings, self.session.hurry)
        self._run: DockerRun | None = None
        self._start_known = threading.Event()  # set when the container runs, or never will
        self._exit_status: int | None = None
        self._container_status: Json | None = None
        self._stopper: threading.Thread | None = None
        self._stop_grace = math.inf

    def on_subscribed(self) -> None:
        if not self.checkpoint:
            return
        try:
            self._mark.write()
        except OSError as error:
            log("the agent's checkpoint cannot be written, a restart of the agent will end this task:", error)

    # ---- start

    def launch(self, task: Json) -> None:
        command = create_command(task, self._place)
        self._run = DockerRun(self._engine, command, lambda status: self.loop.post(lambda: self._on_exit(status)))
        threading.Thread(target=self._watch_start, args=(self._run,), name="watcher", daemon=True).start()
        self.limit_completion_time()

    def _watch_start(self, run: DockerRun) -> None:
        """Wait until the container has been started; the engine may be slow."""
        pause = 0.03
        while True:
            over = run.over
            try:
                found = self._engine.inspect()
            except (OSError, ValueError) as error:
                found = None
                log("the engine does not answer:", error)
            if found and found["State"].get("StartedAt", _NEVER).startswith(_NEVER):
                found = None
            if found or over:
                self.loop.post(partial(self._on_start_known, found))
                return
            time.sleep(pause)
            pause = min(pause * 1.3, 0.5)

    def _on_start_known(self, found: Json | None) -> None:
        if found:
            addresses = _addresses(found)
            if addresses and self.task:
                network = (self.task["container"].get("network_infos") or [{}])[0]
                self._container_status = {"network_infos": [{**network, "ip_addresses": addresses}]}
            if not self.killing:
                data = base64.b64encode(json.dumps([found]).encode()).decode()
                self.update("TASK_RUNNING", container_status=self._container_status, data=data)
                self._start_checks(found, addresses)
        self._start_known.set()
        if self._exit_status is not None:
            self._finish(self._exit_status)

    def _start_checks(self, found: Json, addresses: Sequence[Json]) -> None:
        check = (self.task or {}).get("health_check")
        if not check or self._exit_status is not None:
            return

        def report(healthy: bool, hopeless: bool) -> None:
            self.loop.post(lambda: self.report_health(healthy, hopeless, self._container_status))

        address = addresses[0]["ip_address"] if addresses else None
        pid = found["State"].get("Pid") or None
        self.watch_health(HealthChecker(check, self._engine.execute, report, pid, address))

    # ---- end

    def _on_exit(self, status: int) -> None:
        self._exit_status = status
        self.stop_checks()
        if self._start_known.is_set():
            self._finish(status)
        # Otherwise the watcher knows in a moment, and TASK_RUNNING still comes before the end.

    def _finish(self, status: int) -> None:
        state, reason = self.end_state(status == 0)
        self.update(
            state,
            message=f"Container exited with status {status}",
            reason=reason,
            healthy=False if self.unhealthy else None,
            container_status=self._container_status,
        )

    def kill(self, grace: float | None = None) -> None:
        if self.terminal or not self._run:
            return
        if grace is None:
            policy = self.task_grace_period()
            grace = self.shutdown_grace if policy is None else policy
        self.begin_kill(self._container_status)
        if self._stopper and self._stopper.is_alive() and grace >= self._stop_grace:
            return  # a later kill may only hurry
        self._stop_grace = grace
        self._stopper = threading.Thread(target=self._stop, args=(self._run, grace), name="stopper", daemon=True)
        self._stopper.start()

    def _stop(self, run: DockerRun, grace: float) -> None:
        self._start_known.wait(60)
        for _attempt in range(_STOP_ATTEMPTS):
            if run.over:
                return
            try:
                status, data = self._engine.call("POST", f"/stop?t={math.ceil(grace)}", grace + 30)
                if status in (204, 304):
                    break
                log("stop was answered", status, data[:200].decode(errors="replace"))
                if status == 404:
                    run.abandon()
                    return
            except OSError as error:
                log("the engine does not answer:", error)
            time.sleep(5)
        if not run.wait(_END_TIMEOUT):
            log("the engine does not tell of the container's end")
            run.abandon()


def _addresses(found: Json) -> list[Json]:
    """IP addresses of a container on a network of its own, as Mesos reports them."""
    mode = found.get("HostConfig", {}).get("NetworkMode", "")
    if mode in ("host", "none"):
        return []
    settings = found.get("NetworkSettings", {})
    networks = settings.get("Networks") or {}
    network: Json = networks.get(mode) or next(iter(networks.values()), {})
    pairs = (
        ("IPv4", network.get("IPAddress") or settings.get("IPAddress")),
        ("IPv6", network.get("GlobalIPv6Address")),
    )
    return [{"protocol": protocol, "ip_address": address} for protocol, address in pairs if address]


def main(arguments: Sequence[str]) -> None:
    """Serve one task; ends the process."""
    flags = parse_flags(arguments)
    if is_true(flags.get("help")):
        print(_HELP)
        return
    require_flags(_PROGRAM, flags, ("container", "docker", "sandbox_directory", "mapped_directory"))
    start(_PROGRAM, DockerExecutor, os.path.realpath(flags["sandbox_directory"]), flags)
