# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs with networks of their own: what they reach and who reaches them, with real traffic both ways."""

import shlex
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import pytest
from gateway_access import OPERATORS, Gateway
from isolation_runs import TABLE, IsolatedRun, end, submit, traces, wait

# The first check waits for two drivers and two large executors.
pytestmark = [pytest.mark.hosts, pytest.mark.timeout(600)]

STAGING, PRODUCTION = "staging-check", "production-check"
# As group_vars of the scenario have them; both on the last Marathon's host.
STAGING_PORT, PRODUCTION_PORT = 8020, 8021
TASK_PORT, ISOLATED_PORT = 31988, 9000
WAIT_FOR_EXECUTORS = {
    "spark.scheduler.minRegisteredResourcesRatio": "1.0",
    "spark.scheduler.maxRegisteredResourcesWaitingTime": "150s",
}
UNIT = "mesospark-isolation-check"
OPEN = "open"
# What the job's own listener says; networks outside may let anything seem open.
GREETING = "isolated run"
LISTEN = """
import socket, sys
server = socket.create_server(("0.0.0.0", int(sys.argv[1])))
while True:
    server.accept()[0].close()
"""
CONNECT = """
import os, socket, sys
for target in sys.argv[1:]:
    host, port = target.split(":")
    try:
        with socket.create_connection((host, int(port)), 3) as connection:
            connection.settimeout(1)
            try:
                print(connection.recv(100).decode(errors="replace").strip() or "open")
            except OSError:
                print("open")
    except OSError as error:
        print(os.strerror(error.errno) if error.errno else "timeout")
"""


@contextmanager
def listener(platform, name: str, port: int) -> Iterator[str]:
    """Something that takes connections on a host, outside of all containers."""
    host = platform.host(name)
    unit = f"{UNIT}-{port}"
    host.run(f"systemctl stop {unit}")
    host.check_output(f"systemd-run --quiet --collect --unit={unit} python3 -c %s {port}", LISTEN)
    try:
        wait(lambda: host.run(f"ss -H -t -l -n sport = {port}").stdout, f"a listener on port {port} of {name}")
        yield f"{platform.address(name)}:{port}"
    finally:
        host.check_output(f"systemctl stop {unit}")


def found_by(host, *targets: str, user: str = "root") -> list[str]:
    """What programs on a host, outside of all containers, find."""
    command = f"setpriv --reuid={user} --clear-groups python3 -c {shlex.quote(CONNECT)} {' '.join(targets)}"
    return str(host.check_output(command)).split("\n")


def account_of(platform, team: str) -> dict[str, str]:
    """A team's own account at Marathon, as options of a module."""
    return {"url_username": team, "url_password": platform.secret(f"{team}_marathon_password")}


@pytest.fixture(scope="module")
def agents(platform) -> list[str]:
    return platform.members("mesos_agents")


@pytest.fixture(scope="module")
def store(platform) -> str:
    return platform.members("marathons")[-1]


@pytest.fixture(scope="module")
def services(platform, store, agents) -> Iterator[dict[str, str]]:
    """Address and port of each listener by its name."""
    with ExitStack() as stack:
        yield {
            "staging": stack.enter_context(listener(platform, store, STAGING_PORT)),
            "production": stack.enter_context(listener(platform, store, PRODUCTION_PORT)),
            **{f"task on {name}": stack.enter_context(listener(platform, name, TASK_PORT)) for name in agents},
        }


def containers(platform, run_id: str) -> int:
    """How many containers a run has on all agents."""
    command = "docker ps --format '{{.Networks}}'"
    return sum(platform.host(name).check_output(command).count(run_id) for name in platform.members("mesos_agents"))


@pytest.fixture(scope="module")
def runs(platform, services) -> Iterator[tuple[IsolatedRun, IsolatedRun]]:
    """A staging run of the first team with an executor on each agent, and a driver of the second's production."""
    first, *others = [principal["name"] for principal in platform.variables["spark_principals"]]
    shared = {"network": "isolated", "wait": False}
    started = {}
    try:
        for name, options in (
            (
                STAGING,
                # Two such executors find no room on one agent.
                {
                    "principal": first,
                    "services": ["store-staging"],
                    "executor_cores": 3,
                    "executor_instances": 2,
                    "conf": WAIT_FOR_EXECUTORS,
                },
            ),
            (
                PRODUCTION,
                {"principal": (others or [first])[0], "services": ["store-production"], "arguments": ["driver"]},
            ),
        ):
            result = submit(platform, name, **shared, **options, **account_of(platform, options["principal"]))
            assert "run_id" in result, result
            started[name] = IsolatedRun(platform, result["run_id"])
            # Before the other run's executors take the room that these need.
            if name == STAGING:
                wait(lambda: containers(platform, started[STAGING].run_id) == 3, "the staging run's executors")
        yield started[STAGING], started[PRODUCTION]
    finally:
        for name in (STAGING, PRODUCTION):
            end(platform, name)


@pytest.fixture(scope="module")
def findings(platform, agents, services, runs):
    """What the staging run's driver and executors find, by target."""
    staging, production = runs
    hosts = {name: platform.address(name) for name in agents}
    allowed = {
        f"{staging.address}:{ISOLATED_PORT}",
        f"{platform.address(platform.members('mesos_masters')[0])}:5050",
        f"{platform.address(platform.members('dns_servers')[0])}:53",
        f"{platform.address(platform.members('docker_registries')[0])}:5443",
        services["staging"],
    }
    forbidden = {
        f"{production.address}:{ISOLATED_PORT}",
        *(f"{address}:5051" for address in hosts.values()),
        *(f"{address}:22" for address in hosts.values()),
        *(services[f"task on {name}"] for name in agents),
        f"{hosts[production.agent]}:{production.interface_port}",
        f"{platform.address(platform.members('marathons')[0])}:8443",
        f"{platform.address(platform.members('kerberos_servers')[0])}:88",
        services["production"],
        # Nobody's address: the internet.
        "192.0.2.1:443",
    }
    return staging.findings(sorted(allowed | forbidden)), allowed, forbidden


