# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Keytabs are proved before they are called good, on a scripted Kerberos server."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.mesospark.platform.plugins.modules import kerberos_keytab
from scripted_kadmin import Entry, ScriptedKadmin

NAME = "host/a@R"
DAY = 86400


@pytest.fixture
def kerberos(monkeypatch: pytest.MonkeyPatch) -> ScriptedKadmin:
    scripted = ScriptedKadmin()
    entry = scripted.principals[NAME] = Entry()
    scripted.new_key(entry)
    monkeypatch.setattr(kerberos_keytab, "runner_of", lambda module: scripted.run)
    monkeypatch.setattr("time.time", lambda: float(scripted.now))
    return scripted


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "krb5.keytab"


def apply(run_module: Any, path: Path, **options: Any) -> dict[str, Any]:
    return run_module(kerberos_keytab.main, path=str(path), principal="host/a", realm="R", **options)


def write(path: Path, keytab: str, mode: int = 0o400) -> None:
    path.write_bytes(base64.b64decode(keytab))
    path.chmod(mode)


def test_writes_a_keytab_once(run_module: Any, kerberos: ScriptedKadmin, path: Path) -> None:
    first = apply(run_module, path, content=kerberos.keytab(NAME), mode="0400")
    assert (first["changed"], first["proved"], first["key_versions"]) == (True, True, [1])
    assert path.stat().st_mode & 0o777 == 0o400
    second = apply(run_module, path, content=kerberos.keytab(NAME), mode="0400")
    assert (second["changed"], second["problem"]) == (False, "")


def test_keys_show_neither_in_results_nor_in_diffs(run_module: Any, kerberos: ScriptedKadmin, path: Path) -> None:
    content = kerberos.keytab(NAME)
    result = apply(run_module, path, content=content)
    assert content not in str(result)
    assert result["diff"]["after"] == {"keytab": "proved", "key_versions": [1]}


def test_old_keys_stay_until_tickets_have_expired(run_module: Any, kerberos: ScriptedKadmin, path: Path) -> None:
    write(path, kerberos.keytab(NAME))
    kerberos.now += DAY
    kerberos.new_key(kerberos.principals[NAME])
    renewed = apply(run_module, path, content=kerberos.keytab(NAME, 2), old_key_lifetime="8d")
    assert (renewed["changed"], renewed["key_versions"]) == (True, [2, 1])
    assert "version 1" in renewed["problem"]
    kerberos.now += 9 * DAY
    later = apply(run_module, path, old_key_lifetime="8d")
    assert (later["changed"], later["key_versions"]) == (True, [2])


def keytab_with_other_key(kerberos: ScriptedKadmin, path: Path) -> None:
    good = kerberos.keytab(NAME)
    kerberos.new_key(kerberos.principals[NAME], keep=False)
    kerberos.principals[NAME].keys = {1: b"made anew"}
    write(path, good)


def keytab_with_old_version(kerberos: ScriptedKadmin, path: Path) -> None:
    write(path, kerberos.keytab(NAME))
    kerberos.new_key(kerberos.principals[NAME])


def keytab_with_higher_version(kerberos: ScriptedKadmin, path: Path) -> None:
    entry = kerberos.principals[NAME]
    entry.keys = {9: entry.keys[1]}
    write(path, kerberos.keytab(NAME))
    entry.keys = {1: entry.keys[9]}


def keytab_of_another(kerberos: ScriptedKadmin, path: Path) -> None:
    kerberos.principals["host/b@R"] = Entry()
    kerberos.new_key(kerberos.principals["host/b@R"])
    write(path, kerberos.keytab("host/b@R"))


def something_else(kerberos: ScriptedKadmin, path: Path) -> None:
    path.write_text("password=1234\n")
    path.chmod(0o400)


def nothing(kerberos: ScriptedKadmin, path: Path) -> None:
    pass


FAULTS = [
    (keytab_with_other_key, "gives no ticket for its key of host/a@R (version 1): the password or key is not the one"),
    (keytab_with_old_version, "gives no ticket for its key of host/a@R (version 1)"),
    (keytab_with_higher_version, "its newest key for host/a@R has version 9, the Kerberos server's has version 1"),
    (keytab_of_another, "it has no key for host/a@R, only for host/b@R"),
    (something_else, "it is no keytab: it does not begin as a keytab does"),
    (nothing, "there is no such file"),
]


@pytest.mark.parametrize(("fault", "told"), FAULTS)
def test_faults_are_named_with_what_to_do_and_healed(
    run_module: Any, kerberos: ScriptedKadmin, path: Path, fault: Any, told: str
) -> None:
    fault(kerberos, path)
    before = path.read_bytes() if path.exists() else None
    examined = apply(run_module, path, state="examined")
    assert (examined["changed"], examined["proved"]) == (False, False)
    assert told in examined["problem"]
    assert examined["problem"].startswith(f"{path}: ")
    assert "have it written again (playbooks/identity.yml)" in examined["problem"]
    assert apply(run_module, path, state="proved")["failed"]
    assert apply(run_module, path, check_mode=True, content=kerberos.keytab(NAME))["changed"]
    assert (path.read_bytes() if path.exists() else None) == before
    assert apply(run_module, path, content=kerberos.keytab(NAME))["proved"]
    assert apply(run_module, path, state="examined")["problem"] == ""


def test_a_keytab_that_everybody_can_read_is_a_problem(run_module: Any, kerberos: ScriptedKadmin, path: Path) -> None:
    write(path, kerberos.keytab(NAME), mode=0o644)
    assert "everybody on this host can use it (mode 0644)" in apply(run_module, path, state="examined")["problem"]
    refused = apply(run_module, path, state="proved")
    assert f"chmod o= {path}" in refused["msg"]


@pytest.mark.parametrize(
    ("complaint", "told"),
    [
        ('Cannot find KDC for realm "R"', "DNS records _kerberos._udp and _kerberos._tcp of the domain are missing"),
        ("Cannot contact any KDC for realm 'R'", "No Kerberos server of the realm R answers"),
        ("Clock skew too great", "synchronise both (chrony)"),
    ],
)
def test_nothing_is_written_when_no_server_can_be_asked(
    run_module: Any, kerberos: ScriptedKadmin, path: Path, complaint: str, told: str
) -> None:
    write(path, kerberos.keytab(NAME))
    before = path.read_bytes()
    kerberos.unreachable = complaint
    result = apply(run_module, path, content=kerberos.keytab(NAME))
    assert told in result["msg"]
    assert path.read_bytes() == before


def test_keys_of_other_principals_stay(run_module: Any, kerberos: ScriptedKadmin, path: Path) -> None:
    keytab_of_another(kerberos, path)
    apply(run_module, path, content=kerberos.keytab(NAME))
    result = run_module(kerberos_keytab.main, path=str(path), principal="host/b@R", state="examined")
    assert result["proved"]


@pytest.mark.parametrize(("content", "told"), [("???", "no keytab in base64"), ("BQI=", "has no key for host/a@R")])
def test_content_that_will_not_do(
    run_module: Any, kerberos: ScriptedKadmin, path: Path, content: str, told: str
) -> None:
    assert told in apply(run_module, path, content=content)["msg"]
    assert not path.exists()
