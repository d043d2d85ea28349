# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import datetime
import ipaddress
from pathlib import Path

import pytest
from ansible_collections.mesospark.platform.plugins.module_utils.certificate import (
    describe,
    read_certificates,
    validity_problems,
)
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

DAY = 86400.0
BEGIN = datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)
END = BEGIN + datetime.timedelta(days=100)
WINDOW = 30 * DAY


def certificate(*, names: bool = True) -> x509.Certificate:
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "one.example.org")])
    issuer = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "example CA")])
    builder = x509.CertificateBuilder(issuer, subject, key.public_key(), 0xABC, BEGIN, END)
    if names:
        alternatives = [x509.DNSName("one.example.org"), x509.IPAddress(ipaddress.ip_address("10.0.0.1"))]
        builder = builder.add_extension(x509.SubjectAlternativeName(alternatives), critical=False)
    return builder.sign(key, hashes.SHA256())


def at(days: float) -> float:
    """The moment so many days after the begin."""
    return BEGIN.timestamp() + days * DAY


def test_what_a_certificate_says() -> None:
    made = certificate()
    assert describe(made.public_bytes(serialization.Encoding.DER), at(90.25)) == {
        "subject": "CN=one.example.org",
        "issuer": "CN=example CA",
        "names": ["one.example.org", "10.0.0.1"],
        "serial_number": "abc",
        "fingerprint": made.fingerprint(hashes.SHA256()).hex(),
        "not_before": "2026-01-01T00:00:00+00:00",
        "not_after": "2026-04-11T00:00:00+00:00",
        "days_left": 9.8,
    }


def test_a_certificate_without_names() -> None:
    assert describe(certificate(names=False).public_bytes(serialization.Encoding.DER), at(0))["names"] == []


@pytest.mark.parametrize(
    ("moment", "problems"),
    [
        (at(50), []),
        (at(70), []),
        (at(97), ["ends in 3 days, on 2026-04-11T00:00:00+00:00"]),
        (at(102.5), ["has expired 2.5 days ago, on 2026-04-11T00:00:00+00:00"]),
        (at(-1), ["is not valid before 2026-01-01T00:00:00+00:00: compare the clocks"]),
    ],
)
def test_dates(moment: float, problems: list[str]) -> None:
    described = describe(certificate().public_bytes(serialization.Encoding.DER), moment)
    assert validity_problems(described, WINDOW, moment) == problems


def test_files_with_several_certificates(tmp_path: Path) -> None:
    first, second = certificate(), certificate()
    file = tmp_path / "chain.pem"
    encoding = serialization.Encoding.PEM
    file.write_bytes(b"# a comment\n" + first.public_bytes(encoding) + b"\n" + second.public_bytes(encoding))
    assert read_certificates(str(file)) == [made.public_bytes(serialization.Encoding.DER) for made in (first, second)]


def test_a_file_without_certificates(tmp_path: Path) -> None:
    file = tmp_path / "host.pem"
    file.write_text("-----BEGIN PRIVATE KEY-----\n")
    with pytest.raises(ValueError, match="holds no certificate in PEM"):
        read_certificates(str(file))
