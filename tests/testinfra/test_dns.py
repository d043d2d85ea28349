# SPDX-License-Identifier: GPL-3.0-or-later
"""Every host finds every other by name and by address, from every name server; strangers get nothing."""

import pytest

pytestmark = pytest.mark.hosts

STRANGER = "192.0.2.53"  # an address that is in nobody's network
ASK_AS_STRANGER = """
import socket, struct, sys
source, server, domain = sys.argv[1:]
question = b"".join(bytes([len(label)]) + label.encode() for label in domain.split(".")) + bytes(5)
question = question[:-4] + struct.pack(">HH", 6, 1)
query = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
query.settimeout(5)
query.bind((source, 0))
query.sendto(struct.pack(">HHHHHH", 7, 256, 1, 0, 0, 0) + question, (server, 53))
header = query.recv(512)[:12]
print("code", struct.unpack(">H", header[2:4])[0] & 15, "answers", struct.unpack(">H", header[6:8])[0])
"""


def look_up(host, name: str, server: str = "") -> list[str]:
    """Last words of the lines that tell an address or a name."""
    lines = host.run(f"host {name} {server}").stdout.splitlines()
    return sorted(line.split()[-1] for line in lines if "has address" in line or "domain name pointer" in line)


def test_hosts_ask_the_platforms_servers(platform):
    servers = [platform.address(name) for name in platform.members("dns_servers")]
    for name in platform.members("platform"):
        lines = platform.host(name).file("/etc/resolv.conf").content_string.splitlines()
        assert [line.split()[1] for line in lines if line.startswith("nameserver")] == servers, name


def test_forward_and_reverse(platform):
    domain = platform.variables["platform_domain"]
    for server in platform.members("dns_servers"):
        host = platform.host(server)
        for name in platform.members("platform"):
            address = platform.address(name)
            assert look_up(host, f"{name}.{domain}", platform.address(server)) == [address], f"{name} from {server}"
            assert look_up(host, address, platform.address(server)) == [f"{name}.{domain}."], f"{address} from {server}"


def test_short_names_resolve_on_every_host(platform):
    names = platform.members("platform")
    for name in names:
        for other in names:
            found = platform.host(name).check_output(f"getent ahostsv4 {other}").split()[0]
            # A host may know itself by its loopback address.
            assert found == platform.address(other) or (name == other and found.startswith("127.")), (
                f"{other} on {name}"
            )


def test_service_names(platform):
    registry = platform.variables["platform_registry"].partition(":")[0]
    host = platform.host(platform.members("platform")[0])
    assert look_up(host, registry) == sorted(platform.address(name) for name in platform.members("docker_registries"))


def test_secondaries_have_the_same_zones(platform):
    domain = platform.variables["platform_domain"]
    answers = {
        platform.host(name).check_output(f"host -t SOA {domain} {platform.address(name)}").splitlines()[-1]
        for name in platform.members("dns_servers")
    }
    assert len(answers) == 1


def test_zone_transfer_needs_the_key(platform):
    server = platform.members("dns_servers")[0]
    answer = platform.host(server).run(f"host -T -l {platform.variables['platform_domain']} {platform.address(server)}")
    assert answer.rc != 0
    assert "REFUSED" in answer.stdout or "Transfer failed" in answer.stdout


def test_strangers_are_refused(platform):
    domain = platform.variables["platform_domain"]
    for name in platform.members("dns_servers"):
        host = platform.host(name)
        host.check_output(f"ip address add {STRANGER}/32 dev lo")
        try:
            address = platform.address(name)
            answer = host.check_output(f"python3 -c '{ASK_AS_STRANGER}' {STRANGER} {address} {domain}")
        finally:
            host.check_output(f"ip address delete {STRANGER}/32 dev lo")
        assert answer == "code 5 answers 0", name  # 5: refused


def test_version_is_not_told(platform):
    for name in platform.members("dns_servers"):
        text = platform.host(name).run(f"host -c CH -t TXT version.bind {platform.address(name)}").stdout
        assert "not told" in text
