# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""All that is wrong with an inventory and its hosts, each in one sentence that says what to do about it."""

from __future__ import annotations

import difflib
import ipaddress
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

ROLES = Path(__file__).resolve().parents[2] / "roles"
OPERATING_SYSTEM = "debian 12"
DAY = 86400.0
VAULT = b"$ANSIBLE_VAULT;"

Variables = Mapping[str, Any]
Groups = Mapping[str, Sequence[str]]


def preflight_problems(
    hostvars: Mapping[str, Variables],
    groups: Groups,
    requirements: Mapping[str, Any],
    now: float,
    limit: Sequence[str] | None = None,
) -> list[str]:
    """Return every problem; an empty list says that the playbooks may go on.

    Args:
        hostvars: variables of each host, with the result of the module host_survey as ``_common_preflight_survey``.
        groups: hosts of each group.
        requirements: ``groups`` (names), ``variables`` (names), ``clock_tolerance`` (seconds), ``memory`` (MiB by
            group), ``ports`` (each with ``group``, ``variable`` or ``port``, and ``programs`` that may hold it),
            ``certificate_days`` (days).
        now: seconds since the epoch.
        limit: hosts that were looked at, all of them without it (``--limit`` leaves some out).
    """
    hosts = {name: hostvars[name] for name in groups.get("platform", [])}
    options = role_options()
    found: dict[str, list[str]] = {}
    for name, variables in hosts.items():
        survey = variables.get("_common_preflight_survey", {})
        of_host = {group for group, members in groups.items() if name in members}
        problems = [*_variable_problems(variables, options, requirements["variables"])]
        if "memory" in survey:
            problems += _host_problems(variables, survey, of_host, requirements)
            problems += _clock_problems(survey, requirements["clock_tolerance"], now)
            problems += _port_problems(variables, survey, of_host, requirements["ports"], options)
            problems += _certificate_problems(survey, requirements["certificate_days"], now)
            problems += _exposure_problems(survey)
        elif limit is None or name in limit:
            reason = str(survey.get("msg", "no answer")).strip().splitlines()[-1]
            problems.append(f"the host can not be looked at: {reason}")
        for problem in problems:
            found.setdefault(problem, []).append(name)
    of_all = [*_group_problems(groups, requirements["groups"]), *_address_problems(hosts), *_secret_problems(hosts)]
    return of_all + [f"{_names(names, hosts)}: {problem}" for problem, names in found.items()]


def _names(names: Sequence[str], hosts: Mapping[str, Variables]) -> str:
    return "every host" if len(names) == len(hosts) > 1 else ", ".join(names)


def role_options() -> dict[str, dict[str, Any]]:
    """Return the documented variables of all roles, those that roles share included."""
    options: dict[str, dict[str, Any]] = {}
    for path in sorted(ROLES.glob("*/meta/argument_specs.yml")):
        options.update(yaml.safe_load(path.read_text())["argument_specs"]["main"].get("options", {}))
    return options


def _group_problems(groups: Groups, required: Sequence[str]) -> Iterator[str]:
    for group in ["platform", *required]:
        if not groups.get(group):
            others = [name for name in groups if groups[name] and name not in required]
            similar = difflib.get_close_matches(group, others, n=1)
            hint = f"; did you mean it by the group {similar[0]}?" if similar else ": give it at least one host"
            yield f"group {group} is missing or has no hosts{hint}"
    for group in required:
        for host in groups.get(group, []):
            if host not in groups.get("platform", []):
                yield f"{host}: it is in the group {group} but not in the group platform: add it there"
    for group in ("certificate_authority", "zookeepers"):
        if len(groups.get(group, [])) > 1:
            yield f"group {group} has {len(groups[group])} hosts: it must have exactly one"
    if len(groups.get("mesos_masters", [])) in (2, 4, 6):
        count = len(groups["mesos_masters"])
        yield f"group mesos_masters has {count} hosts: they survive no more failures than {count - 1} do, take as many"


def _address_problems(hosts: Mapping[str, Variables]) -> Iterator[str]:
    seen: dict[str, str] = {}
    for name, variables in hosts.items():
        address = variables.get("platform_address")
        if address is None:
            continue  # reported as a missing variable
        try:
            ipaddress.IPv4Address(address)
        except ValueError:
            yield f"{name}: platform_address is {address!r}, which is no IPv4 address"
            continue
        if address in seen:
            yield f"{name}: platform_address {address} is also that of {seen[address]}: each host needs its own"
        seen.setdefault(address, name)


