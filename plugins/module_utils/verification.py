# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is wrong with a platform's listeners, from the table of services and from what was seen of them."""

from __future__ import annotations

import ipaddress
import re
import typing as t
from dataclasses import dataclass, field

# Programs that ask others, and hold a port for the answers.
CLIENT_PROGRAMS = frozenset({"chronyd", "dhclient", "systemd-network", "systemd-timesyn"})
# Each answers its own agent only, at a port that the kernel chooses.
MESOS_EXECUTORS = frozenset({"mesos-docker-ex", "mesos-executor"})
REFUSALS = frozenset({400, 401, 403, 404})  # HTTP
LOWEST_VERSION = "1.2"  # of TLS

_SOCKET = re.compile(
    r"(?P<protocol>tcp|udp)\s+\S+\s+\d+\s+\d+\s+(?P<address>\S+):(?P<port>\d+)\s+\S+(?:\s+users:\(\(\"(?P<program>[^\"]+)\")?"
)
_FIREWALL = "ansible-playbook playbooks/firewall.yml"

Expectation = t.Callable[[str, str, int], t.Mapping[str, t.Any]]


@dataclass(frozen=True)
class Listener:
    """A port of a host: one that is listened on, or the first of those that a service may use."""

    host: str
    port: int
    protocol: str
    program: str = ""
    service: t.Mapping[str, t.Any] = field(default_factory=dict)

    @property
    def listens(self) -> bool:
        return bool(self.program)

    @property
    def tls(self) -> str:
        return str(self.service.get("tls", "none"))

    @property
    def where(self) -> str:
        """How findings name it."""
        name = self.service.get("name") or self.program
        return f"{self.host}, port {self.port} ({name})"


@dataclass(frozen=True)
class Survey:
    """What was seen from one place.

    Args:
        name: the place, as findings name it.
        source: the host of the inventory that it is, empty for others: their address counts.
        members: identities whose certificate the platform's authority has signed.
        targets: as listener_survey returns them.
        columns: columns of the report, each with the identity that it is about.
    """

    name: str
    source: str
    members: t.Collection[str]
    targets: t.Sequence[t.Mapping[str, t.Any]]
    columns: t.Mapping[str, str] = field(default_factory=dict)

    def visits(self) -> dict[tuple[str, int], t.Mapping[str, t.Any]]:
        """What was seen, by host and port."""
        return {(visit["host"], visit["port"]): visit for visit in self.targets}


def sockets(lines: t.Iterable[str]) -> list[tuple[str, int, str]]:
    """Protocol, port and program of sockets that others can reach, from the output of ``ss -Hnltup``.

    Raises:
        ValueError: a line is of another form.
    """
    found: dict[tuple[str, int, str], None] = {}
    for line in lines:
        parts = _SOCKET.match(line)
        if not parts:
            raise ValueError(f"ss has a line of an unknown form: {line}")
        address = parts["address"].strip("[]").partition("%")[0].replace("*", "0.0.0.0")
        if not ipaddress.ip_address(address).is_loopback:
            found[parts["protocol"], int(parts["port"]), parts["program"] or "unknown"] = None
    return list(found)


def listeners(host: str, services: t.Sequence[t.Mapping[str, t.Any]], lines: t.Iterable[str]) -> list[Listener]:
    """All that a host has, sorted by port, and the first port of each service where nobody listens.

    Args:
        host: its name.
        services: as ``services_of_host`` returns them.
        lines: output of ``ss -Hnltup`` there.
    """
    found = {
        (port, protocol): Listener(host, port, protocol, program, _service(services, protocol, port))
        for protocol, port, program in sockets(lines)
        if program not in CLIENT_PROGRAMS or protocol != "udp"
    }
    for service in services:
        for first, _last in service["ports"]:
            for protocol in _protocols(service):
                found.setdefault((first, protocol), Listener(host, first, protocol, "", service))
    return [found[key] for key in sorted(found)]


def targets(all_listeners: t.Iterable[Listener], addresses: t.Mapping[str, str]) -> list[dict[str, t.Any]]:
    """Option ``targets`` of listener_survey."""
    return [
        {
            "host": listener.host,
            "address": addresses[listener.host],
            "port": listener.port,
            "tls": listener.tls != "none",
            "http": listener.service.get("http", ""),
        }
        for listener in all_listeners
        if listener.protocol == "tcp"
    ]


def vantage_points(clients: t.Iterable[str], groups: t.Mapping[str, t.Sequence[str]]) -> list[str]:
    """Hosts that see everything together: two of each group of clients, because none sees itself from outside."""
    wanted = dict.fromkeys(host for group in ("platform", *clients) for host in groups.get(group, ())[:2])
    return [host for host in groups.get("platform", ()) if host in wanted]


