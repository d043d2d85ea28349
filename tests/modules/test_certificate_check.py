# SPDX-License-Identifier: GPL-3.0-or-later
"""The program with which hosts look at their certificates every day, installed as role host_certificate does it."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from certificate_servers import ADDRESS, Authority, Pair, openssl_server

_ROOT = Path(__file__).resolve().parents[2]
_FILES = (
    "plugins/module_utils/certificate.py",
    "plugins/module_utils/handshake.py",
    "plugins/module_utils/certificate_probe.py",
    "roles/host_certificate/files/check.py",
)


@pytest.fixture
def program(tmp_path: Path) -> Path:
    """The folder that the program is run in."""
    folder = tmp_path / "lib/certificates"
    folder.mkdir(parents=True)
    for file in _FILES:
        shutil.copy(_ROOT / file, folder)
    return folder.parent


def look(
    program: Path, authority: Authority, host: Pair, port: int, revoked: str = ""
) -> subprocess.CompletedProcess[str]:
    """Run the check for one listener, and for the certificate files beside the host's."""
    listener = {"name": "server", "address": ADDRESS, "port": port, "server_name": None}
    settings = {
        "listeners": [{**listener, "client_certificate": "none", "certificate": str(host.certificate)}],
        "certificates": [str(host.certificate.parent / "*.pem")],
        "window": 30 * 86400.0,
        "ca_path": str(authority.file),
        "revocation_list": revoked,
        "client_cert": str(host.certificate),
        "client_key": str(host.key),
        "timeout": 3,
    }
    file = program / "settings.json"
    file.write_text(json.dumps(settings), encoding="utf-8")
    command = [sys.executable, "-B", "-m", "certificates.check", str(file)]
    return subprocess.run(command, cwd=program, check=False, capture_output=True, text=True)


def test_silence_when_all_is_well(program: Path, tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    host = authority.issue("host")
    with openssl_server(host) as port:
        result = look(program, authority, host, port)
    assert (result.returncode, result.stdout, result.stderr) == (0, "", "")


def test_a_service_that_does_not_run_is_not_its_concern(program: Path, tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    host = authority.issue("host")
    with openssl_server(host) as port:
        pass
    assert look(program, authority, host, port).returncode == 0


def test_problems_are_errors_of_the_journal(program: Path, tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    served, host = authority.issue("served", 12), authority.issue("host")
    with openssl_server(served) as port:
        result = look(program, authority, host, port)
    assert (result.returncode, result.stderr) == (1, "")
    lines = result.stdout.splitlines()
    assert [line.partition(" ends in 12 days")[0] for line in lines] == [
        f"<3>server ({ADDRESS}:{port}) its certificate",
        f"<3>server ({ADDRESS}:{port}) serves another certificate than {host.certificate} holds: "
        "it was not restarted since that changed",
        f"<3>{served.certificate}",
    ]


def test_what_is_revoked_is_an_error(program: Path, tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    host = authority.issue("host")
    with openssl_server(host) as port:
        result = look(program, authority, host, port, str(authority.revoke(host)))
    assert result.stdout == f"<3>server ({ADDRESS}:{port}) is not trusted: certificate revoked\n"
