# SPDX-License-Identifier: GPL-3.0-or-later
"""Makes this service importable, and describes an agent."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

_SERVICE = Path(__file__).resolve().parents[1]
if str(_SERVICE) not in sys.path:
    sys.path.insert(0, str(_SERVICE))

if TYPE_CHECKING:
    from mesospark_run_networks.settings import Settings


def service(name: str, networks: list[str], ports: list[list[int]], **more: Any) -> dict[str, Any]:
    return {"name": name, "networks": networks, "ports": ports, "protocol": "tcp", **more}


@pytest.fixture
def settings() -> "Settings":
    from mesospark_run_networks.settings import settings_of

    return settings_of(
        {
            "engine": "/var/run/docker.sock",
            "pool": "100.64.0.0/10",
            "agents": 512,
            "agent": {"address": "10.0.0.31", "number": 31},
            "peers": [{"address": "10.0.0.32", "number": 32}],
            "teams": ["spark", "analytics"],
            "runs_per_team": 16,
            "tunnel_port": 4790,
            "task_users": [1850, 1851],
            "isolated_jobs": ["staging-*"],
            "viewers": ["10.0.0.40", "10.0.0.1"],
            "platform": [
                service("DNS", ["10.0.0.10"], [[53, 53]], protocol="both"),
                service("Mesos master", ["10.0.0.20", "10.0.0.21"], [[5050, 5050]]),
            ],
            "services": [
                service("hdfs-staging", ["10.9.0.0/24", "10.9.0.7"], [[8020, 8020], [9866, 9867]], jobs=["staging-*"]),
                service("hdfs-production", ["10.8.0.5"], [[8020, 8020]], jobs=["production-*", "settlement"]),
                service("kerberos", ["10.0.0.10"], [[88, 88]], protocol="both"),
            ],
        }
    )
