# SPDX-License-Identifier: GPL-3.0-or-later
"""What happens to certificates in the course of years, on a platform that is at work meanwhile."""

import http.client
import json
import ssl
import time
from collections.abc import Iterator
from contextlib import closing

import pytest
from certificate_hosts import (
    changed_hosts,
    install_expired_certificate,
    report_lines,
    restarts,
    steal_certificate,
)
from gateway_access import OPERATORS, Gateway
from gateway_requests import GatewayRequests
from log_runs import start_numbered_lines, wait
from module_calls import run_playbook
from testinfra.host import Host

PLAYBOOK = "certificates"
AUTHORITY = "/etc/mesospark/tls/ca.pem"
# As docs/certificates.md says: what is asked of a service whose only server restarts fails meanwhile.
RESTARTED = {"mesos_masters": "mesos-master", "marathons": "marathon"}
READY_SECONDS = 30.0
BEHIND_THEM = ("/mesos/", "/marathon/", "/drivers/")


@pytest.fixture
def agent(platform) -> Iterator[str]:
    """An agent; if its certificate has ended after the test, it is renewed."""
    name = platform.members("mesos_agents")[-1]
    yield name
    if platform.host(name).run("openssl x509 -in /etc/mesospark/tls/host.pem -noout -checkend 0").rc != 0:
        mended = run_playbook(platform, PLAYBOOK, "--tags", "renew")
        assert mended.returncode == 0, mended.stdout


@pytest.fixture
def home(platform) -> Host:
    """The host of the authority. It is the only one that is trusted; after a roll-over that broke off, it was not."""
    host: Host = platform.host(platform.members("certificate_authority")[0])
    if host.check_output(f"grep -c BEGIN {AUTHORITY}") != "1":
        dropped = run_playbook(platform, PLAYBOOK, "--tags", "drop-old-ca")
        assert dropped.returncode == 0, dropped.stdout
    return host


def active_agents(platform, operator) -> set[str]:
    master = platform.address(platform.members("mesos_masters")[0])
    agents = platform.request(f"https://{master}:5050/slaves", operator).json()["slaves"]
    return {agent["hostname"].partition(".")[0] for agent in agents if agent["active"]}


@pytest.mark.hosts
@pytest.mark.faults
def test_an_agent_whose_certificate_has_ended(platform, operator, agent):
    install_expired_certificate(platform, agent)
    platform.host(agent).check_output("systemctl restart mesos-agent")

    # The host sees it by itself, and says so where Graylog's alarm looks.
    assert platform.host(agent).run("systemctl start mesospark-certificates").rc != 0
    log = "journalctl --unit=mesospark-certificates --priority=err --output=cat --lines=20 --no-pager"
    assert "Mesos agent" in platform.host(agent).check_output(log)

    report = run_playbook(platform, PLAYBOOK)
    assert report.returncode != 0
    address = platform.address(agent)
    assert f"{agent}: Mesos agent ({address}:5051) its certificate has expired 1 days ago" in report.stdout
    assert f"{agent}: /etc/mesospark/tls/host.pem has expired 1 days ago" in report.stdout

    renewal = run_playbook(platform, PLAYBOOK, "--tags", "renew")
    assert renewal.returncode == 0, renewal.stdout
    assert changed_hosts(renewal.stdout) == {agent}
    wait(lambda: agent in active_agents(platform, operator), f"{agent} to be back at the master", 60)


@pytest.mark.soak
def test_marathon_refuses_what_is_revoked(platform, tmp_path):
    marathon = platform.address(platform.members("marathons")[0])
    certificate, key, serial_number = steal_certificate(platform, platform.members("mesos_agents")[0], tmp_path)

    def answer() -> str:
        """The status, or why there is none: in TLS 1.3 a refusal comes in the place of the answer."""
        context = ssl.create_default_context(cafile=str(platform.secrets_folder / "ca.pem"))
        context.load_cert_chain(certificate, key)
        try:
            with closing(http.client.HTTPSConnection(marathon, 8443, timeout=20, context=context)) as connection:
                connection.request("GET", "/v2/info")
                return str(connection.getresponse().status)
        except OSError as error:
            return str(error)

    assert answer() == "401"
    revoked = json.dumps({"certificate_authority_revoked": [serial_number]})
    try:
        renewal = run_playbook(platform, PLAYBOOK, "--tags", "renew", "--extra-vars", revoked)
        assert renewal.returncode == 0, renewal.stdout
        assert not answer().isdigit()
        # Another one is welcome, and asked for its account.
        assert platform.request(f"https://{marathon}:8443/v2/info").status == 401
    finally:
        mended = run_playbook(platform, PLAYBOOK, "--tags", "renew")
    assert mended.returncode == 0, mended.stdout
    assert answer() == "401"


@pytest.mark.soak
@pytest.mark.timeout(1800)
def test_another_authority_follows_while_a_job_runs(platform, home, tmp_path):
    """Nobody notices but for the restarts: not the job, not those who ask the gateway."""
    gateway = Gateway(platform)
    user = gateway.person(OPERATORS)
    before = home.check_output(f"openssl x509 -in {AUTHORITY} -noout -subject")

    run = start_numbered_lines(platform, tmp_path, 20_000, seconds=300, wait_timeout="15m")
    run.wait_for_lines()
    started = time.time()
    paths = ["/", "/mesos/state-summary", "/marathon/v2/info", "/v2/_catalog", f"/drivers/{run.run_id}/jobs/"]
    with GatewayRequests(platform, (user, gateway.password(user)), paths) as requests:
        time.sleep(5)
        assert not requests.failures, requests.summary()
        roll = run_playbook(platform, PLAYBOOK, "--tags", "roll-ca")
        lasted = time.time() - started
        assert roll.returncode == 0, roll.stdout
        still_runs = run.process.poll() is None
        time.sleep(5)
    print(f"the roll-over took {lasted:.0f} s\n{requests.summary()}")

    after = home.check_output(f"openssl x509 -in {AUTHORITY} -noout -subject")
    assert after != before
    signer = after.partition("CN = ")[2].strip()
    table = [line for line in roll.stdout.splitlines() if line.rstrip().endswith(" good")]
    listeners = [line for line in table if " 1.2 " in line or " 1.3 " in line]
    assert len(listeners) > len(platform.members("platform"))
    # The driver has served it since, too: it is not restarted.
    assert still_runs, "the job ended before the roll-over did: it says nothing"
    assert report_lines(roll.stdout, f"driver of {run.run_id}"), roll.stdout
    assert [line for line in listeners if signer not in line] == []
    assert all(count > 20 for count in requests.made.values()), requests.summary()
    away = restarts(platform, RESTARTED, started, READY_SECONDS)
    assert requests.failed_outside(away, BEHIND_THEM) == [], f"{away}\n{requests.summary()}"
    run.wait_for_end(600)

    dropped = run_playbook(platform, PLAYBOOK, "--tags", "drop-old-ca")
    assert dropped.returncode == 0, dropped.stdout
    again = run_playbook(platform, PLAYBOOK, "--tags", "renew")
    assert again.returncode == 0, again.stdout
    assert changed_hosts(again.stdout) == set()
