# SPDX-License-Identifier: GPL-3.0-or-later
"""What goes wrong with Kerberos is survived, or told with the host and what to do, and healed by the playbook.

Faults are made on test hosts only, and undone: on other platforms these checks are passed over.
"""

import shlex
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from kerberos_hosts import fqdn, log_in_with_keytab, log_in_with_password
from log_faults import kill, process_of
from module_calls import run_playbook
from testinfra.host import Host

pytestmark = [pytest.mark.hosts, pytest.mark.faults]

KEYTAB = "/etc/krb5.keytab"
SAVED = "/run/testinfra-krb5.keytab"

# The last octet of the first key, whatever the keytab holds.
SPOIL = f"""python3 -c '
import pathlib, struct
path = pathlib.Path("{KEYTAB}")
data, position = bytearray(path.read_bytes()), 2
while position < len(data):
    (size,) = struct.unpack_from(">i", data, position)
    data[position + 4 + size - 5] ^= 255
    position += 4 + size
path.write_bytes(data)
'"""


@pytest.fixture(scope="module", autouse=True)
def on_test_hosts_only(platform) -> None:
    first = platform.host(platform.members("platform")[0])
    if "test_hosts_network" not in first.ansible.get_variables():
        pytest.skip("faults are made on test hosts only")


@pytest.fixture
def client(platform) -> str:
    """A host that is no Kerberos server."""
    servers = platform.members("kerberos_servers")
    return next(name for name in platform.members("platform") if name not in servers)


@pytest.fixture
def host(platform, client) -> Iterator[Host]:
    """It has its good keytab again afterwards."""
    found = platform.host(client)
    found.check_output(f"cp -p {KEYTAB} {SAVED}")
    yield found
    found.check_output(f"if [ -e {SAVED} ]; then cp -p {SAVED} {KEYTAB}; rm {SAVED}; fi")


def report(platform, client: str) -> str:
    """What the report says about a host that something is wrong with."""
    found = run_playbook(platform, "kerberos", "--limit", client)
    assert found.returncode != 0, found.stdout
    lines = [line.strip().lstrip("- ") for line in found.stdout.splitlines() if f"{client}: /" in line]
    assert lines, found.stdout + found.stderr
    return lines[0]


def heal(platform, client: str, *options: str) -> str:
    found = run_playbook(platform, "identity", "--tags", "kerberos_principals", "--limit", client, *options)
    assert found.returncode == 0, found.stdout + found.stderr
    return found.stdout


def test_people_log_in_by_password(platform, client):
    host = platform.host(client)
    names = [
        path.name.removesuffix("_kerberos_password") for path in platform.secrets_folder.glob("*_kerberos_password")
    ]
    assert names
    for name in names:
        password = platform.secret(f"{name}_kerberos_password")
        found = log_in_with_password(host, name, password, then="klist")
        assert f"Default principal: {name}@" in found.stdout, found.stderr
    refused = log_in_with_password(host, names[0], "not the password")
    assert refused.rc != 0
    assert "Password incorrect" in refused.stderr


def test_replicas_answer_while_the_primary_is_stopped(platform, client, host):
    primary = platform.host(platform.members("kerberos_servers")[0])
    password = platform.secret("bob_kerberos_password")
    primary.check_output("systemctl stop krb5-kdc")
    try:
        with_keytab = log_in_with_keytab(host, f"host/{fqdn(platform, client)}")
        with_password = log_in_with_password(host, "bob", password)
    finally:
        primary.check_output("systemctl start krb5-kdc")
    assert with_keytab.rc == 0, with_keytab.stderr
    assert with_password.rc == 0, with_password.stderr


def test_a_server_that_dies_is_started_again(platform):
    for name in platform.members("kerberos_servers"):
        kill(platform.host(name), "krb5-kdc")
        assert process_of(platform.host(name), "krb5-kdc") != "0"


def test_a_wrong_keytab_is_told_and_healed(platform, client, host):
    host.check_output(SPOIL)
    spoilt = host.check_output(f"sha256sum {KEYTAB}")
    told = report(platform, client)
    assert "gives no ticket for its key of host/" in told
    assert "playbooks/identity.yml" in told
    assert "changed=1 " in heal(platform, client, "--check"), "check mode tells that it would be written"
    assert host.check_output(f"sha256sum {KEYTAB}") == spoilt, "and does not write it"
    heal(platform, client)
    assert log_in_with_keytab(host, f"host/{fqdn(platform, client)}").rc == 0
    assert "changed=0 " in heal(platform, client)


def test_a_wrong_key_version_is_told_and_healed_and_old_tickets_stay_good(platform, client, host):
    own = f"host/{fqdn(platform, client)}"
    before = max(key_versions(host))
    held = "/run/testinfra-kerberos-held"
    host.check_output(f"kinit -k -c {held} {own} && kvno -c {held} {own}")
    primary = platform.host(platform.members("kerberos_servers")[0])
    primary.check_output(f"kadmin.local cpw -randkey -keepold {own}")
    told = report(platform, client)
    assert f"(version {before})" in told
    heal(platform, client)
    host.check_output(f"rm {SAVED}")
    assert key_versions(host) >= {before, before + 1}
    old_ticket = host.check_output(f"kvno -c {held} -k {KEYTAB} {own}; rm {held}")
    assert f"kvno = {before}, keytab entry valid" in old_ticket, "clients hold tickets of the old key"


def key_versions(host: Host) -> set[int]:
    lines = host.check_output(f"klist -k {KEYTAB}").splitlines()
    return {int(line.split()[0]) for line in lines if "host/" in line}


@contextmanager
def without_records(platform) -> Iterator[None]:
    """The first name server, which clients ask first, has no SRV records of Kerberos."""
    domain = platform.variables["platform_domain"]
    server = platform.host(platform.members("dns_servers")[0])
    zone, saved = f"/etc/bind/zones/db.{domain}", "/run/testinfra-zone"
    server.check_output(f"cp -p {zone} {saved} && sed -i '/^_kerberos/d' {zone} && rndc reload {domain}")
    try:
        yield
    finally:
        # BIND passes over a file that is no newer than what it has loaded.
        server.check_output(f"cp -p {saved} {zone} && touch {zone} && rm {saved} && rndc reload {domain}")


def test_missing_records_are_told(platform, client, host):
    with without_records(platform):
        told = run_playbook(platform, "kerberos", "--limit", client).stdout
    assert f"{client}: No Kerberos server of the realm" in told
    assert "DNS records _kerberos._udp and _kerberos._tcp of the domain are missing (role dns_server)" in " ".join(
        told.split()
    )


def test_a_keytab_that_everybody_can_read_is_told_by_report_and_preflight(platform, client, host):
    host.check_output(f"chmod 0644 {KEYTAB}")
    assert "everybody on this host can use it (mode 0644)" in report(platform, client)
    preflight = run_playbook(platform, "identity", "--tags", "preflight")
    assert preflight.returncode != 0
    told = " ".join(preflight.stdout.split())
    assert f"{client}: the secret file {KEYTAB} has mode 0644" in told
    assert shlex.join(["chmod", "o=", KEYTAB]) in told
