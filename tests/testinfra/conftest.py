# SPDX-License-Identifier: GPL-3.0-or-later
"""What the checks of running hosts share: the inventory's values, its secrets, and an HTTPS client that is an operator.

Checks look at any inventory (`pytest -m hosts --ansible-inventory INVENTORY tests/testinfra`), so they ask the
inventory for names, addresses and secrets and know none themselves.
"""

import base64
import json
import ssl
import sys
import urllib.error
import urllib.request
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import pytest
import testinfra
from testinfra.host import Host

# What checks share stands beside them, and what the job of the logs' checks writes, in its example.
sys.path.extend([str(Path(__file__).parent), str(Path(__file__).parents[2] / "examples/numbered-lines")])

VARIABLES = [
    "groups",
    "platform_secrets_dir",
    "platform_domain",
    "platform_registry",
    "spark_principals",
]


@dataclass(frozen=True)
class Answer:
    """Status and body of an HTTP answer, whatever the status is."""

    status: int
    text: str

    def json(self) -> Any:
        return json.loads(self.text)


@dataclass(frozen=True)
class Platform:
    """The platform as its inventory describes it, seen by an operator on the controller."""

    inventory: str
    variables: dict[str, Any]
    _addresses: dict[str, str] = field(default_factory=dict)

    def members(self, group: str) -> list[str]:
        """Inventory names of the hosts in a group."""
        return list(self.variables["groups"].get(group, []))

    def host(self, name: str) -> Host:
        return testinfra.get_host(f"ansible://{name}", ansible_inventory=self.inventory)

    def address(self, name: str) -> str:
        """IPv4 address of a host; certificates hold it, so that names need not resolve here."""
        if name not in self._addresses:
            self._addresses[name] = _evaluate(self.host(name), ["platform_address"])["platform_address"]
        return self._addresses[name]

    @cached_property
    def secrets_folder(self) -> Path:
        return Path(self.variables["platform_secrets_dir"])

    def secret(self, name: str) -> str:
        return (self.secrets_folder / name).read_text().split()[0]

    def secrets(self) -> dict[str, str]:
        """Every secret of the inventory by its name; certificates and keys are not among them."""
        files = (
            path
            for path in self.secrets_folder.iterdir()
            if path.is_file() and path.suffix not in {".pem", ".key", ".p12"}
        )
        return {path.name: self.secret(path.name) for path in files}

    def request(
        self,
        url: str,
        account: tuple[str, str] | None = None,
        *,
        certificate: bool = True,
        method: str = "GET",
        body: object = None,
        accept: str = "application/json",
        maximum_version: ssl.TLSVersion = ssl.TLSVersion.TLSv1_3,
    ) -> Answer:
        """Ask `url`; OSError (ssl.SSLError, ConnectionError) when the other side refuses the connection."""
        context = ssl.create_default_context(cafile=str(self.secrets_folder / "ca.pem"))
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.maximum_version = maximum_version
        if certificate:
            context.load_cert_chain(self.secrets_folder / "operator.pem", self.secrets_folder / "operator.key")
        headers = {"Accept": accept, "Content-Type": "application/json"}
        headers["X-Requested-By"] = "testinfra"  # Graylog wants to know
        if account:
            headers["Authorization"] = "Basic " + base64.b64encode(":".join(account).encode()).decode()
        data = json.dumps(body).encode() if body is not None else None
        opener = urllib.request.build_opener(
            urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=context)
        )
        request = urllib.request.Request(url, data=data, headers=headers, method=method)
        try:
            with opener.open(request, timeout=20) as answer:
                return Answer(answer.status, answer.read().decode())
        except urllib.error.HTTPError as error:
            return Answer(error.code, error.read().decode(errors="replace"))
        except urllib.error.URLError as error:
            raise error.reason if isinstance(error.reason, OSError) else error from error


def _evaluate(host: Host, names: list[str]) -> dict[str, Any]:
    values = ", ".join(f"'{name}': {name}" for name in names)
    return json.loads(host.ansible("ansible.builtin.debug", "msg={{ {" + values + "} | to_json }}", check=False)["msg"])


@pytest.fixture(scope="session")
def platform(request: pytest.FixtureRequest) -> Platform:
    inventory = request.config.option.ansible_inventory
    if not inventory:
        pytest.fail("say which hosts to look at: --ansible-inventory INVENTORY")
    hosts = testinfra.get_hosts(["ansible://platform"], ansible_inventory=inventory)
    return Platform(inventory, _evaluate(hosts[0], VARIABLES))


@pytest.fixture(scope="session")
def operator(platform: Platform) -> tuple[str, str]:
    """The account that may do everything at masters and agents."""
    return "operator", platform.secret("mesos_operator_secret")
