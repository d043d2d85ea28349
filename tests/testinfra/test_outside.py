# SPDX-License-Identifier: GPL-3.0-or-later
"""Jobs from outside: a ticket, Ansible and the collection are enough, and what is wrong is said exactly."""

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
import yaml
from gateway_access import Gateway
from log_runs import run_ids, wait
from module_calls import REPOSITORY
from outside_machine import ANSIBLE, CA, HOME, Outside, outside_machine

pytestmark = [pytest.mark.hosts, pytest.mark.timeout(300)]

JOB = "count-outside"
EXAMPLE = REPOSITORY / "examples/wordcount"
TOLD = f"{HOME}/told.json"
WITH_TICKET = ("--negotiate", "--user", ":")


@dataclass
class Team:
    """A job identity, and somebody who is in it and nowhere else."""

    name: str
    member: str


@dataclass
class Run:
    """A run that was started outside. `output` is the playbook's once it has ended."""

    run_id: str
    process: Any
    machine: Outside

    def end(self) -> dict[str, Any]:
        """What the tasks of the playbook gave."""
        output, _none = self.process.communicate(timeout=200)
        assert self.process.returncode == 0, output
        return dict(json.loads(self.machine.run(f"cat {TOLD}").stdout))


@pytest.fixture(scope="module")
def gateway(platform) -> Gateway:
    return Gateway(platform)


@pytest.fixture(scope="module")
def machine(platform, gateway) -> Iterator[Outside]:
    network = gateway.host().ansible.get_variables().get("test_hosts_network")
    if not network:
        pytest.skip("the machine outside is a container beside test hosts")
    with outside_machine(platform, network) as made:
        yield made


@pytest.fixture(scope="module")
def teams(platform, gateway) -> list[Team]:
    return [Team(entry["name"], gateway.person(entry["name"])) for entry in platform.variables["spark_principals"]]


@pytest.fixture(scope="module")
def member(gateway, machine, teams) -> str:
    """A member of the first team, with a ticket."""
    return log_in(machine, gateway, teams[0].member)


@pytest.fixture(scope="module")
def stranger(gateway, machine, teams) -> str:
    """A member of another team, with a ticket."""
    if len(teams) == 1:
        pytest.skip("there is one team only; molecule/platform has two")
    return log_in(machine, gateway, teams[1].member)


def log_in(machine: Outside, gateway: Gateway, name: str, *options: str, holder: str = "") -> str:
    """The ticket's holder."""
    done = machine.log_in(name, gateway.password(name), *options, holder=holder)
    assert done.rc == 0, done.stderr
    return holder or name


@pytest.fixture(scope="module")
def run(platform, machine, member, teams) -> Iterator[Run]:
    """Started by a playbook as docs/gateway.md has it, with files of the machine outside."""
    described = yaml.safe_load((EXAMPLE / "job.yml").read_text())
    for name in (described["application"], *described["files"]):
        machine.write(f"{HOME}/{name}", (EXAMPLE / name).read_text())
    job = {
        **described,
        "name": JOB,
        "image": f"{platform.variables['platform_registry']}/mesospark/spark:3.5.8",
        "executor_instances": 1,
        "principal": teams[0].name,
        "registry_url": machine.gateway,
    }
    has_graylog = bool(platform.members("graylogs"))
    machine.write(f"{HOME}/playbook.yml", yaml.safe_dump([play(machine, job, has_graylog)]))
    before = run_ids(platform, JOB)
    process = machine.start(f"{ANSIBLE}/bin/ansible-playbook playbook.yml", holder=member)

    def started() -> str | None:
        assert process.poll() is None, process.communicate()[0]
        return next(iter(run_ids(platform, JOB) - before), None)

    yield Run(wait(started, f"a run of {JOB}"), process, machine)
    process.kill()
    process.wait()


def play(machine: Outside, job: dict[str, Any], has_graylog: bool) -> dict[str, Any]:
    """Runs the job, reads its log, where there is Graylog from there as well, and keeps what the tasks gave."""
    access = {"ca_path": CA, "auth": "kerberos"}
    graylog = {"graylog_url": f"{machine.gateway}/graylog"} if has_graylog else {}
    servers = {"marathon_url": f"{machine.gateway}/marathon", "mesos_url": f"{machine.gateway}/mesos"}
    run_id = "{{ run.run_id }}"
    found = {**graylog, **access, "run": run_id, "wait_for": {"pattern": "words, "}}
    told = "{{ {'run': run, 'log': log, 'found': found | default({})} | to_json }}"
    tasks = [
        {"mesospark.platform.spark_driver": job, "register": "run"},
        {"mesospark.platform.executor_logs": {"run_id": run_id}, "register": "log"},
        *([{"mesospark.platform.graylog_messages": found, "register": "found"}] if has_graylog else []),
        {"ansible.builtin.copy": {"content": told, "dest": TOLD, "mode": "0600"}},
    ]
    defaults = {"group/mesospark.platform.platform": {**servers, **graylog, **access}}
    return {"hosts": "localhost", "gather_facts": False, "module_defaults": defaults, "tasks": tasks}


