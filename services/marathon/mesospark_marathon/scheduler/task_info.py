# SPDX-License-Identifier: GPL-3.0-or-later
"""The Mesos TaskInfo (v1 JSON) of an app's task."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from mesospark_marathon.model.app import App
from mesospark_marathon.model.app_rules import MARATHON_CHECKS
from mesospark_marathon.scheduler.environment import task_environment

Document = dict[str, Any]

COMMAND_EXECUTOR = "//cmd"


@dataclass(frozen=True)
class Launch:
    """Where and with what a task is started."""

    task_id: str
    agent_id: str
    host: str
    ports: Sequence[int | None]
    """host port by place, None where a port has none"""
    resources: Sequence[Document]
    """Mesos resources taken from the offer"""


def build_task(app: App, launch: Launch, *, environment_prefix: str = "", enforces_role: bool = False) -> Document:
    """The TaskInfo."""
    environment = task_environment(
        app,
        task_id=launch.task_id,
        host=launch.host,
        ports=launch.ports,
        prefix=environment_prefix,
        enforces_role=enforces_role,
    )
    command = _command(app, environment)
    task: Document = {
        "name": ".".join(reversed(app.id[1:].split("/"))),
        "task_id": {"value": launch.task_id},
        "agent_id": {"value": launch.agent_id},
        "resources": list(launch.resources),
        "labels": {"labels": _labels(app.labels)},
        "discovery": _discovery(app, launch.ports),
    }
    container = _container(app, launch)
    executor = app.document["executor"]
    if executor not in ("", COMMAND_EXECUTOR):
        task["executor"] = {
            "executor_id": {"value": f"marathon-{launch.task_id}"},
            "command": command | {"value": f"chmod ug+rx '{executor}' && exec '{executor}' {_as_text(app)}"},
            **({"container": container} if container else {}),
        }
        return task
    task["command"] = command
    if container:
        task["container"] = container
    if "taskKillGracePeriodSeconds" in app.document:
        task["kill_policy"] = kill_policy(app)
    check = next((check for check in app.health_checks if check["protocol"] not in MARATHON_CHECKS), None)
    if check is not None:
        task["health_check"] = _health_check(app, check, launch.ports)
    limits = app.document.get("resourceLimits")
    if limits:
        task["limits"] = {
            name: {"value": "Infinity" if value == "unlimited" else value} for name, value in limits.items()
        }
    return task


def kill_policy(app: App) -> Document:
    """How long a task may take to end after SIGTERM."""
    seconds = app.document["taskKillGracePeriodSeconds"]
    return {"grace_period": {"nanoseconds": seconds * 1_000_000_000}}


def _labels(labels: dict[str, str]) -> list[Document]:
    return [{"key": key, "value": value} for key, value in labels.items()]


def _command(app: App, environment: dict[str, str]) -> Document:
    document = app.document
    command: Document = {
        "environment": {"variables": [{"name": name, "value": value} for name, value in environment.items()]},
        "uris": [_uri(artifact) for artifact in document.get("fetch", [])],
    }
    if document.get("user"):
        command["user"] = document["user"]
    arguments = document.get("args", [])
    if "cmd" in document:
        command |= {"shell": True, "value": document["cmd"]}
    elif app.container is not None:
        command |= {"shell": False, "arguments": arguments}
    else:
        command |= {"shell": False, "value": arguments[0] if arguments else "", "arguments": arguments}
    return command


def _as_text(app: App) -> str:
    return str(app.document.get("cmd") or " ".join(app.document.get("args", [])))


def _uri(artifact: Document) -> Document:
    uri = {
        "value": artifact["uri"],
        "extract": artifact["extract"],
        "executable": artifact["executable"],
        "cache": artifact["cache"],
    }
    return uri | ({"output_file": artifact["destPath"]} if "destPath" in artifact else {})


def _protocols(entry: Document) -> list[str]:
    return str(entry["protocol"]).split(",")


def _discovery(app: App, host_ports: Sequence[int | None]) -> Document:
    entries = app.port_definitions if app.network_mode == "host" else app.port_mappings
    ports = [
        _discovered(entry, port, protocol, labels)
        for entry, host_port in zip(entries, host_ports, strict=True)
        for port, labels in _reachable_by(app, entry, host_port)
        for protocol in _protocols(entry)
    ]
    return {
        "visibility": "FRAMEWORK",
        "name": ".".join(reversed(app.id[1:].split("/"))),
        "ports": {"ports": ports},
    }


def _reachable_by(app: App, entry: Document, host_port: int | None) -> list[tuple[int, dict[str, str]]]:
    """(port, labels that tell in which network) for each way to a port."""
    if app.network_mode == "host":
        return [(host_port or 0, {})]
    if host_port is not None:
        return [(host_port, {"network-scope": "host"})]
    names = entry.get("networkNames") or [network["name"] for network in app.document["networks"] if "name" in network]
    return [(entry["containerPort"], {"network-scope": "container", "network-name": name}) for name in names]


def _discovered(entry: Document, number: int, protocol: str, labels: dict[str, str]) -> Document:
    port: Document = {"number": number, "protocol": protocol}
    if entry.get("name"):
        port["name"] = entry["name"]
    all_labels = entry.get("labels", {}) | labels
    return port | ({"labels": {"labels": _labels(all_labels)}} if all_labels else {})


def _container(app: App, launch: Launch) -> Document | None:
    container = app.container
    tty: Document = {"tty_info": {}} if app.document.get("tty") else {}
    if container is None:
        return {"type": "MESOS", "mesos": {}, **tty} if tty else None
    info: Document = {"type": container["type"], "volumes": [_volume(volume) for volume in container["volumes"]], **tty}
    if container["type"] == "DOCKER":
        info["docker"] = _docker(app, launch)
        if app.network_mode == "container":
            info["network_infos"] = [_network_info(network) for network in app.document["networks"]]
        return info
    if app.docker is not None:
        image = {"type": "DOCKER", "docker": {"name": app.docker["image"]}, "cached": not app.docker["forcePullImage"]}
        info["mesos"] = {"image": image}
    else:
        info["mesos"] = {}
    if app.network_mode != "host":
        mappings = _port_mappings(app, launch.ports)
        info["network_infos"] = [
            _network_info({"name": "mesos-bridge"} | network) | {"port_mappings": mappings}
            for network in app.document["networks"]
        ]
    return info


def _volume(volume: Document) -> Document:
    return {
        "container_path": volume["containerPath"],
        "host_path": volume["hostPath"],
        "mode": volume["mode"],
    }


def _network_info(network: Document) -> Document:
    info: Document = {"name": network["name"], "ip_addresses": [{"protocol": "IPv4"}]}
    return info | ({"labels": {"labels": _labels(network["labels"])}} if network.get("labels") else {})


def _docker(app: App, launch: Launch) -> Document:
    docker = app.docker or {}
    network = {"host": "HOST", "container/bridge": "BRIDGE", "container": "USER"}[app.network_mode]
    # The label lets one find a task's container by `docker ps --filter`.
    own = [{"key": "label", "value": f"MESOS_TASK_ID={launch.task_id}"}]
    info: Document = {
        "image": docker["image"],
        "network": network,
        "privileged": docker["privileged"],
        "parameters": docker["parameters"] + own,
        "force_pull_image": docker["forcePullImage"],
    }
    if app.network_mode != "host":
        info["port_mappings"] = _port_mappings(app, launch.ports)
    return info


def _port_mappings(app: App, host_ports: Sequence[int | None]) -> list[Document]:
    return [
        {"host_port": port, "container_port": mapping["containerPort"] or port, "protocol": protocol}
        for mapping, port in zip(app.port_mappings, host_ports, strict=True)
        if port is not None
        for protocol in _protocols(mapping)
    ]


def check_port(app: App, check: Document, host_ports: Sequence[int | None], *, inside: bool) -> int | None:
    """The port that a health check asks: inside the container's network, or from outside; None when there is none."""
    if "port" in check:
        return int(check["port"])
    index = check.get("portIndex")
    if index is None or index >= len(host_ports):
        return None
    if inside and app.network_mode != "host":
        declared = int(app.port_mappings[index]["containerPort"])
        return declared or host_ports[index]
    return host_ports[index]


def _health_check(app: App, check: Document, host_ports: Sequence[int | None]) -> Document:
    result: Document = {
        "delay_seconds": float(check["delaySeconds"]),
        "interval_seconds": float(check["intervalSeconds"]),
        "timeout_seconds": float(check["timeoutSeconds"]),
        "consecutive_failures": check["maxConsecutiveFailures"],
        "grace_period_seconds": float(check["gracePeriodSeconds"]),
    }
    protocol = check["protocol"]
    if protocol == "COMMAND":
        command = {"shell": True, "value": check["command"]["value"]}
        return result | {"type": "COMMAND", "command": command}
    port = check_port(app, check, host_ports, inside=True) or 0
    if protocol == "MESOS_TCP":
        return result | {"type": "TCP", "tcp": {"port": port}}
    scheme = "https" if protocol == "MESOS_HTTPS" else "http"
    http = {"scheme": scheme, "port": port, "path": check.get("path", "/")}
    return result | {"type": "HTTP", "http": http}
