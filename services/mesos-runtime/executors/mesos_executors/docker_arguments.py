# SPDX-License-Identifier: GPL-3.0-or-later
"""Turns a TaskInfo into the arguments of `docker create`."""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from mesos_executors.values import Json, environment_of

_MEBIBYTE = 1 << 20
_LEAST_MEMORY = 32 * _MEBIBYTE
_LEAST_SHARES = 2
_LEAST_QUOTA = 1000  # microseconds of each period
_PERIOD = 100_000


class TaskError(ValueError):
    """The task asks for something that no container can have."""


@dataclass(frozen=True)
class Place:
    """Where a container runs: its name, the sandbox on the host and in the container, the agent's settings."""

    container: str
    sandbox: str
    mapped_sandbox: str
    enforce_cpu_quota: bool = False
    default_dns: str = ""  # JSON of the agent's --default_container_dns
    task_environment: str = ""  # JSON object of further variables, by the agent's hooks


@dataclass(frozen=True)
class CreateCommand:
    """`options` and `image_and_command` of docker create; the container's variables go between them."""

    options: list[str]
    environment: dict[str, str]
    image_and_command: list[str]


def create_command(task: Json, place: Place) -> CreateCommand:
    """What to give to docker create; TaskError if the task contradicts itself."""
    info = task["container"]
    docker = info.get("docker")
    if not docker:
        raise TaskError("the container information has no docker part")
    resources = task.get("resources", []) + task.get("executor", {}).get("resources", [])
    options = ["--name", place.container]
    if docker.get("privileged"):
        options.append("--privileged")
    options += _limits(task, resources, place)
    options += _volumes(info, place)
    options += _network(info, place, resources)
    options += [f"--{p['key']}={p['value']}" for p in _parameters(info) if p["key"] not in ("net", "network")]
    command = task.get("command", {})
    if command.get("shell", True):
        if "value" not in command:
            raise TaskError("the shell command has no value")
        options += ["--entrypoint", "/bin/sh"]
        words = ["-c", command["value"]]
    else:
        words = [command["value"]] if command.get("value") else []
        words += command.get("arguments", [])
    return CreateCommand(options, _environment(task, resources, place), [docker["image"], *words])


def _environment(task: Json, resources: Sequence[Json], place: Place) -> dict[str, str]:
    variables = environment_of(task.get("command", {}))
    if place.task_environment:
        variables.update(json.loads(place.task_environment))
    variables["MESOS_SANDBOX"] = place.mapped_sandbox
    variables["MESOS_CONTAINER_NAME"] = place.container
    if resources:
        variables["MESOS_ALLOCATION_ROLE"] = resources[0].get("allocation_info", {}).get("role", "")
    return variables


def _limits(task: Json, resources: Sequence[Json], place: Place) -> list[str]:
    limits = {name: float(scalar["value"]) for name, scalar in task.get("limits", {}).items()}
    cpus = _scalar(resources, "cpus")
    options: list[str] = []
    if cpus is not None:
        options += ["--cpu-shares", str(max(_LEAST_SHARES, int(1024 * cpus)))]
    quota = cpus if place.enforce_cpu_quota else None
    if "cpus" in limits:
        quota = None if math.isinf(limits["cpus"]) else limits["cpus"]
    if quota is not None:
        options += ["--cpu-quota", str(max(_LEAST_QUOTA, int(quota * _PERIOD)))]
    return options + _memory(limits, _scalar(resources, "mem"))


def _memory(limits: Mapping[str, float], megabytes: float | None) -> list[str]:
    request = None if megabytes is None else max(_LEAST_MEMORY, int(megabytes * _MEBIBYTE))
    if "mem" not in limits:
        return [] if request is None else ["--memory", str(request)]
    options: list[str] = []
    if request is not None:
        options += ["--memory-reservation", str(request)]
    limit = None if math.isinf(limits["mem"]) else max(_LEAST_MEMORY, int(limits["mem"]) * _MEBIBYTE)
    if limit is not None:
        options += ["--memory", str(limit)]
    if request is not None and (limit is None or request < limit):
        # A task that may use more than it asked for goes first when memory runs out, the smallest request before all.
        score = 1000 - 1000 * request // _total_memory()
        options += ["--oom-score-adj", str(min(999, max(2, score)))]
    return options


