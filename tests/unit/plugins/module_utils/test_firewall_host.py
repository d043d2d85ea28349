# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Loading, confirming and taking back, on a scripted host. tests/testinfra has the real one."""

from __future__ import annotations

from pathlib import Path

import pytest
from ansible_collections.mesospark.platform.plugins.module_utils.errors import PlatformError
from ansible_collections.mesospark.platform.plugins.module_utils.firewall_host import HostFirewall, one_element_a_line


class ScriptedHost:
    """nft that lists what it was given last, and systemd with one timer."""

    def __init__(self, loaded: str = "") -> None:
        self.loaded = loaded
        self.timer = False
        self.bad = "bad"
        self.commands: list[str] = []

    def run(self, command: list[str]) -> tuple[int, str, str]:
        self.commands.append(" ".join(command))
        if command[:2] == ["nft", "-s"]:
            return (0, self.loaded, "") if self.loaded else (1, "", "No such file or directory")
        if command[0] == "unshare":
            text = Path(command[-1]).read_text()
            return (1, "", "syntax error") if text == self.bad else (0, text, "")
        if command[0] == "systemd-run":
            self.timer = True
        elif command[:2] == ["systemctl", "is-active"]:
            return (0 if self.timer else 3), "", ""
        elif command[:2] == ["systemctl", "stop"]:
            self.timer = False
        elif command[0] == "nft":
            text = Path(command[-1]).read_text()
            if text == self.bad:
                return 1, "", "syntax error"
            self.loaded = text.removeprefix("table inet mesospark\ndelete table inet mesospark\n")
        return 0, "", ""


def test_rules_are_kept_when_they_are_confirmed(tmp_path: Path) -> None:
    host = ScriptedHost("old")
    firewall = HostFirewall(host.run, str(tmp_path))
    firewall.apply("new", 60.0)
    assert host.timer
    assert host.loaded == "new"
    assert firewall.confirmed() == ""
    firewall.confirm("new")
    assert not host.timer
    assert firewall.confirmed() == "new"


def test_rules_that_were_changed_by_hand_are_confirmed_as_well(tmp_path: Path) -> None:
    """The file for the boot is right already; the timer must be stopped all the same."""
    host = ScriptedHost("new")
    firewall = HostFirewall(host.run, str(tmp_path))
    firewall.apply("new", 60.0)
    firewall.confirm("new")
    assert not firewall.unconfirmed()
    host.loaded = "by hand"
    firewall.apply("new", 60.0)
    assert firewall.unconfirmed()
    firewall.confirm("new")
    assert not host.timer


def test_the_timer_runs_before_rules_are_loaded(tmp_path: Path) -> None:
    host = ScriptedHost("old")
    HostFirewall(host.run, str(tmp_path)).apply("new", 45.0)
    timer = next(index for index, command in enumerate(host.commands) if "--on-active=45" in command)
    loading = next(index for index, command in enumerate(host.commands) if command.endswith("next.nft"))
    assert timer < loading
    assert (tmp_path / "previous.nft").read_text().endswith("delete table inet mesospark\nold")


def test_what_was_taken_back_can_not_be_confirmed(tmp_path: Path) -> None:
    host = ScriptedHost("old")
    firewall = HostFirewall(host.run, str(tmp_path))
    firewall.apply("new", 60.0)
    host.loaded, host.timer = "old", False
    with pytest.raises(PlatformError, match="took the previous ones back"):
        firewall.confirm("new")
    assert firewall.confirmed() == ""


def test_unconfirmed_rules_are_taken_back_before_the_next(tmp_path: Path) -> None:
    """Otherwise they would be what the next ones are taken back to."""
    host = ScriptedHost("old")
    firewall = HostFirewall(host.run, str(tmp_path))
    firewall.apply("unconfirmed", 60.0)
    firewall.apply("new", 60.0)
    assert (tmp_path / "previous.nft").read_text().endswith("\nold")


def test_rules_that_do_not_load_leave_no_timer(tmp_path: Path) -> None:
    host = ScriptedHost("old")
    firewall = HostFirewall(host.run, str(tmp_path))
    with pytest.raises(PlatformError, match="syntax error"):
        firewall.apply("bad", 60.0)
    assert not host.timer
    assert host.loaded == "old"


def test_rules_that_nft_refuses(tmp_path: Path) -> None:
    with pytest.raises(PlatformError, match="nothing was changed: syntax error"):
        HostFirewall(ScriptedHost().run, str(tmp_path)).normal_form("bad")


def test_differences_of_sets_can_be_read() -> None:
    listing = "set a {\n\t\telements = { 10.0.0.1, 10.0.0.2,\n\t\t\t     10.0.0.3 }\n\t}"
    assert one_element_a_line(listing) == (
        "set a {\n\t\telements = {\n\t\t\t10.0.0.1\n\t\t\t10.0.0.2\n\t\t\t10.0.0.3\n\t\t}\n\t}"
    )
