# SPDX-License-Identifier: GPL-3.0-or-later
"""Graylog holds no secret of the platform, whatever has been logged so far."""

import base64
from pathlib import Path

import pytest
from log_store import MARKED, LogStore

pytestmark = pytest.mark.hosts


@pytest.fixture(scope="module")
def exported(platform, tmp_path_factory: pytest.TempPathFactory) -> str:
    """Everything but numbered lines: all of Spark, Mesos and the platform's services."""
    path: Path = tmp_path_factory.mktemp("logs") / "exported.json"
    LogStore(platform).find(query=f"NOT ({MARKED})", dest=str(path), dest_format="json")
    return path.read_text()


def test_logs_of_services_are_there(platform, exported):
    for name in platform.members("platform"):
        assert f'"{name}.{platform.variables["platform_domain"]}"' in exported, name


def test_no_secret_is_there(platform, exported):
    secrets = platform.secrets()
    assert all(len(secret) >= 16 for secret in secrets.values()), "a secret this short would be found anywhere"
    encoded = {name: base64.b64encode(secret.encode()).decode().rstrip("=") for name, secret in secrets.items()}
    assert [name for name, secret in secrets.items() if secret in exported or encoded[name] in exported] == []
