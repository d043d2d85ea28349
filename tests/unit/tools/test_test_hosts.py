# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import test_hosts

INVENTORY = Path("inventories/some")
SHARED = {"test_hosts_network": "some", "test_hosts_subnet": "10.9.0.0/24", "platform_domain": "platform.test"}


def variables(name: str, **changes: Any) -> dict[str, Any]:
    return {**SHARED, "ansible_host": f"some-{name}", "platform_address": "10.9.0.2", **changes}


def test_hosts_of_an_inventory() -> None:
    found = test_hosts.parse_hosts({"b": variables("b", test_host_engine=True), "a": variables("a")}, INVENTORY)
    assert (found.network, found.subnet) == ("some", "10.9.0.0/24")
    assert [(host.container, host.fqdn, host.engine) for host in found.hosts] == [
        ("some-a", "a.platform.test", False),
        ("some-b", "b.platform.test", True),
    ]


def test_no_host_is_privileged() -> None:
    for engine in (True, False):
        (host,) = test_hosts.parse_hosts({"a": variables("a", test_host_engine=engine)}, INVENTORY).hosts
        arguments = host.run_arguments("some", "image")
        assert "--privileged" not in arguments
        assert ("some-a-engine:/var/lib/docker" in arguments) == engine
        assert arguments[-1] == "image"


@pytest.mark.parametrize("missing", ["test_hosts_network", "ansible_host", "platform_address"])
def test_inventory_of_real_machines_is_refused(missing: str) -> None:
    broken = variables("a")
    del broken[missing]
    with pytest.raises(
        SystemExit, match=f"host a of inventories/some has no variable {missing}: it is not a test host"
    ):
        test_hosts.parse_hosts({"a": broken}, INVENTORY)


def test_container_outside_the_set_is_refused() -> None:
    with pytest.raises(SystemExit, match="ansible_host of a in inventories/some is other-a: it must begin with some-"):
        test_hosts.parse_hosts({"a": variables("a", ansible_host="other-a")}, INVENTORY)


def test_two_networks_are_refused() -> None:
    hosts = {"a": variables("a"), "b": variables("b", test_hosts_subnet="10.9.1.0/24")}
    with pytest.raises(SystemExit, match="must have the same test_hosts_network and test_hosts_subnet"):
        test_hosts.parse_hosts(hosts, INVENTORY)


def test_cgroups_of_a_host_are_removed_and_no_others(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(test_hosts, "CGROUPS", tmp_path)
    ours = tmp_path / "memory" / "some-a" / "container"
    others = tmp_path / "memory" / "some-ab"
    mesos = tmp_path / "cpu" / "some-a-mesos"
    for folder in (ours, others, mesos):
        folder.mkdir(parents=True)
    (host,) = test_hosts.parse_hosts({"a": variables("a")}, INVENTORY).hosts
    test_hosts.remove_cgroups(host)
    assert not ours.parent.exists()
    assert not mesos.exists()
    assert others.exists()
