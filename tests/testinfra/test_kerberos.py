# SPDX-License-Identifier: GPL-3.0-or-later
"""Every host proves who it is, every Kerberos server answers, and nobody else learns a key. Nothing is changed."""

import time

import pytest
from kerberos_hosts import CACHE, SCRATCH, ask_only, fqdn, log_in_with_keytab, realm_of

pytestmark = pytest.mark.hosts

STRONG = {"aes256-cts-hmac-sha384-192", "aes256-cts-hmac-sha1-96"}
PATIENCE = 30.0  # seconds that replicas have to follow
REQUIRES_PREAUTHENTICATION = 0x80
OF_THE_REALM = ("K/M", "krbtgt/", "kadmin/")


@pytest.fixture(scope="module")
def servers(platform) -> list[str]:
    """The primary first."""
    names = platform.members("kerberos_servers")
    assert names, "the inventory has no group kerberos_servers"
    return names


def principals(platform, server: str) -> dict[str, list[str]]:
    """The fields of each principal as the database of a server has them."""
    host = platform.host(server)
    names = host.check_output("kadmin.local listprincs").splitlines()
    script = 'while read -r name; do kadmin.local getprinc -terse "$name"; done'
    lines = host.check_output(f"kadmin.local listprincs | {script}").splitlines()
    found = {line.split("\t")[0].strip('"'): line.split("\t") for line in lines if line.startswith('"')}
    assert sorted(found) == sorted(names)
    return found


def keys(platform, server: str) -> list[str]:
    """Principal, version and encryption type of each key that a server has, in no way the key itself."""
    return sorted(platform.host(server).check_output("kdb5_util tabdump -H -n keyinfo").splitlines())


def test_every_host_logs_in_with_its_keytab(platform, servers):
    for name in platform.members("platform"):
        own = f"host/{fqdn(platform, name)}"
        found = log_in_with_keytab(platform.host(name), own, then="klist")
        assert f"Default principal: {own}@{realm_of(platform)}" in found.stdout, f"{name}: {found.stderr}"


def test_keytabs_are_their_owners(platform, servers):
    for name in platform.members("platform"):
        file = platform.host(name).file("/etc/krb5.keytab")
        assert (file.mode, file.user, file.group) == (0o400, "root", "root"), name


def test_keytabs_of_job_identities_are_good_and_their_teams_alone(platform, servers):
    """On agents: where the folders of principals are not yet made, there are none."""
    for name in platform.members("mesos_agents"):
        host = platform.host(name)
        if not host.file("/etc/mesospark/principals").exists:
            continue
        for team in (entry["name"] for entry in platform.variables["spark_principals"]):
            path = f"/etc/mesospark/principals/{team}/{team}.keytab"
            file = host.file(path)
            assert (file.mode, file.user, file.group) == (0o440, "root", team), f"{name}: {path}"
            found = log_in_with_keytab(host, team, path)
            assert found.rc == 0, f"{name}: {path}: {found.stderr}"
            stranger = host.run(f"setpriv --reuid=nobody --clear-groups cat {path}")
            assert "Permission denied" in stranger.stderr, f"{name}: {path}"


def test_keys_are_strong(platform, servers):
    for name in platform.members("platform"):
        lines = platform.host(name).check_output("klist -k -e -t /etc/krb5.keytab").splitlines()
        kinds = {line.rstrip().rpartition("(")[2].rstrip(")") for line in lines if line.rstrip().endswith(")")}
        assert kinds <= STRONG, name
        assert kinds, name


def test_every_server_answers_by_itself(platform, servers):
    client = platform.members("platform")[-1]
    host = platform.host(client)
    for server in servers:
        configuration = ask_only(platform, host, server)
        found = host.run(
            f"KRB5_CONFIG={configuration} kinit -k -c FILE:{CACHE} host/{fqdn(platform, client)};"
            f" status=$?; rm -f {CACHE} {configuration}; exit $status"
        )
        assert found.rc == 0, f"{server} to {client}: {found.stderr}"


def test_replicas_have_the_same_keys(platform, servers):
    deadline = time.monotonic() + PATIENCE
    for replica in servers[1:]:
        while keys(platform, replica) != keys(platform, servers[0]) and time.monotonic() < deadline:
            time.sleep(2)
        assert keys(platform, replica) == keys(platform, servers[0]), replica


