# SPDX-License-Identifier: GPL-3.0-or-later
"""A principal's folder, as the role mesos_agent makes it on every agent."""

import os
import secrets
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from mesos_runtime.local_cluster import LocalCluster
from mesos_runtime.local_cluster.certificates import Certificate
from mesos_runtime.local_cluster.cluster import free_port


@dataclass(frozen=True)
class Principal:
    """Folder of the files and the secrets in them."""

    name: str
    folder: Path
    secrets: tuple[str, ...]


def make_principal(cluster: LocalCluster, name: str, group: int) -> Principal:
    """Writes all files of a principal of the cluster, readable by the group."""
    assert cluster.authority is not None
    folder = cluster.work_folder / "principals" / name
    folder.mkdir(parents=True)
    rpc_secret, store_password = secrets.token_hex(16), secrets.token_hex(8)
    mesos_secret = cluster.credentials[name]
    client = cluster.authority.issue(f"{name}-client", names=[name])
    authority = cluster.authority.certificate

    files = {
        "mesos.principal": name,
        "mesos.secret": mesos_secret,
        "ca.pem": authority.read_text(),
        "client.pem": client.certificate.read_text(),
        "client.key": client.key.read_text(),
        "driver.properties": (
            f"spark.authenticate.secret {rpc_secret}\n"
            f"spark.ssl.ui.keyStorePassword {store_password}\n"
            f"spark.ssl.ui.keyPassword {store_password}\n"
            f"spark.ssl.ui.trustStorePassword {store_password}\n"
        ),
        "executor.args": (
            f"-Dspark.authenticate=true -Dspark.authenticate.secret={rpc_secret}\n"
            "-Dspark.network.crypto.enabled=true -Dspark.network.crypto.authEngineVersion=2\n"
            f"-Dspark.blockManager.port={free_port()} -Dspark.port.maxRetries=64\n"
        ),
    }
    for file_name, content in files.items():
        (folder / file_name).write_text(content)
    write_stores(folder, client, [authority], store_password)
    for path in folder.iterdir():
        os.chown(path, 0, group)
        path.chmod(0o440)
    os.chown(folder, 0, group)
    folder.chmod(0o750)
    return Principal(name, folder, (rpc_secret, store_password, mesos_secret))


def replace_stores(principal: Principal, client: Certificate, authorities: Sequence[Path]) -> None:
    """Renews the key store and the trust store of a principal, as Ansible does: at once, each for itself."""
    new = principal.folder.with_name("new")
    new.mkdir()
    write_stores(new, client, authorities, principal.secrets[1])
    for path in new.iterdir():
        before = (principal.folder / path.name).stat()
        os.chown(path, before.st_uid, before.st_gid)
        path.chmod(before.st_mode)
        path.replace(principal.folder / path.name)
    new.rmdir()


def write_stores(folder: Path, client: Certificate, authorities: Sequence[Path], password: str) -> None:
    """Writes client.p12, and truststore.p12 with the authorities (PEM)."""
    of_client = ("-in", client.certificate, "-inkey", client.key, "-name", "client")
    _run("openssl", "pkcs12", "-export", *of_client, "-passout", f"pass:{password}", "-out", folder / "client.p12")
    for number, authority in enumerate(authorities):
        store = ("-storetype", "PKCS12", "-keystore", folder / "truststore.p12", "-storepass", password)
        _run("keytool", "-importcert", "-noprompt", "-alias", f"ca{number}", "-file", authority, *store)


def _run(*command: str | Path) -> None:
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
