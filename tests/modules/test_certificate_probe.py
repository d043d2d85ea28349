# SPDX-License-Identifier: GPL-3.0-or-later
"""certificate_probe on real TLS servers: what is served, whether the client is welcome or not, and what files hold."""

import socket
import time
from pathlib import Path
from typing import Any

import pytest
from certificate_servers import ADDRESS, Authority, Nginx, Pair, openssl_server
from module_process import run_module


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path)


def probe(
    authority: Authority, port: int, client: Pair | None = None, revoked: Path | None = None, **options: Any
) -> dict[str, Any]:
    """The module's result for one listener; ``options`` of the listener."""
    files = {"ca_path": str(authority.file)}
    if client:
        files |= {"client_cert": str(client.certificate), "client_key": str(client.key)}
    if revoked:
        files["revocation_list"] = str(revoked)
    listener = {"name": "server", "address": ADDRESS, "port": port, **options}
    result = run_module("certificate_probe", listeners=[listener], timeout=3, **files)
    assert result["changed"] is False
    return result


@pytest.mark.parametrize("version", ["-tls1_2", "-tls1_3"])
def test_a_good_server(authority: Authority, version: str) -> None:
    pair = authority.issue("server")
    with openssl_server(pair, version) as port:
        result = probe(authority, port, certificate=str(pair.certificate))
    (shown,) = result["listeners"]
    assert result["problems"] == []
    assert (shown["trusted"], shown["same_as_file"], shown["names"]) == (True, True, [ADDRESS])
    assert (shown["subject"], shown["issuer"]) == ("CN=server", "CN=test CA")
    assert shown["tls_version"] == {"-tls1_2": "TLSv1.2", "-tls1_3": "TLSv1.3"}[version]
    assert 99 < shown["days_left"] <= 100


def test_the_chain_that_is_sent(authority: Authority) -> None:
    with openssl_server(authority.issue("server"), "-cert_chain", authority.file) as port:
        (shown,) = probe(authority, port)["listeners"]
    assert shown["chain"] == ["CN=server", "CN=test CA"]


@pytest.mark.parametrize(
    ("days", "problem"), [(10, "its certificate ends in 10 days"), (-3, "its certificate has expired 3 days ago")]
)
def test_the_end_is_near(authority: Authority, days: float, problem: str) -> None:
    with openssl_server(authority.issue("server", days)) as port:
        result = probe(authority, port)
    assert len(result["problems"]) == 1
    assert result["problems"][0].startswith(f"server ({ADDRESS}:{port}) {problem}")


def test_a_certificate_that_is_revoked(authority: Authority) -> None:
    stolen, other = authority.issue("stolen"), authority.issue("other")
    with openssl_server(stolen) as port:
        before = probe(authority, port, revoked=authority.revoke(other))
        after = probe(authority, port, revoked=authority.revoke(other, stolen))
    assert before["problems"] == []
    assert after["problems"] == [f"server ({ADDRESS}:{port}) is not trusted: certificate revoked"]
    assert after["listeners"][0]["trusted"] is False


@pytest.mark.parametrize("version", ["-tls1_2", "-tls1_3"])
def test_a_server_that_wants_a_certificate(authority: Authority, tmp_path: Path, version: str) -> None:
    stranger = Authority(tmp_path, "another CA").issue("stranger")
    welcome, expired = authority.issue("client"), authority.issue("expired", -1)
    demanding = ("-Verify", "1", "-verify_return_error", "-CAfile", authority.file, version)
    with openssl_server(authority.issue("server"), *demanding) as port:
        results = {
            "welcome": probe(authority, port, welcome, client_certificate="required"),
            "none": probe(authority, port, client_certificate="required"),
            "stranger": probe(authority, port, stranger, client_certificate="required"),
            "expired": probe(authority, port, expired, client_certificate="required"),
        }
    # Its certificate is seen in any case; only a refused certificate is a problem.
    assert {result["listeners"][0]["subject"] for result in results.values()} == {"CN=server"}
    assert {result["listeners"][0]["trusted"] for result in results.values()} == {True}
    assert results["welcome"]["problems"] == results["none"]["problems"] == []
    assert "refuses this client's certificate: " in results["stranger"]["problems"][0]
    assert "refuses this client's certificate: " in results["expired"]["problems"][0]


def test_a_process_that_has_not_read_its_new_certificate(authority: Authority, tmp_path: Path) -> None:
    pair = authority.issue("server")
    with Nginx(tmp_path / "nginx", pair) as server:
        before = probe(authority, server.port, certificate=str(pair.certificate))
        authority.issue("server")
        stale = probe(authority, server.port, certificate=str(pair.certificate))
        server.reload()
        for _attempt in range(50):  # the reload's end can not be awaited otherwise
            after = probe(authority, server.port, certificate=str(pair.certificate))
            if after["listeners"][0]["same_as_file"]:
                break
            time.sleep(0.1)
    assert before["problems"] == after["problems"] == []
    assert "serves another certificate than" in stale["problems"][0]
    assert stale["listeners"][0]["fingerprint"] == before["listeners"][0]["fingerprint"]
    assert after["listeners"][0]["fingerprint"] != before["listeners"][0]["fingerprint"]


def test_an_authority_and_a_name_that_are_not_ours(authority: Authority, tmp_path: Path) -> None:
    with openssl_server(Authority(tmp_path, "another CA").issue("server")) as port:
        stranger = probe(authority, port)
    with openssl_server(authority.issue("server", address="10.0.0.1")) as port:
        named = probe(authority, port)
    assert "is not trusted: unable to get local issuer certificate" in stranger["problems"][0]
    assert f"is not trusted: IP address mismatch, certificate is not valid for '{ADDRESS}'" in named["problems"][0]


def test_who_does_not_speak_tls(authority: Authority) -> None:
    with socket.create_server((ADDRESS, 0)) as silent:
        port = silent.getsockname()[1]
        result = probe(authority, port)
    gone = probe(authority, port)
    assert "shows no certificate: no answer in time" in result["problems"][0]
    assert "does not answer: Connection refused" in gone["problems"][0]


def test_files(authority: Authority, tmp_path: Path) -> None:
    good, old = authority.issue("good"), authority.issue("old", -1)
    both = tmp_path / "both.pem"
    both.write_bytes(authority.file.read_bytes() + good.certificate.read_bytes())
    paths = [str(path) for path in (both, old.certificate, tmp_path / "none.pem", good.key)]
    result = run_module("certificate_probe", certificates=paths, window="1d", _ansible_check_mode=True)
    assert [found.get("subject") for found in result["certificates"]] == ["CN=test CA", "CN=good", "CN=old", None, None]
    assert len(result["problems"]) == 3
    assert result["problems"][0].startswith(f"{old.certificate} has expired 1 days ago")
    assert result["problems"][1] == f"{tmp_path / 'none.pem'} does not exist"
    assert "holds no certificate" in result["problems"][2]


def test_options_that_can_not_be_right(authority: Authority, tmp_path: Path) -> None:
    lonely = run_module("certificate_probe", client_cert=str(authority.file))
    assert lonely["msg"] == "client_key is missing; give the key of client_cert."
    duration = run_module("certificate_probe", window="soon")
    assert duration["msg"].startswith("window: 'soon' is not a duration")
    missing = run_module(
        "certificate_probe",
        listeners=[{"name": "server", "address": ADDRESS, "port": 1}],
        client_cert=str(tmp_path / "x"),
        client_key=str(tmp_path / "x"),
    )
    assert missing["msg"].startswith("ca_path, revocation_list, client_cert or client_key can not be used")
