# SPDX-License-Identifier: GPL-3.0-or-later
"""Credentials and TLS against a real master: what is right works, what is wrong ends with a clear message."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from driver_testing.java import Java
from driver_testing.master import running_master
from driver_testing.probe import Probe
from mesos_runtime.local_cluster import Authentication, LocalCluster, Tls
from mesos_runtime.local_cluster.certificates import Certificate, CertificateAuthority

pytestmark = pytest.mark.system


@pytest.fixture(scope="module", params=[False, True], ids=["TLS 1.2", "TLS 1.3"])
def cluster(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalCluster]:
    folder = tmp_path_factory.mktemp("cluster")
    tls = Tls(tls_v1_3=request.param)
    with running_master(folder, tls=tls, authentication=Authentication(frameworks=("spark",))) as started:
        yield started


@pytest.fixture
def credential(cluster: LocalCluster) -> tuple[str, str]:
    return "spark", cluster.credentials["spark"]


def tls_settings(ca: Path, client: Certificate | None) -> dict[str, str]:
    """Settings as system properties."""
    settings = {"LIBPROCESS_SSL_ENABLED": "1", "LIBPROCESS_SSL_CA_FILE": str(ca)}
    if client:
        settings |= {"LIBPROCESS_SSL_CERT_FILE": str(client.certificate), "LIBPROCESS_SSL_KEY_FILE": str(client.key)}
    return settings


@pytest.fixture
def settings(cluster: LocalCluster) -> dict[str, str]:
    assert cluster.authority is not None
    return tls_settings(cluster.authority.certificate, cluster.client_certificate)


def refusal(probe: Probe) -> str:
    """What the scheduler is told; the driver must have ended itself."""
    message = probe.wait_for("error ").text
    assert probe.stop() == 1
    return message


def test_client_certificate_and_secret(
    java: Java, cluster: LocalCluster, settings: dict[str, str], credential: tuple[str, str]
) -> None:
    with Probe(java, cluster.master_address, credential, settings) as probe:
        probe.wait_for("registered ")
        (framework,) = cluster.master_get("/frameworks")["frameworks"]
        assert framework["principal"] == "spark"
        assert probe.stop() == 0
    assert cluster.master_get("/frameworks")["frameworks"] == []


def test_elliptic_curve_certificate(
    java: Java, cluster: LocalCluster, settings: dict[str, str], credential: tuple[str, str]
) -> None:
    assert cluster.authority is not None
    client = cluster.authority.issue("client-ec", key_type="ec")
    with Probe(java, cluster.master_address, credential, tls_settings(cluster.authority.certificate, client)) as probe:
        probe.wait_for("registered ")


def test_wrong_secret(java: Java, cluster: LocalCluster, settings: dict[str, str]) -> None:
    with Probe(java, cluster.master_address, ("spark", "wrong"), settings) as probe:
        assert "principal 'spark' or its secret is wrong (HTTP 401)" in refusal(probe)
        assert "wrong\n" not in probe.log.replace("is wrong", "")


def test_no_secret(java: Java, cluster: LocalCluster, settings: dict[str, str]) -> None:
    with Probe(java, cluster.master_address, None, settings) as probe:
        assert "it wants a principal and a secret, and none were given" in refusal(probe)


def test_wrong_authority(
    java: Java, cluster: LocalCluster, settings: dict[str, str], credential: tuple[str, str], tmp_path: Path
) -> None:
    stranger = CertificateAuthority(tmp_path / "stranger", "Stranger")
    with Probe(
        java, cluster.master_address, credential, {**settings, "LIBPROCESS_SSL_CA_FILE": str(stranger.certificate)}
    ) as probe:
        assert "The certificate of the master is not trusted (LIBPROCESS_SSL_CA_FILE" in refusal(probe)


def test_wrong_name(
    java: Java, cluster: LocalCluster, settings: dict[str, str], credential: tuple[str, str], tmp_path: Path
) -> None:
    hosts = tmp_path / "hosts"
    hosts.write_text("127.0.0.1 other.test\n")
    address = f"other.test:{cluster.master_port}"
    with Probe(java, address, credential, {**settings, "jdk.net.hosts.file": str(hosts)}) as probe:
        assert "The certificate of the master is for another host" in refusal(probe)


def test_no_client_certificate(java: Java, cluster: LocalCluster, credential: tuple[str, str]) -> None:
    assert cluster.authority is not None
    with Probe(java, cluster.master_address, credential, tls_settings(cluster.authority.certificate, None)) as probe:
        assert "client certificate" in refusal(probe)


def test_strange_client_certificate(
    java: Java, cluster: LocalCluster, credential: tuple[str, str], tmp_path: Path
) -> None:
    assert cluster.authority is not None
    stranger = CertificateAuthority(tmp_path / "stranger", "Stranger").issue("stranger")
    with Probe(
        java, cluster.master_address, credential, tls_settings(cluster.authority.certificate, stranger)
    ) as probe:
        assert "client certificate" in refusal(probe)


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("LIBPROCESS_SSL_CA_FILE", None, "NoSuchFile"),
        ("LIBPROCESS_SSL_CA_FILE", "", "holds no certificate"),
        ("LIBPROCESS_SSL_KEY_FILE", "-----BEGIN RSA PRIVATE KEY-----", "is not an unencrypted PKCS#8 key"),
    ],
)
def test_wrong_files(
    java: Java,
    cluster: LocalCluster,
    settings: dict[str, str],
    tmp_path: Path,
    name: str,
    content: str | None,
    message: str,
) -> None:
    path = tmp_path / "file.pem"
    if content is not None:
        path.write_text(content)
    with Probe(java, cluster.master_address, None, {**settings, name: str(path)}) as probe:
        text = refusal(probe)
        assert "The TLS settings are wrong" in text and message in text and str(path) in text
