# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Comparing a wanted app definition with the one Marathon shows, past what the server fills in. Pure functions."""

from __future__ import annotations

import copy
import posixpath
import typing as t

from .difference import DifferenceTracker
from .errors import OptionError

# What Marathon shows of an app beside its definition.
_READ_ONLY = (
    *("version", "versionInfo", "tasks", "deployments", "lastTaskFailure", "tasksStaged", "tasksRunning"),
    *("tasksHealthy", "tasksUnhealthy", "taskStats", "readinessCheckResults"),
)
_DEFAULTS: dict[str, dict[str, t.Any]] = {
    "fetch": {"extract": True, "executable": False, "cache": False},
    "portDefinitions": {"port": 0, "protocol": "tcp", "labels": {}},
    "portMappings": {"containerPort": 0, "hostPort": 0, "servicePort": 0, "protocol": "tcp", "labels": {}},
    "docker": {"forcePullImage": False, "privileged": False, "parameters": []},
    "container": {"type": "DOCKER", "volumes": []},
    "upgradeStrategy": {"minimumHealthCapacity": 1, "maximumOverCapacity": 1},
    "unreachableStrategy": {"inactiveAfterSeconds": 0, "expungeAfterSeconds": 0},
    "networks": {"mode": "container", "labels": {}},
    "healthChecks": {
        "protocol": "HTTP",
        "gracePeriodSeconds": 300,
        "intervalSeconds": 60,
        "timeoutSeconds": 20,
        "maxConsecutiveFailures": 3,
        "delaySeconds": 15,
        "ignoreHttp1xx": False,
        "ipProtocol": "IPv4",
        "portIndex": 0,
    },
}
# Ports which the server chooses where the definition says 0.
_ASSIGNED = ("port", "servicePort", "hostPort")
# What Marathon's own checks do not keep of their definition.
_OWN_CHECKS = ("HTTP", "HTTPS", "TCP")
_NOT_KEPT = ("delaySeconds", "ignoreHttp1xx")
# What Marathon unpacks of the old field uris.
_ARCHIVES = (".tgz", ".tar.gz", ".tbz2", ".tar.bz2", ".txz", ".tar.xz", ".zip")
_OLD_NETWORKS = {"HOST": "host", "BRIDGE": "container/bridge"}


def wanted_definition(app_id: str, definition: dict[str, t.Any]) -> dict[str, t.Any]:
    """The definition in today's form: no id, no nulls, texts in env and labels.

    Raises OptionError for fields that only Marathon sets, and for an id that is not the option's.
    """
    if "id" in definition and definition["id"].strip("/") != app_id.strip("/"):
        raise OptionError("definition.id", definition["id"], f"is not the id {app_id}", "leave it out")
    for field in definition:
        if field in _READ_ONLY:
            raise OptionError(f"definition.{field}", "...", "is set by Marathon", "leave it out")
    if "ipAddress" in definition:
        raise OptionError("definition.ipAddress", "...", "is the form of old versions", "write networks instead")
    wanted = {key: copy.deepcopy(value) for key, value in definition.items() if key != "id" and value is not None}
    if "dependencies" in wanted:
        wanted["dependencies"] = [_absolute(app_id, other) for other in wanted["dependencies"]]
    for field in ("env", "labels"):
        if field in wanted:
            wanted[field] = {key: _text(value) for key, value in wanted[field].items()}
    return _modern(wanted)


def compare(wanted: dict[str, t.Any], current: dict[str, t.Any], differences: DifferenceTracker) -> None:
    """Record the fields of ``wanted`` that ``current`` (as Marathon shows it) does not hold."""
    for field, value in wanted.items():
        before = _filled(field, current.get(field))
        after = _settled(_filled(field, value), before)
        if before is None and after in ({}, []):
            continue
        differences.compare(field, before, after)


def definition_of(app: dict[str, t.Any]) -> dict[str, t.Any]:
    """What of an app Marathon shows is its definition."""
    return {key: value for key, value in app.items() if key not in _READ_ONLY}


def _text(value: t.Any) -> t.Any:
    """Marathon takes texts only; an object refers to a secret."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, (int, float)) else value


def _absolute(app_id: str, other: str) -> str:
    """The id of another app, which may be relative to the group of an app."""
    return posixpath.normpath(posixpath.join("/", posixpath.dirname(app_id.strip("/")), other))


def _constraint(constraint: list[str]) -> list[str]:
    """Marathon keeps constraints in no order, and may show CLUSTER with a value as IS."""
    parts = [str(part) for part in constraint]
    return [parts[0], "IS", parts[2]] if len(parts) == 3 and parts[1] == "CLUSTER" else parts


def _modern(wanted: dict[str, t.Any]) -> dict[str, t.Any]:
    """Old fields, which Marathon still accepts, in the form in which it answers them."""
    if "uris" in wanted:
        wanted["fetch"] = [{"uri": uri, "extract": uri.endswith(_ARCHIVES)} for uri in wanted.pop("uris")]
    if "ports" in wanted:
        wanted["portDefinitions"] = [{"port": port} for port in wanted.pop("ports")]
    docker = (wanted.get("container") or {}).get("docker") or {}
    if "network" in docker:
        network = docker.pop("network")
        wanted["networks"] = [{"mode": _OLD_NETWORKS.get(network, "container")}]
    if "portMappings" in docker:
        wanted["container"]["portMappings"] = docker.pop("portMappings")
    return wanted


def _filled(field: str, value: t.Any) -> t.Any:
    """A value with the server's defaults, on every level."""
    if field == "constraints" and value:
        return sorted(_constraint(constraint) for constraint in value)
    if isinstance(value, list):
        return [_filled(field, item) for item in value]
    if not isinstance(value, dict):
        return value
    if field in ("env", "labels"):
        return dict(value)
    filled = copy.deepcopy(_DEFAULTS.get(field, {}))
    filled.update({key: _filled(key, item) for key, item in value.items() if item is not None})
    if field == "healthChecks" and filled["protocol"] in _OWN_CHECKS:
        for name in _NOT_KEPT:
            filled.pop(name)
        filled.setdefault("path", "/")
    if field == "healthChecks" and "port" in filled:
        filled.pop("portIndex")
    return filled


def _settled(wanted: t.Any, current: t.Any) -> t.Any:
    """``wanted`` with the ports the server has assigned where it says 0."""
    if isinstance(wanted, list) and isinstance(current, list) and len(wanted) == len(current):
        return [_settled(item, current[index]) for index, item in enumerate(wanted)]
    if isinstance(wanted, dict) and isinstance(current, dict):
        return {
            key: current[key]
            if key in _ASSIGNED and not value and key in current
            else _settled(value, current.get(key))
            for key, value in wanted.items()
        }
    return wanted
