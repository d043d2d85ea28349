# SPDX-License-Identifier: GPL-3.0-or-later
"""Throw-away certificates for tests, made by the openssl command."""

import ssl
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Certificate:
    """Paths (PEM) of a certificate and its unencrypted PKCS#8 key."""

    certificate: Path
    key: Path


class CertificateAuthority:
    """An authority in `folder`; certificates last two days and serve as server and client."""

    def __init__(self, folder: Path, name: str = "Local cluster CA") -> None:
        self.folder = folder
        self.certificate = folder / "ca.pem"
        self._key = folder / "ca.key"
        if not self.certificate.exists():
            folder.mkdir(parents=True, exist_ok=True)
            _openssl(
                *("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"),
                *("-subj", f"/CN={name}", "-keyout", self._key, "-out", self.certificate),
            )

    def issue(
        self, name: str, addresses: Sequence[str] = (), names: Sequence[str] = (), key_type: str = "rsa:2048"
    ) -> Certificate:
        """A certificate with subject `name` and the given IP and DNS alternative names."""
        made = Certificate(self.folder / f"{name}.pem", self.folder / f"{name}.key")
        request, extensions = self.folder / f"{name}.csr", self.folder / f"{name}.ext"
        alternatives = [f"IP:{address}" for address in addresses] + [f"DNS:{dns}" for dns in names or (name,)]
        extensions.write_text(
            f"subjectAltName={','.join(alternatives)}\nextendedKeyUsage=serverAuth,clientAuth\n", encoding="ascii"
        )
        key_options: tuple[str, ...] = ("-newkey", key_type)
        if key_type == "ec":
            key_options += ("-pkeyopt", "ec_paramgen_curve:P-256")
        _openssl("req", *key_options, "-nodes", "-subj", f"/CN={name}", "-keyout", made.key, "-out", request)
        _openssl(
            *("x509", "-req", "-days", "2", "-in", request, "-CA", self.certificate, "-CAkey", self._key),
            *("-CAcreateserial", "-extfile", extensions, "-out", made.certificate),
        )
        made.key.chmod(0o400)
        return made

    def client_context(self, certificate: Certificate | None = None) -> ssl.SSLContext:
        """A verifying client context that trusts this authority only and presents `certificate`."""
        context = ssl.create_default_context(cafile=str(self.certificate))
        if certificate:
            context.load_cert_chain(certificate.certificate, certificate.key)
        return context


def _openssl(*arguments: str | Path) -> None:
    done = subprocess.run(["openssl", *map(str, arguments)], capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"openssl {arguments[0]} failed: {done.stderr.strip()}")
