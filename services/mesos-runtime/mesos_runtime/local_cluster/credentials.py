# SPDX-License-Identifier: GPL-3.0-or-later
"""Credential files of a local cluster and the flags that name them."""

import json
import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mesos_runtime.local_cluster.options import Authentication


class CredentialFiles:
    """Files (mode 0600) for master and agents, written on creation."""

    def __init__(self, folder: Path, authentication: Authentication, credentials: Mapping[str, str]) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._agent = folder / "agent.json"
        self._master = folder / "master.json"
        self._operators = folder / "operators.json"
        self._token_key = folder / "executor-token.key"
        agent, operator = authentication.agent, authentication.operator
        _write(self._agent, json.dumps({"principal": agent, "secret": credentials[agent]}))
        _write(self._master, json.dumps(_document(credentials)))
        _write(self._operators, json.dumps(_document({operator: credentials[operator]})))
        _write(self._token_key, secrets.token_urlsafe(32))

    def master_flags(self) -> dict[str, str]:
        """Every caller of the master must have a credential."""
        return {
            "credentials": str(self._master),
            "authenticate_agents": "true",
            "authenticate_http_frameworks": "true",
            "http_framework_authenticators": "basic",
            "authenticate_http_readonly": "true",
            "authenticate_http_readwrite": "true",
        }

    def agent_flags(self) -> dict[str, str]:
        """The agent's own credential, its operators and its executors' tokens."""
        return {
            "credential": str(self._agent),
            "http_credentials": str(self._operators),
            "authenticate_http_readonly": "true",
            "authenticate_http_readwrite": "true",
            "authenticate_http_executors": "true",
            "jwt_secret_key": str(self._token_key),
        }


def _document(credentials: Mapping[str, str]) -> dict[str, Any]:
    return {"credentials": [{"principal": name, "secret": secret} for name, secret in credentials.items()]}


def _write(path: Path, text: str) -> None:
    path.touch(mode=0o600)
    path.write_text(text, encoding="utf-8")
