# SPDX-License-Identifier: GPL-3.0-or-later
"""Time what the controller derives from an inventory of many hosts: firewall rules, zones, certificates.

    python3 bench/scale.py [--hosts 1000] [--limit 60]

Hosts are made up: three masters with ZooKeeper, a few of each other server, all others agents. Ansible reads them from
an inventory file. Rules are made for every host, and the number of rules is compared with that of a tenth of
the hosts. For each host a key and a signing request is made and signed, as role host_certificate has it: the keys are
the hosts' work on a real platform, signing is the certificate authority's. Ends with 1 if the limit is exceeded, or if
more hosts make more rules.
"""

from __future__ import annotations

import argparse
import datetime
import ipaddress
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / ".collections"))

from ansible.inventory.manager import InventoryManager  # noqa: E402  the path comes first
from ansible.parsing.dataloader import DataLoader  # noqa: E402
from ansible.vars.manager import VariableManager  # noqa: E402
from ansible_collections.mesospark.platform.plugins.filter.dns_zones import dns_zone_file, dns_zones  # noqa: E402
from ansible_collections.mesospark.platform.plugins.filter.firewall_ruleset import (  # noqa: E402
    firewall_inventory,
    firewall_ruleset,
)
from cryptography import x509  # noqa: E402
from cryptography.hazmat.primitives import hashes  # noqa: E402
from cryptography.hazmat.primitives.asymmetric import ec  # noqa: E402

DOMAIN = "scale.test"
SERVERS = {
    "mesos_masters": 3,
    "zookeepers": 3,
    "dns_servers": 2,
    "kerberos_servers": 2,
    "docker_registries": 1,
    "marathons": 1,
    "graylogs": 1,
    "gateways": 1,
    "certificate_authority": 1,
}


def inventory_document(count: int) -> dict[str, Any]:
    """An inventory with ``count`` hosts, as its YAML file has it."""
    first = ipaddress.IPv4Address("10.64.0.10")
    hosts = {f"node{number:05}": {"platform_address": str(first + number)} for number in range(count)}
    names = list(hosts)
    document: dict[str, Any] = {
        "platform": {
            "hosts": hosts,
            "vars": {
                "platform_domain": DOMAIN,
                "platform_networks": ["10.64.0.0/12"],
                "platform_operator_networks": ["10.0.0.5"],
            },
        }
    }
    for group, size in SERVERS.items():
        document[group] = {"hosts": dict.fromkeys(names[:size])}
    document["mesos_agents"] = {"hosts": dict.fromkeys(names[3:])}
    return document


class Platform:
    """An inventory as Ansible has read it."""

    def __init__(self, count: int) -> None:
        with tempfile.TemporaryDirectory() as directory:
            path = Path(directory) / "hosts.yml"
            path.write_text(yaml.safe_dump(inventory_document(count)))
            loader = DataLoader()
            inventory = InventoryManager(loader=loader, sources=[str(path)])
            manager = VariableManager(loader=loader, inventory=inventory)
            self.groups = {name: [host.name for host in group.get_hosts()] for name, group in inventory.groups.items()}
            self.hostvars = {host.name: manager.get_vars(host=host) for host in inventory.get_hosts("platform")}
        self.addresses = {name: variables["platform_address"] for name, variables in self.hostvars.items()}

    def rulesets(self) -> dict[str, str]:
        """The firewall rules of every host."""
        known = firewall_inventory(self.hostvars, self.groups)
        return {host: firewall_ruleset(host, known, variables)["ruleset"] for host, variables in self.hostvars.items()}

    def zone_files(self) -> list[str]:
        """The text of every zone."""
        services = {"mesos": "mesos_masters", "marathon": "marathons"}
        zones = dns_zones(self.addresses, DOMAIN, services, self.groups)
        return [dns_zone_file(zone, [f"node00000.{DOMAIN}"]) for zone in zones]


def rule_count(ruleset: str) -> int:
    """Rules and sets, whatever the number of their elements."""
    statements = (" accept", " drop", " reject", " jump ", "\tset ", "\tjump ")
    return sum(any(statement in line for statement in statements) for line in ruleset.splitlines())


def signing_requests(addresses: dict[str, str]) -> list[x509.CertificateSigningRequest]:
    """A key and a signing request for each host."""
    requests = []
    for host, address in addresses.items():
        key = ec.generate_private_key(ec.SECP256R1())
        names = [x509.DNSName(f"{host}.{DOMAIN}"), x509.DNSName(host), x509.IPAddress(ipaddress.ip_address(address))]
        builder = x509.CertificateSigningRequestBuilder().subject_name(_name(f"{host}.{DOMAIN}"))
        builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
        requests.append(builder.sign(key, hashes.SHA256()))
    return requests


def certificates(requests: list[x509.CertificateSigningRequest]) -> list[x509.Certificate]:
    """A certificate for each request, signed by a new authority."""
    authority = ec.generate_private_key(ec.SECP256R1())
    now = datetime.datetime.now(datetime.UTC)
    signed = []
    for request in requests:
        builder = x509.CertificateBuilder(extensions=list(request.extensions))
        builder = builder.subject_name(request.subject).issuer_name(_name(f"{DOMAIN} platform CA"))
        builder = builder.public_key(request.public_key()).serial_number(x509.random_serial_number())
        builder = builder.not_valid_before(now).not_valid_after(now + datetime.timedelta(days=397))
        signed.append(builder.sign(authority, hashes.SHA256()))
    return signed


def _name(common_name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, common_name)])


def timed(name: str, rows: list[tuple[str, float, str]], work: Callable[[], Any], told: Callable[[Any], str]) -> Any:
    """Do the work, and add a row about it."""
    began = time.monotonic()
    result = work()
    rows.append((name, time.monotonic() - began, told(result)))
    return result


def main() -> None:
    """Print one table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--hosts", type=int, default=1000)
    parser.add_argument("--limit", type=float, default=60.0, help="seconds that all together may take")
    options = parser.parse_args()
    few = Platform(max(options.hosts // 10, 20)).rulesets()
    rows: list[tuple[str, float, str]] = []
    platform = timed(
        "inventory read", rows, lambda: Platform(options.hosts), lambda made: f"{len(made.addresses)} hosts"
    )
    rulesets = timed("firewall rules", rows, platform.rulesets, lambda made: f"{len(made)} rulesets")
    timed("zones", rows, platform.zone_files, lambda made: f"{len(made)} zones")
    requests = timed(
        "keys and requests", rows, lambda: signing_requests(platform.addresses), lambda made: f"{len(made)} requests"
    )
    timed("signing", rows, lambda: certificates(requests), lambda made: f"{len(made)} certificates")
    total = sum(seconds for _name, seconds, _result in rows)
    agent = max(rulesets)
    counts = rule_count(few[max(few)]), rule_count(rulesets[agent])
    print(f"{'derived':<20}{'wall s':>8}  result")
    for name, seconds, result in [*rows, ("all together", total, f"limit {options.limit:g} s")]:
        print(f"{name:<20}{seconds:>8.2f}  {result}")
    print(f"rules and sets of an agent: {counts[0]} with {len(few)} hosts, {counts[1]} with {len(rulesets)}")
    if total > options.limit or counts[0] != counts[1]:
        sys.exit("the limit is exceeded, or more hosts make more rules")


if __name__ == "__main__":
    main()
