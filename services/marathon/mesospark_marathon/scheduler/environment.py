# SPDX-License-Identifier: GPL-3.0-or-later
"""The environment of a task."""

import re
from collections.abc import Sequence

from mesospark_marathon.model.app import App

_NOT_IN_NAMES = re.compile(r"[^a-zA-Z0-9_]+")
_LONGEST_LABEL = 512


def task_environment(
    app: App, *, task_id: str, host: str, ports: Sequence[int | None], prefix: str = ""
) -> dict[str, str]:
    """All variables of a task; those that the app sets itself win.

    ports: host port by place, None where a port has none; prefix: goes before HOST and the PORT variables only.
    """
    own = {name: value for name, value in app.document.get("env", {}).items() if isinstance(value, str)}
    return {
        **_about_app(app),
        "MESOS_TASK_ID": task_id,
        **{prefix + name: value for name, value in {"HOST": host, **_ports(app, ports)}.items()},
        **own,
    }


def _about_app(app: App) -> dict[str, str]:
    document = app.document
    variables = {
        "MARATHON_APP_ID": app.id,
        "MARATHON_APP_VERSION": app.version,
        "MARATHON_APP_RESOURCE_CPUS": str(document["cpus"]),
        "MARATHON_APP_RESOURCE_MEM": str(document["mem"]),
        "MARATHON_APP_RESOURCE_DISK": str(document["disk"]),
        "MARATHON_APP_RESOURCE_GPUS": str(document["gpus"]),
        "MARATHON_APP_ENFORCE_GROUP_ROLE": "FALSE",
    }
    if app.docker is not None:
        variables["MARATHON_APP_DOCKER_IMAGE"] = app.docker["image"]
    named = {_variable_name(name): value for name, value in app.labels.items() if len(value) < _LONGEST_LABEL}
    variables["MARATHON_APP_LABELS"] = " ".join(named)
    return variables | {f"MARATHON_APP_LABEL_{name}": value for name, value in named.items()}


def _variable_name(text: str) -> str:
    return _NOT_IN_NAMES.sub("_", text).strip("_").upper()


def _ports(app: App, host_ports: Sequence[int | None]) -> dict[str, str]:
    """PORT, PORTS, PORT<place>, PORT_<name> and PORT_<number by which the app knows it>."""
    if app.network_mode == "host":
        entries = [(definition.get("name"), definition["port"]) for definition in app.port_definitions]
    else:
        entries = [(mapping.get("name"), mapping["containerPort"]) for mapping in app.port_mappings]
    ports = [port or declared for port, (_name, declared) in zip(host_ports, entries, strict=True)]
    variables = {}
    for index, (port, (name, declared)) in enumerate(zip(ports, entries, strict=True)):
        variables[f"PORT{index}"] = str(port)
        variables[f"PORT_{declared or port}"] = str(port)
        if name:
            variables[f"PORT_{name.upper()}"] = str(port)
    if ports:
        variables["PORT"] = str(ports[0])
        variables["PORTS"] = ",".join(str(port) for port in ports)
    return variables
