# SPDX-License-Identifier: GPL-3.0-or-later
"""Rules that a well-typed app document must keep, each with Marathon's own words."""

import re
from collections.abc import Iterable, Iterator
from typing import Any

from mesospark_marathon.model import paths
from mesospark_marathon.model.errors import ApiError, details_of, invalid_object
from mesospark_marathon.model.old_forms import mode_of

Document = dict[str, Any]
Problem = tuple[str, str]
"""(path, error)"""

MARATHON_CHECKS = ("HTTP", "HTTPS", "TCP")
SINGLE_INSTANCE = "MARATHON_SINGLE_INSTANCE_APP"
_OPERATORS = ("UNIQUE", "CLUSTER", "GROUP_BY", "LIKE", "MAX_PER", "UNLIKE", "IS")
_RESERVED = ("restart", "tasks", "versions", ".", "..")
"""last parts of ids that would be taken for resources"""
_PLAIN_VALUE = re.compile(r"[a-zA-Z0-9_/.-]*")
_URI = re.compile(r"[A-Za-z0-9\-._~:/?#\[\]@!$&'()*+,;=%\u0080-\uffff]+")


def refuse_broken(problems: Iterable[Problem]) -> None:
    """Raises ApiError 422 when there is any problem."""
    found = list(problems)
    if found:
        raise invalid_object(details_of(found))


def check_app(app: Document, app_id: str, roles: list[str]) -> Iterator[Problem]:
    """Rules of an app whose deprecated fields have been translated.

    app_id is canonical; roles are those it may have, the default first.
    """
    if app_id == paths.ROOT:
        yield "/id", "Path must contain at least one path element"
        yield "/", "must not be root"
    if app_id.rsplit("/", 1)[1] in _RESERVED:
        yield "/id", f"must not end with any of the following reserved keywords: {', '.join(_RESERVED)}"
    yield from _check_constraints(app)
    yield from _check_health(app)
    yield from _check_roles(app, roles)
    if not _is_runnable(app):
        yield "/", "AppDefinition must either contain one of 'cmd' or 'args', and/or a 'container'."
    if len(app.get("cmd") or "") == 1:
        yield "/", "must not be an empty string"
    yield from _check_container(app)
    yield from _check_networks(app)
    yield from _check_ports(app)
    yield from _check_features(app)
    yield from _check_limits(app)
    yield from _check_readiness(app)
    yield from _check_single_instance(app)
    for index, artifact in enumerate(app.get("fetch", [])):
        if not _URI.fullmatch(artifact["uri"]):
            yield f"/fetch({index})/uri", "URI has invalid syntax."


def check_definition(app: Document) -> Iterator[Problem]:
    """Rules that are looked at last, when an app has met all others."""
    if _is_single_instance(app) and "upgradeStrategy" not in app:
        yield "/isSingleInstance", "must be false"
        yield "/upgradeStrategy/maximumOverCapacity", "got 1.0, expected 0.0"
        yield "/upgradeStrategy/minimumHealthCapacity", "got 1.0, expected 0.0"
    strategy = app.get("unreachableStrategy")
    if isinstance(strategy, dict) and strategy["inactiveAfterSeconds"] > strategy["expungeAfterSeconds"]:
        inactive, expunge = strategy["inactiveAfterSeconds"], strategy["expungeAfterSeconds"]
        yield (
            "/unreachableStrategy/inactiveAfterSeconds",
            f"inactiveAfterSeconds ({inactive}) must be less or equal to expungeAfterSeconds, which is {expunge}",
        )
    if any("persistent" in volume for volume in (app.get("container") or {}).get("volumes", [])):
        # Persistent volumes are not offered; with the role * the real server refuses them as well.
        yield "/role", f"Resident apps cannot have the role {app.get('role', '*')}"


def refuse_illegal(app: Document) -> None:
    """Refuses what Marathon notices only when it converts a document (ApiError 500)."""
    for constraint in app.get("constraints", []):
        if constraint[1] not in _OPERATORS:
            raise ApiError(500, {"message": f"illegal constraint specification {','.join(constraint)}"})
    for check in app.get("healthChecks", []):
        protocol = check.get("protocol", "HTTP")
        if "command" in check and protocol != "COMMAND":
            raise ApiError(500, {"message": f"illegal protocol {protocol} specified with command"})
        if "command" not in check and protocol == "COMMAND":
            raise ApiError(500, {"message": "illegal protocol COMMAND for non-command health check"})


def _is_single_instance(app: Document) -> bool:
    return str(app.get("labels", {}).get(SINGLE_INSTANCE)) == "true"


def _is_runnable(app: Document) -> bool:
    cmd, args = bool(app.get("cmd")), bool(app.get("args"))
    container = app.get("container")
    has_container = container is not None and (container.get("type") == "MESOS" or "docker" in container)
    return cmd != args or (has_container and not cmd)


