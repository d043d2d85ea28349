# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import datetime
import stat
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.mesospark.platform.plugins.modules import java_truststore
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

TRUSTED_KEY_USAGE = bytes.fromhex("060c6086480186f966adca7b0101")  # what Java looks for: 2.16.840.1.113894.746875.1.1


def certificate(name: str) -> str:
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    start = datetime.datetime(2026, 1, 1)
    builder = x509.CertificateBuilder(subject, subject, key.public_key(), 1, start, start + datetime.timedelta(1))
    return builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM).decode()


def test_writes_once_with_mode(run_module: Any, tmp_path: Path) -> None:
    options = {"path": str(tmp_path / "trust.p12"), "certificates": {"ca": certificate("one")}, "mode": "0444"}
    assert run_module(java_truststore.main, **options)["changed"]
    assert stat.S_IMODE((tmp_path / "trust.p12").stat().st_mode) == 0o444
    assert not run_module(java_truststore.main, **options)["changed"]


def test_holds_the_certificates_for_java(run_module: Any, tmp_path: Path) -> None:
    pems = {"first": certificate("one"), "second": certificate("two")}
    run_module(java_truststore.main, path=str(tmp_path / "trust.p12"), certificates=pems)
    content = (tmp_path / "trust.p12").read_bytes()
    for alias, pem in pems.items():
        loaded = x509.load_pem_x509_certificate(pem.encode())
        assert loaded.public_bytes(serialization.Encoding.DER) in content
        assert alias.encode("utf-16-be") in content
    assert content.count(TRUSTED_KEY_USAGE) == 2


def test_check_mode_writes_nothing(run_module: Any, tmp_path: Path) -> None:
    path = tmp_path / "trust.p12"
    result = run_module(java_truststore.main, check_mode=True, path=str(path), certificates={"ca": certificate("one")})
    assert result["changed"]
    assert result["diff"]["before"] == ""
    assert not path.exists()


@pytest.mark.parametrize("text", ["", "no certificate", certificate("one") + certificate("two")])
def test_what_is_not_one_certificate(run_module: Any, tmp_path: Path, text: str) -> None:
    result = run_module(java_truststore.main, path=str(tmp_path / "trust.p12"), certificates={"ca": text})
    assert result["msg"] == "certificates: ca is not one certificate in PEM"


def test_folder_is_missing(run_module: Any, tmp_path: Path) -> None:
    path = str(tmp_path / "missing" / "trust.p12")
    result = run_module(java_truststore.main, path=path, certificates={"ca": certificate("one")})
    assert result["msg"] == f"path: the folder of {path} does not exist"
