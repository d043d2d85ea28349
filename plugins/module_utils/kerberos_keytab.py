# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A keytab is good when the Kerberos server gives a ticket for it, with the key version that stands in it."""

from __future__ import annotations

import os
import stat
import typing as t
from dataclasses import dataclass

from .kerberos import (
    ENCRYPTION_TYPES,
    LoginRefused,
    Runner,
    key_version_of_server,
    login_with_keytab,
)
from .kerberos_keytab_file import KeytabEntry, NoKeytab, parse_keytab, versions

# Broken or about to be: no keytab of these may be called good.
WEAK_ENCRYPTION_TYPES = frozenset({1, 2, 3, 16, 23, 24})
_REWRITE = "have it written again (playbooks/identity.yml)"


@dataclass(frozen=True)
class Verdict:
    """What is wrong with a keytab, if anything: ``problem`` without a full stop, ``fix`` what to do about it."""

    problem: t.Optional[str] = None
    fix: t.Optional[str] = None

    @property
    def proved(self) -> bool:
        return self.problem is None

    def sentence(self, path: str) -> str:
        return f"{path}: {self.problem}; {self.fix}."


def read_entries(path: str) -> tuple[list[KeytabEntry], Verdict]:
    """The entries of a keytab file; none, with the reason, if it is missing or no keytab.

    Raises PermissionError when it can not be read.
    """
    if not os.path.exists(path):
        return [], Verdict("there is no such file", _REWRITE)
    try:
        with open(path, "rb") as stream:
            return parse_keytab(stream.read()), Verdict()
    except NoKeytab as error:
        return [], Verdict(f"it is no keytab: {error}", _REWRITE)


def exposure(path: str) -> Verdict:
    """Whether others on the host than its owner and its group can read the file."""
    mode = stat.S_IMODE(os.stat(path).st_mode)
    if mode & 0o007:
        return Verdict(
            f"everybody on this host can use it (mode {mode:04o})",
            f"run 'chmod o= {path}', and renew its keys (playbooks/kerberos.yml -e kerberos_action=rotate)",
        )
    return Verdict()


def prove(run: Runner, path: str, principal: str, entries: t.Sequence[KeytabEntry], cache: str) -> Verdict:
    """Log in with the keytab, and compare key versions. ``cache``: path of a ticket file that may be written.

    Raises ServersUnavailable when nothing can be said, since no Kerberos server could be asked.
    """
    of_principal = versions(entries, principal)
    if not of_principal:
        others = sorted({entry.principal for entry in entries})
        return Verdict(f"it has no key for {principal}, only for {', '.join(others) or 'nobody'}", _REWRITE)
    weak = sorted(
        {
            ENCRYPTION_TYPES.get(entry.encryption_type, f"type {entry.encryption_type}")
            for entry in entries
            if entry.principal == principal and entry.encryption_type in WEAK_ENCRYPTION_TYPES
        }
    )
    if weak:
        return Verdict(f"its key for {principal} is of a weak kind ({', '.join(weak)})", _REWRITE)
    try:
        login_with_keytab(run, path, principal, cache)
    except LoginRefused as refusal:
        return Verdict(
            f"the Kerberos server gives no ticket for its key of {principal} (version {of_principal[0]}):"
            f" {refusal.record['problem']}",
            _REWRITE,
        )
    server = key_version_of_server(run, principal, cache)
    if server is not None and server != of_principal[0]:
        return Verdict(
            f"its newest key for {principal} has version {of_principal[0]}, the Kerberos server's has version {server}",
            _REWRITE,
        )
    return Verdict()
