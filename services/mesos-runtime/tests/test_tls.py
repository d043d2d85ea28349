# SPDX-License-Identifier: GPL-3.0-or-later
"""Who may speak to masters and agents, and how."""

import socket
import ssl
import urllib.request
import warnings
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from mesos_runtime.local_cluster import AgentSpec, LocalCluster, Tls
from mesos_runtime.local_cluster.certificates import Certificate, CertificateAuthority
from mesos_runtime.local_cluster.process import ClusterProcess
from runtime_helpers import wait_until

pytestmark = pytest.mark.system
VERSIONS = {
    "1.0": ssl.TLSVersion.TLSv1,
    "1.1": ssl.TLSVersion.TLSv1_1,
    "1.2": ssl.TLSVersion.TLSv1_2,
    "1.3": ssl.TLSVersion.TLSv1_3,
}


@pytest.fixture(scope="module", params=[False, True], ids=["tls1.2", "tls1.3"])
def cluster(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalCluster]:
    """Client certificates required, no other authentication; with and without TLS 1.3."""
    with LocalCluster(tmp_path_factory.mktemp("tls"), [AgentSpec()], tls=Tls(tls_v1_3=request.param)) as made:
        yield made


@pytest.fixture(params=["master", "agent"])
def address(request: pytest.FixtureRequest, cluster: LocalCluster) -> tuple[str, int]:
    """Host and port of the master and of the agent."""
    url = urlsplit(cluster.master_url if request.param == "master" else cluster.agents[0].url)
    assert url.hostname
    assert url.port
    return url.hostname, url.port


def client(cluster: LocalCluster, version: str | None = None, certificate: Certificate | None = None) -> ssl.SSLContext:
    """A client with the cluster's own client certificate (or another), for one version of TLS."""
    assert cluster.authority
    context = cluster.authority.client_context(certificate or cluster.client_certificate)
    if version:
        warnings.simplefilter("ignore", DeprecationWarning)
        context.set_ciphers("DEFAULT:@SECLEVEL=0")  # this side would speak the old versions
        context.minimum_version = context.maximum_version = VERSIONS[version]
    return context


def answer(address: tuple[str, int], context: ssl.SSLContext | None) -> bytes:
    """What a GET of /health gives; b"" if the connection is refused."""
    try:
        with socket.create_connection(address, 5) as plain:
            connection = context.wrap_socket(plain, server_hostname=address[0]) if context else plain
            with connection:
                connection.sendall(b"GET /health HTTP/1.0\r\nHost: x\r\n\r\n")
                return connection.recv(100)
    except OSError:
        return b""


def test_right_certificate(cluster: LocalCluster, address: tuple[str, int]) -> None:
    assert answer(address, client(cluster)).startswith(b"HTTP/1.1 200")


def test_plain_text_is_refused(cluster: LocalCluster, address: tuple[str, int]) -> None:
    assert answer(address, None) == b""


@pytest.mark.parametrize("version", ["1.0", "1.1", "1.2", "1.3"])
def test_versions(cluster: LocalCluster, address: tuple[str, int], version: str) -> None:
    assert cluster.tls
    allowed = version == "1.2" or (version == "1.3" and cluster.tls.tls_v1_3)
    assert answer(address, client(cluster, version)).startswith(b"HTTP/1.1 200") == allowed


def test_client_without_certificate_is_refused(cluster: LocalCluster, address: tuple[str, int]) -> None:
    assert cluster.authority
    assert answer(address, cluster.authority.client_context()) == b""


def test_client_of_a_strange_authority_is_refused(
    cluster: LocalCluster, address: tuple[str, int], tmp_path: Path
) -> None:
    stranger = CertificateAuthority(tmp_path, "Stranger").issue("client", ["127.0.0.1"])
    assert answer(address, client(cluster, certificate=stranger)) == b""


def test_modern_keys(cluster: LocalCluster, address: tuple[str, int]) -> None:
    assert cluster.authority
    elliptic = cluster.authority.issue("elliptic", ["127.0.0.1"], key_type="ec")
    assert answer(address, client(cluster, certificate=elliptic)).startswith(b"HTTP/1.1 200")


def test_agent_of_a_strange_authority_does_not_register(cluster: LocalCluster, tmp_path: Path) -> None:
    assert cluster.authority
    stranger = CertificateAuthority(tmp_path / "tls", "Stranger").issue("host", ["127.0.0.1"])
    own = {"LIBPROCESS_SSL_CERT_FILE": str(stranger.certificate), "LIBPROCESS_SSL_KEY_FILE": str(stranger.key)}
    agent = second_agent(cluster, tmp_path, own)
    try:
        agent.start()
        wait_until(lambda: "certificate" in cluster.master.log_text(), 15)
        assert len(cluster.wait_for_agents()) == 1
    finally:
        agent.kill()


def test_agent_refuses_a_master_with_the_wrong_address(cluster: LocalCluster, tmp_path: Path) -> None:
    """An agent told of the master at 127.0.0.1 but shown a certificate for another address leaves it alone."""
    assert cluster.authority
    elsewhere = cluster.authority.issue("elsewhere", ["192.0.2.1"], ["elsewhere.test"])
    environment = cluster.library_environment() | {
        "LIBPROCESS_SSL_CERT_FILE": str(elsewhere.certificate),
        "LIBPROCESS_SSL_KEY_FILE": str(elsewhere.key),
    }
    wrong = LocalCluster(tmp_path / "wrong", [])
    master = ClusterProcess("master", wrong.master.command, environment, tmp_path / "wrong.log")
    agent = second_agent(cluster, tmp_path, {}, wrong.master_address)
    try:
        master.start()
        agent.start()
        wait_until(lambda: "IP address mismatch" in agent.log_text(), 20)
        assert "Registered with master" not in agent.log_text()
    finally:
        agent.kill()
        master.kill()


def second_agent(
    cluster: LocalCluster, folder: Path, environment: dict[str, str], master: str | None = None
) -> ClusterProcess:
    """Another agent process beside the cluster's own, not started."""
    flags = {"master": master or cluster.master_address}
    # Without docker: recovery would look at every container of the engine first.
    specification = AgentSpec(containerizers="mesos", flags=flags)
    other = LocalCluster(folder / "other", [specification])
    command = other.agents[0].command
    return ClusterProcess("agent", command, cluster.library_environment() | environment, folder / "agent.log")


def test_certificate_is_that_of_the_host(cluster: LocalCluster) -> None:
    """urllib, as any ordinary client: authority and address of the server are verified."""
    opener = urllib.request.build_opener(urllib.request.HTTPSHandler(context=client(cluster)))
    with opener.open(f"{cluster.master_url}/version", timeout=5) as page:
        assert page.status == 200
