# SPDX-License-Identifier: GPL-3.0-or-later
"""TLS, client certificates and credentials, towards Mesos and towards clients."""

import json
import ssl
import subprocess
import sys
import urllib.error
import urllib.request
from base64 import b64encode
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from marathon import MarathonClient
from marathon.models import MarathonApp
from marathon_process import COMMAND_AGENTS, SERVICE_FOLDER, SHORT_INTERVALS, MarathonProcess, wait_for
from mesos_runtime.local_cluster import Authentication, LocalCluster, Tls
from mesos_runtime.local_cluster.certificates import Certificate, CertificateAuthority

pytestmark = pytest.mark.system

OPERATOR, PASSWORD = "operator", "correct-horse-battery"


@pytest.fixture(scope="module")
def secured(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalCluster]:
    """TLS with required client certificates, and credentials for everybody."""
    with LocalCluster(
        tmp_path_factory.mktemp("mesos"), COMMAND_AGENTS[:1], tls=Tls(), authentication=Authentication()
    ) as cluster:
        yield cluster


def authority_of(cluster: LocalCluster) -> CertificateAuthority:
    assert cluster.authority is not None
    return cluster.authority


def client_certificate_of(cluster: LocalCluster) -> Certificate:
    assert cluster.client_certificate is not None
    return cluster.client_certificate


def secret_file(folder: Path, text: str) -> str:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "secret"
    path.write_text(text)
    path.chmod(0o400)
    return str(path)


def marathon_on(cluster: LocalCluster, folder: Path, secret: str | None = None, **environment: str) -> MarathonProcess:
    """A Marathon that serves HTTPS only; `secret` replaces the right one, `environment` LIBPROCESS_SSL_ variables."""
    authority, certificate = authority_of(cluster), client_certificate_of(cluster)
    accounts = folder / "accounts"
    folder.mkdir(parents=True, exist_ok=True)
    accounts.write_text(f"{OPERATOR}:{PASSWORD}\n")
    accounts.chmod(0o400)
    host = authority.issue("marathon", ["127.0.0.1"], ["localhost"])
    flags = (
        *SHORT_INTERVALS,
        *("--mesos_authentication", "--mesos_authentication_principal", "marathon"),
        *("--mesos_authentication_secret_file", secret_file(folder, secret or cluster.credentials["marathon"])),
        *("--http_credentials_file", str(accounts)),
        *("--ssl_certificate_file", str(host.certificate), "--ssl_key_file", str(host.key)),
        *("--ssl_ca_file", str(authority.certificate), "--ssl_client_authentication", "optional"),
    )
    tls = {
        "LIBPROCESS_SSL_ENABLED": "true",
        "LIBPROCESS_SSL_CA_FILE": str(authority.certificate),
        "LIBPROCESS_SSL_CERT_FILE": str(certificate.certificate),
        "LIBPROCESS_SSL_KEY_FILE": str(certificate.key),
        "LIBPROCESS_SSL_VERIFY_SERVER_CERT": "true",
    } | environment
    tls = {name: value for name, value in tls.items() if value}
    return MarathonProcess(folder, cluster.master_address, flags, tls, authority.client_context())


def client_of(cluster: LocalCluster, marathon: MarathonProcess, password: str = PASSWORD) -> MarathonClient:
    session = requests.Session()
    session.trust_env = False
    certificate = client_certificate_of(cluster)
    session.cert = (str(certificate.certificate), str(certificate.key))
    authority = str(authority_of(cluster).certificate)
    return MarathonClient(marathon.url, OPERATOR, password, session=session, verify=authority)


def status(url: str, context: ssl.SSLContext, account: str = "") -> int:
    headers = {"Authorization": "Basic " + b64encode(account.encode()).decode()} if account else {}
    try:
        request = urllib.request.Request(url, headers=headers)
        with urllib.request.urlopen(request, timeout=5, context=context) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        return error.code


def connected_frameworks(cluster: LocalCluster) -> list[Any]:
    """Those of earlier tests are still known, until their failover timeout."""
    return [each for each in cluster.master_get("/frameworks")["frameworks"] if each["connected"]]


