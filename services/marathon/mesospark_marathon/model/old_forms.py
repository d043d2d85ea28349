# SPDX-License-Identifier: GPL-3.0-or-later
"""Deprecated spellings of an app (`ports`, `uris`, `ipAddress`, `docker.network`) turned into today's."""

from typing import Any

from mesospark_marathon.model.errors import ApiError, invalid_object
from mesospark_marathon.model.reader import without

Document = dict[str, Any]

_ARCHIVES = (".tgz", ".tar.gz", ".tbz2", ".tar.bz2", ".txz", ".tar.xz", ".zip")


def translate(app: Document) -> Document:
    """The app without deprecated fields. Fields of both spellings at once are refused (ApiError 422)."""
    _refuse_both(app, "ports", "portDefinitions", "cannot specify both ports and port definitions")
    _refuse_both(app, "networks", "ipAddress", "must not specify both networks and ipAddress")
    result = without(app, ("ports", "uris", "ipAddress"))
    if "uris" in app and not app.get("fetch"):
        result["fetch"] = [{"uri": uri, "extract": uri.endswith(_ARCHIVES)} for uri in app["uris"]]
    if app.get("ports") or ("ports" in app and "portDefinitions" not in app):
        result["portDefinitions"] = [{"port": port} for port in app["ports"]]
    _translate_networks(app, result)
    return result


def _refuse_both(app: Document, old: str, new: str, message: str) -> None:
    if app.get(old) and app.get(new):
        raise invalid_object([{"path": "/", "errors": [message]}])


def _translate_networks(app: Document, result: Document) -> None:
    container = app.get("container")
    docker = (container or {}).get("docker") or {}
    address = app.get("ipAddress")
    kind = docker.get("network")
    if kind == "NONE":
        raise ApiError(500, {"message": "unsupported docker network type NONE"})
    if kind is not None and "networks" in app:
        message = "must not specify both networks and container.docker.network"
        raise invalid_object([{"path": "/", "errors": [message]}])
    if kind is not None:
        result["networks"] = [_old_network(kind, address)]
    elif address is not None:
        result["networks"] = [_container_network(address)]
    if container is not None:
        mappings = container.get("portMappings", docker.get("portMappings"))
        result["container"] = (
            container | {"docker": without(docker, ("network", "portMappings"))} if docker else container
        )
        if mappings is not None:
            result["container"] = result["container"] | {"portMappings": mappings}
    ports = ((address or {}).get("discovery") or {}).get("ports")
    if ports:
        result["container"] = result.get("container", {"type": "MESOS"})
        result["container"].setdefault(
            "portMappings",
            [
                {"containerPort": port["number"], "name": port["name"], "protocol": port.get("protocol", "tcp")}
                for port in ports
            ],
        )


def _old_network(kind: str, address: Document | None) -> Document:
    if kind == "BRIDGE":
        return {"mode": "container/bridge"}
    if kind == "HOST":
        return {"mode": "host"}
    return _container_network(address or {})


def _container_network(address: Document) -> Document:
    network: Document = {"mode": "container"}
    if "networkName" in address:
        network["name"] = address["networkName"]
    if address.get("labels"):
        network["labels"] = address["labels"]
    return network
