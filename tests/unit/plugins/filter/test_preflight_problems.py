# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.mesospark.platform.plugins.filter.preflight_problems import preflight_problems

NOW = 1_800_000_000.0
REQUIREMENTS = {
    "groups": ["certificate_authority", "mesos_masters", "mesos_agents"],
    "variables": ["platform_address", "platform_domain"],
    "clock_tolerance": 5.0,
    "certificate_days": 60,
    "memory": {"mesos_agents": 1024, "mesos_masters": 256},
    "ports": [
        {"group": "mesos_agents", "variable": "mesos_agent_port", "programs": ["mesos-agent"]},
        {"group": "certificate_authority", "port": 53, "programs": ["named"]},
    ],
}
GROUPS = {
    "platform": ["one", "two"],
    "certificate_authority": ["one"],
    "mesos_masters": ["one"],
    "mesos_agents": ["two"],
}


def survey(address: str, **changes: Any) -> dict[str, Any]:
    return {
        "operating_system": "debian 12",
        "systemd": True,
        "memory": 4096,
        "clock": NOW - 1,
        "controller_time": NOW - 2,
        "addresses": ["127.0.0.1", address],
        "listeners": [],
        "unresolved": [],
        "certificates": {},
        **changes,
    }


def host(address: str, **changes: Any) -> dict[str, Any]:
    variables = {"platform_address": address, "platform_domain": "platform.test"}
    return {**variables, "_common_preflight_survey": survey(address, **changes)}


def problems(hosts: dict[str, Any] | None = None, groups: dict[str, list[str]] | None = None) -> list[str]:
    good = {"one": host("10.0.0.1"), "two": host("10.0.0.2")}
    return preflight_problems({**good, **(hosts or {})}, {**GROUPS, **(groups or {})}, REQUIREMENTS, NOW)


def test_nothing_is_wrong() -> None:
    assert problems() == []


def test_missing_group_names_the_one_that_was_meant() -> None:
    assert problems(groups={"mesos_agents": [], "mesos_agent": ["two"]}) == [
        "group mesos_agents is missing or has no hosts; did you mean it by the group mesos_agent?"
    ]


def test_host_outside_the_platform() -> None:
    assert problems(groups={"mesos_masters": ["three"]}) == [
        "three: it is in the group mesos_masters but not in the group platform: add it there"
    ]


def test_two_masters_are_no_better_than_one() -> None:
    assert "they survive no more failures than 1 do" in problems(groups={"mesos_masters": ["one", "two"]})[0]


def test_one_certificate_authority() -> None:
    assert problems(groups={"certificate_authority": ["one", "two"]}) == [
        "group certificate_authority has 2 hosts: it must have exactly one"
    ]


@pytest.mark.parametrize(
    ("address", "message"),
    [
        ("10.0.0", "two: platform_address is '10.0.0', which is no IPv4 address"),
        ("10.0.0.1", "two: platform_address 10.0.0.1 is also that of one: each host needs its own"),
    ],
)
def test_addresses(address: str, message: str) -> None:
    assert message in problems({"two": host(address)})


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"operating_system": "ubuntu 22.04"}, "two: it runs ubuntu 22.04; the roles are made for debian 12"),
        ({"systemd": False}, "two: it is not run by systemd, which the services need"),
        ({"memory": 512}, "two: it has 512 MiB of memory; its groups (mesos_agents) need 1024 MiB"),
        ({"clock": NOW + 60}, "two: its clock is 60 s ahead of the controller's: synchronise both (chrony);"),
        ({"clock": NOW - 3602}, "two: its clock is 3600 s behind the controller's: synchronise both (chrony);"),
        (
            {"addresses": ["127.0.0.1", "10.9.9.9"]},
            "two: platform_address 10.0.0.2 is none of its addresses (10.9.9.9)",
        ),
        ({"unresolved": ["mirror.test"]}, "two: it can not resolve the name mirror.test: check its /etc/resolv.conf"),
    ],
)
def test_hosts(changes: dict[str, Any], message: str) -> None:
    found = problems({"two": host("10.0.0.2", **changes)})
    assert len(found) == 1
    assert found[0].startswith(message)


def test_slow_connection_is_no_wrong_clock() -> None:
    assert problems({"two": host("10.0.0.2", clock=NOW - 10, controller_time=NOW - 40)}) == []


@pytest.mark.parametrize("address", ["0.0.0.0", "::", "10.0.0.2"])
def test_port_in_use(address: str) -> None:
    taken = {"address": address, "port": 5051, "program": "sshd"}
    assert problems({"two": host("10.0.0.2", listeners=[taken])}) == [
        "two: port 5051 (mesos_agents) is in use by sshd: stop it, or set mesos_agent_port"
    ]


