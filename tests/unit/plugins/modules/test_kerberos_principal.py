# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Principals and policies, on a scripted kadmin."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.mesospark.platform.plugins.module_utils import kerberos_options
from ansible_collections.mesospark.platform.plugins.module_utils.kerberos_administration import (
    parse_policy,
    parse_principal,
)
from ansible_collections.mesospark.platform.plugins.modules import kerberos_policy, kerberos_principal
from scripted_kadmin import ScriptedKadmin

DAY = 86400
PASSWORD = "correct horse battery"


@pytest.fixture
def kadmin(monkeypatch: pytest.MonkeyPatch) -> ScriptedKadmin:
    scripted = ScriptedKadmin()
    monkeypatch.setattr(kerberos_options, "runner_of", lambda module: scripted.run)
    monkeypatch.setattr(kerberos_principal, "runner_of", lambda module: scripted.run)
    monkeypatch.setattr("time.time", lambda: float(scripted.now))
    return scripted


def apply(run_module: Any, **options: Any) -> dict[str, Any]:
    return run_module(kerberos_principal.main, realm="R", **options)


def test_reads_what_kadmin_tells() -> None:
    line = (
        '"alice@PLATFORM.TEST"\t0\t1795278277\t0\t36000\t"root/admin@PLATFORM.TEST"\t1795278277\t4224\t1\t1\t"people"'
        "\t604800\t0\t0\t0\t2\t1\t1\t20\t0\t1\t1\t18\t0\n"
    )
    found = parse_principal("Authenticating as principal root/admin@PLATFORM.TEST with password.\n" + line)
    assert (found.name, found.policy, found.key_versions) == ("alice@PLATFORM.TEST", "people", [1])
    assert [key.encryption_type for key in found.keys] == ["aes256-cts-hmac-sha384-192", "aes256-cts-hmac-sha1-96"]
    assert found.attribute("requires_preauth")
    assert not found.attribute("allow_svr")
    assert found.attribute("allow_tix")
    policy = parse_policy('"people"\t0\t0\t12\t2\t5\t0\t10\t600\t600\t-\n')
    assert (policy.minimum_length, policy.history, policy.maximum_failures, policy.lockout_duration) == (12, 5, 10, 600)


def test_makes_a_principal_with_random_keys_once(run_module: Any, kadmin: ScriptedKadmin) -> None:
    first = apply(run_module, name="host/a", attributes={"requires_preauth": True})
    assert (first["changed"], first["name"], first["key_version"]) == (True, "host/a@R", 1)
    assert not apply(run_module, name="host/a", attributes={"requires_preauth": True})["changed"]
    assert kadmin.changes == [
        ["kadmin.local", "-r", "R", "addprinc", "-randkey", "+requires_preauth", "-clearpolicy", "host/a@R"]
    ]


def test_a_password_is_never_an_argument_nor_a_result(run_module: Any, kadmin: ScriptedKadmin) -> None:
    result = apply(run_module, name="alice", password=PASSWORD, policy="people")
    assert kadmin.principals["alice@R"].password == PASSWORD
    assert not any(PASSWORD in word for arguments, _data in kadmin.calls for word in arguments)
    assert PASSWORD not in str(result)


def test_people_keep_the_password_that_they_chose(run_module: Any, kadmin: ScriptedKadmin) -> None:
    apply(run_module, name="alice", password=PASSWORD)
    kadmin.principals["alice@R"].password = "her own"
    assert not apply(run_module, name="alice", password=PASSWORD)["changed"]
    assert apply(run_module, name="alice", password=PASSWORD, update_password="always")["changed"]
    assert kadmin.principals["alice@R"].password == PASSWORD
    assert not apply(run_module, name="alice", password=PASSWORD, update_password="always")["changed"]


