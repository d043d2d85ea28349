# SPDX-License-Identifier: GPL-3.0-or-later
"""Certificates of any validity, and real TLS servers on loopback that show them."""

import datetime
import ipaddress
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from debian_program import debian_program
from mesos_runtime.local_cluster.cluster import free_port

ADDRESS = "127.0.0.1"
_NGINX = """\
pid {folder}/nginx.pid;
error_log {folder}/error.log;
events {{}}
http {{
  access_log off;
  {temporary}
  server {{ listen {address}:{port} ssl; ssl_certificate {certificate}; ssl_certificate_key {key}; }}
}}
"""


@dataclass(frozen=True)
class Pair:
    """A certificate and its key (PEM files)."""

    certificate: Path
    key: Path


class Authority:
    """Signs certificates for 127.0.0.1; ``file`` is its own certificate."""

    def __init__(self, folder: Path, name: str = "test CA") -> None:
        self._folder = folder
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = _subject(name)
        self.file = folder / f"{name}.pem"
        made = _builder(self._name, self._name, self._key, -20, 3650).add_extension(
            x509.BasicConstraints(ca=True, path_length=0), critical=True
        )
        self.file.write_bytes(made.sign(self._key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM))

    def issue(self, name: str, days: float = 100, address: str = ADDRESS) -> Pair:
        """A certificate that ends in so many days, which may be negative; the same name replaces the files."""
        key = ec.generate_private_key(ec.SECP256R1())
        alternatives = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(address))])
        made = _builder(_subject(name), self._name, key, -10, days).add_extension(alternatives, critical=False)
        pair = Pair(self._folder / f"{name}.pem", self._folder / f"{name}.key")
        pair.certificate.write_bytes(made.sign(self._key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM))
        pair.key.write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
        )
        return pair

    def revoke(self, *pairs: Pair) -> Path:
        """Write the list of what is revoked (PEM)."""
        now = datetime.datetime.now(datetime.UTC)
        listed = x509.CertificateRevocationListBuilder().issuer_name(self._name)
        listed = listed.last_update(now - datetime.timedelta(hours=1)).next_update(now + datetime.timedelta(days=1))
        for pair in pairs:
            serial_number = x509.load_pem_x509_certificate(pair.certificate.read_bytes()).serial_number
            entry = x509.RevokedCertificateBuilder().serial_number(serial_number).revocation_date(now)
            listed = listed.add_revoked_certificate(entry.build())
        path = self._folder / "revoked.crl"
        path.write_bytes(listed.sign(self._key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM))
        return path


@contextmanager
def openssl_server(pair: Pair, *options: str | Path) -> Iterator[int]:
    """`openssl s_server`; yields its port."""
    port = free_port(ADDRESS)
    command = ["openssl", "s_server", "-accept", f"{ADDRESS}:{port}", "-cert", pair.certificate, "-key", pair.key]
    process = subprocess.Popen(
        [*map(str, command), "-quiet", *map(str, options)],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        _await(port)
        yield port
    finally:
        process.kill()
        process.communicate()


class Nginx:
    """An nginx with one TLS listener."""

    def __init__(self, folder: Path, pair: Pair) -> None:
        folder.mkdir()
        self.port = free_port(ADDRESS)
        kinds = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
        temporary = " ".join(f"{kind}_temp_path {folder}/{kind};" for kind in kinds)
        values = {"folder": folder, "temporary": temporary, "address": ADDRESS, "port": self.port}
        self._configuration = folder / "nginx.conf"
        self._configuration.write_text(
            _NGINX.format(**values, certificate=pair.certificate, key=pair.key),
            encoding="ascii",
        )
        self._folder = folder

    def __enter__(self) -> "Nginx":
        self._run("-g", "daemon on;")
        _await(self.port)
        return self

    def __exit__(self, *_exception: object) -> None:
        self._run("-s", "quit")

    def reload(self) -> None:
        self._run("-s", "reload")

    def _run(self, *options: str) -> None:
        program = debian_program("nginx", "usr/sbin/nginx")
        command = [str(program), "-e", f"{self._folder}/error.log", "-c", str(self._configuration), *options]
        subprocess.run(command, check=True, capture_output=True)


def _subject(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePrivateKey, begin: float, end: float
) -> x509.CertificateBuilder:
    now = datetime.datetime.now(datetime.UTC)
    return x509.CertificateBuilder(
        issuer,
        subject,
        key.public_key(),
        x509.random_serial_number(),
        now + datetime.timedelta(days=begin),
        now + datetime.timedelta(days=end),
    )


def _await(port: int) -> None:
    for _attempt in range(200):
        try:
            socket.create_connection((ADDRESS, port), 1).close()
        except ConnectionRefusedError:
            time.sleep(0.05)
        else:
            return
    raise AssertionError(f"nobody listens on port {port}")
