# SPDX-License-Identifier: GPL-3.0-or-later
"""The fields of Marathon's documents: names, types and ranges. Rules between fields are in `app_rules`."""

import re
from collections.abc import Mapping
from typing import Any

from mesospark_marathon.model import reader
from mesospark_marathon.model.paths import is_path
from mesospark_marathon.model.reader import Errors, Field, Read, optional

_NAME = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?")
_HIGHEST_PORT = 65535

path_id = reader.string(min_length=1, pattern=is_path)
text = reader.string()
texts = reader.array(text)
labels = reader.mapping(text)
name = reader.string(min_length=1, pattern=lambda value: _NAME.fullmatch(value) is not None and len(value) < 64)
port = reader.integer(0, _HIGHEST_PORT)
count = reader.integer(0)
amount = reader.number(0)
protocol = reader.enumeration("tcp", "udp", "udp,tcp")


def environment_value(errors: Errors, path: str, value: Any) -> Any:
    """A string or a reference {"secret": name}."""
    if isinstance(value, str):
        return value
    if not isinstance(value, dict):
        errors.add(path, "error.expected.jsobject")
        return value
    return reader.read_fields(errors, path, value, {"secret": Field(text, required=True)}, plain=True)


def unreachable_strategy(errors: Errors, path: str, value: Any) -> Any:
    """{"inactiveAfterSeconds", "expungeAfterSeconds"}; any string means disabled."""
    if isinstance(value, str):
        return "disabled"
    if not isinstance(value, dict):
        errors.add(path, "error.expected.jsobject")
        return value
    given = reader.read_fields(
        errors, path, value, optional({"inactiveAfterSeconds": count, "expungeAfterSeconds": count})
    )
    return {"inactiveAfterSeconds": 0, "expungeAfterSeconds": 0} | given


def resource_limit(errors: Errors, path: str, value: Any) -> Any:
    """A number or "unlimited"."""
    if value == "unlimited":
        return value
    return amount(errors, path, value)


port_definition = reader.record(optional({"port": port, "labels": labels, "name": name, "protocol": protocol}))
port_mapping = reader.record(
    optional(
        {
            "containerPort": port,
            "hostPort": port,
            "labels": labels,
            "name": name,
            "protocol": protocol,
            "servicePort": port,
            "networkNames": texts,
        }
    )
)
network = reader.record(
    optional(
        {
            "name": reader.string(min_length=1),
            "mode": reader.enumeration("host", "container", "container/bridge"),
            "labels": labels,
        }
    )
)
artifact = reader.record(
    {
        "uri": Field(text, required=True),
        "extract": Field(reader.boolean),
        "executable": Field(reader.boolean),
        "cache": Field(reader.boolean),
        "destPath": Field(text),
    }
)
health_check = reader.record(
    optional(
        {
            "command": reader.record({"value": Field(text, required=True)}, plain=True),
            "gracePeriodSeconds": count,
            "ignoreHttp1xx": reader.boolean,
            "intervalSeconds": count,
            "maxConsecutiveFailures": count,
            "path": text,
            "port": port,
            "portIndex": count,
            "protocol": reader.enumeration("HTTP", "HTTPS", "TCP", "COMMAND", "MESOS_HTTP", "MESOS_HTTPS", "MESOS_TCP"),
            "ipProtocol": reader.enumeration("IPv4", "IPv6"),
            "timeoutSeconds": reader.integer(),
            "delaySeconds": count,
        }
    )
)
readiness_check = reader.record(
    optional(
        {
            "name": text,
            "protocol": reader.enumeration("HTTP", "HTTPS"),
            "path": text,
            "portName": text,
            "intervalSeconds": count,
            "timeoutSeconds": count,
            "httpStatusCodesForReady": reader.array(reader.integer(100, 999)),
            "preserveLastResponse": reader.boolean,
        }
    )
)

_docker = reader.record(
    {
        "image": Field(reader.string(min_length=1), required=True),
        "credential": Field(
            reader.record({"principal": Field(text, required=True), "secret": Field(text)}, plain=True)
        ),
        "pullConfig": Field(reader.record({"secret": Field(text, required=True)}, plain=True)),
        "forcePullImage": Field(reader.boolean),
        "network": Field(reader.enumeration("BRIDGE", "HOST", "NONE", "USER")),
        "parameters": Field(
            reader.array(reader.record({"key": Field(text, required=True), "value": Field(text, required=True)}))
        ),
        "portMappings": Field(reader.array(port_mapping)),
        "privileged": Field(reader.boolean),
    }
)

