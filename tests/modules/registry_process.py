# SPDX-License-Identifier: GPL-3.0-or-later
"""A real image registry on loopback, with TLS and accounts."""

import ssl
import time
import urllib.error
import urllib.request
from pathlib import Path

import bcrypt
from debian_program import debian_program
from mesos_runtime.local_cluster.certificates import CertificateAuthority
from mesos_runtime.local_cluster.cluster import free_port
from mesos_runtime.local_cluster.process import ClusterProcess

USERNAME, PASSWORD = "push", "a-push-password"
_CONFIGURATION = """\
version: 0.1
log: {{level: warn}}
storage: {{filesystem: {{rootdirectory: {folder}/data}}, delete: {{enabled: true}}}}
http: {{addr: "127.0.0.1:{port}", tls: {{certificate: {certificate}, key: {key}}}}}
auth: {{htpasswd: {{realm: test, path: {folder}/htpasswd}}}}
"""


class RegistryProcess(ClusterProcess):
    """``host`` is its name in image references, ``url`` its address, ``ca`` what to trust."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True)
        authority = CertificateAuthority(folder / "tls")
        certificate = authority.issue("registry", ["127.0.0.1"])
        port = free_port("127.0.0.1")
        self.host = f"127.0.0.1:{port}"
        self.url = f"https://{self.host}"
        self.ca = authority.certificate
        hashed = bcrypt.hashpw(PASSWORD.encode(), bcrypt.gensalt(5)).decode()
        (folder / "htpasswd").write_text(f"{USERNAME}:{hashed}\n", encoding="ascii")
        configuration = folder / "config.yml"
        configuration.write_text(
            _CONFIGURATION.format(folder=folder, port=port, certificate=certificate.certificate, key=certificate.key),
            encoding="ascii",
        )
        program = debian_program("docker-registry", "usr/bin/docker-registry")
        super().__init__("docker-registry", [str(program), "serve", str(configuration)], {}, folder / "log")

    def __enter__(self) -> "RegistryProcess":
        self.start()
        context = ssl.create_default_context(cafile=str(self.ca))
        for _attempt in range(100):
            try:
                urllib.request.urlopen(f"{self.url}/v2/", context=context, timeout=2).close()
            except urllib.error.HTTPError:
                return self  # 401: it answers
            except OSError:
                time.sleep(0.05)
        raise AssertionError(f"the registry does not answer{self.log_tail()}")

    def __exit__(self, *_exception: object) -> None:
        self.stop()
