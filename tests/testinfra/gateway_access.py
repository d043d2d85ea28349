# SPDX-License-Identifier: GPL-3.0-or-later
"""The gateway as people outside use it: from a machine that has Kerberos' programs, curl, and the CA's certificate."""

import json
import shlex
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from kerberos_hosts import fqdn, log_in_with_keytab, log_in_with_password
from log_runs import wait
from testinfra.host import Host

OPERATORS, VIEWERS = "operators", "viewers"


@dataclass(frozen=True)
class Said:
    """Status and body of an answer; status 0 when there was none, and the program's own words in `text`."""

    status: int
    text: str

    def json(self) -> Any:
        return json.loads(self.text)

    @property
    def message(self) -> str:
        return str(self.json()["message"])


class Gateway:
    """Asks as somebody, on the last host of the platform that is no gateway."""

    def __init__(self, platform) -> None:
        self.platform = platform
        self.names = platform.members("gateways")
        self.client_name = [name for name in platform.members("platform") if name not in self.names][-1]
        self.client: Host = platform.host(self.client_name)

    def host(self) -> Host:
        return self.platform.host(self.names[0])

    @cached_property
    def name(self) -> str:
        return f"gateway.{self.platform.variables['platform_domain']}"

    @cached_property
    def url(self) -> str:
        return f"https://{self.name}"

    @cached_property
    def users(self) -> list[dict[str, Any]]:
        told = self.host().ansible("ansible.builtin.debug", "msg={{ platform_users | to_json }}", check=False)
        return list(json.loads(told["msg"]))

    def person(self, group: str) -> str:
        """Somebody who is in this group and no other."""
        return next(str(user["name"]) for user in self.users if user["groups"] == [group])

    def password(self, user: str) -> str:
        return str(self.platform.secret(f"{user}_kerberos_password"))

    def ask(self, user: str, path: str, *options: str) -> Said:
        """With the user's ticket, without one for nobody."""
        command = self._curl(path, "--negotiate", "--user", ":", *options)
        if not user:
            return _said(self.client.run(f"KRB5CCNAME=FILE:/nowhere {command}"))
        return _said(log_in_with_password(self.client, user, self.password(user), then=command))

    def ask_as_host(self, path: str) -> Said:
        """With the ticket of the client's own host."""
        principal = f"host/{fqdn(self.platform, self.client_name)}"
        return _said(log_in_with_keytab(self.client, principal, then=self._curl(path, "--negotiate", "--user", ":")))

    def ask_with_password(self, user: str, password: str, path: str) -> Said:
        """The password does not stand on a command line."""
        account = json.dumps(f"{user}:{password}")
        return _said(self.client.run(f"{self._curl(path, '--config', '-')} <<'END'\nuser = {account}\nEND"))

    def ask_plainly(self, address: str) -> Said:
        """Without anything that proves who asks."""
        return _said(self.client.run(self._command(address)))

    def _curl(self, path: str, *options: str) -> str:
        return self._command(self.url + path, "--cacert", "/etc/mesospark/tls/ca.pem", *options)

    def _command(self, url: str, *options: str) -> str:
        common = ["curl", "--silent", "--show-error", "--noproxy", "*", "--max-time", "30", "--path-as-is"]
        return shlex.join([*common, "--write-out", "\n%{http_code}", *options, url])


def _said(result) -> Said:
    text, _line, status = result.stdout.rpartition("\n")
    return Said(int(status), text) if result.rc == 0 else Said(0, result.stderr)


@dataclass(frozen=True)
class ForeignRun:
    """A run that does nothing. `agent` is its host's name, `sandbox` its folder there."""

    run_id: str
    agent: str
    sandbox: str


@contextmanager
def foreign_run(platform, principal: str) -> Iterator[ForeignRun]:
    """A run of a team, made at Marathon itself by its operator."""
    marathon = f"https://{platform.address(platform.members('marathons')[0])}:8443"
    account = ("operator", platform.secret("marathon_http_password"))
    run_id = f"gateway-check-{time.strftime('%Y%m%dt%H%M%S')}-{uuid.uuid4().hex[:4]}"
    labels = {"run_id": run_id, "job": "gateway-check", "principal": principal}
    document = {"id": f"/runs/{run_id}", "cmd": "sleep 600", "cpus": 0.1, "mem": 32, "instances": 1, "labels": labels}
    url = f"{marathon}/v2/apps/runs/{run_id}"
    assert platform.request(f"{marathon}/v2/apps", account, method="POST", body=document).status == 201
    try:
        framework = platform.request(f"{marathon}/v2/info", account).json()["frameworkId"]

        def running() -> list[dict[str, str]]:
            tasks = platform.request(url, account).json()["app"]["tasks"]
            return [task for task in tasks if task["state"] == "TASK_RUNNING"]

        task = wait(running, f"the start of {run_id}")[0]
        folder = f"/frameworks/{framework}/executors/{task['id']}/runs/latest"
        yield ForeignRun(run_id, task["host"], folder)
    finally:
        platform.request(url, account, method="DELETE")