_VOLUME_MODE = reader.enumeration("RO", "RW")
_VOLUME = {
    "containerPath": Field(reader.string(min_length=1), required=True),
    "mode": Field(_VOLUME_MODE, required=True),
}
_VOLUME_KINDS: Mapping[str, Mapping[str, Field]] = {
    "persistent": _VOLUME
    | {"persistent": Field(reader.record({"size": Field(reader.integer(), required=True)}), required=True)},
    "external": _VOLUME | {"external": Field(reader.anything, required=True)},
    "secret": {"containerPath": _VOLUME["containerPath"], "secret": Field(text, required=True)},
    "hostPath": _VOLUME | {"hostPath": Field(reader.string(min_length=1), required=True)},
}


def volume(errors: Errors, path: str, value: Any) -> Any:
    """A volume; what kind it is shows by the field only that kind has. Without any it is taken for a host volume."""
    given = value if isinstance(value, dict) else {}
    kind = next((kind for kind in _VOLUME_KINDS if kind in given), "hostPath")
    return reader.read_fields(errors, path, value, _VOLUME_KINDS[kind])


container = reader.record(
    optional(
        {
            "type": reader.enumeration("DOCKER", "MESOS"),
            "docker": _docker,
            "volumes": reader.array(volume),
            "portMappings": reader.array(port_mapping),
            "linuxInfo": reader.anything,
        }
    )
)
ip_address = reader.record(
    optional(
        {
            "groups": texts,
            "labels": labels,
            "networkName": text,
            "discovery": reader.record(
                optional(
                    {
                        "ports": reader.array(
                            reader.record(
                                {
                                    "number": Field(port, required=True),
                                    "name": Field(name, required=True),
                                    "protocol": Field(reader.enumeration("tcp", "udp")),
                                }
                            )
                        )
                    }
                )
            ),
        }
    )
)
upgrade_strategy = reader.record(
    {
        "maximumOverCapacity": Field(reader.number(0, 1), required=True),
        "minimumHealthCapacity": Field(reader.number(0, 1), required=True),
    }
)

_SETTINGS: Mapping[str, Read] = {
    "acceptedResourceRoles": texts,
    "args": texts,
    "backoffFactor": reader.number(1),
    "backoffSeconds": count,
    "cmd": reader.string(min_length=1),
    "constraints": reader.array(texts),
    "container": container,
    "cpus": amount,
    "dependencies": reader.array(path_id),
    "disk": amount,
    "env": reader.mapping(environment_value),
    "executor": text,
    "fetch": reader.array(artifact),
    "healthChecks": reader.array(health_check),
    "instances": count,
    "labels": labels,
    "maxLaunchDelaySeconds": count,
    "mem": amount,
    "gpus": count,
    "ipAddress": ip_address,
    "networks": reader.array(network),
    "ports": reader.array(port),
    "portDefinitions": reader.array(port_definition),
    "readinessChecks": reader.array(readiness_check),
    "requirePorts": reader.boolean,
    "resourceLimits": reader.record(optional({"cpus": resource_limit, "mem": resource_limit})),
    "secrets": reader.mapping(reader.record({"source": Field(text, required=True)}, plain=True)),
    "taskKillGracePeriodSeconds": count,
    "upgradeStrategy": upgrade_strategy,
    "uris": texts,
    "user": text,
    "killSelection": reader.enumeration("YOUNGEST_FIRST", "OLDEST_FIRST"),
    "unreachableStrategy": unreachable_strategy,
    "tty": reader.boolean,
    "role": text,
}
_VERSION_INFO = reader.record(
    {
        "lastScalingAt": Field(reader.timestamp, required=True),
        "lastConfigChangeAt": Field(reader.timestamp, required=True),
    },
    plain=True,
)

APP: Mapping[str, Field] = {
    "id": Field(path_id, required=True),
    **optional(_SETTINGS),
    "version": Field(reader.timestamp),
    "versionInfo": Field(_VERSION_INFO),
}
"""An app of POST and of a group."""

APP_UPDATE: Mapping[str, Field] = {**APP, "id": Field(path_id)}
"""An app of PUT and PATCH; the id may be left out."""

_GROUP_FIELDS: dict[str, Field] = {}
group = reader.record(_GROUP_FIELDS)
_GROUP_FIELDS.update(
    {
        "id": Field(path_id),
        "apps": Field(reader.array(reader.record(APP))),
        "pods": Field(reader.array(reader.anything)),
        "groups": Field(reader.array(group)),
        "dependencies": Field(reader.array(path_id)),
        "scaleBy": Field(amount),
        "version": Field(reader.timestamp),
        "enforceRole": Field(reader.boolean),
    }
)
GROUP: Mapping[str, Field] = _GROUP_FIELDS
"""A group of POST and PUT, which holds groups of the same shape."""
