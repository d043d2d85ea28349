# SPDX-License-Identifier: GPL-3.0-or-later
"""listener_survey on real servers: who gets in, how far, and by which versions of TLS."""

import socket
from pathlib import Path
from typing import Any

import pytest
from certificate_servers import ADDRESS, Authority, Nginx, Pair, openssl_server
from mesos_runtime.local_cluster.cluster import free_port
from module_process import run_module


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path)


def survey(port: int, *, tls: bool = True, http: str = "", **identities: Pair) -> dict[str, Any]:
    """What the module finds at one port."""
    result = run_module(
        "listener_survey",
        targets=[{"host": "one", "address": ADDRESS, "port": port, "tls": tls, "http": http}],
        identities=[
            {"name": name, "client_cert": str(pair.certificate), "client_key": str(pair.key)}
            for name, pair in identities.items()
        ],
        timeout=3,
    )
    assert result["changed"] is False
    (found,) = result["targets"]
    return found


@pytest.mark.parametrize("version", ["-tls1_2", "-tls1_3"])
def test_who_has_a_certificate_gets_in(authority: Authority, tmp_path: Path, version: str) -> None:
    member, stranger = authority.issue("member"), Authority(tmp_path, "another CA").issue("stranger")
    wanted = ["-Verify", "1", "-CAfile", authority.file, "-verify_return_error", "-www"]
    with openssl_server(authority.issue("server"), version, *wanted) as port:
        found = survey(port, http="/", member=member, stranger=stranger)
    assert found["state"] == "open"
    assert found["versions"] == [version.removeprefix("-tls").replace("_", ".")]
    answers = found["answers"]
    assert answers["member"] == {"refusal": "", "status": 200}
    assert answers[""]["refusal"] and answers["stranger"]["refusal"]
    assert answers[""]["status"] == answers["stranger"]["status"] == 0


def test_a_server_for_everybody(authority: Authority, tmp_path: Path) -> None:
    with Nginx(tmp_path / "nginx", authority.issue("server")) as server:
        found = survey(server.port, http="/")
    assert found["versions"][0] == "1.2"
    assert found["plain_status"] == 400
    assert found["answers"][""]["refusal"] == ""
    assert found["answers"][""]["status"] in (200, 403, 404)


def test_old_versions_are_found(authority: Authority) -> None:
    with openssl_server(authority.issue("server"), "-cipher", "ALL:@SECLEVEL=0", "-min_protocol", "TLSv1") as port:
        assert survey(port)["versions"] == ["1.0", "1.1", "1.2", "1.3"]


def test_what_speaks_no_tls() -> None:
    with socket.create_server((ADDRESS, 0)) as server:
        port = server.getsockname()[1]
        assert survey(port, tls=False) == {
            "host": "one",
            "port": port,
            "source": ADDRESS,
            "state": "open",
            "reason": "",
        }


def test_nobody_listens() -> None:
    found = survey(free_port(ADDRESS))
    assert (found["state"], found["reason"]) == ("closed", "Connection refused")
    assert "answers" not in found


def test_a_key_that_can_not_be_used(authority: Authority, tmp_path: Path) -> None:
    pair = Pair(authority.issue("member").certificate, tmp_path / "missing.key")
    result = run_module(
        "listener_survey",
        targets=[{"host": "one", "address": ADDRESS, "port": 1}],
        identities=[{"name": "member", "client_cert": str(pair.certificate), "client_key": str(pair.key)}],
    )
    assert result["failed"] is True
    assert f"{pair.certificate} with {pair.key}: No such file" in result["msg"]