def _volumes(info: Json, place: Place) -> list[str]:
    options: list[str] = []
    driver = info["docker"].get("volume_driver")
    for volume in info.get("volumes", []):
        inside = volume["container_path"]
        target = str(PurePosixPath(place.mapped_sandbox, inside))
        mode = volume.get("mode", "RW").lower()
        docker_volume = volume.get("source", {}).get("docker_volume")
        if "host_path" in volume:
            host = volume["host_path"]
            if not host.startswith("/") and not driver:
                if not inside.startswith("/"):
                    raise TaskError(f"both paths of a volume are relative: {host} and {inside}")
                host = str(PurePosixPath(place.sandbox, host))
            options += ["-v", f"{host}:{target}:{mode}"]
        elif docker_volume:
            own = docker_volume.get("driver")
            if own and driver and own != driver:
                raise TaskError(f"a task can use one volume driver only, not both {driver} and {own}")
            driver = own or driver
            options += ["-v", f"{docker_volume['name']}:{target}:{mode}"]
        elif "source" not in volume:
            raise TaskError(f"the volume {inside} has neither a host path nor a source")
    options += ["-v", f"{place.sandbox}:{place.mapped_sandbox}"]
    return [*options, f"--volume-driver={driver}"] if driver else options


def _network(info: Json, place: Place, resources: Sequence[Json]) -> list[str]:
    docker = info["docker"]
    kind = docker.get("network", "HOST")
    name = kind.lower()
    if kind == "USER":
        networks = info.get("network_infos", [])
        if len(networks) != 1 or not networks[0].get("name"):
            raise TaskError("network USER needs exactly one network information with a name")
        name = networks[0]["name"]
    name = next((p["value"] for p in _parameters(info) if p["key"] in ("net", "network")), name)
    options = ["--network", name]
    if place.default_dns and not any(p["key"].startswith("dns") for p in _parameters(info)):
        options += _default_dns(json.loads(place.default_dns), kind, name)
    if info.get("hostname"):
        if name == "host":
            raise TaskError("a container on the host's network cannot have a host name of its own")
        options += ["--hostname", info["hostname"]]
    for mapping in docker.get("port_mappings", []):
        if name in ("host", "none"):
            raise TaskError("port mappings need a bridge or user network")
        port = mapping["host_port"]
        if not _has_port(resources, port):
            raise TaskError(f"port {port} is not among the task's resources")
        protocol = f"/{mapping['protocol'].lower()}" if mapping.get("protocol") else ""
        options += ["-p", f"{port}:{mapping['container_port']}{protocol}"]
    return options


def _default_dns(defaults: Json, kind: str, network: str) -> list[str]:
    """Options for the entry that fits best: one with the network's own name over one without."""
    if kind not in ("BRIDGE", "USER"):
        return []
    fitting = [entry for entry in defaults.get("docker", []) if entry.get("network_mode") == kind]
    if kind == "USER":
        named = [entry for entry in fitting if entry.get("network_name") == network]
        fitting = named or [entry for entry in fitting if not entry.get("network_name")]
    if not fitting:
        return []
    dns = fitting[-1].get("dns", {})
    options: list[str] = []
    for key, option in (("nameservers", "--dns"), ("search", "--dns-search"), ("options", "--dns-opt")):
        for word in dns.get(key, []):
            options += [option, word]
    return options


def _parameters(info: Json) -> list[Json]:
    parameters: list[Json] = info["docker"].get("parameters", [])
    return parameters


def _scalar(resources: Sequence[Json], name: str) -> float | None:
    values = [r["scalar"]["value"] for r in resources if r["name"] == name and "scalar" in r]
    return sum(values) if values else None


def _has_port(resources: Sequence[Json], port: int) -> bool:
    ranges = [r.get("ranges", {}).get("range", []) for r in resources if r["name"] == "ports"]
    return any(part["begin"] <= port <= part["end"] for parts in ranges for part in parts)


def _total_memory() -> int:
    return int(Path("/proc/meminfo").read_text(encoding="ascii").split()[1]) * 1024
