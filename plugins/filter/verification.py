# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What playbooks/verify.yml looks at, and what it makes of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from typing import Any

from ansible.errors import AnsibleFilterError
from ansible_collections.mesospark.platform.plugins.filter.firewall_ruleset import services_for
from ansible_collections.mesospark.platform.plugins.filter.services_of_host import documented_defaults, table
from ansible_collections.mesospark.platform.plugins.module_utils import firewall, verification, verification_report
from ansible_collections.mesospark.platform.plugins.module_utils.platform_services import services_of_host

_Hostvars = Mapping[str, Mapping[str, Any]]
_Groups = Mapping[str, Sequence[str]]
_RENEW = (
    "'ansible-playbook playbooks/certificates.yml --tags renew' renews what ends, and restarts what serves old ones"
)


class _Platform:
    """The inventory, with what the playbook has registered for each host."""

    def __init__(self, hostvars: _Hostvars, groups: _Groups) -> None:
        self._hostvars = hostvars
        self._groups = groups
        self.hosts = list(groups.get(firewall.PLATFORM, ()))

    def result(self, host: str, name: str) -> Mapping[str, Any]:
        """A registered result, empty if the host was not reached."""
        found: Mapping[str, Any] = self._hostvars[host].get(name) or {}
        return {} if found.get("unreachable") else found

    @cached_property
    def known(self) -> list[str]:
        """Hosts that were looked at."""
        return [host for host in self.hosts if "stdout_lines" in self.result(host, "_verify_sockets")]

    @cached_property
    def addresses(self) -> dict[str, str]:
        return {host: self._hostvars[host]["platform_address"] for host in self.hosts}

    @cached_property
    def listeners(self) -> list[verification.Listener]:
        found: list[verification.Listener] = []
        for host in self.known:
            variables = self._hostvars[host]
            services = services_of_host(services_for(variables), host, self._groups, variables, documented_defaults())
            found += verification.listeners(host, services, self.result(host, "_verify_sockets")["stdout_lines"])
        return found

    def expectation(self) -> verification.Expectation:
        any_host = self._hostvars[self.hosts[0]]
        inventory = firewall.inventory_of(self._hostvars, self._groups, services_for(any_host))
        rules = {
            host: firewall.rules_of_host(
                services_for(self._hostvars[host]), host, inventory, self._hostvars[host], documented_defaults()
            )
            for host in self.known
        }
        return lambda source, host, port: firewall.explain(rules[host], inventory, source, host, port)

    def surveys(self, controller: Mapping[str, Any]) -> list[verification.Survey]:
        """What was seen from strangers, the controller, teams and hosts."""
        found = [
            _survey("a strange host", "", [], self.result(host, "_verify_survey"), {"strange host": ""})
            for host in self._groups.get("verify_strangers", ())
        ]
        own = {"controller, no certificate": "", "controller, strange certificate": "a strange authority"}
        found.append(_survey("the controller", "", [], controller, own))
        for host in self.known:
            for result in self.result(host, "_verify_teams").get("results", ()):
                team = result["item"]["name"]
                name, column = f"team {team} on {host}", f"team {team}"
                found.append(_survey(name, host, [team], result, {column: team}))
            result = self.result(host, "_verify_survey")
            found.append(_survey(host, host, ["its host"], result, {"platform host": "its host"}))
        return [survey for survey in found if survey.targets]

    def certificates(self) -> dict[tuple[str, int], Mapping[str, Any]]:
        return {
            (host, entry["port"]): entry
            for host in self.known
            for entry in self.result(host, "_host_certificate_probe").get("listeners", ())
        }

    def host_problems(self) -> list[str]:
        """What is wrong with hosts rather than with listeners."""
        found = [
            f"{host}: it could not be looked at: see that it is up, and that 'ansible {host} -m ping' succeeds"
            for host in self.hosts
            if host not in self.known
        ]
        for host in self.hosts:
            if failure := self._hostvars[host].get("_verify_failure"):
                found.append(
                    f"{host}: it could not be looked at completely: correct what fails there, {_line(failure)}"
                )
        for host in self.known:
            fix = f"'ansible-playbook playbooks/firewall.yml --limit {host}'"
            if not self.guarded(host):
                found.append(f"{host}: it has no firewall rules: load them, {fix}")
            elif self._other_rules(host):
                found.append(
                    f"{host}: its firewall rules are not those that the table of services says: load them again, {fix}"
                )
            for result in self.result(host, "_verify_readable").get("results", ()):
                found += [
                    f"{host}: the user {result['item']['name']} can read {path}, which is not for it:"
                    f" take the right away, 'chmod o-r,g-r {path}', and rotate what stands in it"
                    for path in result.get("stdout_lines", ())
                ]
        return found

    def _other_rules(self, host: str) -> bool:
        difference = self.result(host, "_verify_rules").get("diff") or {}
        return bool(difference.get("before") != difference.get("after"))

    def guarded(self, host: str) -> bool:
        return self.result(host, "_verify_firewall").get("rc", 1) == 0


