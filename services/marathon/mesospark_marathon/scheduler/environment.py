# SPDX-License-Identifier: GPL-3.0-or-later
"""The environment of a task."""

import re
from collections.abc import Sequence

from mesospark_marathon.model.app import App

_NOT_IN_NAMES = re.compile(r"[^a-zA-Z0-9_]+")
_LABEL = "MARATHON_APP_LABEL_"
_LONGEST = 512
"""characters; longer labels are left out"""


def task_environment(
    app: App, *, task_id: str, host: str, ports: Sequence[int | None], prefix: str = "", enforces_role: bool = False
) -> dict[str, str]:
    """All variables of a task; those that the app sets itself win.

    ports: host port by place, None where a port has none; prefix: goes before HOST and the PORT variables only;
    enforces_role: whether the app must have the role of its group.
    """
    own = {name: value for name, value in app.document.get("env", {}).items() if isinstance(value, str)}
    return {
        "MESOS_TASK_ID": task_id,
        **_about_app(app, enforces_role),
        **{prefix + name: value for name, value in {"HOST": host, **_ports(app, ports)}.items()},
        **own,
    }


def _about_app(app: App, enforces_role: bool) -> dict[str, str]:
    document = app.document
    variables = {
        "MARATHON_APP_ID": app.id,
        "MARATHON_APP_VERSION": app.version,
        "MARATHON_APP_RESOURCE_CPUS": str(document["cpus"]),
        "MARATHON_APP_RESOURCE_MEM": str(document["mem"]),
        "MARATHON_APP_RESOURCE_DISK": str(document["disk"]),
        "MARATHON_APP_RESOURCE_GPUS": str(document["gpus"]),
        "MARATHON_APP_ENFORCE_GROUP_ROLE": str(enforces_role).upper(),
    }
    if app.docker is not None and app.container is not None and app.container["type"] == "DOCKER":
        variables["MARATHON_APP_DOCKER_IMAGE"] = app.docker["image"]
    named = {
        _NOT_IN_NAMES.sub("_", name).upper(): value
        for name, value in app.labels.items()
        if len(name) < _LONGEST - len(_LABEL) and len(value) < _LONGEST
    }
    variables["MARATHON_APP_LABELS"] = " ".join(named)
    return variables | {_LABEL + name: value for name, value in named.items()}


def _ports(app: App, host_ports: Sequence[int | None]) -> dict[str, str]:
    """PORT, PORTS (host ports only), PORT<place>, PORT_<name> and PORT_<number by which the app knows it>."""
    if app.network_mode == "host":
        entries = [(definition.get("name"), definition["port"]) for definition in app.port_definitions]
    else:
        entries = [(mapping.get("name"), mapping["containerPort"]) for mapping in app.port_mappings]
    variables = {}
    for index, (host_port, (name, declared)) in enumerate(zip(host_ports, entries, strict=True)):
        port = str(host_port or declared)
        variables[f"PORT{index}"] = port
        variables[f"PORT_{declared or port}"] = port
        if name:
            variables[f"PORT_{name.upper()}"] = port
    if host_ports:
        assigned = [str(port) for port in host_ports if port is not None]
        variables |= {"PORT": assigned[0]} if assigned else {}
        variables["PORTS"] = ",".join(assigned)
    return variables
