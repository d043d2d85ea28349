# SPDX-License-Identifier: GPL-3.0-or-later
"""Throw-away certificates, made by the openssl command."""

import subprocess
from pathlib import Path


class Certificates:
    """Files in `folder`: `ca.pem`, and `<name>.pem` with `<name>.key` for each of server, client and stranger."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._authority("ca")
        self._authority("other-ca")
        for name in ("server", "client", "second-client"):
            self._issue(name, "ca")
        self._issue("stranger", "other-ca")

    def path(self, name: str) -> Path:
        """One of the files."""
        return self.folder / name

    def _authority(self, name: str) -> None:
        self._openssl(
            *("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"),
            *("-subj", f"/CN={name}", "-keyout", f"{name}.key", "-out", f"{name}.pem"),
        )

    def _issue(self, name: str, authority: str) -> None:
        self._openssl(
            *("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", f"/CN={name}"),
            *("-keyout", f"{name}.key", "-out", f"{name}.csr"),
        )
        self.path(f"{name}.ext").write_text("subjectAltName=IP:127.0.0.1\n", encoding="ascii")
        self._openssl(
            *("x509", "-req", "-days", "2", "-in", f"{name}.csr", "-CA", f"{authority}.pem"),
            *("-CAkey", f"{authority}.key", "-CAcreateserial", "-extfile", f"{name}.ext", "-out", f"{name}.pem"),
        )

    def _openssl(self, *arguments: str) -> None:
        subprocess.run(["openssl", *arguments], cwd=self.folder, check=True, capture_output=True)
