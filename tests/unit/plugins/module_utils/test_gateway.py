# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Masters, agents and the registry behind a gateway, and without one."""

from typing import Any

import pytest
from ansible_collections.mesospark.platform.plugins.module_utils.arguments import registry_from
from ansible_collections.mesospark.platform.plugins.module_utils.client import Client, Connection
from ansible_collections.mesospark.platform.plugins.module_utils.errors import AccessDenied
from ansible_collections.mesospark.platform.plugins.module_utils.mesos import Mesos, Sandbox
from ansible_collections.mesospark.platform.plugins.module_utils.registry import parse_reference
from ansible_collections.mesospark.platform.plugins.module_utils.spark_submission import spark_master
from ansible_collections.mesospark.platform.plugins.module_utils.spnego import KerberosIdentity

SLAVE = {"id": "s-1", "hostname": "agent1.platform.test", "pid": "slave(1)@10.0.0.1:5051", "active": True}


def mesos(url: str) -> Mesos:
    return Mesos(Client(Connection((url,), timeout=2), "Mesos", "mesos_url", retry_seconds=1))


def test_agents_are_asked_through_the_gateway(server: Any) -> None:
    page = {"data": "done\n", "offset": 5}
    server.routes |= {
        "GET /platform/mesos/slaves": (200, {"slaves": [SLAVE]}),
        "GET /platform/agents/agent1.platform.test/files/read": (200, page),
    }
    masters = mesos(server.url + "/platform/mesos")
    agent = masters.agents()[0]
    assert masters.gateway == server.url + "/platform"
    assert masters.url_of(agent) == server.url + "/platform/agents/agent1.platform.test"
    assert Sandbox(masters, agent, "F-1", "E-1").tail("stdout", 5) == ["done"]
    assert server.requests[-1].query["path"] == "/frameworks/F-1/executors/E-1/runs/latest/stdout"


def test_agents_are_asked_themselves(server: Any) -> None:
    server.routes["GET /slaves"] = (200, {"slaves": [SLAVE]})
    masters = mesos(server.url)
    assert masters.gateway == ""
    assert masters.url_of(masters.agents()[0]) == "http://10.0.0.1:5051"


def test_drivers_do_not_go_through_the_gateway(server: Any) -> None:
    known = ["https://master1.platform.test:5050", "https://master2.platform.test:5050"]
    server.routes["GET /mesos/masters"] = (200, {"masters": known})
    assert spark_master(mesos(server.url + "/mesos")) == "mesos://master1.platform.test:5050,master2.platform.test:5050"
    assert spark_master(mesos("https://master1:5050")) == "mesos://master1:5050"


def test_a_refusal_is_told_as_the_gateway_words_it(server: Any) -> None:
    sentence = "teams: this sandbox belongs to spark, and dave is in analytics"
    server.routes["GET /mesos/frameworks"] = (403, {"message": sentence})
    with pytest.raises(AccessDenied, match=sentence):
        mesos(server.url + "/mesos").frameworks()


@pytest.mark.parametrize(
    ("url", "username", "by_ticket"),
    [("https://gateway", None, True), ("https://gateway", "push", False), (None, None, False)],
)
def test_registries_and_tickets(url: str | None, username: str | None, by_ticket: bool, monkeypatch: Any) -> None:
    asked: list[KerberosIdentity] = []
    monkeypatch.setattr(KerberosIdentity, "check", lambda identity: asked.append(identity))
    params = {
        **{"registry_url": url, "registry_username": username, "registry_password": None, "auth": "kerberos"},
        **{"kerberos_principal": None, "kerberos_keytab": None, "kerberos_credential_cache": None},
        **{"ca_path": None, "validate_certs": True, "timeout": 10.0},
    }
    registry_from(params, parse_reference("registry.platform.test:5443/mesospark/spark:1"))
    assert bool(asked) == by_ticket
