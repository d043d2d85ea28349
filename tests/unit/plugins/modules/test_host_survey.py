# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The module looks at the machine that the tests run on; the tests compare it with what Python itself can tell."""

from __future__ import annotations

import os
import socket
import time
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.mesospark.platform.plugins.modules import host_survey


def test_looks_at_this_machine(run_module: Any) -> None:
    before = time.time()
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        result = run_module(host_survey.main, controller_time=before)
        own = Path("/proc/self/comm").read_text().strip()
        expected = {"address": "127.0.0.1", "port": listener.getsockname()[1], "program": own}
    assert not result["changed"]
    assert expected in result["listeners"]
    assert before <= result["clock"] <= time.time()
    assert "127.0.0.1" in result["addresses"]
    assert result["memory"] == os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // 2**20
    assert result["operating_system"].split()[0] in Path("/etc/os-release").read_text()


def test_names_that_do_not_resolve(run_module: Any) -> None:
    result = run_module(host_survey.main, controller_time=0, names=["localhost", "no-such-host.invalid"])
    assert result["unresolved"] == ["no-such-host.invalid"]


def test_certificate_that_is_not_there(run_module: Any, tmp_path: Path) -> None:
    result = run_module(host_survey.main, controller_time=0, certificates=[str(tmp_path / "ca.pem")])
    assert result["certificates"] == {}


@pytest.mark.parametrize(
    ("address", "text"),
    [("0100007F", "127.0.0.1"), ("00000000", "0.0.0.0"), ("00000000000000000000000001000000", "::1")],
)
def test_addresses_of_the_kernel(address: str, text: str) -> None:
    assert host_survey.readable(address) == text


def test_secret_files_that_others_can_use(run_module: Any, tmp_path: Path) -> None:
    hidden = tmp_path / "hidden"
    hidden.mkdir(0o750)
    tmp_path.chmod(0o755)
    for path, mode in ((tmp_path / "a.key", 0o644), (tmp_path / "b.key", 0o440), (hidden / "c.key", 0o644)):
        path.touch()
        path.chmod(mode)
    patterns = [f"{tmp_path}/*.key", f"{hidden}/*", str(tmp_path / "none")]
    result = run_module(host_survey.main, controller_time=0, secret_files=patterns)
    assert result["exposed_files"] == {str(tmp_path / "a.key"): "0644"}
