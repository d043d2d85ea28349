# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest
from ansible.errors import AnsibleFilterError
from ansible_collections.mesospark.platform.plugins.filter.dns_zones import (
    dns_zone_file,
    dns_zones,
    kerberos_dns_records,
)

HOSTS = {"infra1": "10.0.7.10", "agent2": "10.0.7.32", "agent1": "10.0.7.31", "far": "10.1.0.5"}
SERVICES = {"registry": "docker_registries", "agents": "mesos_agents", "marathon": "marathons"}
GROUPS = {"docker_registries": ["infra1"], "mesos_agents": ["agent1", "agent2"]}
SERVERS = ["infra1.platform.test", "far.platform.test"]

FORWARD = """\
$TTL 300
@ IN SOA infra1.platform.test. hostmaster.platform.test. ( 1000 3600 600 1209600 60 )
@ IN NS infra1.platform.test.
@ IN NS far.platform.test.
agent1 IN A 10.0.7.31
agent2 IN A 10.0.7.32
agents IN A 10.0.7.31
agents IN A 10.0.7.32
far IN A 10.1.0.5
infra1 IN A 10.0.7.10
registry IN A 10.0.7.10
"""
REVERSE = """\
$TTL 300
@ IN SOA infra1.platform.test. hostmaster.platform.test. ( 1000 3600 600 1209600 60 )
@ IN NS infra1.platform.test.
@ IN NS far.platform.test.
10 IN PTR infra1.platform.test.
31 IN PTR agent1.platform.test.
32 IN PTR agent2.platform.test.
"""


def test_forward_and_reverse_zones() -> None:
    zones = dns_zones(HOSTS, "platform.test", SERVICES, GROUPS)
    assert [zone["name"] for zone in zones] == ["platform.test", "0.1.10.in-addr.arpa", "7.0.10.in-addr.arpa"]
    assert dns_zone_file(zones[0], SERVERS, now=1000) == FORWARD
    assert dns_zone_file(zones[2], SERVERS, now=1000) == REVERSE


def test_serial_stays_while_the_zone_does() -> None:
    zone = dns_zones(HOSTS, "platform.test", SERVICES, GROUPS)[0]
    assert dns_zone_file(zone, SERVERS, previous=FORWARD, now=2000) == FORWARD


@pytest.mark.parametrize(("now", "serial"), [(2000, 2000), (500, 1001)], ids=["time", "clock went back"])
def test_serial_grows_with_a_change(now: int, serial: int) -> None:
    zone = dns_zones({**HOSTS, "agent3": "10.0.7.33"}, "platform.test", SERVICES, GROUPS)[0]
    assert f"( {serial} " in dns_zone_file(zone, SERVERS, previous=FORWARD, now=now)


def test_foreign_zone_file_is_replaced() -> None:
    zone = dns_zones(HOSTS, "platform.test", SERVICES, GROUPS)[0]
    assert dns_zone_file(zone, SERVERS, previous="; by hand\n", now=1000) == FORWARD


def test_name_that_can_not_be_one() -> None:
    with pytest.raises(AnsibleFilterError, match="'agent 1' can not be a DNS name"):
        dns_zones({"agent 1": "10.0.0.1"}, "platform.test")


def test_address_that_is_none() -> None:
    with pytest.raises(AnsibleFilterError, match=r"platform_address of agent1 is '10\.0\.0'"):
        dns_zones({"agent1": "10.0.0"}, "platform.test")


KERBEROS = """\
_kerberos IN TXT "PLATFORM.TEST"
_kerberos-adm._tcp IN SRV 0 100 749 infra1.platform.test.
_kerberos-master._tcp IN SRV 0 100 88 infra1.platform.test.
_kerberos-master._udp IN SRV 0 100 88 infra1.platform.test.
_kerberos._tcp IN SRV 0 100 88 infra1.platform.test.
_kerberos._tcp IN SRV 10 100 88 far.platform.test.
_kerberos._udp IN SRV 0 100 88 infra1.platform.test.
_kerberos._udp IN SRV 10 100 88 far.platform.test.
_kpasswd._tcp IN SRV 0 100 464 infra1.platform.test.
_kpasswd._udp IN SRV 0 100 464 infra1.platform.test.
"""


def test_records_that_lead_to_kerberos_servers() -> None:
    records = kerberos_dns_records(["infra1", "far"], "platform.test", "PLATFORM.TEST")
    zone = dns_zones(HOSTS, "platform.test", records=records)[0]
    text = dns_zone_file(zone, SERVERS, now=1000)
    assert "".join(line for line in text.splitlines(keepends=True) if line.startswith("_")) == KERBEROS


def test_no_kerberos_servers_no_records() -> None:
    assert kerberos_dns_records([], "platform.test", "PLATFORM.TEST") == []