def _check_constraints(app: Document) -> Iterator[Problem]:
    for constraint in app.get("constraints", []):
        problem = _constraint_problem(constraint)
        if problem:
            yield "/constraints", problem


def _constraint_problem(constraint: list[str]) -> str | None:
    if not 2 <= len(constraint) <= 3:
        return "Each constraint must have either 2 or 3 fields"
    field, operator, value = constraint[0], constraint[1].upper(), constraint[2] if len(constraint) == 3 else None
    if operator not in _OPERATORS:
        return f"operator must be one of the following {', '.join(_OPERATORS[:-1])} or {_OPERATORS[-1]}"
    if not field:
        return "illegal constraint specification"
    if operator == "UNIQUE" and value is not None:
        return "UNIQUE does not accept a value"
    if operator == "GROUP_BY" and value is not None and not _is_integer(value):
        return "GROUP BY must define an integer value or else no value at all"
    if operator == "MAX_PER" and not _is_integer(value):
        return "MAX_PER requires an integer value"
    if operator == "IS" and not _PLAIN_VALUE.fullmatch(value or ""):
        return (
            "IS only supports Mesos text and float values "
            "(see http://mesos.apache.org/documentation/latest/attributes-resources/)"
        )
    if operator in ("LIKE", "UNLIKE"):
        if value is None:
            return "LIKE and UNLIKE require a non-empty, regular expression value"
        try:
            re.compile(value)
        except re.error:
            return "is not a valid regular expression"
    return None


def _is_integer(value: str | None) -> bool:
    return value is not None and re.fullmatch(r"[+-]?\d+", value) is not None


def _check_health(app: Document) -> Iterator[Problem]:
    checks = app.get("healthChecks", [])
    container = app.get("container") or {}
    ports = len(container.get("portMappings") or app.get("portDefinitions", []))
    is_docker = "container" in app and container.get("type", "DOCKER") == "DOCKER"
    for index, check in enumerate(checks):
        protocol = check.get("protocol", "HTTP")
        if protocol in MARATHON_CHECKS and "command" not in check and not _has_port(check, ports):
            yield (
                f"/healthChecks({index})",
                "Health check port indices must address an element of the ports array or container port mappings.",
            )
        if check.get("ipProtocol") == "IPv6" and not (protocol.startswith("MESOS_") and is_docker):
            yield (
                f"/healthChecks({index})",
                "IPv6 can only be used for container type DOCKER and Mesos http/https/tcp health checks",
            )
    mesos = sum(check.get("protocol", "HTTP").startswith("MESOS_") and "command" not in check for check in checks)
    if mesos + sum(check.get("protocol") == "COMMAND" and "command" not in check for check in checks) > 1:
        yield "/", "AppDefinition can contain at most one Mesos health check"


def _has_port(check: Document, ports: int) -> bool:
    if "portIndex" in check:
        return bool(check["portIndex"] < ports)
    return "port" in check or ports == 1


def _check_roles(app: Document, roles: list[str]) -> Iterator[Problem]:
    role = app.get("role", roles[0])
    if role not in roles:
        yield "/role", f"got {role}, expected one of: [{', '.join(roles)}]"
    accepted = app.get("acceptedResourceRoles")
    if accepted is None:
        return
    if not accepted:
        yield "/acceptedResourceRoles", "must not be empty"
    allowed = sorted({"*", role})
    if any(name not in allowed for name in accepted):
        yield "/acceptedResourceRoles", f"acceptedResourceRoles can only contain {' and '.join(allowed)}"


def _check_container(app: Document) -> Iterator[Problem]:
    if "container" not in app:
        return
    container = app["container"]
    docker = container.get("docker")
    if container.get("type", "DOCKER") == "DOCKER":
        if docker is None:
            yield "/container/docker", "not defined"
        elif "pullConfig" in docker:
            yield "/container/docker/pullConfig", "pullConfig is not supported with Docker containerizer"
        if sum(mode_of(network) == "container" for network in app.get("networks", [])) > 1:
            yield "/", "may only specify a single container network when using the Docker container engine"
    elif docker is not None and "pullConfig" in docker:
        yield "/container/docker/pullConfig", _feature("secrets")
    yield from _check_mappings(container.get("portMappings", []), app.get("networks", []))
    for index, volume in enumerate(container.get("volumes", [])):
        yield from _check_volume(volume, f"/container/volumes({index})")


def _check_mappings(mappings: list[Document], networks: list[Document]) -> Iterator[Problem]:
    names = [mapping["name"] for mapping in mappings if "name" in mapping]
    if len(names) != len(set(names)):
        yield "/container/portMappings", "Port names must be unique."
    known = [network["name"] for network in networks if "name" in network]
    several = sum(mode_of(network) == "container" for network in networks) > 1
    for index, mapping in enumerate(mappings):
        wanted = mapping.get("networkNames", [])
        if several and "hostPort" in mapping and len(wanted) != 1:
            yield (
                f"/container/portMappings({index})",
                "networkNames must be a single item list when hostPort is specified "
                "and more than 1 container network is defined",
            )
        for place, name in enumerate(wanted):
            if name not in known:
                yield f"/container/portMappings({index})/networkNames({place})", f"is not one of ({','.join(known)})"