def test_a_task_over_tls_with_credentials_on_both_sides(secured: LocalCluster, tmp_path: Path) -> None:
    with marathon_on(secured, tmp_path) as marathon:
        client = client_of(secured, marathon)
        client.create_app("secured", MarathonApp(cmd="sleep 600", cpus=0.05, mem=16.0, instances=1))
        wait_for(lambda: client.get_app("/secured").tasks_running == 1, "the task")
        (framework,) = connected_frameworks(secured)
        assert framework["principal"] == "marathon"
        client.delete_app("/secured", force=True)
        wait_for(lambda: not client.list_deployments(), "the app's end")
        shown = json.dumps([client.get_info().marathon_config.__dict__, client.get_metrics()], default=str)
        command = Path(f"/proc/{marathon.pid}/cmdline").read_text()
        environment = Path(f"/proc/{marathon.pid}/environ").read_text()
        for secret in (PASSWORD, secured.credentials["marathon"]):
            for place in (shown, command, environment, marathon.log_text()):
                assert secret not in place


def test_strangers_are_refused(secured: LocalCluster, tmp_path: Path) -> None:
    with marathon_on(secured, tmp_path) as marathon:
        trusting = authority_of(secured).client_context()
        for path in ("/ping", "/v2/apps", "/v2/events", "/metrics"):
            assert status(marathon.url + path, trusting) == 401
            assert status(marathon.url + path, trusting, f"{OPERATOR}:wrong") == 401
        assert status(f"{marathon.url}/ping", trusting, f"{OPERATOR}:{PASSWORD}") == 200
        plain = marathon.url.replace("https", "http")
        with pytest.raises((urllib.error.URLError, ConnectionError)):
            urllib.request.urlopen(f"{plain}/ping", timeout=5)
        stranger = CertificateAuthority(tmp_path / "stranger")
        rogue = authority_of(secured).client_context(stranger.issue("rogue", ["127.0.0.1"], ["rogue"]))
        with pytest.raises((urllib.error.URLError, ConnectionError, ssl.SSLError)):
            status(f"{marathon.url}/ping", rogue, f"{OPERATOR}:{PASSWORD}")


def test_a_wrong_secret_is_told_where_an_operator_looks(secured: LocalCluster, tmp_path: Path) -> None:
    with marathon_on(secured, tmp_path, secret="wrong-secret") as marathon:
        wait_for(lambda: "refused the credentials of principal 'marathon'" in marathon.log_text(), "the reason")
        assert client_of(secured, marathon).ping() == b'"pong"'
        assert not connected_frameworks(secured)
        assert "wrong-secret" not in marathon.log_text()
        assert "Traceback" not in marathon.log_text()


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("LIBPROCESS_SSL_CERT_FILE", ""),
        ("LIBPROCESS_SSL_CA_FILE", ""),
        ("LIBPROCESS_SSL_ENABLED", "false"),
    ],
)
def test_wrong_tls_towards_the_master(secured: LocalCluster, tmp_path: Path, variable: str, value: str) -> None:
    environment = {variable: value}
    if variable == "LIBPROCESS_SSL_CERT_FILE":
        environment["LIBPROCESS_SSL_KEY_FILE"] = ""
    with marathon_on(secured, tmp_path, **environment) as marathon:
        wait_for(lambda: "can not be reached with" in marathon.log_text(), "the reason")
        assert client_of(secured, marathon).ping() == b'"pong"'
        assert "Traceback" not in marathon.log_text()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--http_port", "eighty"], "--http_port: 'eighty' must be a whole number"),
        (["--http_credentials", "a:b"], "--http_credentials is refused"),
        (["--master", "zk://a/b"], "a ZooKeeper URL is not supported"),
    ],
)
def test_a_wrong_flag_is_one_sentence(arguments: list[str], words: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "mesospark_marathon.main", *arguments],
        env={"PYTHONPATH": str(SERVICE_FOLDER)},
        capture_output=True,
        text=True,
        timeout=20,
    )
    assert done.returncode == 112
    assert words in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
