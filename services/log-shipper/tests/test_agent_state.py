# SPDX-License-Identifier: GPL-3.0-or-later
"""Facts of runs that a real Mesos agent does not checkpoint."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from log_shipper_process import ShipperProcess
from lumberjack_server import LumberjackServer
from mesos_runtime.local_cluster import Authentication, LocalCluster, Tls
from mesos_runtime.local_cluster.framework import Framework

pytestmark = pytest.mark.system

LABELS = {"labels": [{"key": "job", "value": "wordcount"}, {"key": "run_id", "value": "wordcount-1"}]}


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalCluster]:
    """An agent that asks everybody for a certificate and an account."""
    with LocalCluster(tmp_path_factory.mktemp("cluster"), tls=Tls(), authentication=Authentication()) as made:
        yield made


def access(cluster: LocalCluster, folder: Path, secret: str) -> list[str]:
    """The table `sandboxes.agent`."""
    credential = folder / "credential.json"
    credential.write_text(json.dumps({"principal": "operator", "secret": secret}), encoding="utf-8")
    tls = cluster.work_folder / "tls"
    agent = cluster.agents[0]
    return [
        f'server = "{agent.url.rpartition("/")[2]}"',
        f'credential_file = "{credential}"',
        f'ca_file = "{tls / "ca.pem"}"',
        f'certificate_file = "{tls / "client.pem"}"',
        f'key_file = "{tls / "client.key"}"',
    ]


def task(name: str, text: str) -> dict[str, Any]:
    """A task that prints, with a secret in its environment."""
    resources = [
        {"name": name, "type": "SCALAR", "scalar": {"value": value}} for name, value in (("cpus", 0.1), ("mem", 32))
    ]
    environment = {"variables": [{"name": "PASSWORD", "value": "not-for-graylog"}]}
    command = {"value": f"echo {text}; sleep 6", "environment": environment}
    return {"name": name, "task_id": {"value": name}, "resources": resources, "labels": LABELS, "command": command}


def test_facts_of_the_state(shipper: ShipperProcess, server: LumberjackServer, cluster: LocalCluster) -> None:
    """A run of a framework that does not checkpoint has all its facts, and nothing of its environment."""
    shipper.agent = cluster.agents[0].work_folder
    shipper.agent_access = access(cluster, shipper.folder, cluster.credentials["operator"])
    shipper.start()
    with Framework(cluster, checkpoint=False, name="a-framework") as framework:
        framework.wait_for(framework.launch(task("one", "first")), "TASK_RUNNING")
        server.wait_for("first")
        framework.wait_for("one", timeout=60)
    event = next(event for event in server.events if event["message"] == "first")
    assert (event["job"], event["run"], event["framework"]) == ("wordcount", "wordcount-1", "a-framework")
    assert (event["task_id"], event["task_name"], event["principal"]) == ("one", "one", "marathon")
    assert "not-for-graylog" not in str(server.events)


def test_agent_that_refuses(shipper: ShipperProcess, server: LumberjackServer, cluster: LocalCluster) -> None:
    """Its logs are shipped with the facts that there are, and the shipper's log says why."""
    shipper.agent = cluster.agents[0].work_folder
    shipper.agent_access = access(cluster, shipper.folder, "wrong")
    shipper.start()
    with Framework(cluster, checkpoint=False) as framework:
        framework.wait_for(framework.launch(task("two", "second")), "TASK_RUNNING")
        server.wait_for("second")
        framework.wait_for("two", timeout=60)
    event = next(event for event in server.events if event["message"] == "second")
    assert "job" not in event
    assert event["container_id"]
    assert "does not tell its state: status 401" in shipper.log()