def _check_volume(volume: Document, place: str) -> Iterator[Problem]:
    if "external" in volume:
        yield place, _feature("external_volumes")
    if "secret" in volume:
        yield place, _feature("secrets")
    if "persistent" not in volume:
        return
    if "/" in volume["containerPath"]:
        yield f"{place}/containerPath", 'value must not contain "/"'
    if volume["mode"] != "RW":
        yield f"{place}/mode", "does not equal RW"
    if volume["persistent"]["size"] <= 0:
        yield f"{place}/persistent/size", f"got {volume['persistent']['size']}, expected more than 0"


def _check_networks(app: Document) -> Iterator[Problem]:
    networks = app.get("networks", [])
    modes = [mode_of(network) for network in networks]
    if len(modes) > 1 and any(mode != "container" for mode in modes):
        yield "/networks", "May specify a single host network, single bridge network, or else 1-to-n container networks"
    names = [network.get("name") for network in networks if network.get("name")]
    unnamed = sum(
        mode == "container" and not network.get("name") for network, mode in zip(networks, modes, strict=True)
    )
    if len(names) != len(set(names)) or unnamed > 1:
        yield "/networks", "Duplicate networks are not allowed"
    for network, mode in zip(networks, modes, strict=True):
        if mode == "container" and not network.get("name"):
            yield "/networks", "Network name must be specified when container network is selected."
        if mode == "host" and (network.get("name") or network.get("labels")):
            yield "/networks", "Host networks may not have names or labels"
        if mode == "container/bridge" and network.get("name"):
            yield "/networks", "Bridge networks may not have names"


def _check_ports(app: Document) -> Iterator[Problem]:
    definitions = app.get("portDefinitions", [])
    names = [entry["name"] for entry in definitions if "name" in entry]
    if len(names) != len(set(names)):
        yield "/portDefinitions", "Port names must be unique."
    ports = [entry["port"] for entry in definitions if entry.get("port")]
    if len(ports) != len(set(ports)):
        yield "/portDefinitions", "Ports must be unique."


def _feature(name: str) -> str:
    return f"Feature {name} is not enabled. Enable with --enable_features {name})"


def _check_features(app: Document) -> Iterator[Problem]:
    secrets = app.get("secrets", {})
    references = {key: value["secret"] for key, value in app.get("env", {}).items() if isinstance(value, dict)}
    if references:
        yield "/env", "use of secret-references in the environment requires the secrets feature to be enabled"
    for key, secret in references.items():
        if secret not in secrets:
            yield f"/env/{key}/secret", "references an undefined secret"
    if secrets:
        yield "/secrets", _feature("secrets")
    if app.get("gpus", 0) > 0:
        if (app.get("container") or {"type": "MESOS"}).get("type", "DOCKER") == "DOCKER":
            yield "/", "GPU resources only work with the Mesos containerizer"
        yield "/", _feature("gpu_resources")


def _check_limits(app: Document) -> Iterator[Problem]:
    for name, default in (("cpus", 1.0), ("mem", 128.0)):
        limit = (app.get("resourceLimits") or {}).get(name)
        request = app.get(name, default)
        if isinstance(limit, float) and limit < request:
            yield (
                f"/resourceLimits/{name}",
                f"resource limit must be greater than or equal to requested resource ({request})",
            )


def _check_readiness(app: Document) -> Iterator[Problem]:
    checks = app.get("readinessChecks", [])
    if len(checks) > 1:
        yield "/readinessChecks/size", f"got {len(checks)}, expected 1 or less"
    container: Document = app.get("container") or {}
    entries: Any = container.get("portMappings", app.get("portDefinitions", []))
    names = [entry.get("name") for entry in entries]
    for index, check in enumerate(checks):
        name = check.get("portName", "http-api")
        if name not in names:
            yield f"/readinessChecks({index})/portName", f"No port definition reference for portName {name}"
        timeout, interval = check.get("timeoutSeconds", 10), check.get("intervalSeconds", 30)
        if timeout >= interval:
            yield f"/readinessChecks({index})/timeoutSeconds", f"got {timeout}, expected less than {interval}"


def _check_single_instance(app: Document) -> Iterator[Problem]:
    if not _is_single_instance(app):
        return
    if app.get("instances", 1) > 1:
        yield "/", "Single instance app may only have one instance"
    for key, capacity in app.get("upgradeStrategy", {}).items():
        if capacity != 0:
            yield f"/upgradeStrategy/{key}", f"got {capacity}, expected 0.0"