def test_an_isolated_job_does_its_work_on_two_agents(findings, agents):
    found, _allowed, _forbidden = findings
    assert found["words"] == {"to": 200, "be": 200, "or": 100, "not": 100}
    assert len(found["executors"]) == len(agents) == 2


def test_it_reaches_what_it_needs_and_nothing_else(findings):
    found, allowed, forbidden = findings
    for who, outcomes in {"driver": found["driver"], **found["executors"]}.items():
        assert {target for target, outcome in outcomes.items() if outcome == OPEN} == allowed, who
        assert forbidden <= set(outcomes), who


def test_production_reaches_production_and_not_staging(platform, services, runs):
    staging, production = runs
    driver = f"{staging.address}:{ISOLATED_PORT}"
    found = production.findings([services["staging"], services["production"], driver])["driver"]
    assert found[services["production"]] == OPEN
    assert found[services["staging"]] != OPEN
    assert found[driver] != OPEN


def test_nobody_else_reaches_a_run(platform, agents, runs):
    staging, _production = runs
    target = f"{staging.address}:{ISOLATED_PORT}"
    for name in platform.members("platform"):
        assert found_by(platform.host(name), target) != [GREETING], name


def test_tasks_on_the_host_s_network_reach_no_service_of_jobs(platform, agents, services):
    team = platform.variables["spark_principals"][0]["name"]
    for name in agents:
        host = platform.host(name)
        assert OPEN not in found_by(host, services["staging"], services["production"], user=team), name


def test_other_containers_reach_no_service_of_jobs_and_no_run(platform, agents, services, runs):
    staging, _production = runs
    image = f"{platform.variables['platform_registry']}/mesospark/spark:3.5.8"
    targets = f"{services['staging']} {services['production']} {staging.address}:{ISOLATED_PORT}"
    for name in agents:
        command = f"docker run --rm --network bridge --entrypoint python3 {image} -c {shlex.quote(CONNECT)} {targets}"
        found = platform.host(name).check_output(command).split("\n")
        assert len(found) == 3 and not {OPEN, GREETING} & set(found), name


def test_nobody_on_an_agent_writes_into_the_tunnels(platform, agents):
    team = platform.variables["spark_principals"][0]["name"]
    peer = platform.address(agents[1])
    send = "import socket, sys; socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b'x', (sys.argv[1], 4790))"
    command = f"setpriv --reuid={team} --clear-groups python3 -c {shlex.quote(send)} {peer}"
    assert "Operation not permitted" in platform.host(agents[0]).run(command).stderr


def test_the_web_interface_is_shown_to_gateways_alone(platform, runs):
    staging, _production = runs
    target = f"{platform.address(staging.agent)}:{staging.interface_port}"
    gateways = platform.members("gateways")
    for name in platform.members("platform"):
        found = found_by(platform.host(name), target)
        assert (found == [OPEN]) == (name in gateways), name
    gateway = Gateway(platform)
    page = gateway.ask(gateway.person(OPERATORS), f"/drivers/{staging.run_id}/jobs/")
    assert (page.status, staging.run_id in page.text) == (200, True), page.text[:300]


def test_networks_outlive_their_keeper_and_rules_come_back(platform, runs):
    staging, _production = runs
    staging.host.check_output(f"nft delete table {TABLE}")
    staging.host.check_output("systemctl kill --signal=KILL mesospark-run-networks")
    wait(lambda: "_leaving" in staging.host.run(f"nft list table {TABLE}").stdout, "the rules of the run", 60)
    target = f"{staging.address}:{ISOLATED_PORT}"
    assert found_by(staging.host, target) != [GREETING]


def test_nothing_is_left_of_ended_runs(platform, agents, runs):
    for run in runs:
        run.write("release", "")
    for run in runs:
        run_id = run.run_id
        wait(lambda run_id=run_id: ended(platform, run_id), f"the end of {run_id}")
    for name in agents:
        host = platform.host(name)
        wait(lambda host=host: not traces(host), f"the end of networks on {name}: {traces(host)}", 60)


def ended(platform, run_id: str) -> bool:
    """Whether the master remembers a run's framework as completed."""
    master = platform.address(platform.members("mesos_masters")[0])
    answer = platform.request(
        f"https://{master}:5050/frameworks", ("operator", platform.secret("mesos_operator_secret"))
    )
    return any(framework["name"] == run_id for framework in answer.json()["completed_frameworks"])


@pytest.mark.parametrize(
    ("name", "options", "words"),
    [
        (STAGING, {"network": "host"}, "must be isolated, as all jobs called staging-*"),
        (PRODUCTION, {"network": "isolated", "services": ["store-staging"]}, "it is for the jobs staging-*"),
        (STAGING, {"network": "isolated", "services": ["store-production"]}, "it is for the jobs production-*"),
        (STAGING, {"network": "isolated", "services": ["nowhere"]}, "not among those of the platform"),
    ],
)
def test_agents_refuse_what_a_run_may_not_have(platform, name, options, words):
    """Marathon lets operators do everything; agents do not."""
    result = submit(platform, name, **options, timeout_action="remove")
    assert result.get("failed"), result
    assert words in result["msg"]


def test_marathon_refuses_teams_a_network_that_is_not_theirs(platform):
    team = platform.variables["spark_principals"][0]["name"]
    result = submit(platform, STAGING, **account_of(platform, team), network="host", principal=team)
    assert result.get("failed"), result
    assert "which must say network: isolated" in result["msg"]
