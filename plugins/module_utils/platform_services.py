# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The table of services (roles/common/vars/services.yml) applied to the hosts of an inventory."""

from __future__ import annotations

import string
import typing as t

HOST_CERTIFICATE = "/etc/mesospark/tls/host.pem"

Groups = t.Mapping[str, t.Sequence[str]]
Variables = t.Mapping[str, t.Any]
PortRange = t.Tuple[int, int]


def members(pattern: str, groups: Groups) -> list[str]:
    """Hosts of a pattern such as ``mesos_masters:mesos_agents:!zookeepers``; groups that there are not have none."""
    wanted: dict[str, None] = {}
    unwanted: set[str] = set()
    for part in pattern.split(":"):
        if part.startswith("!"):
            unwanted.update(groups.get(part[1:], ()))
        else:
            wanted.update(dict.fromkeys(groups.get(part, ())))
    return [host for host in wanted if host not in unwanted]


def is_member(host: str, pattern: str, groups: Groups) -> bool:
    """Whether a host is one of ``members``, without listing them all."""
    parts = pattern.split(":")
    unwanted = any(host in groups.get(part[1:], ()) for part in parts if part.startswith("!"))
    return not unwanted and any(host in groups.get(part, ()) for part in parts)


def port_ranges(service: t.Mapping[str, t.Any], variables: Variables, defaults: Variables) -> list[PortRange]:
    """First and last port of each of a service's entries ``ports``.

    Args:
        service: an entry of the table.
        variables: what the inventory says for the host.
        defaults: the documented default of each variable.

    Raises:
        ValueError: a port is none; the message names the service and what it has instead.
    """
    return [_port_range(service["name"], entry, variables, defaults) for entry in service["ports"]]


def _port_range(name: str, entry: object, variables: Variables, defaults: Variables) -> PortRange:
    value = entry
    if isinstance(entry, str) and not entry[:1].isdigit():
        value = _value(entry, variables, defaults)
    return parsed_range(name, value, entry)


def parsed_range(name: str, value: object, entry: object = "a port") -> PortRange:
    """First and last port of ``8020`` or ``8020-8030``.

    Raises:
        ValueError: it is neither; the message names the service, and the entry of its ports.
    """
    first, _separator, last = str(value).replace(" ", "").partition("-")
    if not first.isdigit() or not (last or first).isdigit():
        raise ValueError(f"{name}: {entry} is {value!r}, which is neither a port nor a range such as 31000-32000")
    return int(first), int(last or first)


def services_of_host(
    table: t.Sequence[t.Mapping[str, t.Any]], host: str, groups: Groups, variables: Variables, defaults: Variables
) -> list[dict[str, t.Any]]:
    """The services that a host has, in the table's order.

    ``ports`` are pairs of first and last port, ``certificate`` is a path, ``health`` a command ready to be run.

    Raises:
        ValueError: as ``port_ranges``.
    """
    return [
        {
            **service,
            "ports": port_ranges(service, variables, defaults),
            "certificate": _value(service.get("certificate", ""), variables, defaults) or HOST_CERTIFICATE,
            "health": _filled(service.get("health", ""), variables, defaults),
        }
        for service in table
        if is_member(host, service["group"], groups)
    ]


def _value(name: str, variables: Variables, defaults: Variables) -> t.Any:
    return variables.get(name, defaults.get(name))


def _filled(command: str, variables: Variables, defaults: Variables) -> str:
    template = string.Template(command)
    names = [found["named"] for found in template.pattern.finditer(command) if found["named"]]
    return template.safe_substitute({name: _value(name, variables, defaults) for name in names})
