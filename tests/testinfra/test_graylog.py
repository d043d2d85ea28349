# SPDX-License-Identifier: GPL-3.0-or-later
"""Graylog's servers: confined, bounded, with an account of their own making, and reached through TLS only.

Of the distribution embedded. Who may write and read logs is looked at in test_logs_access.
"""

import hashlib
import re

import pytest

pytestmark = pytest.mark.hosts

PORT = 9000
SERVICES = {
    "graylog": "graylog",
    "graylog-elasticsearch": "graylog",
    "graylog-mongodb": "graylog",
    "graylog-front": "www-data",
    "graylog-guard": "graylog",
}
ON_LOOPBACK = {9000, 9200, 9300, 27017}
MIB = 1 << 20


@pytest.fixture(scope="module")
def graylogs(platform) -> dict[str, str]:
    names = platform.members("graylogs")
    assert names, "the inventory has no group graylogs"
    return {name: f"https://{platform.address(name)}:{PORT}" for name in names}


@pytest.fixture(scope="module")
def administrator(platform) -> tuple[str, str]:
    return "admin", platform.secret("graylog_admin_password")


@pytest.mark.parametrize("unit", SERVICES)
def test_service_runs_confined_as_its_own_user(platform, graylogs, unit):
    for name in graylogs:
        service = platform.host(name).service(unit)
        assert service.is_running
        assert service.is_enabled
        properties = service.systemd_properties
        user = platform.host(name).check_output(f"ps -o user= -p {properties['MainPID']}").strip()
        assert user == SERVICES[unit]
        assert properties["ProtectSystem"] == "strict"
        assert properties["NoNewPrivileges"] == "yes"
        assert properties.get("CapabilityBoundingSet", "") == ""


def test_servers_themselves_listen_on_loopback(platform, graylogs):
    for name in graylogs:
        lines = platform.host(name).check_output("ss -H -l -t -n -p | grep java").splitlines()
        loopback = {int(found[1]) for line in lines if (found := re.search(r" 127\.0\.0\.1:(\d+) ", line))}
        address = re.escape(platform.address(name))
        others = {int(found[1]) for line in lines if (found := re.search(rf" {address}:(\d+) ", line))}
        assert loopback == ON_LOOPBACK
        assert len(loopback) + len(others) == len(lines), lines
        # The input of log shippers.
        assert others == {5044}


def test_administrator_reads_through_the_front(platform, graylogs, administrator):
    for url in graylogs.values():
        answer = platform.request(f"{url}/api/system", administrator)
        assert answer.status == 200
        assert answer.json()["lifecycle"] == "running"
        assert answer.json()["lb_status"] == "alive"


@pytest.mark.parametrize("account", [None, ("admin", "admin"), ("admin", "")])
def test_nobody_else_does(platform, graylogs, account):
    for url in graylogs.values():
        assert platform.request(f"{url}/api/system", account).status == 401


def test_links_name_the_front(platform, graylogs):
    for url in graylogs.values():
        page = platform.request(f"{url}/", certificate=False)
        assert page.status == 200
        settings = platform.request(f"{url}/config.js", certificate=False).text
        assert "http://" not in settings, settings


def test_password_is_on_the_host_as_a_hash_only(platform, graylogs, administrator):
    password = administrator[1]
    for name in graylogs:
        host = platform.host(name)
        file = host.file("/etc/mesospark/graylog/secrets.conf")
        assert (file.mode, file.user, file.group) == (0o440, "root", "graylog")
        assert hashlib.sha256(password.encode()).hexdigest() in file.content_string
        assert host.file("/run/graylog").mode == 0o700
        for folder in ("/etc", "/run/graylog", "/var/lib/graylog/mongodb", "/opt/graylog/launchers"):
            search = f"grep --recursive --quiet --fixed-strings --no-messages --file=/dev/stdin {folder}"
            found = host.run(f"{search} <<'END'\n{password}\nEND")
            assert found.rc != 0, f"{name}: {folder}"


def test_input_of_shippers_takes_certificates_only(platform, graylogs, administrator):
    for url in graylogs.values():
        inputs = platform.request(f"{url}/api/system/inputs", administrator).json()["inputs"]
        (beats,) = (found for found in inputs if found["title"] == "beats")
        assert beats["attributes"]["tls_enable"] is True
        assert beats["attributes"]["tls_client_auth"] == "required"
        assert beats["attributes"]["no_beats_prefix"] is True
        states = platform.request(f"{url}/api/system/inputstates", administrator).json()["states"]
        assert {state["state"] for state in states} == {"RUNNING"}


def test_disk_is_bounded(platform, graylogs, administrator):
    for name, url in graylogs.items():
        journal = platform.request(f"{url}/api/system/journal", administrator).json()
        assert journal["enabled"] is True
        assert 0 < journal["journal_size_limit"] <= 2048 * MIB
        settings = platform.host(name).check_output(
            "curl --silent --noproxy '*' 'http://127.0.0.1:9200/_cluster/settings?include_defaults&flat_settings'"
        )
        assert f'"cluster.routing.allocation.disk.watermark.flood_stage":"{2048 * MIB}b"' in settings
        for found in platform.request(f"{url}/api/system/indices/index_sets", administrator).json()["index_sets"]:
            assert found["retention_strategy"]["max_number_of_indices"] > 0, found["title"]
            assert found["retention_strategy_class"].endswith("DeletionRetentionStrategy"), found["title"]


def test_levels_reach_the_journal(platform, graylogs):
    """A line's level is the journal's, so that errors can be told apart without reading the text."""
    for name in graylogs:
        units = "--unit=graylog --unit=graylog-elasticsearch"
        output = "--output=json --output-fields=PRIORITY,MESSAGE --lines=200"
        command = f"journalctl {units} {output} --grep '^(INFO|WARN) '"
        lines = platform.host(name).check_output(command).splitlines()
        assert lines
        for line in lines:
            level = "6" if '"MESSAGE":"INFO ' in line else "4"
            assert f'"PRIORITY":"{level}"' in line, line
