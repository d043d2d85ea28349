# SPDX-License-Identifier: GPL-3.0-or-later
"""Real servers on loopback for the modules: an image registry, a Mesos cluster, the embedded Marathon, Graylog."""

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

# What is imported next stands in these folders.
sys.path.extend(
    str(Path(__file__).resolve().parents[2] / folder)
    for folder in (".collections", "services/marathon/tests", "services/graylog", "tests/modules")
)

from driver_image import image_archive
from engine_client import docker
from marathon_process import MarathonProcess
from mesos_runtime.local_cluster import AgentSpec, Authentication, LocalCluster, Tls
from registry_process import PASSWORD, USERNAME, RegistryProcess

# A user of every machine, who runs the drivers here.
PRINCIPAL = "nobody"
PRINCIPAL_FOLDER = Path("/etc/mesospark/principals") / PRINCIPAL


@pytest.fixture(scope="session")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RegistryProcess]:
    with RegistryProcess(tmp_path_factory.mktemp("registry") / "server") as running:
        yield running


@pytest.fixture(scope="session")
def engine_configuration(registry: RegistryProcess, tmp_path_factory: pytest.TempPathFactory) -> str:
    """A folder with a client configuration that is logged in at the registry."""
    folder = str(tmp_path_factory.mktemp("docker"))
    docker("--config", folder, "login", "-u", USERNAME, "--password-stdin", registry.host, data=PASSWORD.encode())
    return folder


@pytest.fixture(scope="session")
def driver_image(registry: RegistryProcess, engine_configuration: str) -> Iterator[str]:
    """An image for drivers without Spark, pushed by a real engine."""
    name = f"{registry.host}/mesospark-modules/driver:1"
    docker("import", "-c", 'ENTRYPOINT ["/entrypoint"]', "-", name, data=image_archive())
    docker("--config", engine_configuration, "push", "-q", name)
    yield name
    repository = name.rpartition(":")[0]
    left = docker("images", "--format", "{{.Repository}}:{{.Tag}}", repository).split()
    docker("rmi", "-f", *left)


@pytest.fixture(scope="session")
def mesos(tmp_path_factory: pytest.TempPathFactory, engine_configuration: str) -> Iterator[LocalCluster]:
    """A master and two agents, whose engine is logged in at the registry."""
    folder = tmp_path_factory.mktemp("mesos")
    made = [path for path in (PRINCIPAL_FOLDER, *PRINCIPAL_FOLDER.parents) if not path.exists()]
    flags = {"docker_config": f"{engine_configuration}/config.json"}
    with LocalCluster(folder, [AgentSpec("127.0.0.1"), AgentSpec("127.0.0.2")], agent_flags=flags) as cluster:
        yield cluster
    for path in made:
        # The engine made these folders when it mounted the first.
        if path.exists():
            path.rmdir()


@pytest.fixture(scope="session")
def marathon(mesos: LocalCluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[MarathonProcess]:
    flags = ["--min_revive_offers_interval", "500", "--decline_offer_duration", "1000"]
    with MarathonProcess(tmp_path_factory.mktemp("marathon"), mesos.master_address, flags) as running:
        yield running


@pytest.fixture(scope="session")
def graylog(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """The connection options of a real Graylog: the one which the environment names, or else one of its own."""
    if os.environ.get("GRAYLOG_URL"):
        names = {"graylog_url": "GRAYLOG_URL", "url_username": "GRAYLOG_USERNAME", "url_password": "GRAYLOG_PASSWORD"}
        given = {option: os.environ[variable] for option, variable in names.items()}
        yield {**given, "ca_path": os.environ.get("MESOSPARK_CA_PATH", "")}
        return
    from graylog_server.local_graylog import LocalGraylog

    with LocalGraylog(tmp_path_factory.mktemp("graylog")) as running:
        yield {"graylog_url": running.url, "url_username": "admin", "url_password": running.password}


@pytest.fixture
def servers(mesos: LocalCluster, marathon: MarathonProcess) -> dict[str, Any]:
    """The connection options of the modules."""
    return {"marathon_url": marathon.url, "mesos_url": mesos.master_url}


@pytest.fixture
def job(servers: dict[str, Any], registry: RegistryProcess, driver_image: str) -> dict[str, Any]:
    """The options of spark_driver but the application."""
    return {
        **servers,
        "ca_path": str(registry.ca),
        "registry_url": registry.url,
        "registry_username": USERNAME,
        "registry_password": PASSWORD,
        "name": "example",
        "image": driver_image,
        "principal": PRINCIPAL,
        "driver_cpus": 0.1,
        "driver_memory": "32m",
        "driver_memory_overhead": "32m",
        "wait_timeout": "60s",
    }


@pytest.fixture(scope="module")
def small_cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalCluster]:
    """A master and an agent with TLS and accounts, without a container engine."""
    agents = [AgentSpec(containerizers="mesos")]
    folder = tmp_path_factory.mktemp("mesos")
    with LocalCluster(folder, agents, tls=Tls(), authentication=Authentication()) as cluster:
        yield cluster


@pytest.fixture(scope="module")
def operator(small_cluster: LocalCluster) -> dict[str, Any]:
    """The options of modules that lead to the small cluster."""
    authority, certificate = small_cluster.authority, small_cluster.client_certificate
    assert authority and certificate and small_cluster.authentication
    name = small_cluster.authentication.operator
    return {
        "mesos_url": small_cluster.master_url,
        "mesos_username": name,
        "mesos_password": small_cluster.credentials[name],
        "ca_path": str(authority.certificate),
        "client_cert": str(certificate.certificate),
        "client_key": str(certificate.key),
    }
