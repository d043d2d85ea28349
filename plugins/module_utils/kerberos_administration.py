# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Principals and policies of a Kerberos realm, read and changed by kadmin. Passwords go by standard input only."""

from __future__ import annotations

import csv
import typing as t
from dataclasses import dataclass

from .errors import PlatformError
from .kerberos import ENCRYPTION_TYPES, Runner, kerberos_error

NO_POLICY = "[none]"

# Attributes as kadmin takes them, each with its bit, and whether the bit says the contrary.
_ATTRIBUTES = {
    "allow_forwardable": (0x2, True),
    "allow_renewable": (0x8, True),
    "allow_proxiable": (0x10, True),
    "allow_tix": (0x40, True),
    "requires_preauth": (0x80, False),
    "needchange": (0x200, False),
    "allow_svr": (0x1000, True),
    "ok_as_delegate": (0x100000, False),
    "lockdown_keys": (0x800000, False),
}
ATTRIBUTES = tuple(_ATTRIBUTES)


@dataclass(frozen=True)
class Key:
    """One key of a principal; ``encryption_type`` by its name."""

    version: int
    encryption_type: str


@dataclass(frozen=True)
class Principal:
    """A principal as the database has it. Times in seconds since the epoch, durations in seconds."""

    name: str
    password_changed: int
    maximum_ticket_life: int
    maximum_renewable_life: int
    bits: int
    key_version: int
    policy: t.Optional[str]
    keys: tuple[Key, ...]

    def attribute(self, name: str) -> bool:
        bit, contrary = _ATTRIBUTES[name]
        return bool(self.bits & bit) != contrary

    @property
    def key_versions(self) -> list[int]:
        """The newest first."""
        return sorted({key.version for key in self.keys}, reverse=True)


@dataclass(frozen=True)
class Policy:
    """Rules of passwords. Durations in seconds, 0 is no limit."""

    maximum_life: int = 0
    minimum_length: int = 1
    minimum_classes: int = 1
    history: int = 1
    maximum_failures: int = 0
    failure_interval: int = 0
    lockout_duration: int = 0


# Where each field stands in kadmin's terse output, and how the command calls it.
_POLICY_FIELDS = {
    "maximum_life": (1, "-maxlife"),
    "minimum_length": (3, "-minlength"),
    "minimum_classes": (4, "-minclasses"),
    "history": (5, "-history"),
    "maximum_failures": (7, "-maxfailure"),
    "failure_interval": (8, "-failurecountinterval"),
    "lockout_duration": (9, "-lockoutduration"),
}
_POLICY_NUMBERS = ("minimum_length", "minimum_classes", "history", "maximum_failures")


class Administration:
    """One realm. ``command`` is kadmin.local, or kadmin with what it logs in by."""

    def __init__(self, run: Runner, command: t.Sequence[str], realm: str) -> None:
        self._run = run
        self._command = [*command, "-r", realm]
        self.realm = realm

    def principal(self, name: str) -> t.Optional[Principal]:
        """None: there is none of that name (with its realm)."""
        output = self._query(["getprinc", "-terse", name], "Principal does not exist")
        return parse_principal(output) if output else None

    def policy(self, name: str) -> t.Optional[Policy]:
        output = self._query(["getpol", "-terse", name], "Policy does not exist")
        return parse_policy(output) if output else None

    def add(self, name: str, options: t.Sequence[str], password: t.Optional[str]) -> None:
        """Without a password the keys are random."""
        self._change(["addprinc", *([] if password else ["-randkey"]), *options, name], password)

    def modify(self, name: str, options: t.Sequence[str]) -> None:
        self._change(["modprinc", *options, name])

    def remove(self, name: str) -> None:
        self._change(["delprinc", "-force", name])

    def set_password(self, name: str, password: str) -> None:
        self._change(["cpw", name], password)

    def new_random_keys(self, name: str) -> None:
        """The old keys are kept, for tickets that were made with them."""
        self._change(["cpw", "-randkey", "-keepold", name])

    def remove_old_keys(self, name: str, version: int) -> None:
        """Keep the keys of this version and above."""
        self._change(["purgekeys", "-keepkvno", str(version), name])

    def export(self, name: str, path: str) -> None:
        """Write the keys there are into a keytab; they stay valid."""
        self._change(["ktadd", "-norandkey", "-k", f"FILE:{path}", name])

    def write_policy(self, name: str, policy: Policy, new: bool) -> None:
        arguments = []
        for field, (_position, option) in _POLICY_FIELDS.items():
            value = getattr(policy, field)
            arguments += [option, str(value) if field in _POLICY_NUMBERS else f"{value}s"]
        self._change(["addpol" if new else "modpol", *arguments, name])

    def remove_policy(self, name: str) -> None:
        self._change(["delpol", "-force", name])

    def _query(self, arguments: t.Sequence[str], absent: str) -> str:
        status, output, problem = self._run([*self._command, *arguments], None)
        if status == 0:
            return output
        if absent in problem:
            return ""
        raise self._failure(problem)

    def _change(self, arguments: t.Sequence[str], password: t.Optional[str] = None) -> None:
        data = f"{password}\n{password}\n" if password else None
        status, _output, problem = self._run([*self._command, *arguments], data)
        if status != 0:
            raise self._failure(problem)

    def _failure(self, problem: str) -> PlatformError:
        text = " ".join(problem.split())
        if "while changing password" in text or "while creating" in text:
            return PlatformError(f"The Kerberos server takes not this: {text}")
        if "while opening database" in text or "Cannot open DB2 database" in text or "while initializing" in text:
            return PlatformError(
                f"The Kerberos database can not be opened ({text}): run this on the first host of the group"
                " kerberos_servers, as root, after the role kerberos_server."
            )
        return kerberos_error(text, self.realm)


def parse_principal(output: str) -> Principal:
    """From the line that ``kadmin getprinc -terse`` writes."""
    fields = _fields(output)
    count = int(fields[15])
    keys = []
    for index in range(count):
        _kind, version, encryption_type, _salt = map(int, fields[16 + 4 * index : 20 + 4 * index])
        keys.append(Key(version, ENCRYPTION_TYPES.get(encryption_type, str(encryption_type))))
    return Principal(
        name=fields[0],
        password_changed=int(fields[2]),
        maximum_ticket_life=int(fields[4]),
        maximum_renewable_life=int(fields[11]),
        bits=int(fields[7]),
        key_version=int(fields[8]),
        policy=None if fields[10] == NO_POLICY else fields[10],
        keys=tuple(keys),
    )


def parse_policy(output: str) -> Policy:
    """From the line that ``kadmin getpol -terse`` writes."""
    fields = _fields(output)
    return Policy(**{field: int(fields[position]) for field, (position, _option) in _POLICY_FIELDS.items()})


def _fields(output: str) -> list[str]:
    lines = [line for line in output.splitlines() if line.startswith('"')]
    if not lines:
        raise PlatformError(f"kadmin answered something else than expected: {output.strip()}")
    return next(csv.reader(lines[-1:], delimiter="\t"))


def attribute_options(attributes: t.Mapping[str, bool]) -> list[str]:
    """Options of addprinc and modprinc."""
    return [("+" if wanted else "-") + name for name, wanted in attributes.items()]
