# SPDX-License-Identifier: GPL-3.0-or-later
"""Credentials: refused ones are refused with the reason where an operator looks first."""

import json
from pathlib import Path

import pytest
from mesos_runtime.local_cluster import AgentSpec, Authentication, ClusterError, LocalCluster
from mesos_runtime.local_cluster.client import OperatorClient
from mesos_runtime.local_cluster.framework import Framework

pytestmark = pytest.mark.system


def test_right_credentials(secured: LocalCluster) -> None:
    assert len(secured.wait_for_agents()) == 2
    with Framework(secured, principal="spark") as framework:
        assert framework.framework_id


@pytest.mark.parametrize(("principal", "secret"), [("spark", "wrong"), ("nobody", "wrong")])
def test_framework_with_wrong_credentials(secured: LocalCluster, principal: str, secret: str) -> None:
    with pytest.raises(ClusterError, match="answered 401"), Framework(secured, principal=principal, secret=secret):
        pass


@pytest.mark.parametrize("path", ["/state", "/slaves", "/metrics/snapshot", "/flags", "/frameworks"])
def test_operator_endpoints_of_the_master(secured: LocalCluster, path: str) -> None:
    context = secured.client_context()
    assert secured.client().status(path) == 200
    assert OperatorClient(secured.master_url, context).status(path) == 401
    assert OperatorClient(secured.master_url, context, ("operator", "wrong")).status(path) == 401


@pytest.mark.parametrize("path", ["/state", "/flags", "/metrics/snapshot", "/containers"])
def test_operator_endpoints_of_the_agent(secured: LocalCluster, path: str) -> None:
    agent = secured.agents[0]
    assert secured.client(agent).status(path) == 200
    assert OperatorClient(agent.url, secured.client_context()).status(path) == 401


def test_agent_with_a_wrong_secret_ends_and_says_why(secured: LocalCluster, tmp_path: Path) -> None:
    credential = tmp_path / "wrong.json"
    credential.write_text(json.dumps({"principal": "agent", "secret": "not-the-one"}))
    specification = AgentSpec(
        containerizers="mesos", flags={"credential": str(credential), "master": secured.master_address}
    )
    other = LocalCluster(tmp_path / "other", [specification], tls=secured.tls, authentication=Authentication())
    agent = other.agents[0]
    # It has to be a member of the real cluster in all but its secret.
    agent.environment.update(secured.library_environment())
    agent.start()
    assert agent.wait(20) == 1
    assert "refused authentication" in agent.log_text()
    assert "not-the-one" not in agent.log_text()
    assert len(secured.wait_for_agents()) == 2


def test_executor_api_wants_a_token(secured: LocalCluster) -> None:
    body = {"type": "SUBSCRIBE", "framework_id": {"value": "x"}, "executor_id": {"value": "x"}, "subscribe": {}}
    agent = secured.agents[0]
    strange = OperatorClient(agent.url, secured.client_context())
    assert strange.request("/slave(1)/api/v1/executor", body)[0] == 401


def test_secrets_are_not_shown(secured: LocalCluster) -> None:
    shown = json.dumps([secured.client().get("/flags"), secured.client(secured.agents[0]).get("/flags")])
    shown += secured.master.log_text() + "".join(agent.log_text() for agent in secured.agents)
    shown += " ".join(word for process in (secured.master, *secured.agents) for word in process.command)
    assert not [name for name, secret in secured.credentials.items() if secret in shown]


def test_flags_that_are_wrong(tmp_path: Path) -> None:
    cluster = LocalCluster(tmp_path, [], master_flags={"no_such_flag": "1"})
    cluster.master.start()
    assert cluster.master.wait(10) == 1
    assert "no_such_flag" in cluster.master.log_text()
    cluster = LocalCluster(tmp_path / "2", [], master_flags={"registry": "paper"})
    cluster.master.start()
    assert cluster.master.wait(10) == 1
    assert "error: --registry=paper: not known" in cluster.master.log_text()
