# SPDX-License-Identifier: GPL-3.0-or-later
"""Log shippers: on every host, confined, connected, and what services say reaches Graylog."""

import re
import time
from urllib.parse import urlencode

import pytest

pytestmark = pytest.mark.hosts

UNIT = "log-shipper"
GRAYLOG_PORT = 9000
METRICS = "curl --silent --fail http://127.0.0.1:9273/metrics"
UNITS = {
    "dns_servers": "named",
    "docker_registries": "docker-registry",
    "graylogs": "graylog",
    "marathons": "marathon",
    "mesos_agents": "mesos-agent",
    "mesos_masters": "mesos-master",
    "zookeepers": "zookeeper",
}


@pytest.fixture(scope="module")
def hosts(platform):
    return {name: platform.host(name) for name in platform.members("platform")}


@pytest.fixture(scope="module")
def search(platform):
    """Asks Graylog for messages of the last half hour."""
    address = platform.address(platform.members("graylogs")[0])
    account = "admin", platform.secret("graylog_admin_password")

    def ask(query: str, limit: int):
        values = urlencode({"query": query, "range": 1800, "limit": limit, "fields": "message"})
        answer = platform.request(f"https://{address}:{GRAYLOG_PORT}/api/search/universal/relative?{values}", account)
        assert answer.status == 200, answer.text
        return answer.json()

    return ask


@pytest.fixture(scope="module")
def count(search):
    """The number of messages that Graylog finds."""
    return lambda query: search(query, 1)["total_results"]


def process(host) -> str:
    return host.check_output(f"systemctl show {UNIT} --property=MainPID --value")


def metric(host, name: str) -> float:
    found = re.search(rf"^log_shipper_{name}{{[^}}]*}} (\S+)$", host.check_output(METRICS), re.MULTILINE)
    assert found, name
    return float(found[1])


def wait(condition, what: str, seconds: float = 30.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"waited {seconds:g} s for {what}"
        time.sleep(0.5)


def test_runs_on_every_host(hosts):
    for host in hosts.values():
        assert host.service(UNIT).is_running
        assert host.service(UNIT).is_enabled
        assert host.check_output(f"ps -o user= -p {process(host)}").strip() == "log-shipper"


def test_is_confined(hosts):
    for host in hosts.values():
        properties = host.service(UNIT).systemd_properties
        assert set(properties["CapabilityBoundingSet"].split()) == {"cap_dac_read_search", "cap_fowner"}
        assert properties["NoNewPrivileges"] == "yes"
        assert properties["ProtectSystem"] == "full"
        assert properties["Restart"] == "always"


def test_keeps_its_files_to_itself(hosts):
    for host in hosts.values():
        state = host.file("/var/lib/log-shipper")
        assert (state.user, state.mode) == ("log-shipper", 0o700)
        settings = host.file("/etc/mesospark/log-shipper/config.toml")
        assert (settings.user, settings.group, settings.mode) == ("root", "log-shipper", 0o440)


def test_listens_on_loopback_alone(hosts):
    for host in hosts.values():
        listeners = host.check_output("ss --listening --numeric --tcp --processes --no-header")
        own = [line.split()[3] for line in listeners.splitlines() if f"pid={process(host)}," in line]
        assert own == ["127.0.0.1:9273"]


def test_has_nothing_to_report(hosts):
    for name, host in hosts.items():
        assert metric(host, "connected") == 1, name
        assert metric(host, "bytes_dropped_total") == 0, name
        assert metric(host, "files_unheld") == 0, name
        assert metric(host, "lag_seconds") < 30, name


def test_every_service_is_found(platform, hosts, count):
    """Each service that has said something lately."""
    for group, unit in UNITS.items():
        for name in platform.members(group):
            cursor = hosts[name].check_output(f"journalctl --unit={unit} --lines=1 --output=short-unix --no-pager")
            if cursor and time.time() - float(cursor.split()[0]) < 1500:
                query = f'service:"{unit}" AND source:"{name}.{platform.variables["platform_domain"]}"'
                wait(lambda query=query: count(query) > 0, query)


def test_new_certificate_is_used_without_a_restart(platform, hosts, count):
    """The shipper says so, and what it says is found in Graylog."""
    began = time.time()
    for name, host in hosts.items():
        before = process(host)
        host.check_output("touch /etc/mesospark/tls/host.pem")
        said = f"journalctl --unit={UNIT} --since=@{began:.0f} --output=cat --no-pager"
        wait(lambda host=host, said=said: "are read again" in host.check_output(said), f"{name} to read them")
        wait(lambda host=host: metric(host, "connected") == 1, f"{name} to be connected")
        assert process(host) == before
        source = f"{name}.{platform.variables['platform_domain']}"
        query = f'service:"{UNIT}" AND source:"{source}" AND message:"TLS files are read again"'
        wait(lambda query=query: count(query) > 0, query)


def test_comes_back_after_kill(hosts):
    name, host = next(iter(hosts.items()))
    before = process(host)
    host.check_output(f"systemctl kill --signal=KILL {UNIT}")
    wait(lambda: process(host) not in {"0", before}, f"{name} to start it again")
    wait(lambda: host.run(METRICS).rc == 0 and metric(host, "connected") == 1, f"{name} to be connected")


def test_loses_nothing_of_the_journal(platform, hosts, search):
    """What a service prints while the shipper is killed twice is found to the last line."""
    unit, lines = "zookeeper", 2000
    name = next(name for name in hosts if name not in platform.members("zookeepers"))
    host, mark = hosts[name], f"journal-{time.time():.0f}"
    script = f"for i in $(seq {lines}); do echo {mark} $i; [ $((i % 100)) != 0 ] || sleep 0.3; done"
    host.check_output(f"systemd-run --quiet --collect --unit={unit} sh -c '{script}'")
    for _kill in range(2):
        before = process(host)
        time.sleep(1)
        host.check_output(f"systemctl kill --signal=KILL {UNIT}")
        wait(lambda before=before: process(host) not in {"0", before}, f"{name} to start it again")
    wanted = {f"{mark} {number}" for number in range(1, lines + 1)}

    def missing() -> set[str]:
        found = search(f'service:"{unit}" AND message:"{mark}"', 10_000)["messages"]
        return wanted - {entry["message"]["message"] for entry in found}

    wait(lambda: not missing(), f"{lines} lines of {mark}", 60)


def test_no_secret_is_in_graylog(platform, count):
    found = [name for name, secret in platform.secrets().items() if len(secret) >= 16 and count(f'"{secret}"')]
    assert found == []
