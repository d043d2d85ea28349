# SPDX-License-Identifier: GPL-3.0-or-later
"""The gateway lets nobody in who does not prove who he is, and nobody further than his groups."""

import uuid
from collections.abc import Iterator

import pytest
from gateway_access import OPERATORS, VIEWERS, ForeignRun, Gateway, foreign_run
from log_runs import wait

pytestmark = pytest.mark.hosts

OTHERS = "nobodys-team"
CONFIGURATION = "/etc/mesospark/gateway"


@pytest.fixture(scope="module")
def gateway(platform) -> Gateway:
    assert platform.members("gateways"), "the inventory has no group gateways"
    return Gateway(platform)


@pytest.fixture(scope="module")
def operator(gateway) -> str:
    return gateway.person(OPERATORS)


@pytest.fixture(scope="module")
def viewer(gateway) -> str:
    return gateway.person(VIEWERS)


@pytest.fixture(scope="module")
def member(platform, gateway) -> str:
    return gateway.person(platform.variables["spark_principals"][0]["name"])


@pytest.fixture(scope="module")
def others_run(platform) -> Iterator[ForeignRun]:
    with foreign_run(platform, OTHERS) as run:
        yield run


def test_nobody_gets_in_without_a_proof(gateway, member):
    for path in ("/", "/marathon/v2/apps", "/mesos/state", "/v2/_catalog", "/graylog/api/system", "/health"):
        assert gateway.ask("", path).status == 401, path
    assert gateway.ask_with_password(member, "wrong", "/").status == 401


def test_a_ticket_or_a_password_opens_the_page(gateway, member):
    for said in (gateway.ask(member, "/"), gateway.ask_with_password(member, gateway.password(member), "/")):
        assert said.status == 200, said.text
        assert f">{member} (" in said.text


def test_hosts_are_known_and_not_let_in(gateway):
    said = gateway.ask_as_host("/")
    assert said.status == 403
    assert said.message.startswith("groups: ")


def test_nothing_is_served_in_clear(gateway):
    refused = gateway.ask_plainly(f"http://{gateway.name}/")
    assert refused.status == 0, "port 80 is open"
    assert gateway.ask_plainly(f"http://{gateway.name}:443/").status == 400


def test_viewers_change_nothing(gateway, viewer):
    assert gateway.ask(viewer, "/marathon/v2/apps").status == 200
    for path in ("/marathon/v2/apps", "/mesos/teardown", "/v2/mesospark/spark/blobs/uploads/"):
        assert gateway.ask(viewer, path, "--data", "{}").status == 403, path


def test_what_a_caller_says_of_himself_is_dropped(gateway, member, operator):
    forged = ["--header", f"X-Remote-User: {operator}", "--header", f"X-Remote-Groups: {OPERATORS}"]
    assert gateway.ask(operator, "/mesos/state-summary").status == 200
    assert gateway.ask(member, "/mesos/state-summary", *forged).status == 403
    assert f">{member} (" in gateway.ask(member, "/", *forged).text
    # A header that is declared to be for one hop must not take httpd's own with it.
    dropped = gateway.ask(member, "/", "--header", "Connection: close, X-Remote-User, X-Remote-Groups")
    assert dropped.status == 403 or f">{member} (" in dropped.text


def test_runs_of_others_are_theirs(gateway, member, viewer, operator, others_run):
    app = f"/marathon/v2/apps//runs/{others_run.run_id}"
    files = f"/agents/{others_run.agent}/files/browse?path={others_run.sandbox}"
    driver = f"/drivers/{others_run.run_id}/"
    for path in (app, files, driver):
        said = gateway.ask(member, path)
        assert said.status == 403, (path, said.text)
        assert said.message.startswith("teams: "), path
    assert gateway.ask(member, app, "--request", "DELETE").status == 403
    assert others_run.run_id not in gateway.ask(member, "/").text
    for person in (viewer, operator):
        assert gateway.ask(person, app).status == 200
        assert "stdout" in gateway.ask(person, files).text
        assert others_run.run_id in gateway.ask(person, "/").text


def test_agents_files_beside_sandboxes_are_operators(gateway, member, others_run):
    for path in ("/slave/log", "/etc/shadow", f"{others_run.sandbox}/../../../../../../../../etc/shadow"):
        assert gateway.ask(member, f"/agents/{others_run.agent}/files/read?path={path}").status == 403, path


def test_the_leader_is_found(platform, gateway, viewer):
    masters = gateway.ask(viewer, "/mesos/masters").json()["masters"]
    domain = platform.variables["platform_domain"]
    assert masters == [f"https://{name}.{domain}:5050" for name in platform.members("mesos_masters")]
    slaves = gateway.ask(viewer, "/mesos/slaves").json()["slaves"]
    assert len(slaves) == len(platform.members("mesos_agents"))


def test_images(gateway, member):
    assert gateway.ask(member, "/v2/_catalog").status == 200
    assert gateway.ask(member, "/v2/mesospark/spark/manifests/3.5.8", "--request", "DELETE").status == 403
    assert gateway.ask(member, "/v2/mesospark/spark/blobs/uploads/", "--request", "POST").status == 202


def test_every_request_stands_in_the_journal(gateway, member):
    mark = uuid.uuid4().hex
    assert gateway.ask(member, f"/nothing-{mark}").status == 404
    assert gateway.ask("", f"/nothing-{mark}").status == 401

    def lines() -> list[str]:
        command = "journalctl --unit=apache2 --identifier=gateway-audit --since=-2min --output=cat"
        found = [line for line in gateway.host().check_output(command).splitlines() if mark in line]
        return found if any("status=404" in line for line in found) and any("user=- " in line for line in found) else []

    told = wait(lines, "the lines of the journal", timeout=10)
    known = [line for line in told if line.startswith(f"user={member}@")]
    assert len(known) == 1
    assert f'method=GET path="/nothing-{mark}"' in known[0]
    assert "status=404" in known[0]


def test_secrets_are_the_programs_alone(platform, gateway):
    for name in gateway.names:
        host = platform.host(name)
        accounts = host.file(f"{CONFIGURATION}/account-passwords.json")
        assert (accounts.mode, accounts.user, accounts.group) == (0o440, "root", "gateway")
        assert host.run(f"setpriv --reuid=www-data --regid=www-data --init-groups cat {accounts.path}").rc != 0
        assert host.file("/run/mesospark-gateway").mode == 0o750
        assert host.file("/run/mesospark-gateway").group == "www-data"
        processes = host.check_output("ps -e -o args=")
        for secret in ("gateway_marathon_password", "mesos_operator_secret", "registry_push_password"):
            assert platform.secret(secret) not in processes, secret


def test_services_are_confined(platform, gateway):
    for name in gateway.names:
        service = platform.host(name).service("mesospark-gateway")
        assert service.is_running
        assert service.is_enabled
        properties = service.systemd_properties
        assert (properties["User"], properties["ProtectSystem"]) == ("gateway", "strict")
        assert properties.get("CapabilityBoundingSet", "") == ""
        listeners = platform.host(name).check_output("ss --listening --numeric --tcp --processes --no-header")
        own = {line.split()[3] for line in listeners.splitlines() if '"apache2"' in line}
        assert own == {f"{platform.address(name)}:443"}
