# SPDX-License-Identifier: GPL-3.0-or-later
"""The firewall: sockets find what firewall_explain says, and rules that nobody confirms are taken back."""

import errno
import json
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

pytestmark = pytest.mark.hosts

UNIT = "mesospark-firewall-check"
AGENT_PORT, TASK_PORT, NOBODYS_PORT = 5051, 31977, 7077
TIMEOUT = 3.0  # seconds
LISTEN = """
import socket, sys
server = socket.create_server((sys.argv[1], int(sys.argv[2])))
while True:
    server.accept()[0].close()
"""
CONNECT = """
import socket, sys
try:
    socket.create_connection((sys.argv[1], int(sys.argv[2])), 3, (sys.argv[3], 0)).close()
    print("open")
except OSError as error:
    print(error.errno or "timeout")
"""
REFUSED = {str(errno.EHOSTUNREACH), "timeout"}


def ask(platform, host, module, **options):
    """A module's result on a host."""
    return platform.host(host).ansible(f"mesospark.platform.{module}", json.dumps(options), check=False)


@contextmanager
def listener(platform, host: str, port: int) -> Iterator[None]:
    """Something that takes connections, unless something does so already."""
    node = platform.host(host)
    taken = node.run(f"ss -H -t -l -n sport = {port}").stdout
    unit = f"{UNIT}-{port}"
    if not taken:
        node.check_output(
            f"systemd-run --quiet --collect --unit={unit} python3 -c %s %s %s",
            LISTEN,
            platform.address(host),
            str(port),
        )
    try:
        for _attempt in range(50):
            if node.run(f"ss -H -t -l -n sport = {port}").stdout:
                break
            time.sleep(0.1)
        else:
            pytest.fail(f"nothing listens on port {port} of {host}")
        yield
    finally:
        if not taken:
            node.check_output(f"systemctl stop {unit}")


def found_from(platform, source: str, address: str, port: int, source_address: str) -> str:
    return platform.host(source).check_output("python3 -c %s %s %s %s", CONNECT, address, str(port), source_address)


@pytest.fixture(scope="module")
def agent(platform) -> str:
    return platform.members("mesos_agents")[0]


@contextmanager
def second_address(platform, host: str) -> Iterator[str]:
    """An address of the hosts' network that is no host's of the platform, on one of its hosts."""
    used = {platform.address(name) for name in platform.members("platform")}
    front = platform.address(host).rpartition(".")[0]
    address = next(f"{front}.{last}" for last in range(60, 40, -1) if f"{front}.{last}" not in used)
    node = platform.host(host)
    device = node.check_output("ip -o -4 route get %s", address).split(" dev ")[1].split()[0]
    node.check_output(f"ip address add {address}/32 dev {device}")
    try:
        yield address
    finally:
        node.check_output(f"ip address del {address}/32 dev {device}")


def test_every_host_refuses_what_no_rule_allows(platform):
    for name in platform.members("platform"):
        listing = platform.host(name).check_output("nft list table inet mesospark")
        assert listing.count("policy drop;") == 2, f"{name}: {listing}"


def test_the_rules_of_the_engine_are_intact(platform, agent):
    assert "DOCKER" in platform.host(agent).check_output("nft list table ip nat")


def test_confirmed_rules_are_loaded_at_boot(platform):
    for name in platform.members("platform"):
        node = platform.host(name)
        assert node.service("mesospark-firewall").is_enabled, name
        loaded = node.check_output("nft -s list table inet mesospark")
        node.check_output("systemctl reload mesospark-firewall")
        assert node.check_output("nft -s list table inet mesospark") == loaded, name


@pytest.mark.parametrize("port", [AGENT_PORT, TASK_PORT, NOBODYS_PORT])
def test_sockets_find_what_is_explained(platform, agent, port):
    with listener(platform, agent, port):
        for source in platform.members("platform"):
            explained = ask(platform, agent, "firewall_explain", source=source, destination=agent, port=port)
            found = found_from(platform, source, platform.address(agent), port, platform.address(source))
            assert (found == "open") is explained["allowed"], f"from {source}: {found}, but {explained['reason']}"
            assert found == "open" or found in REFUSED, f"from {source}: {found}"


def test_somebody_else_in_the_network_is_refused(platform, agent):
    """At a port that all hosts of the platform may use: it is the address that counts."""
    source = next(name for name in platform.members("platform") if name != agent)
    address = platform.address(agent)
    with listener(platform, agent, AGENT_PORT), second_address(platform, source) as stranger:
        assert found_from(platform, source, address, AGENT_PORT, platform.address(source)) == "open"
        assert found_from(platform, source, address, AGENT_PORT, stranger) in REFUSED


def test_operators_reach_services_and_nothing_else(platform, agent):
    address = platform.address(agent)
    with listener(platform, agent, TASK_PORT), listener(platform, agent, NOBODYS_PORT):
        socket.create_connection((address, TASK_PORT), TIMEOUT).close()
        with pytest.raises(OSError):
            socket.create_connection((address, NOBODYS_PORT), TIMEOUT)


def test_rules_that_nobody_confirms_are_taken_back(platform, agent):
    node = platform.host(agent)
    before = node.check_output("nft -s list table inet mesospark")
    ruleset = node.file("/etc/mesospark/firewall/ruleset.nft").content_string
    changed = ruleset.replace("\tchain services {", '\tchain services {\n\t\ttcp dport 9 accept comment "unconfirmed"')
    applied = ask(platform, agent, "firewall_ruleset", ruleset=changed, rollback_after="5s", state="applied")
    assert applied["changed"]
    assert "unconfirmed" in node.check_output("nft list table inet mesospark")
    deadline = time.monotonic() + 20
    while node.check_output("nft -s list table inet mesospark") != before:
        assert time.monotonic() < deadline, "the rules were not taken back"
        time.sleep(1)
    late = ask(platform, agent, "firewall_ruleset", ruleset=changed, state="confirmed")
    assert "took the previous ones back" in late["msg"]
