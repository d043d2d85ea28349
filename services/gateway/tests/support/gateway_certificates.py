# SPDX-License-Identifier: GPL-3.0-or-later
"""A certificate authority, and one certificate for localhost and the gateway."""

import datetime
import ipaddress
import ssl
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID


@dataclass(frozen=True)
class Certificates:
    """PEM files."""

    ca: Path
    certificate: Path
    key: Path
    revoked: Path
    ca_key: Path

    def server_context(self) -> ssl.SSLContext:
        """TLS that wants a client certificate of the same authority."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.certificate, self.key)
        context.load_verify_locations(cafile=str(self.ca))
        context.verify_mode = ssl.CERT_REQUIRED
        return context

    def revoke(self, *certificates: Path) -> None:
        """Writes the authority's list of what is revoked."""
        now = datetime.datetime.now(datetime.UTC)
        authority = x509.load_pem_x509_certificate(self.ca.read_bytes())
        revoked = x509.CertificateRevocationListBuilder().issuer_name(authority.subject)
        revoked = revoked.last_update(now - datetime.timedelta(minutes=5)).next_update(now + datetime.timedelta(days=1))
        for path in certificates:
            serial_number = x509.load_pem_x509_certificate(path.read_bytes()).serial_number
            entry = x509.RevokedCertificateBuilder().serial_number(serial_number).revocation_date(now)
            revoked = revoked.add_revoked_certificate(entry.build())
        key = serialization.load_pem_private_key(self.ca_key.read_bytes(), None)
        assert isinstance(key, ec.EllipticCurvePrivateKey)
        self.revoked.write_bytes(revoked.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM))


def make_certificates(folder: Path) -> Certificates:
    now = datetime.datetime.now(datetime.UTC)
    ca_key = ec.generate_private_key(ec.SECP256R1())
    ca_name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "test CA")])
    ca = _builder(ca_name, ca_name, ca_key, now).add_extension(x509.BasicConstraints(True, None), critical=True)
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    names = [
        x509.DNSName("localhost"),
        x509.DNSName("gateway.platform.test"),
        x509.IPAddress(ipaddress.ip_address("127.0.0.1")),
    ]
    leaf = _builder(name, ca_name, key, now).add_extension(x509.SubjectAlternativeName(names), critical=False)
    names_of_files = ("ca.pem", "host.pem", "host.key", "crl.pem", "ca.key")
    files = Certificates(*(folder / file for file in names_of_files))
    files.ca.write_bytes(ca.sign(ca_key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM))
    files.certificate.write_bytes(leaf.sign(ca_key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM))
    for path, private in ((files.key, key), (files.ca_key, ca_key)):
        pkcs8, no_passphrase = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        path.write_bytes(private.private_bytes(serialization.Encoding.PEM, pkcs8, no_passphrase))
    files.revoke()
    return files


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePrivateKey, now: datetime.datetime
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(minutes=5))
        .not_valid_after(now + datetime.timedelta(days=1))
    )
