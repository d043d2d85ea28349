# SPDX-License-Identifier: GPL-3.0-or-later
"""Deprecated spellings of an app (`ports`, `uris`, `ipAddress`, `docker.network`) turned into today's."""

from collections import Counter
from collections.abc import Iterator
from typing import Any

from mesospark_marathon.model.errors import ApiError
from mesospark_marathon.model.reader import without

Document = dict[str, Any]
Problem = tuple[str, str]
"""(path, error)"""

MESOS_BRIDGE = "mesos-bridge"
"""the network name that stands for the Mesos containerizer's own bridge"""
_ARCHIVES = (".tgz", ".tar.gz", ".tbz2", ".tar.bz2", ".txz", ".tar.xz", ".zip")
_DEFAULT_PORTS = [{"port": 0, "name": "default"}]
_DEFAULT_MAPPINGS = [{"name": "default"}]


def check_old_forms(app: Document) -> Iterator[Problem]:
    """Rules about deprecated fields, alone and beside today's."""
    container = app.get("container") or {}
    docker = container.get("docker") or {}
    address = app.get("ipAddress")
    unknown_to_type = ["credential"]
    if container.get("type") == "MESOS":
        unknown_to_type += ["network", "parameters", "portMappings"]
    for name in unknown_to_type:
        if docker.get(name):
            yield f"/container/docker/{name}", "must be empty"
    names = Counter(mapping["name"] for mapping in docker.get("portMappings", []) if "name" in mapping)
    if any(count > 1 for count in names.values()):
        yield "/container/docker/portMappings", "Port names must be unique."
    is_docker = "container" in app and container.get("type", "DOCKER") == "DOCKER"
    if address is not None and is_docker and "discovery" in address:
        yield "/ipAddress", "ipAddress/discovery is not allowed for Docker containers"
    if app.get("uris") and app.get("fetch"):
        yield "/uris", "may not be set in conjunction with fetch"
    if "network" in docker and app.get("networks"):
        yield "/", "must not specify both container.docker.network and networks"
    if address is not None and app.get("networks"):
        yield "/", "must not specify both networks and ipAddress"
    ports = [port for port in app.get("ports", []) if port]
    if len(ports) != len(set(ports)):
        yield "/", "ports must be unique"
    if address is not None and (app.get("ports") or app.get("portDefinitions")):
        yield "/", "cannot specify both an IP address and port"
    if "ports" in app and "portDefinitions" in app:
        defined = [definition.get("port", 0) for definition in app["portDefinitions"]]
        if defined != app["ports"]:
            yield "/", "cannot specify both ports and port definitions"


def translate(app: Document) -> Document:
    """A whole app without deprecated fields, with its ports filled in. ApiError 500 for what has no translation."""
    result = without(app, ("ports", "uris", "ipAddress", "container"))
    _translate_files(app, result)
    networks = _networks(app)
    result["networks"] = networks
    on_host = not networks or any(mode_of(network) == "host" for network in networks)
    definitions = _definitions(app)
    result.pop("portDefinitions", None)
    if on_host:
        result["portDefinitions"] = _DEFAULT_PORTS if definitions is None else definitions
    container = _container(app)
    if container is not None:
        result["container"] = container
        if on_host:
            container.pop("portMappings", None)
        else:
            mappings = list(container.get("portMappings", _DEFAULT_MAPPINGS))
            mappings += [{} for _missing in range(len(definitions or []) - len(mappings))]
            container["portMappings"] = mappings
    if app.get("portDefinitions") or (container is not None and "portMappings" in container):
        result["healthChecks"] = [_with_port(check) for check in app.get("healthChecks", [])]
    return result


def translate_update(update: Document) -> Document:
    """The fields of an update without deprecated ones; nothing is filled in. ApiError 500 as `translate`."""
    if update.get("uris") and update.get("fetch"):
        raise _untranslatable("cannot specify both uris and fetch fields")
    result = without(update, ("ports", "uris", "ipAddress", "container"))
    _translate_files(update, result)
    networks = _networks(update)
    if networks or "networks" in update:
        result["networks"] = networks
    definitions = _definitions(update)
    if definitions is not None:
        result["portDefinitions"] = definitions
    container = _container(update)
    if container is not None:
        result["container"] = container
    if "healthChecks" in update:
        result["healthChecks"] = [_with_port(check) for check in update["healthChecks"]]
    return result


def mode_of(network: Document) -> str:
    """host, container or container/bridge."""
    return str(network.get("mode", "container"))


def _untranslatable(message: str) -> ApiError:
    return ApiError(500, {"message": message})


def _translate_files(app: Document, result: Document) -> None:
    if app.get("uris") and not app.get("fetch"):
        result["fetch"] = [{"uri": uri, "extract": uri.endswith(_ARCHIVES)} for uri in app["uris"]]


def _definitions(app: Document) -> list[Document] | None:
    if "portDefinitions" in app:
        return list(app["portDefinitions"])
    return [{"port": port} for port in app["ports"]] if "ports" in app else None


def _with_port(check: Document) -> Document:
    if check.get("protocol") == "COMMAND" or "port" in check or "portIndex" in check:
        return check
    return check | {"portIndex": 0}


def _networks(app: Document) -> list[Document]:
    kind = ((app.get("container") or {}).get("docker") or {}).get("network")
    address = app.get("ipAddress")
    if kind is None and address is None:
        return list(app.get("networks", []))
    if app.get("networks"):
        raise _untranslatable("cannot mix deprecated and canonical network APIs")
    details = address or {}
    labels = {"labels": details["labels"]} if details.get("labels") else {}
    if kind == "HOST":
        return [{"mode": "host"}]
    if kind == "BRIDGE" or (kind is None and details.get("networkName") == MESOS_BRIDGE):
        return [{"mode": "container/bridge", **labels}]
    if kind in ("USER", None):
        name = {"name": details["networkName"]} if "networkName" in details else {}
        return [{"mode": "container", **name, **labels}]
    raise _untranslatable(f"unsupported docker network type {kind}")


def _container(app: Document) -> Document | None:
    container = app.get("container")
    address = app.get("ipAddress")
    if container is None and address is None:
        return None
    result = dict(container if container is not None else {"type": "MESOS"})
    docker = result.get("docker")
    if docker is not None:
        result["docker"] = without(docker, ("network", "portMappings"))
        old_mappings = docker.get("portMappings")
        if old_mappings and "portMappings" in result:
            raise _untranslatable("cannot specify both portMappings and docker.portMappings")
        if old_mappings is not None:
            result.setdefault("portMappings", old_mappings)
    _discover_ports(result, ((address or {}).get("discovery") or {}).get("ports"))
    return result


def _discover_ports(container: Document, ports: list[Document] | None) -> None:
    if not ports:
        return
    if container.get("type", "DOCKER") != "MESOS":
        raise _untranslatable("ipAddress.discovery.ports do not apply for container type Docker")
    if "portMappings" in container:
        raise _untranslatable("container.portMappings and ipAddress.discovery.ports must not both be set")
    container["portMappings"] = [
        {"containerPort": port["number"], "name": port["name"], "protocol": port.get("protocol", "tcp")}
        for port in ports
    ]
