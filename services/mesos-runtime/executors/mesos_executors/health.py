# SPDX-License-Identifier: GPL-3.0-or-later
"""Mesos health checks: COMMAND, HTTP and TCP."""

import os
import socket
import threading
import time
from collections.abc import Callable

from mesos_executors.http_client import Address, Connection
from mesos_executors.log import log
from mesos_executors.values import Json

_CLONE_NEWNET = 0x40000000
_REDIRECTS = 10
Outcome = tuple[bool, str]


class HealthChecker(threading.Thread):
    """Checks a task by the HealthCheck of its TaskInfo.

    `run_command(command, timeout)` runs a COMMAND check in the task's surroundings. `report(healthy, hopeless)` is
    called, from this thread, at the first success, at every failure and at a recovery. HTTP and TCP checks go to the
    loopback address of the network namespace of process `namespace_of`; `address` is used where that namespace cannot
    be entered (an engine with other process ids). None for both: this host.
    """

    def __init__(
        self,
        check: Json,
        run_command: Callable[[Json, float], Outcome],
        report: Callable[[bool, bool], None],
        namespace_of: int | None = None,
        address: str | None = None,
    ) -> None:
        super().__init__(name="health", daemon=True)
        self._check = check
        self._run_command = run_command
        self._report = report
        self._namespace_of = namespace_of
        self._fallback_address = address
        self._address: str | None = None
        self._stopped = threading.Event()
        default = "COMMAND" if "command" in check else "HTTP" if "http" in check else "TCP"
        self._kind: str = check.get("type") or default

    def stop(self) -> None:
        """No further check is begun, nothing more is reported."""
        self._stopped.set()

    def run(self) -> None:
        """Check until stopped."""
        check = self._check
        if self._namespace_of and self._kind != "COMMAND":
            self._enter_network(self._namespace_of)
        started = time.monotonic()
        grace = check.get("grace_period_seconds", 10.0)
        limit = check.get("consecutive_failures", 3)
        timeout = check.get("timeout_seconds", 20.0) or 3600.0
        failures = 0
        was_healthy = False
        self._stopped.wait(check.get("delay_seconds", 15.0))
        while not self._stopped.is_set():
            healthy, why = self._once(timeout)
            if self._stopped.is_set():
                return
            if healthy:
                if failures or not was_healthy:
                    self._report(True, False)
                was_healthy, failures = True, 0
            elif not was_healthy and time.monotonic() - started <= grace:
                log("health check failed in its grace period:", why)
            else:
                failures += 1
                log(f"health check failed {failures} times in a row: {why}")
                self._report(False, failures >= limit)
            self._stopped.wait(check.get("interval_seconds", 10.0))

    def _once(self, timeout: float) -> Outcome:
        try:
            if self._kind == "COMMAND":
                return self._run_command(self._check["command"], timeout)
            target = self._check[self._kind.lower()]
            host = self._address or ("::1" if target.get("protocol") == "IPv6" else "127.0.0.1")
            if self._kind == "TCP":
                socket.create_connection((host, target["port"]), timeout).close()
                return True, ""
            return _get(target, host, timeout)
        except (OSError, ValueError, KeyError) as error:
            return False, f"{type(error).__name__}: {error}"

    def _enter_network(self, pid: int) -> None:
        try:
            _enter_network_namespace(pid)
        except OSError as error:
            self._address = self._fallback_address
            log(f"the network of process {pid} cannot be entered ({error}): checking {self._address or 'this host'}")


def _get(target: Json, host: str, timeout: float) -> Outcome:
    """GET as a browser would: redirects within the host are followed, certificates are not judged."""
    tls = None
    if target.get("scheme") == "https":
        import ssl

        tls = ssl.create_default_context()
        tls.check_hostname = False
        tls.verify_mode = ssl.CERT_NONE
    address = Address(host, target["port"], tls=tls)
    path = target.get("path") or "/"
    deadline = time.monotonic() + timeout
    for _redirect in range(_REDIRECTS):
        connection = Connection(address, max(0.1, deadline - time.monotonic()))
        try:
            answer = connection.request("GET", path, headers={"Accept": "*/*", "Connection": "close"})
        finally:
            connection.close()
        location = answer.headers.get("location", "")
        if answer.status in (301, 302, 303, 307, 308) and location.startswith("/"):
            path = location
            continue
        return 200 <= answer.status < 400, f"HTTP {answer.status}"
    return False, "too many redirects"


def _enter_network_namespace(pid: int) -> None:
    """Move the calling thread, and it alone."""
    import ctypes  # few tasks need it

    libc = ctypes.CDLL(None, use_errno=True)
    descriptor = os.open(f"/proc/{pid}/ns/net", os.O_RDONLY)
    try:
        if libc.setns(descriptor, _CLONE_NEWNET):
            number = ctypes.get_errno()
            raise OSError(number, os.strerror(number))
    finally:
        os.close(descriptor)