def test_nothing_but_the_gateway_can_be_reached(platform, machine):
    ports = {"marathons": 8443, "mesos_masters": 5050, "mesos_agents": 5051, "docker_registries": 5443}
    for group, port in ports.items():
        for name in platform.members(group):
            assert machine.ask(f"https://{platform.address(name)}:{port}/", "--insecure")[0] == 0, (name, port)
    assert machine.ask("/")[0] == 401


def test_without_a_ticket(machine):
    assert machine.ask("/marathon/v2/apps", *WITH_TICKET)[0] == 401
    told = machine.module("marathon_app_info", auth="basic")
    assert told["failed"]
    assert "(status 401)" in told["msg"]
    told = machine.module("marathon_app_info")
    assert told["failed"]
    assert told["msg"] == "There is no Kerberos ticket: get one with kinit, or name a keytab."


def test_runs_of_another_team_are_its_own(machine, run, stranger, teams):
    """While it goes on; its end is waited for by the last check."""
    reason = f"teams: /runs/{run.run_id} belongs to no team of {stranger} ({teams[1].name})"
    for path, *options in (
        (f"/marathon/v2/apps//runs/{run.run_id}",),
        (f"/marathon/v2/apps//runs/{run.run_id}", "--request", "DELETE"),
        (f"/drivers/{run.run_id}/",),
    ):
        status, text = machine.ask(path, *WITH_TICKET, *options, holder=stranger)
        assert status == 403, (path, text)
        assert json.loads(text)["message"].startswith("teams: "), path
    told = machine.module("marathon_app_info", holder=stranger, id=f"/runs/{run.run_id}")
    assert told["failed"]
    assert "(status 403)" in told["msg"]
    assert reason in told["msg"]


def test_jobs_of_another_team_are_refused(platform, machine, stranger, teams):
    image = f"{platform.variables['platform_registry']}/mesospark/spark:3.5.8"
    job = {"name": JOB, "image": image, "application": "local:///opt/job/app.py", "principal": teams[0].name}
    told = machine.module("spark_driver", holder=stranger, **job)
    assert told["failed"]
    assert "(status 403)" in told["msg"]
    assert f"the label principal is '{teams[0].name}', and must be '{teams[1].name}'" in told["msg"]


def test_an_expired_ticket(machine, gateway, teams):
    held = log_in(machine, gateway, teams[0].member, "-l", "2s", holder="expired")
    assert machine.module("marathon_app_info", holder=held)["failed"] is False
    time.sleep(2)
    told = machine.module("marathon_app_info", holder=held)
    assert told["failed"]
    assert told["msg"] == "The Kerberos ticket has expired: get a new one with kinit."
    assert machine.ask("/", *WITH_TICKET, holder=held)[0] == 401


def test_a_clock_that_is_off(machine, gateway, teams):
    """The Kerberos server says it when a ticket is asked for, the gateway when it is shown one."""
    held = log_in(machine, gateway, teams[0].member, holder="late")
    apart = "are more than five minutes apart: synchronise both (chrony)."
    told = machine.module("marathon_app_info", holder=held, clock="+10m")
    assert told["failed"]
    assert told["msg"] == f"This machine's clock and the Kerberos server's {apart}"
    assert machine.ask("/", *WITH_TICKET, holder=held)[0] == 200
    told = machine.module("marathon_app_info", holder=held, clock="+10m")
    assert told["failed"]
    assert told["msg"] == f"The clocks of this machine and of {gateway.name} {apart}"


@pytest.mark.faults
def test_logins_go_on_without_the_primary(platform, machine, gateway, teams):
    servers = platform.members("kerberos_servers")
    assert len(servers) > 1, "the inventory has no replica"
    primary = platform.host(servers[0])
    primary.check_output("systemctl kill --signal=KILL krb5-kdc && systemctl stop krb5-kdc")
    try:
        held = log_in(machine, gateway, teams[0].member, holder="by-replica")
        assert machine.ask("/", *WITH_TICKET, holder=held)[0] == 200
        assert machine.module("marathon_app_info", holder=held)["failed"] is False
        # The gateway itself asks a Kerberos server about a password.
        known = gateway.ask_with_password(teams[0].member, gateway.password(teams[0].member), "/")
        assert known.status == 200, known.text
    finally:
        primary.check_output("systemctl start krb5-kdc")


def test_a_job_ends_with_its_result_and_its_log(platform, run):
    told = run.end()
    job, log, found = told["run"], told["log"], told["found"]
    assert (job["run_id"], job["state"], job["exit_code"]) == (run.run_id, "finished", 0)
    line = f"{job['result']['words']} words, {job['result']['different_words']} different ones"
    assert job["result"]["words"] > 20_000
    assert line in job["driver_log"]["stdout"]
    assert log["complete"]
    assert line in [entry["message"] for entry in log["messages"]]
    assert {entry["executor"] for entry in log["executors"]} > {"driver"}
    if platform.members("graylogs"):
        assert line in [entry["message"] for entry in found["messages"]]