@pytest.mark.parametrize(
    "listener",
    [
        {"address": "10.0.0.2", "port": 5051, "program": "mesos-agent"},
        {"address": "127.0.0.11", "port": 5051, "program": ""},
        {"address": "10.0.0.2", "port": 53, "program": "dnsmasq"},
    ],
    ids=["ours", "elsewhere", "not of this host's groups"],
)
def test_port_that_is_no_problem(listener: dict[str, Any]) -> None:
    assert problems({"two": host("10.0.0.2", listeners=[listener])}) == []


def test_port_that_the_inventory_sets() -> None:
    variables = host("10.0.0.2", listeners=[{"address": "::", "port": 5051, "program": "sshd"}])
    assert problems({"two": {**variables, "mesos_agent_port": 5055}}) == []


def test_mistyped_variable() -> None:
    assert problems({"two": {**host("10.0.0.2"), "mesos_agent_prot": 5055}}) == [
        "two: no role has a variable mesos_agent_prot; did you mean mesos_agent_port?"
    ]


def test_missing_variable_says_what_it_is_for() -> None:
    variables = host("10.0.0.2")
    del variables["platform_domain"]
    assert problems({"two": variables})[0].startswith("two: the variable platform_domain is missing: Zone that")


def test_same_problem_is_told_once() -> None:
    hosts = {name: host(f"10.0.0.{index}", systemd=False) for index, name in enumerate(("one", "two"), 1)}
    assert problems(hosts) == ["every host: it is not run by systemd, which the services need"]


def test_host_that_does_not_answer() -> None:
    variables = {**host("10.0.0.2"), "_common_preflight_survey": {"unreachable": True, "msg": "no route\nto host"}}
    assert problems({"two": variables}) == ["two: the host can not be looked at: to host"]


def test_host_that_was_left_out() -> None:
    hosts = {"one": host("10.0.0.1"), "two": {"platform_address": "10.0.0.2", "platform_domain": "platform.test"}}
    assert preflight_problems(hosts, GROUPS, REQUIREMENTS, NOW, limit=["one"]) == []


def test_certificate_authority_that_ends_soon() -> None:
    ends = {"/etc/mesospark/ca/ca.pem": NOW + 86400 * 10}
    assert problems({"one": host("10.0.0.1", certificates=ends)})[0].startswith(
        "one: the certificate /etc/mesospark/ca/ca.pem ends in 10 days"
    )


def test_everything_at_once() -> None:
    hosts = copy.deepcopy({"one": host("10.0.0.1", memory=1, systemd=False), "two": host("10.0.0.2", memory=1)})
    assert len(problems(hosts, {"certificate_authority": []})) == 4


def test_secret_file_that_others_can_use() -> None:
    exposed = host("10.0.0.2", exposed_files={"/etc/krb5.keytab": "0644"})
    assert problems({"two": exposed}) == [
        "two: the secret file /etc/krb5.keytab has mode 0644, everybody on the host can use it: run"
        " 'chmod o= /etc/krb5.keytab', and change the secret if that was for long"
    ]


def test_secret_file_of_the_controller_that_others_can_read(tmp_path: Path) -> None:
    (tmp_path / "ca.pem").touch(0o644)
    (tmp_path / "good").touch(0o600)
    (tmp_path / "operator.key").touch(0o640)
    with_folder = {**host("10.0.0.1"), "platform_secrets_dir": str(tmp_path)}
    (tmp_path / "operator.key").chmod(0o640)
    assert [problem for problem in problems({"one": with_folder}) if "secret" in problem] == [
        f"controller: the secret file {tmp_path}/operator.key has mode 0640, others can read it: run"
        f" 'chmod 600 {tmp_path}/operator.key'"
    ]


def test_secret_file_that_its_lookup_can_not_read(tmp_path: Path) -> None:
    secret = tmp_path / "mesos_agent_secret"
    secret.touch(0o600)
    secret.write_text("$ANSIBLE_VAULT;1.1;AES256\n3062\n")
    with_folder = {**host("10.0.0.1"), "platform_secrets_dir": str(tmp_path)}
    assert [problem for problem in problems({"one": with_folder}) if "secret" in problem] == [
        f"controller: the secret file {secret} is encrypted with ansible-vault: decrypt it, and encrypt the folder as a"
        " whole instead (docs/secrets.md)"
    ]