def test_keys_are_renewed_in_time_and_old_ones_go_later(run_module: Any, kadmin: ScriptedKadmin) -> None:
    options = {"name": "host/a", "key_lifetime": "90d", "old_key_lifetime": "8d"}
    apply(run_module, **options)
    kadmin.now += 89 * DAY
    assert not apply(run_module, **options)["changed"]
    kadmin.now += 2 * DAY
    renewed = apply(run_module, **options)
    assert (renewed["changed"], renewed["key_versions"]) == (True, [2, 1])
    kadmin.now += 8 * DAY
    assert not apply(run_module, **options)["changed"]
    kadmin.now += DAY
    purged = apply(run_module, **options)
    assert (purged["changed"], purged["key_versions"]) == (True, [2])


def test_changes_what_differs_and_nothing_else(run_module: Any, kadmin: ScriptedKadmin) -> None:
    apply(run_module, name="alice", password=PASSWORD)
    result = apply(run_module, name="alice", password=PASSWORD, policy="people", attributes={"allow_svr": False})
    assert result["diff"] == {
        "before": {"policy": "", "allow_svr": True},
        "after": {"policy": "people", "allow_svr": False},
    }
    assert kadmin.changes[-1][3:] == ["modprinc", "-policy", "people", "-allow_svr", "alice@R"]


def test_export_gives_a_keytab_and_changes_no_key(run_module: Any, kadmin: ScriptedKadmin) -> None:
    apply(run_module, name="host/a")
    result = apply(run_module, name="host/a", export=True)
    assert (result["changed"], result["keytab"]) == (False, kadmin.keytab("host/a@R"))


def test_removes_a_principal(run_module: Any, kadmin: ScriptedKadmin) -> None:
    apply(run_module, name="host/a")
    assert apply(run_module, name="host/a", state="absent")["changed"]
    assert not apply(run_module, name="host/a", state="absent")["changed"]
    assert kadmin.principals == {}


@pytest.mark.parametrize(
    "options",
    [
        {"name": "new"},
        {"name": "new", "export": True},
        {"name": "alice", "password": "other", "update_password": "always"},
        {"name": "alice", "policy": "people"},
        {"name": "host/a", "key_lifetime": "0s"},
        {"name": "host/a", "state": "absent"},
    ],
)
def test_check_mode_tells_and_changes_nothing(run_module: Any, kadmin: ScriptedKadmin, options: dict[str, Any]) -> None:
    apply(run_module, name="alice", password=PASSWORD)
    apply(run_module, name="host/a")
    kadmin.calls.clear()
    assert apply(run_module, check_mode=True, **options)["changed"]
    assert kadmin.changes == []


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"name": "a b"}, "is no principal's name"),
        ({"name": "a", "policy": "none such"}, "is not in the realm; make it first"),
        ({"name": "a", "attributes": {"preauth": True}}, "attributes: 'preauth' is not known; use one of"),
        ({"name": "a", "attributes": {"allow_svr": "maybe"}}, "is neither true nor false"),
        ({"name": "a", "key_lifetime": "soon"}, "is not a duration"),
    ],
)
def test_bad_options_are_refused(run_module: Any, kadmin: ScriptedKadmin, options: dict[str, Any], told: str) -> None:
    result = apply(run_module, **options)
    assert told in result["msg"]
    assert kadmin.changes == []


def test_policies(run_module: Any, kadmin: ScriptedKadmin) -> None:
    options = {"realm": "R", "name": "people", "minimum_length": 14, "history": 5, "lockout_duration": "10m"}
    assert run_module(kerberos_policy.main, check_mode=True, **options)["changed"]
    assert kadmin.changes == []
    result = run_module(kerberos_policy.main, **options)
    assert result["diff"]["after"]["minimum_length"] == 14
    assert not run_module(kerberos_policy.main, **options)["changed"]
    assert run_module(kerberos_policy.main, realm="R", name="people", state="absent")["changed"]
    assert not run_module(kerberos_policy.main, realm="R", name="people", state="absent")["changed"]
