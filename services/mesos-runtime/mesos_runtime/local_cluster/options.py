# SPDX-License-Identifier: GPL-3.0-or-later
"""What a local cluster is made of."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class AgentSpec:
    """One agent. `host` is the loopback address it listens on and its host name (127.0.0.1, 127.0.0.2, ...).

    `resources` and `attributes` are Mesos' own flag texts, `flags` are further agent flags without the dashes
    (value "" gives a bare `--name`); they win over the cluster's own.
    """

    host: str = "127.0.0.1"
    attributes: str = ""
    resources: str = "cpus:4;mem:4096;disk:4096;ports:[31000-31999]"
    containerizers: str = "docker,mesos"
    port: int | None = None
    flags: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Tls:
    """TLS on every port, with a throw-away authority. TLS 1.2 is always on, older versions never."""

    require_client_cert: bool = True
    tls_v1_3: bool = False


@dataclass(frozen=True)
class Authentication:
    """Agents by CRAM-MD5, frameworks and operators by HTTP basic, executors by token.

    `frameworks` are the principals that may subscribe; every principal, `agent` and `operator` included, gets a secret.
    """

    frameworks: tuple[str, ...] = ("marathon", "spark")
    agent: str = "agent"
    operator: str = "operator"
    secrets: Mapping[str, str] = field(default_factory=dict)

    def credentials(self) -> dict[str, str]:
        """Every principal and its secret; made up where none was given."""
        principals = (self.agent, self.operator, *self.frameworks)
        return {name: self.secrets.get(name) or secrets.token_urlsafe(18) for name in principals}
