# SPDX-License-Identifier: GPL-3.0-or-later
"""A container of a team is that team at the gateway, and no other, whatever it says of itself."""

import shlex
from dataclasses import dataclass
from typing import Any

import pytest
from gateway_access import Gateway, foreign_run
from kerberos_hosts import realm_of
from testinfra.host import Host

pytestmark = pytest.mark.hosts

SECRETS = "/run/secrets/spark"
# What the driver of a team needs not have, and somebody who breaks in may bring: Kerberos' programs and curl.
PROGRAMS = ["--volume", "/usr:/usr:ro", "--volume", "/etc/krb5.conf:/etc/krb5.conf:ro"]


@dataclass(frozen=True)
class Container:
    """As Mesos starts a team's drivers: the image, the team's user and secrets, the network of the host."""

    host: Host
    image: str
    team: dict[str, Any]
    gateway: Gateway

    def run(self, command: str) -> str:
        """Output of a shell command, errors among it."""
        folder = f"/etc/mesospark/principals/{self.team['name']}"
        options = ["--rm", "--network", "host", "--user", f"{self.team['uid']}:{self.team['gid']}", *PROGRAMS]
        options += ["--volume", f"{folder}:{SECRETS}:ro", "--env", "KRB5CCNAME=FILE:/tmp/tickets", "--env", "LC_ALL=C"]
        arguments = ["docker", "run", *options, "--entrypoint", "sh", self.image, "-c", f"exec 2>&1; {command}"]
        return self.host.run(shlex.join(arguments)).stdout

    def ask(self, path: str, *options: str) -> str:
        """A command that prints the body of the answer and, in the last line, its status."""
        curl = ["curl", "--silent", "--noproxy", "*", "--max-time", "20", "--cacert", f"{SECRETS}/ca.pem"]
        return shlex.join([*curl, "--write-out", "\n%{http_code}", *options, self.gateway.url + path])

    def log_in(self, principal: str) -> str:
        return f"kinit -k -t {SECRETS}/{self.team['name']}.keytab {principal}"


@pytest.fixture(scope="module")
def teams(platform) -> list[dict[str, Any]]:
    found = list(platform.variables["spark_principals"])
    if len(found) == 1:
        pytest.skip("there is one team only; molecule/platform has two")
    return found


@pytest.fixture(scope="module")
def container(platform, teams) -> Container:
    image = f"{platform.variables['platform_registry']}/mesospark/spark:3.5.8"
    return Container(platform.host(platform.members("mesos_agents")[0]), image, teams[0], Gateway(platform))


def test_it_is_its_team(container, teams):
    name = teams[0]["name"]
    page = container.run(f"{container.log_in(name)} && {container.ask('/', '--negotiate', '--user', ':')}")
    assert f">{name} (" in page
    forged = ["--header", f"X-Remote-User: {teams[1]['name']}", "--header", f"X-Remote-Groups: {teams[1]['name']}"]
    page = container.run(f"{container.log_in(name)} && {container.ask('/', '--negotiate', '--user', ':', *forged)}")
    assert f">{name} (" in page


def test_its_keytab_is_nobody_elses(platform, container, teams):
    other = teams[1]["name"]
    assert "no suitable keys" in container.run(container.log_in(f"{other}@{realm_of(platform)}"))
    assert container.run(f"ls {SECRETS}").count(".keytab") == 1
    assert "No such file" in container.run(f"ls /etc/mesospark/principals/{other}")


def test_its_secrets_are_no_passwords_of_others(container, teams):
    """Whatever there is in its folder."""
    account = (
        f"for secret in {SECRETS}/*.secret; do {container.ask('/')} --user {teams[1]['name']}:$(cat $secret); done"
    )
    answers = container.run(account).split()
    assert "401" in answers
    assert "200" not in answers


def test_runs_of_others_are_theirs(platform, container, teams):
    ticket = ["--negotiate", "--user", ":"]
    with foreign_run(platform, teams[1]["name"]) as run:
        app = f"/marathon/v2/apps//runs/{run.run_id}"
        files = f"/agents/{run.agent}/files/browse?path={run.sandbox}"
        asked = [container.ask(path, *ticket) for path in (app, files, f"/drivers/{run.run_id}/")]
        asked.append(container.ask(app, *ticket, "--request", "DELETE"))
        said = container.run(f"{container.log_in(teams[0]['name'])} && {{ {'; '.join(asked)}; }}")
    assert said.count("\n403") == len(asked), said
    assert said.count('"teams: ') == len(asked), said
