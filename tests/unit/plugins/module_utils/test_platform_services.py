# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.mesospark.platform.plugins.filter.services_of_host import documented_defaults, table
from ansible_collections.mesospark.platform.plugins.module_utils.platform_services import (
    members,
    port_ranges,
    services_of_host,
)

GROUPS = {"mesos_masters": ["one", "two"], "mesos_agents": ["two", "three"], "zookeepers": ["one"]}


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("mesos_masters", ["one", "two"]),
        ("mesos_masters:mesos_agents", ["one", "two", "three"]),
        ("mesos_masters:mesos_agents:!zookeepers", ["two", "three"]),
        ("graylogs", []),
    ],
)
def test_members_of_a_pattern(pattern: str, expected: list[str]) -> None:
    assert members(pattern, GROUPS) == expected


def test_ports_are_numbers_ranges_and_variables() -> None:
    service = {"name": "x", "ports": [53, "8000-8010", "web_port", "task_ports"]}
    ranges = port_ranges(service, {"task_ports": "31000 - 32000"}, {"web_port": 443, "task_ports": "1-2"})
    assert ranges == [(53, 53), (8000, 8010), (443, 443), (31000, 32000)]


@pytest.mark.parametrize("value", ["many", None, "x-2"])
def test_what_is_no_port(value: object) -> None:
    with pytest.raises(ValueError, match=r"x: p is .* neither a port nor a range"):
        port_ranges({"name": "x", "ports": ["p"]}, {"p": value}, {})


def test_services_of_a_host() -> None:
    services = [
        {"name": "A", "group": "mesos_masters", "ports": ["a_port"], "health": "ask $address:$a_port $unknown"},
        {"name": "B", "group": "zookeepers", "ports": [], "certificate": "b_certificate"},
        {"name": "C", "group": "mesos_agents", "ports": [1]},
    ]
    found = services_of_host(services, "one", GROUPS, {"address": "10.0.0.1"}, {"a_port": 5, "b_certificate": "/b.pem"})
    assert [(service["name"], service["ports"], service["certificate"]) for service in found] == [
        ("A", [(5, 5)], "/etc/mesospark/tls/host.pem"),
        ("B", [], "/b.pem"),
    ]
    assert found[0]["health"] == "ask 10.0.0.1:5 None"


@pytest.mark.parametrize("service", table(), ids=lambda service: service["name"])
def test_the_table_itself(service: dict[str, Any]) -> None:
    assert service["tls"] in ("server", "mutual", "none")
    assert service["protocol"] in ("tcp", "udp", "both")
    assert service.get("renewal") in (None, "restart", "reload", "itself")
    assert service["tls"] == "none" or service["renewal"], "who uses certificates must come to use new ones"
    ranges = port_ranges(service, {}, documented_defaults())
    assert all(0 < first <= last < 65536 for first, last in ranges)
    assert service["tls"] == "none" or all(first == last for first, last in ranges), "a range can not be probed"
    if "certificate" in service:
        assert service["certificate"] in documented_defaults()
