# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Zones of the platform's name servers, from the inventory's hosts and addresses."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ansible.errors import AnsibleFilterError

SOA = re.compile(r"^@ IN SOA \S+ \S+ \( (?P<serial>\d+) ", re.MULTILINE)
LABEL = re.compile(r"[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9])?", re.IGNORECASE)
LARGEST_SERIAL = 2**32 - 1


def dns_zones(
    hosts: Mapping[str, str],
    domain: str,
    services: Mapping[str, str] | None = None,
    groups: Mapping[str, Sequence[str]] | None = None,
    records: Sequence[Mapping[str, str]] | None = None,
) -> list[dict[str, Any]]:
    """Return the forward zone and the reverse zones, as ``{"name": str, "records": [[name, type, value], ...]}``.

    Args:
        hosts: IPv4 address of each host, by its name without the domain.
        domain: the forward zone.
        services: names of services, each with the group whose hosts it resolves to; an address record for each of them.
        groups: hosts of each group; a service whose group there is not gets no record.
        records: further records of the forward zone, each with ``name`` (without the domain), ``type`` and ``value``.

    Raises:
        AnsibleFilterError: a name or an address can not stand in a zone; the message names it.
    """
    addresses = {name: _address(name, value) for name, value in hosts.items()}
    forward = [[name, "A", str(address)] for name, address in addresses.items()]
    for service, group in (services or {}).items():
        forward += [[service, "A", str(addresses[member])] for member in (groups or {}).get(group, [])]
    forward += [[record["name"], record["type"], record["value"]] for record in records or ()]
    for name in [record[0] for record in forward]:
        if not all(LABEL.fullmatch(label) for label in name.split(".")):
            raise AnsibleFilterError(f"{name!r} can not be a DNS name: letters, digits and hyphens only")
    reverse: dict[str, list[list[str]]] = {}
    for name, address in sorted(addresses.items(), key=lambda item: item[1]):
        last, zone = address.reverse_pointer.split(".", 1)
        reverse.setdefault(zone, []).append([last, "PTR", f"{name}.{domain}."])
    zones = [{"name": domain, "records": sorted(forward)}]
    return zones + [{"name": zone, "records": records} for zone, records in sorted(reverse.items())]


def dns_zone_file(
    zone: Mapping[str, Any], name_servers: Sequence[str], previous: str = "", now: float = 0, ttl: int = 300
) -> str:
    """Return the text of a zone file; its serial is the previous one unless the zone has changed.

    Args:
        zone: one of the zones that ``dns_zones`` returns.
        name_servers: full names of the name servers; the first is the primary.
        previous: text of the file that there is, or nothing.
        now: seconds since the epoch, the serial of a new or changed zone (never less than the previous plus one).
        ttl: seconds that other name servers may keep a record.
    """
    found = SOA.search(previous)
    serial = int(found["serial"]) if found else 0
    if serial and _text(zone, name_servers, serial, ttl) == previous:
        return previous
    return _text(zone, name_servers, min(max(serial + 1, int(now)), LARGEST_SERIAL), ttl)


def kerberos_dns_records(servers: Sequence[str], domain: str, realm: str) -> list[dict[str, str]]:
    """Return the records by which hosts find the Kerberos servers of a realm, as ``dns_zones`` takes them.

    Args:
        servers: names of the servers without the domain, the primary first: it is asked first, and alone takes changes.
        domain: their domain, whose hosts belong to the realm.
        realm: the realm.
    """
    if not servers:
        return []
    records = [{"name": "_kerberos", "type": "TXT", "value": f'"{realm}"'}]
    for order, server in enumerate(servers):
        for protocol in ("_udp", "_tcp"):
            value = f"{10 if order else 0} 100 88 {server}.{domain}."
            records.append({"name": f"_kerberos.{protocol}", "type": "SRV", "value": value})
    for service, port in (
        ("_kerberos-master._udp", 88),
        ("_kerberos-master._tcp", 88),
        ("_kpasswd._udp", 464),
        ("_kpasswd._tcp", 464),
        ("_kerberos-adm._tcp", 749),
    ):
        records.append({"name": service, "type": "SRV", "value": f"0 100 {port} {servers[0]}.{domain}."})
    return records


def _text(zone: Mapping[str, Any], name_servers: Sequence[str], serial: int, ttl: int) -> str:
    primary = name_servers[0]
    hostmaster = f"hostmaster.{primary.partition('.')[2]}"
    lines = [
        f"$TTL {ttl}",
        f"@ IN SOA {primary}. {hostmaster}. ( {serial} 3600 600 1209600 60 )",
        *(f"@ IN NS {server}." for server in name_servers),
        *(f"{name} IN {kind} {value}" for name, kind, value in zone["records"]),
    ]
    return "\n".join(lines) + "\n"


def _address(name: str, value: str) -> ipaddress.IPv4Address:
    try:
        return ipaddress.IPv4Address(value)
    except ValueError:
        raise AnsibleFilterError(f"platform_address of {name} is {value!r}, which is no IPv4 address") from None


class FilterModule:
    """The filters of this file."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        return {
            "dns_zones": dns_zones,
            "dns_zone_file": dns_zone_file,
            "kerberos_dns_records": kerberos_dns_records,
        }
