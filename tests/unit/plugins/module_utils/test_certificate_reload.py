# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which units are out of date, with a scripted systemctl; handshakes are tried in tests/modules and on hosts."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.mesospark.platform.plugins.module_utils.certificate_reload import Reloader
from ansible_collections.mesospark.platform.plugins.module_utils.errors import PlatformError

SERVICE = {"unit": "nginx", "action": "reload", "listeners": [], "files": [], "health": "", "timeout": 0.0}


class Systemd:
    """A unit that was started some seconds ago; ``commands`` are those that were run."""

    def __init__(self, seconds_ago: float, state: str = "active") -> None:
        self.state = state
        self.since = time.monotonic() - seconds_ago
        self.commands: list[list[str]] = []
        self.failing: set[str] = set()

    def __call__(self, command: list[str]) -> tuple[int, str, str]:
        self.commands.append(command)
        if command[0] == "journalctl":
            return 0, "bind() failed\n", ""
        if command[1] == "show":
            return 0, f"ActiveState={self.state}\nStateChangeTimestampMonotonic={int(self.since * 1e6)}\n", ""
        if command[1] in self.failing or command[0] in self.failing:
            return 1, "", "it will not\n"
        if command[1] in ("restart", "reload"):
            self.since = time.monotonic()
        return 0, "", ""


@pytest.fixture
def certificate(tmp_path: Path) -> str:
    """A file that was written a minute ago."""
    path = tmp_path / "host.pem"
    path.write_text("certificate")
    os.utime(path, (time.time() - 60, time.time() - 60))
    return str(path)


def reason(systemd: Systemd, *files: str, **service: Any) -> str:
    return Reloader(systemd, files).reason({**SERVICE, **service})


def test_a_unit_that_started_after_the_change(certificate: str) -> None:
    assert reason(Systemd(30), certificate, "/nowhere/ca.pem") == ""


def test_a_unit_that_started_before_the_change(certificate: str) -> None:
    assert reason(Systemd(90), certificate) == f"{certificate} is newer than its last start"


def test_a_file_of_its_own(certificate: str) -> None:
    assert reason(Systemd(90), "/nowhere/host.pem") == ""
    assert (
        reason(Systemd(90), "/nowhere/host.pem", files=[certificate]) == f"{certificate} is newer than its last start"
    )


@pytest.mark.parametrize("state", ["inactive", "failed", "activating"])
def test_a_unit_that_does_not_run(certificate: str, state: str) -> None:
    assert reason(Systemd(90, state), certificate) == ""


def test_after_a_reload_it_is_up_to_date(certificate: str) -> None:
    systemd = Systemd(90)
    Reloader(systemd, [certificate]).renew(SERVICE)
    assert ["systemctl", "reload", "nginx"] in systemd.commands
    assert reason(systemd, certificate) == ""


def test_a_unit_that_can_not_be_reloaded(certificate: str) -> None:
    systemd = Systemd(90)
    systemd.failing = {"reload"}
    with pytest.raises(PlatformError, match=r"nginx could not be reloaded: it will not.*\nbind\(\) failed"):
        Reloader(systemd, [certificate]).renew(SERVICE)


def test_a_unit_that_is_not_healthy_afterwards(certificate: str) -> None:
    systemd = Systemd(90)
    systemd.failing = {"/bin/sh"}
    with pytest.raises(PlatformError, match=r"nginx was reloaded, but its health check failed: it will not after 0 s"):
        Reloader(systemd, [certificate]).renew({**SERVICE, "health": "false"})