def verification_targets(hostvars: _Hostvars, groups: _Groups) -> list[dict[str, Any]]:
    """Return what is to be looked at, as option ``targets`` of listener_survey.

    Raises:
        AnsibleFilterError: a port or an address is none.
    """
    platform = _Platform(hostvars, groups)
    try:
        return verification.targets(platform.listeners, platform.addresses)
    except ValueError as error:
        raise AnsibleFilterError(str(error)) from None


def verification_points(groups: _Groups) -> list[str]:
    """Return the hosts of the platform from which it is to be looked at."""
    return verification.vantage_points((client for service in table() for client in service["clients"]), groups)


def verification_of(
    hostvars: _Hostvars,
    groups: _Groups,
    controller: Mapping[str, Any],
    certificates: Mapping[str, Mapping[str, Any]],
) -> dict[str, Any]:
    """Return ``columns``, ``rows``, ``lines`` (the table as text) and ``findings``.

    Args:
        hostvars: variables of each host, with what the playbook registered.
        groups: hosts of each group.
        controller: result of listener_survey on the controller.
        certificates: results of certificate_probe, by host.
    """
    platform = _Platform(hostvars, groups)
    surveys = platform.surveys(controller)
    guarded = [host for host in platform.known if platform.guarded(host)]
    findings = platform.host_problems()
    findings += verification.findings(platform.listeners, surveys, platform.expectation(), guarded)
    findings += _certificate_problems(certificates)
    columns = verification_report.columns(surveys)
    rows = verification_report.rows(platform.listeners, surveys, platform.certificates(), findings)
    return {
        "columns": columns,
        "rows": rows,
        "lines": verification_report.text_table(columns, rows),
        "findings": findings,
        "places": [survey.name for survey in surveys],
    }


def _certificate_problems(certificates: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """Without those of listeners that show none, which are found otherwise."""
    return [
        f"{host}, port {entry['port']} ({entry['name']}): {_it(problem)}: {_RENEW}"
        for host, result in certificates.items()
        for entry in result.get("listeners", ())
        if "subject" in entry
        for problem in entry["problems"]
    ] + [
        f"{host}: {entry['path']} {problem}: {_RENEW}"
        for host, result in certificates.items()
        for entry in result.get("certificates", ())
        for problem in entry["problems"]
    ]


def _line(text: str) -> str:
    return " ".join(str(text).split()).rstrip(".")


def _it(problem: str) -> str:
    return problem if problem.startswith("its ") else f"it {problem}"


def _survey(
    name: str, source: str, members: Sequence[str], result: Mapping[str, Any], columns: Mapping[str, str]
) -> verification.Survey:
    return verification.Survey(name, source, members, result.get("targets", ()), columns)


class FilterModule:
    """The filters of this file."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        return {
            "verification_targets": verification_targets,
            "verification_points": verification_points,
            "verification": verification_of,
        }
