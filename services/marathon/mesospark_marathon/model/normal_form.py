# SPDX-License-Identifier: GPL-3.0-or-later
"""Brings an app document into the one form that is stored, compared and answered: defaults filled in, keys in order."""

from typing import Any

from mesospark_marathon.model import paths
from mesospark_marathon.model.app_rules import MARATHON_CHECKS
from mesospark_marathon.model.reader import without
from mesospark_marathon.model.set_order import in_set_order

Document = dict[str, Any]

_DEFAULTS: Document = {
    "backoffFactor": 1.15,
    "backoffSeconds": 1,
    "cpus": 1.0,
    "disk": 0.0,
    "executor": "",
    "instances": 1,
    "labels": {},
    "maxLaunchDelaySeconds": 300,
    "mem": 128.0,
    "gpus": 0,
    "requirePorts": False,
    "upgradeStrategy": {"maximumOverCapacity": 1.0, "minimumHealthCapacity": 1.0},
    "killSelection": "YOUNGEST_FIRST",
    "unreachableStrategy": {"inactiveAfterSeconds": 0, "expungeAfterSeconds": 0},
}
_ORDER = (
    "id",
    "acceptedResourceRoles",
    "args",
    "backoffFactor",
    "backoffSeconds",
    "cmd",
    "constraints",
    "container",
    "cpus",
    "dependencies",
    "disk",
    "env",
    "executor",
    "fetch",
    "healthChecks",
    "instances",
    "labels",
    "maxLaunchDelaySeconds",
    "mem",
    "gpus",
    "networks",
    "portDefinitions",
    "readinessChecks",
    "requirePorts",
    "resourceLimits",
    "secrets",
    "taskKillGracePeriodSeconds",
    "upgradeStrategy",
    "user",
    "killSelection",
    "unreachableStrategy",
    "tty",
    "role",
)
_LEFT_OUT_WHEN_EMPTY = (
    "acceptedResourceRoles",
    "args",
    "constraints",
    "dependencies",
    "env",
    "fetch",
    "healthChecks",
    "readinessChecks",
    "resourceLimits",
    "secrets",
)


_READINESS_CHECK: Document = {
    "name": "readinessCheck",
    "protocol": "HTTP",
    "path": "/",
    "portName": "http-api",
    "intervalSeconds": 30,
    "timeoutSeconds": 10,
    "httpStatusCodesForReady": [200],
    "preserveLastResponse": False,
}


def normalise(app: Document, *, base: str, default_role: str, default_network: str = "") -> Document:
    """The normal form of a valid document that `old_forms.translate` gave. Does not change its argument.

    base: the group from which relative dependencies are taken.
    """
    result = _DEFAULTS | {"role": default_role} | app
    result["networks"] = [_network(network, default_network) for network in app.get("networks") or [{"mode": "host"}]]
    mode = result["networks"][0]["mode"]
    if "container" in app:
        result["container"] = _container(app["container"], mode)
    elif mode != "host":
        result["container"] = _container({"type": "MESOS", "portMappings": [{"name": "default"}]}, mode)
    if mode == "host":
        result["portDefinitions"] = [_port_definition(definition) for definition in app["portDefinitions"]]
    else:
        result.pop("portDefinitions", None)
        result["requirePorts"] = False
    result["healthChecks"] = [_health_check(check) for check in app.get("healthChecks", [])]
    result["readinessChecks"] = [_READINESS_CHECK | check for check in app.get("readinessChecks", [])]
    result["fetch"] = [_artifact(artifact) for artifact in app.get("fetch", [])]
    result["dependencies"] = _unique(paths.canonical(path, base) for path in app.get("dependencies", []))
    result["constraints"] = in_set_order(app.get("constraints", []))
    result["acceptedResourceRoles"] = _unique(app.get("acceptedResourceRoles", []))
    if app.get("cmd") is None:
        result.pop("cmd", None)
    return {key: result[key] for key in _ORDER if key in result and (result[key] or key not in _LEFT_OUT_WHEN_EMPTY)}


def _unique(values: Any) -> list[str]:
    return list(dict.fromkeys(values))


def _in_order(document: Document, order: tuple[str, ...]) -> Document:
    return {key: document[key] for key in order if document.get(key) is not None}


def _network(network: Document, default_name: str) -> Document:
    mode = network.get("mode", "container")
    name = network.get("name") or (default_name if mode == "container" else None)
    return _in_order({"name": name, "mode": mode, "labels": network.get("labels") or None}, ("name", "mode", "labels"))


def _port_definition(definition: Document) -> Document:
    filled = {"port": 0, "protocol": "tcp"} | definition | {"labels": definition.get("labels") or None}
    return _in_order(filled, ("port", "labels", "name", "protocol"))


def _port_mapping(mapping: Document, mode: str) -> Document:
    defaults: Document = {"containerPort": 0, "labels": {}, "protocol": "tcp", "servicePort": 0}
    if mode == "container/bridge":
        defaults["hostPort"] = 0
    filled = defaults | mapping | {"networkNames": mapping.get("networkNames") or None}
    order = ("containerPort", "hostPort", "labels", "name", "protocol", "servicePort", "networkNames")
    return _in_order(filled, order)


def _container(container: Document, mode: str) -> Document:
    result: Document = {"type": container.get("type", "DOCKER")}
    docker = container.get("docker")
    if docker is not None:
        defaults = {"forcePullImage": False, "parameters": [], "privileged": False}
        order = ("credential", "forcePullImage", "image", "parameters", "privileged", "pullConfig")
        hidden = ("credential",) if result["type"] == "DOCKER" else ()
        result["docker"] = _in_order(defaults | without(docker, hidden), order)
    if "linuxInfo" in container and result["type"] == "MESOS":
        result["linuxInfo"] = container["linuxInfo"]
    result["volumes"] = container.get("volumes", [])
    if mode != "host":
        result["portMappings"] = [_port_mapping(mapping, mode) for mapping in container["portMappings"]]
    return result


def _artifact(artifact: Document) -> Document:
    filled = {"extract": True, "executable": False, "cache": False} | artifact
    return _in_order(filled, ("uri", "extract", "executable", "cache", "destPath"))


_CHECK_ORDER = (
    "command",
    "gracePeriodSeconds",
    "ignoreHttp1xx",
    "intervalSeconds",
    "maxConsecutiveFailures",
    "path",
    "port",
    "portIndex",
    "protocol",
    "ipProtocol",
    "timeoutSeconds",
    "delaySeconds",
)


def _health_check(check: Document) -> Document:
    defaults = {
        "gracePeriodSeconds": 300,
        "intervalSeconds": 60,
        "maxConsecutiveFailures": 3,
        "protocol": "HTTP",
        "ipProtocol": "IPv4",
        "timeoutSeconds": 20,
        "delaySeconds": 15,
    }
    result = defaults | check
    protocol = result["protocol"]
    if protocol in ("HTTP", "HTTPS"):
        # The real server forgets what was asked for and answers the default.
        result["ignoreHttp1xx"] = False
    else:
        result.pop("ignoreHttp1xx", None)
    if protocol in MARATHON_CHECKS:
        result["delaySeconds"] = 15
        result["ipProtocol"] = "IPv4"
    if protocol in ("TCP", "MESOS_TCP", "COMMAND"):
        result.pop("path", None)
    if protocol == "COMMAND":
        result = without(result, ("port", "portIndex"))
    return _in_order(result, _CHECK_ORDER)