def findings(
    all_listeners: t.Sequence[Listener],
    surveys: t.Sequence[Survey],
    expectation: Expectation,
    guarded: t.Collection[str],
) -> list[str]:
    """Return all that is wrong with listeners, one sentence each.

    Args:
        all_listeners: those of all hosts.
        surveys: what was seen from each place.
        expectation: whether a source (host or address) may speak to a host's TCP port: ``allowed``, ``reason``.
        guarded: hosts with a firewall.
    """
    found: list[str] = []
    visits_of = [(survey, survey.visits()) for survey in surveys]
    for listener in all_listeners:
        found += _own_problems(listener)
        if listener.protocol != "tcp":
            continue
        key = (listener.host, listener.port)
        visits = [(survey, by_target[key]) for survey, by_target in visits_of if key in by_target]
        found += _server_problems(listener, [visit for _survey, visit in visits])
        places: dict[str, list[str]] = {}  # of each problem
        for survey, visit in visits:
            for problem in _visit_problems(listener, survey, visit, expectation, listener.host in guarded):
                places.setdefault(problem, []).append(survey.name)
        found += [f"{listener.where}: {problem.format(places=_listed(names))}" for problem, names in places.items()]
    return found


def _own_problems(listener: Listener) -> t.Iterator[str]:
    if not listener.service and listener.program not in MESOS_EXECUTORS:
        yield (
            f"{listener.where}: {listener.program} listens to others on {listener.protocol}, but no service of the"
            " platform has this port: stop it, bind it to 127.0.0.1, or add it to firewall_services"
        )
    ranges = any(first != last for first, last in listener.service.get("ports", ()))
    if not listener.listens and not ranges and not listener.service.get("optional"):
        unit = listener.service.get("unit", "")
        look = f"look at 'systemctl status {unit}' there" if unit else "start it, or remove it from firewall_services"
        yield f"{listener.where}: nobody listens on {listener.protocol}: {look}"


def _server_problems(listener: Listener, visits: t.Sequence[t.Mapping[str, t.Any]]) -> t.Iterator[str]:
    """What does not depend on who comes."""
    reached = [visit for visit in visits if visit["state"] == "open"]
    if listener.tls == "none" or not reached:
        return
    versions = spoken(visits)
    if not versions:
        yield f"{listener.where}: it does not speak TLS: see that its certificate and its key are set, and restart it"
    elif old := [version for version in versions if version < LOWEST_VERSION]:
        yield f"{listener.where}: it speaks TLS {' and '.join(old)}: set its lowest version to {LOWEST_VERSION}"
    plain = {visit["plain_status"] for visit in reached} - {0, 400}
    if plain:
        yield f"{listener.where}: it answers plain text with HTTP {min(plain)}: let it speak TLS only"


def _visit_problems(
    listener: Listener, survey: Survey, visit: t.Mapping[str, t.Any], expectation: Expectation, guarded: bool
) -> t.Iterator[str]:
    """What depends on who comes; ``{places}`` is from where."""
    if survey.source != listener.host:
        expected = expectation(survey.source or visit["source"], listener.host, listener.port)
        passed = visit["state"] in ("open", "closed")
        if expected["allowed"] and not passed:
            yield (
                f"it can not be reached from {{places}} ({visit['reason']}), which {_escaped(_clause(expected))}:"
                f" load the rules again, '{_FIREWALL} --limit {listener.host}'"
            )
        elif guarded and passed and not expected["allowed"]:
            yield (
                f"it can be reached from {{places}}, though it must not be:"
                f" load the rules again, '{_FIREWALL} --limit {listener.host}'"
            )
    # That it speaks no TLS at all is said once.
    for identity, answer in visit.get("answers", {}).items() if visit.get("versions") else ():
        whose = f"the certificate of {identity}" if identity else "no certificate"
        member = identity in survey.members
        if listener.tls == "mutual" and not member and not answer["refusal"]:
            yield (
                f"it takes clients with {_escaped(whose)} (from {{places}}):"
                " have it require one that the platform's authority has signed"
            )
        elif answer["refusal"] and (member or (not identity and listener.tls == "server")):
            yield (
                f"it refuses clients with {_escaped(whose)} (from {{places}}: {_escaped(answer['refusal'])}):"
                " compare its certificate authority with theirs, 'ansible-playbook playbooks/certificates.yml'"
            )
        elif answer["status"] and answer["status"] not in REFUSALS:
            yield (
                f"it answers HTTP {answer['status']} to {_escaped(whose)} and no account (from {{places}}):"
                " have it ask for an account"
            )


def spoken(visits: t.Iterable[t.Mapping[str, t.Any]]) -> list[str]:
    """Versions of TLS that a listener spoke with anybody, the oldest first."""
    return sorted({version for visit in visits for version in visit.get("versions", ())})


def _clause(expected: t.Mapping[str, t.Any]) -> str:
    return f"may use it ({expected['reason']})" if expected["reason"] else "may use it"


def _escaped(text: str) -> str:
    return text.replace("{", "{{").replace("}", "}}")


def _listed(places: t.Sequence[str]) -> str:
    names = list(dict.fromkeys(places))
    return " and ".join(names) if len(names) < 3 else f"{', '.join(names[:-1])} and {names[-1]}"


def _service(services: t.Iterable[t.Mapping[str, t.Any]], protocol: str, port: int) -> t.Mapping[str, t.Any]:
    for service in services:
        if protocol in _protocols(service) and any(first <= port <= last for first, last in service["ports"]):
            return service
    return {}


def _protocols(service: t.Mapping[str, t.Any]) -> tuple[str, ...]:
    return ("tcp", "udp") if service["protocol"] == "both" else (str(service["protocol"]),)
