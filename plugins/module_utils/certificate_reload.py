# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Makes systemd units use the certificate files that lie on the host, one unit after the other."""

from __future__ import annotations

import os
import time
import typing as t

from . import certificate, handshake
from .errors import PlatformError

_POLL = 0.5  # seconds
_HANDSHAKE_TIMEOUT = 5.0  # seconds
_RUNNING = ("active", "reloading")
_LOG_LINES = "10"

Service = t.Mapping[str, t.Any]
RunCommand = t.Callable[[t.List[str]], t.Tuple[int, str, str]]


class Reloader:
    """Looks at units and restarts or reloads them.

    Args:
        run_command: runs a command and returns its exit status, output and errors.
        files: certificate, key and authorities of the host; the certificate first.
    """

    def __init__(self, run_command: RunCommand, files: t.Sequence[str]) -> None:
        self._run_command = run_command
        self._files = files

    def reason(self, service: Service) -> str:
        """Why the unit does not use the files as they are; empty if it does, or if it does not run."""
        properties = self._properties(service["unit"])
        if properties.get("ActiveState") not in _RUNNING:
            return ""
        # Monotonic time, because the clock may have been set since.
        since = time.time() - time.monotonic() + float(properties["StateChangeTimestampMonotonic"]) / 1e6
        files = [*self._files, *service["files"]]
        newer = [path for path in files if os.path.exists(path) and os.path.getmtime(path) > since]
        if newer:
            return f"{newer[0]} is newer than its last start"
        for listener in service["listeners"]:
            if self._serves_other(listener):
                return f"it serves another certificate on port {listener['port']} than {self._files[0]} holds"
        return ""

    def renew(self, service: Service) -> None:
        """Restart or reload the unit, and wait until it serves the certificate and does its work.

        Raises:
            PlatformError: it does not within the service's ``timeout`` (seconds).
        """
        unit, action = service["unit"], service["action"]
        status, _output, errors = self._run_command(["systemctl", action, unit])
        if status:
            raise PlatformError(f"{unit} could not be {action}ed: {errors.strip()}{self._log(unit)}")
        deadline = time.monotonic() + service["timeout"]
        while missing := self._missing(service):
            if time.monotonic() > deadline:
                raise PlatformError(
                    f"{unit} was {action}ed, but {missing} after {service['timeout']:g} s{self._log(unit)}"
                )
            time.sleep(_POLL)

    def _missing(self, service: Service) -> str:
        state = self._properties(service["unit"]).get("ActiveState", "unknown")
        if state not in _RUNNING:
            return f"it is {state}"
        for listener in service["listeners"]:
            try:
                if self._serves_other(listener, strict=True):
                    return f"port {listener['port']} serves another certificate than {self._files[0]} holds"
            except OSError as error:
                return f"port {listener['port']} does not answer ({handshake.explain(error)})"
        if service["health"]:
            status, output, errors = self._run_command(["/bin/sh", "-c", service["health"]])
            if status:
                return f"its health check failed: {(errors or output).strip() or 'exit status ' + str(status)}"
        return ""

    def _serves_other(self, listener: t.Mapping[str, t.Any], *, strict: bool = False) -> bool:
        """Whether a listener shows another certificate; without ``strict``, silence shows none."""
        held = certificate.read_certificates(self._files[0])[0]
        target = handshake.Listener(listener["address"], listener["port"], listener["address"])
        try:
            chain = handshake.look(target, None, _HANDSHAKE_TIMEOUT).chain
        except OSError:
            if strict:
                raise
            return False
        if not chain:
            return strict
        return chain[0] != held

    def _properties(self, unit: str) -> dict[str, str]:
        command = ["systemctl", "show", "--property=ActiveState,StateChangeTimestampMonotonic", unit]
        _status, output, _errors = self._run_command(command)
        return dict(line.split("=", 1) for line in output.splitlines() if "=" in line)

    def _log(self, unit: str) -> str:
        command = ["journalctl", f"--unit={unit}", "--no-pager", "--output=cat", "--lines", _LOG_LINES]
        _status, output, _errors = self._run_command(command)
        return f". The end of its log:\n{output.strip()}" if output.strip() else ""
