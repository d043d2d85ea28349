# SPDX-License-Identifier: GPL-3.0-or-later
"""Rules that a well-typed app document must keep, each with Marathon's own words."""

import re
from collections.abc import Iterable, Iterator
from typing import Any

from mesospark_marathon.model import paths
from mesospark_marathon.model.errors import ApiError, details_of, invalid_object

Document = dict[str, Any]
Problem = tuple[str, str]
"""(path, error)"""

MARATHON_CHECKS = ("HTTP", "HTTPS", "TCP")
SINGLE_INSTANCE = "MARATHON_SINGLE_INSTANCE_APP"
_OPERATORS = ("UNIQUE", "CLUSTER", "GROUP_BY", "LIKE", "MAX_PER", "UNLIKE", "IS")
_NOT_RUNNABLE = "AppDefinition must either contain one of 'cmd' or 'args', and/or a 'container'."


def refuse_broken(problems: Iterable[Problem]) -> None:
    """Raises ApiError 422 when there is any problem."""
    found = list(problems)
    if found:
        raise invalid_object(details_of(found))


def check_app(app: Document, app_id: str, roles: list[str], at: str = "") -> Iterator[Problem]:
    """Rules of an app as it was sent, or as merged for an update.

    app_id is canonical; roles are those it may have, the default first; at is the app's place in a group.
    """
    if app_id == paths.ROOT:
        yield f"{at}/id", "Path must contain at least one path element"
        yield f"{at}/", "must not be root"
    yield from _check_constraints(app, at)
    yield from _check_health(app, at)
    yield from _check_roles(app, roles, at)
    if (app.get("cmd") and app.get("args")) or not (app.get("cmd") or app.get("args") or "container" in app):
        yield "/", _NOT_RUNNABLE
    if len(app.get("cmd") or "") == 1:
        yield "/", "must not be an empty string"
    yield from _check_container(app, at)
    yield from _check_networks(app, at)
    yield from _check_features(app, at)
    yield from _check_strategies(app, at)


def check_single_instance(app: Document, at: str = "") -> Iterator[Problem]:
    """Rules for the upgrade strategy that an app has by default only."""
    if _is_single_instance(app) and "upgradeStrategy" not in app:
        yield f"{at}/isSingleInstance", "must be false"
        yield f"{at}/upgradeStrategy/maximumOverCapacity", "got 1.0, expected 0.0"
        yield f"{at}/upgradeStrategy/minimumHealthCapacity", "got 1.0, expected 0.0"


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


def _check_constraints(app: Document, at: str) -> Iterator[Problem]:
    for constraint in app.get("constraints", []):
        problem = _constraint_problem(constraint)
        if problem:
            yield f"{at}/constraints", problem


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
    if operator in ("LIKE", "UNLIKE"):
        if not value:
            return "LIKE and UNLIKE require a non-empty, regular expression value"
        try:
            re.compile(value)
        except re.error:
            return "is not a valid regular expression"
    return None


def _is_integer(value: str | None) -> bool:
    return value is not None and re.fullmatch(r"[+-]?\d+", value) is not None


def _port_count(app: Document) -> int:
    networks = app.get("networks") or [{"mode": "host"}]
    container = app.get("container") or {}
    docker = container.get("docker") or {}
    old_bridge = docker.get("network") in ("BRIDGE", "USER") or "ipAddress" in app
    if networks[0].get("mode", "container") != "host" or old_bridge:
        discovery = (app.get("ipAddress") or {}).get("discovery") or {}
        given = container.get("portMappings", docker.get("portMappings", discovery.get("ports")))
    else:
        given = app.get("portDefinitions", app.get("ports"))
    return 1 if given is None else len(given)


def _check_health(app: Document, at: str) -> Iterator[Problem]:
    checks = app.get("healthChecks", [])
    ports = _port_count(app)
    for index, check in enumerate(checks):
        if check.get("portIndex", -1) >= ports:
            yield (
                f"{at}/healthChecks({index})",
                "Health check port indices must address an element of the ports array or container port mappings.",
            )
    if sum(check.get("protocol", "HTTP") not in MARATHON_CHECKS for check in checks) > 1:
        yield "/", "AppDefinition can contain at most one Mesos health check"


def _check_roles(app: Document, roles: list[str], at: str) -> Iterator[Problem]:
    role = app.get("role", roles[0])
    if role not in roles:
        yield f"{at}/role", f"got {role}, expected one of: [{', '.join(roles)}]"
    accepted = app.get("acceptedResourceRoles")
    if accepted is None:
        return
    if not accepted:
        yield f"{at}/acceptedResourceRoles", "must not be empty"
    allowed = list(dict.fromkeys(["*", role]))
    if any(name not in allowed for name in accepted):
        yield f"{at}/acceptedResourceRoles", f"acceptedResourceRoles can only contain {' and '.join(allowed)}"