def _variable_problems(variables: Variables, options: Mapping[str, Any], required: Sequence[str]) -> Iterator[str]:
    for variable in required:
        if variables.get(variable) in (None, ""):
            meaning = " ".join(str(options.get(variable, {}).get("description", "")).split())
            yield f"the variable {variable} is missing: {meaning}"
    prefixes = ("platform_", *(f"{path.name}_" for path in ROLES.iterdir()))
    for variable in variables:
        if variable.startswith(prefixes) and variable not in options:
            similar = difflib.get_close_matches(variable, options, n=1, cutoff=0.5)
            hint = f"; did you mean {similar[0]}?" if similar else ""
            yield f"no role has a variable {variable}{hint}"


def _host_problems(
    variables: Variables, survey: Variables, of_host: set[str], requirements: Mapping[str, Any]
) -> Iterator[str]:
    if survey["operating_system"] != OPERATING_SYSTEM:
        yield f"it runs {survey['operating_system']}; the roles are made for {OPERATING_SYSTEM}"
    if not survey["systemd"]:
        yield "it is not run by systemd, which the services need"
    needed = sum(memory for group, memory in requirements["memory"].items() if group in of_host)
    if survey["memory"] < needed:
        parts = ", ".join(sorted(of_host & set(requirements["memory"])))
        yield f"it has {survey['memory']} MiB of memory; its groups ({parts}) need {needed} MiB"
    address = variables.get("platform_address")
    if address is not None and address not in survey["addresses"]:
        present = ", ".join(found for found in survey["addresses"] if not found.startswith("127."))
        yield f"platform_address {address} is none of its addresses ({present})"
    for unresolved in survey["unresolved"]:
        yield f"it can not resolve the name {unresolved}: check its /etc/resolv.conf and platform_required_names"


def _clock_problems(survey: Variables, tolerance: float, now: float) -> Iterator[str]:
    """The host's clock was read between the call and now, however long the connection took."""
    offset = min(survey["clock"] - survey["controller_time"], 0) or max(survey["clock"] - now, 0)
    if abs(offset) > tolerance:
        direction = "ahead of" if offset > 0 else "behind"
        yield (
            f"its clock is {abs(offset):.0f} s {direction} the controller's: synchronise both (chrony);"
            " certificates and logs depend on it"
        )


def _port_problems(
    variables: Variables,
    survey: Variables,
    of_host: set[str],
    ports: Sequence[Mapping[str, Any]],
    options: Mapping[str, Any],
) -> Iterator[str]:
    for wanted in ports:
        if wanted["group"] not in of_host:
            continue
        variable = wanted.get("variable")
        port = int(variables.get(variable, options[variable]["default"]) if variable else wanted["port"])
        for listener in survey["listeners"]:
            # An engine's resolver in a container listens on such addresses; nobody else can be meant there.
            ours = listener["address"] in (variables.get("platform_address"), "0.0.0.0", "::")
            if listener["port"] == port and ours and listener["program"] not in wanted["programs"]:
                by = listener["program"] or "another program"
                setting = f", or set {variable}" if variable else ""
                yield f"port {port} ({wanted['group']}) is in use by {by}: stop it{setting}"


def _certificate_problems(survey: Variables, days: float, now: float) -> Iterator[str]:
    for path, end in survey.get("certificates", {}).items():
        left = (end - now) / DAY
        if left < days:
            yield (
                f"the certificate {path} ends in {left:.0f} days: all certificates end with it."
                " Have another one follow it: playbooks/certificates.yml --tags roll-ca"
            )


def _exposure_problems(survey: Variables) -> Iterator[str]:
    for path, mode in survey.get("exposed_files", {}).items():
        yield (
            f"the secret file {path} has mode {mode}, everybody on the host can use it: run 'chmod o= {path}',"
            " and change the secret if that was for long"
        )


def _secret_problems(hosts: Mapping[str, Variables]) -> Iterator[str]:
    """The controller's own files of secrets."""
    folders = {str(variables.get("platform_secrets_dir") or "") for variables in hosts.values()}
    for folder in sorted(filter(os.path.isdir, folders)):
        public = (".pem", ".crt")
        exposed = [
            path
            for path in sorted(Path(folder).iterdir())
            if path.is_file() and path.suffix not in public and path.stat().st_mode & 0o077
        ]
        for path in exposed:
            mode = f"{path.stat().st_mode & 0o7777:04o}"
            yield f"controller: the secret file {path} has mode {mode}, others can read it: run 'chmod 600 {path}'"
        for path in sorted(filter(Path.is_file, Path(folder).iterdir())):
            with path.open("rb") as stream:
                # The lookup that reads these files would take the encrypted text for the secret.
                if stream.read(len(VAULT)) == VAULT:
                    yield (
                        f"controller: the secret file {path} is encrypted with ansible-vault: decrypt it, and encrypt"
                        " the folder as a whole instead (docs/secrets.md)"
                    )


class FilterModule:
    """The filter of this file."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"preflight_problems": preflight_problems}
