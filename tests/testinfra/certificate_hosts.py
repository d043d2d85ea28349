# SPDX-License-Identifier: GPL-3.0-or-later
"""What checks of certificates' life do to hosts: run the playbook, sign what has ended, look at restarts."""

import base64
import datetime
import re
import time
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtensionOID

FILE = "/etc/mesospark/tls/host.pem"
_STARTS = re.compile(r"^(\d+\.\d+) .*systemd\[1\]: (Stopping|Started|Starting) ", re.MULTILINE)


def report_lines(output: str, name: str) -> list[str]:
    """Lines of the report about listeners and files of this name."""
    return [line for line in output.splitlines() if re.search(rf"^\s+\S+\s+{re.escape(name)}\s", line)]


def changed_hosts(output: str) -> set[str]:
    """Hosts on which a playbook has changed something."""
    return set(re.findall(r"^(\S+)\s+: ok=\d+\s+changed=[1-9]", output, re.MULTILINE))


def install_expired_certificate(platform, name: str) -> None:
    """Give a host a certificate of its own key, name and authority that ended yesterday."""
    key = _certificate(platform, name).public_key()
    assert isinstance(key, ec.EllipticCurvePublicKey)
    text = base64.b64encode(_sign(platform, name, key, -1)).decode()
    platform.host(name).check_output(f"echo {text} | base64 -d > {FILE}.new")
    platform.host(name).check_output(f"chmod 0444 {FILE}.new && mv {FILE}.new {FILE}")


def steal_certificate(platform, name: str, folder: Path) -> tuple[Path, Path, str]:
    """Certificate and key (PEM) of somebody who is taken for a host, and the serial number in hexadecimal."""
    key = ec.generate_private_key(ec.SECP256R1())
    certificate, file = folder / "stolen.pem", folder / "stolen.key"
    certificate.write_bytes(_sign(platform, name, key.public_key(), 1))
    pkcs8, no_passphrase = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    file.write_bytes(key.private_bytes(serialization.Encoding.PEM, pkcs8, no_passphrase))
    serial_number = x509.load_pem_x509_certificate(certificate.read_bytes()).serial_number
    return certificate, file, f"{serial_number:X}"


def _certificate(platform, name: str) -> x509.Certificate:
    return x509.load_pem_x509_certificate(platform.host(name).file(FILE).content)


def _sign(platform, name: str, key: ec.EllipticCurvePublicKey, days: int) -> bytes:
    """A certificate (PEM) like the host's, for this key, until so many days from now."""
    (home,) = platform.members("certificate_authority")
    authority = platform.host(home)
    signer = serialization.load_pem_private_key(authority.file("/etc/mesospark/ca/ca.key").content, None)
    assert isinstance(signer, ec.EllipticCurvePrivateKey)
    issuer = x509.load_pem_x509_certificate(authority.file("/etc/mesospark/ca/ca.pem").content)
    like, now = _certificate(platform, name), datetime.datetime.now(datetime.UTC)
    made = x509.CertificateBuilder().subject_name(like.subject).issuer_name(issuer.subject).public_key(key)
    made = made.serial_number(x509.random_serial_number()).not_valid_before(now - datetime.timedelta(days=10))
    made = made.not_valid_after(now + datetime.timedelta(days=days))
    for extension in like.extensions:
        if extension.oid != ExtensionOID.AUTHORITY_KEY_IDENTIFIER:
            made = made.add_extension(extension.value, extension.critical)
    return made.sign(signer, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)


def restarts(platform, units: dict[str, str], since: float, ready: float) -> list[tuple[float, float]]:
    """When units were away: from the word that they stop until `ready` seconds after their start (of the epoch).

    units: unit by the group whose hosts have it.
    """
    found = []
    for group, unit in units.items():
        for name in platform.members(group):
            command = f"journalctl --unit={unit} --since=@{since:.0f} --output=short-unix --no-pager"
            events = _STARTS.findall(platform.host(name).check_output(command))
            stopped = [float(at) for at, event in events if event == "Stopping"]
            started = [float(at) for at, event in events if event == "Started"]
            found += [(at, next((s for s in started if s >= at), time.time()) + ready) for at in stopped]
    return sorted(found)