def _check_container(app: Document, at: str) -> Iterator[Problem]:
    if "container" not in app:
        return
    container = app["container"]
    kind = container.get("type", "DOCKER")
    docker = container.get("docker")
    if kind == "DOCKER" and docker is None:
        yield f"{at}/container/docker", "not defined"
    if kind == "DOCKER" and docker is not None and "pullConfig" in docker:
        yield f"{at}/container/docker/pullConfig", "pullConfig is not supported with Docker containerizer"
    mappings = container.get("portMappings", (docker or {}).get("portMappings", []))
    names = [mapping["name"] for mapping in mappings if "name" in mapping]
    if len(names) != len(set(names)):
        yield f"{at}/container/portMappings", "Port names must be unique."
    networks = [network["name"] for network in app.get("networks", []) if "name" in network]
    for index, mapping in enumerate(mappings):
        for place, name in enumerate(mapping.get("networkNames", [])):
            if name not in networks:
                yield (
                    f"{at}/container/portMappings({index})/networkNames({place})",
                    f"is not one of ({','.join(networks)})",
                )
    for index, volume in enumerate(container.get("volumes", [])):
        yield from _check_volume(volume, app, f"{at}/container/volumes({index})", at)


def _check_volume(volume: Document, app: Document, place: str, at: str) -> Iterator[Problem]:
    if "external" in volume:
        yield place, _feature("external_volumes")
    if "secret" in volume:
        yield place, _feature("secrets")
    if "persistent" not in volume:
        return
    problems = []
    if "/" in volume["containerPath"]:
        problems.append((f"{place}/containerPath", 'value must not contain "/"'))
    if volume["mode"] != "RW":
        problems.append((f"{place}/mode", "does not equal RW"))
    if volume["persistent"]["size"] <= 0:
        problems.append((f"{place}/persistent/size", f"got {volume['persistent']['size']}, expected more than 0"))
    if not problems:
        # Persistent volumes are not offered; with the role * the real server refuses them as well.
        problems.append((f"{at}/role", f"Resident apps cannot have the role {app.get('role', '*')}"))
    yield from problems


def _check_networks(app: Document, at: str) -> Iterator[Problem]:
    place = f"{at}/networks"
    networks = app.get("networks", [])
    modes = [network.get("mode", "container") for network in networks]
    if len(modes) > 1 and any(mode != "container" for mode in modes):
        yield place, "May specify a single host network, single bridge network, or else 1-to-n container networks"
    names = [network.get("name") for network in networks if network.get("name")]
    if len(names) != len(set(names)):
        yield place, "Duplicate networks are not allowed"
    for network, mode in zip(networks, modes, strict=True):
        if mode == "container" and not network.get("name"):
            yield place, "Network name must be specified when container network is selected."
        if mode == "host" and (network.get("name") or network.get("labels")):
            yield place, "Host networks may not have names or labels"
        if mode == "container/bridge" and network.get("name"):
            yield place, "Bridge networks may not have names"
    definitions = [entry["name"] for entry in app.get("portDefinitions", []) if "name" in entry]
    if len(definitions) != len(set(definitions)):
        yield f"{at}/portDefinitions", "Port names must be unique."
    ports = [entry["port"] for entry in app.get("portDefinitions", []) if entry.get("port")]
    if len(ports) != len(set(ports)):
        yield f"{at}/portDefinitions", "Ports must be unique."


def _feature(name: str) -> str:
    return f"Feature {name} is not enabled. Enable with --enable_features {name})"


def _check_features(app: Document, at: str) -> Iterator[Problem]:
    secrets = app.get("secrets", {})
    references = {key: value["secret"] for key, value in app.get("env", {}).items() if isinstance(value, dict)}
    if references:
        yield (
            f"{at}/env",
            "use of secret-references in the environment requires the secrets feature to be enabled",
        )
    for key, secret in references.items():
        if secret not in secrets:
            yield f"{at}/env/{key}/secret", "references an undefined secret"
    if secrets:
        yield f"{at}/secrets", _feature("secrets")
    if app.get("gpus", 0) > 0:
        yield "/", _feature("gpu_resources")


def _check_strategies(app: Document, at: str) -> Iterator[Problem]:
    strategy = app.get("unreachableStrategy")
    if isinstance(strategy, dict) and strategy["inactiveAfterSeconds"] > strategy["expungeAfterSeconds"]:
        inactive, expunge = strategy["inactiveAfterSeconds"], strategy["expungeAfterSeconds"]
        yield (
            f"{at}/unreachableStrategy/inactiveAfterSeconds",
            f"inactiveAfterSeconds ({inactive}) must be less or equal to expungeAfterSeconds, which is {expunge}",
        )
    if not _is_single_instance(app):
        return
    if app.get("instances", 1) > 1:
        yield "/", "Single instance app may only have one instance"
    for key, capacity in app.get("upgradeStrategy", {}).items():
        if capacity != 0:
            yield f"{at}/upgradeStrategy/{key}", f"got {capacity}, expected 0.0"