def test_servers_are_found_by_dns(platform, servers):
    domain = platform.variables["platform_domain"]
    expected = {
        "_kerberos._udp": {("0", "88", servers[0]), *(("10", "88", name) for name in servers[1:])},
        "_kerberos._tcp": {("0", "88", servers[0]), *(("10", "88", name) for name in servers[1:])},
        "_kerberos-master._udp": {("0", "88", servers[0])},
        "_kpasswd._udp": {("0", "464", servers[0])},
        "_kerberos-adm._tcp": {("0", "749", servers[0])},
    }
    for dns in platform.members("dns_servers"):
        for record, targets in expected.items():
            text = platform.host(dns).check_output(f"host -t SRV {record}.{domain} {platform.address(dns)}")
            answers = [line.split()[-4:] for line in text.splitlines() if "SRV record" in line]
            found = {(priority, port, target.split(".")[0]) for priority, _weight, port, target in answers}
            assert found == targets, f"{record} from {dns}"


def test_everybody_has_to_prove_who_he_is_first(platform, servers):
    for name, fields in principals(platform, servers[0]).items():
        if not name.startswith(OF_THE_REALM):
            assert int(fields[7]) & REQUIRES_PREAUTHENTICATION, name


def test_there_are_no_tickets_to_people_and_jobs(platform, servers):
    client = platform.members("platform")[-1]
    for entry in platform.variables["spark_principals"]:
        found = log_in_with_keytab(
            platform.host(client), f"host/{fqdn(platform, client)}", then=f"kvno {entry['name']}"
        )
        assert found.rc != 0, entry["name"]


def test_a_host_may_not_administer_the_realm(platform, servers):
    client = platform.members("platform")[-1]
    own = f"host/{fqdn(platform, client)}"
    for query in ("listprincs", f"cpw -randkey host/{fqdn(platform, servers[0])}"):
        found = platform.host(client).run(
            f"LC_ALL=C kadmin -s {fqdn(platform, servers[0])} -k -t /etc/krb5.keytab -p {own} {query}"
        )
        assert "privilege" in found.stderr, f"{query}: {found.stdout}"


def test_the_database_is_for_root_alone(platform, servers):
    for name in servers:
        host = platform.host(name)
        for folder in ("/etc/krb5kdc", "/var/lib/krb5kdc"):
            assert host.file(folder).mode == 0o700, f"{name}: {folder}"
        for path in ("/etc/krb5kdc/stash", "/var/lib/krb5kdc/principal"):
            assert (host.file(path).mode, host.file(path).user) == (0o600, "root"), f"{name}: {path}"


def test_a_backup_can_be_restored(platform, servers):
    """Into a database beside the real one, by the archive alone."""
    host = platform.host(servers[0])
    folder = "/var/backups/mesospark-kerberos"
    assert host.file(folder).mode == 0o700
    latest = host.check_output(f"ls -1 {folder}/kerberos-*.tar.gz | tail -n 1")
    assert host.file(latest).mode == 0o600
    host.check_output(f"mkdir -m 0700 {SCRATCH} && tar --extract --gzip --file {latest} --directory {SCRATCH}")
    try:
        host.check_output(
            f"sed -e 's|/var/lib/krb5kdc|{SCRATCH}|' -e 's|/etc/krb5kdc|{SCRATCH}|' -e '/iprop/d'"
            f" {SCRATCH}/kdc.conf > {SCRATCH}/restored.conf"
        )
        host.check_output(f"KRB5_KDC_PROFILE={SCRATCH}/restored.conf kdb5_util load {SCRATCH}/database")
        restored = host.check_output(f"KRB5_KDC_PROFILE={SCRATCH}/restored.conf kadmin.local getprinc K/M")
    finally:
        host.check_output(f"rm -r {SCRATCH}")
    assert f"Principal: K/M@{realm_of(platform)}" in restored


def test_no_password_stands_in_a_journal_or_a_process_list(platform, servers):
    secrets = {name: text for name, text in platform.secrets().items() if "kerberos" in name}
    assert secrets
    for server in servers:
        host = platform.host(server)
        seen = host.check_output("journalctl --no-pager --output=cat; ps axwwo args")
        assert [name for name, text in secrets.items() if text in seen] == [], server
