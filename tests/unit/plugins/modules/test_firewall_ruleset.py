# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from ansible.module_utils.basic import AnsibleModule
from ansible_collections.mesospark.platform.plugins.modules import firewall_ruleset


@pytest.fixture
def host(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """What nft and systemd are asked; ``loaded`` is the listing of the table there is."""
    state: dict[str, Any] = {"loaded": "", "commands": [], "nft": "/usr/sbin/nft"}

    def run_command(_module: AnsibleModule, command: list[str], **_options: Any) -> tuple[int, str, str]:
        if command[:2] == ["nft", "-s"]:
            return (0, state["loaded"], "") if state["loaded"] else (1, "", "")
        if command[0] == "unshare":
            return 0, "wanted", ""
        state["commands"].append(command)
        return (3 if "is-active" in command else 0), "", ""

    monkeypatch.setattr(AnsibleModule, "run_command", run_command)
    monkeypatch.setattr(AnsibleModule, "get_bin_path", lambda _module, _name, *_more: state["nft"])
    return state


@pytest.mark.parametrize("state", ["applied", "confirmed", "widened", "learning"])
def test_check_mode_only_asks(
    state: str, host: dict[str, Any], run_module: Callable[..., dict[str, Any]], tmp_path: Any
) -> None:
    result = run_module(
        firewall_ruleset.main, check_mode=True, ruleset="x", widening="y", state=state, directory=str(tmp_path)
    )
    assert host["commands"] == []
    assert result["changed"] is (state != "widened")
    assert list(tmp_path.iterdir()) == []


def test_what_is_loaded_and_confirmed_is_unchanged(
    host: dict[str, Any], run_module: Callable[..., dict[str, Any]], tmp_path: Any
) -> None:
    host["loaded"] = "wanted"
    (tmp_path / "ruleset.nft").write_text("x")
    assert not run_module(firewall_ruleset.main, ruleset="x", directory=str(tmp_path))["changed"]
    assert host["commands"] == []


def test_rules_changed_by_hand_are_put_right(
    host: dict[str, Any], run_module: Callable[..., dict[str, Any]], tmp_path: Any
) -> None:
    host["loaded"] = "changed by hand"
    (tmp_path / "ruleset.nft").write_text("x")
    result = run_module(firewall_ruleset.main, ruleset="x", directory=str(tmp_path))
    assert result["changed"]
    assert result["diff"] == {"before": "changed by hand", "after": "wanted"}


def test_confirming_stops_the_timer_though_the_file_is_right(
    host: dict[str, Any], run_module: Callable[..., dict[str, Any]], tmp_path: Any
) -> None:
    host["loaded"] = "wanted"
    (tmp_path / "ruleset.nft").write_text("x")
    (tmp_path / "next.nft").write_text("x")
    assert run_module(firewall_ruleset.main, ruleset="x", state="confirmed", directory=str(tmp_path))["changed"]
    assert [command[:2] for command in host["commands"]] == [["systemctl", "stop"]]
    assert not (tmp_path / "next.nft").exists()


def test_a_host_without_rules_is_not_widened(
    host: dict[str, Any], run_module: Callable[..., dict[str, Any]], tmp_path: Any
) -> None:
    options = {"ruleset": "x", "widening": "y", "state": "widened", "directory": str(tmp_path)}
    assert not run_module(firewall_ruleset.main, **options)["changed"]
    host["nft"] = None
    assert not run_module(firewall_ruleset.main, **options)["changed"]
    assert host["commands"] == []


def test_a_bare_host_shows_all_rules_in_check_mode(
    host: dict[str, Any], run_module: Callable[..., dict[str, Any]], tmp_path: Any
) -> None:
    host["nft"] = None
    result = run_module(firewall_ruleset.main, check_mode=True, ruleset="x", directory=str(tmp_path))
    assert result["diff"] == {"before": "", "after": "x"}
