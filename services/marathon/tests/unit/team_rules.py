# SPDX-License-Identifier: GPL-3.0-or-later
"""Two teams that share a prefix, as the role writes them, and an app as a run's driver is posted."""

import json
from copy import deepcopy
from pathlib import Path
from typing import Any

REGISTRY = "registry.platform.test:5443"


def team(name: str, *members: str) -> dict[str, Any]:
    return {
        "members": [name, *members],
        "app_ids": ["/runs/"],
        "labels": {"principal": name},
        "images": [f"{REGISTRY}/*"],
        "users": [name],
        "host_paths": [{"path": f"/etc/mesospark/principals/{name}", "mode": "RO"}],
        "roles": ["*"],
        "networks": ["host", f"isolated.{name}.*"],
        "isolated_apps": ["/runs/staging-*"],
        "docker_parameters": {"label": ["*"]},
        "fetch": ["http://*", "https://*"],
    }


RULES: dict[str, Any] = {
    "operators": ["operator", "alice"],
    "viewers": ["carol"],
    "teams": {"spark": team("spark", "bob"), "analytics": team("analytics", "dora")},
}

RUN: dict[str, Any] = {
    "id": "/runs/pi-20261121t120000-abcd",
    "args": ["--conf", "spark.cores.max=2", "local:///opt/spark/examples/pi.py"],
    "cpus": 0.1,
    "mem": 32,
    "user": "spark",
    "env": {"SPARK_PRINCIPAL": "spark", "PYTHONPATH": "/opt/job"},
    "labels": {"principal": "spark", "MARATHON_SINGLE_INSTANCE_APP": "true"},
    "container": {
        "type": "DOCKER",
        "docker": {
            "image": f"{REGISTRY}/mesospark/spark:3.5.8",
            "parameters": [{"key": "user", "value": "spark"}],
        },
        "volumes": [
            {"hostPath": "/etc/mesospark/principals/spark", "containerPath": "/run/secrets/spark", "mode": "RO"}
        ],
    },
    "networks": [{"mode": "host"}],
    "upgradeStrategy": {"minimumHealthCapacity": 0, "maximumOverCapacity": 0},
    "fetch": [{"uri": "https://files.platform.test/pi.py", "extract": False, "destPath": "pi.py"}],
}


def run_of(team_name: str, app_id: str = "", **fields: Any) -> dict[str, Any]:
    """The run, of another team and with other fields."""
    text = (
        json.dumps(RUN | fields)
        .replace('"spark"', f'"{team_name}"')
        .replace("principals/spark", f"principals/{team_name}")
    )
    return json.loads(text) | {"id": app_id or RUN["id"]}


def changed(place: str, value: Any) -> dict[str, Any]:
    """The run with one field, named by dots, set to a value."""
    document = deepcopy(RUN)
    *folders, last = place.split(".")
    part = document
    for name in folders:
        part = part[name]
    part[last] = value
    return document


def rules_file(folder: Path, rules: dict[str, Any] | None = None) -> Path:
    path = folder / "rules.json"
    path.write_text(json.dumps(rules or RULES))
    return path
