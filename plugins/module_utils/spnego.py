# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who is asking, proved to a web server by Kerberos (SPNEGO), from a keytab or a ticket that is there already."""

from __future__ import annotations

import base64
import binascii
import importlib
import os
import typing as t
from dataclasses import dataclass

from .errors import OptionError, PlatformError
from .kerberos import CLOCKS_APART, NO_TICKET, TICKET_EXPIRED, UNKNOWN_SERVICE, kerberos_error

_MEMORY_CACHE = "MEMORY:mesospark"


@dataclass(frozen=True)
class KerberosIdentity:
    """Whose tickets are used: those in ``cache`` (default: the user's), or new ones got with ``keytab``.

    ``principal`` is needed where a keytab or a cache holds several.
    """

    principal: t.Optional[str] = None
    keytab: t.Optional[str] = None
    cache: t.Optional[str] = None

    def __str__(self) -> str:
        return self.principal or "the owner of the Kerberos ticket"

    def check(self) -> None:
        """Raises OptionError for a file that is not there, and PlatformError without Python's gssapi."""
        files = {"kerberos_keytab": self.keytab, "kerberos_credential_cache": self.cache}
        for option, path in files.items():
            if path and (":" not in path or path.startswith("FILE:")) and not os.access(_file(path), os.R_OK):
                raise OptionError(option, path, "is no file that can be read", "give the path of a readable one")
        _gssapi()

    def proof(self, host: str) -> Proof:
        """What proves the identity to ``HTTP/host`` once.

        Raises LoginRefused (no ticket, expired, unknown server) or ServersUnavailable (realm, clock, servers).
        """
        gssapi = _gssapi()
        try:
            name = None
            if self.principal:
                name = gssapi.Name(self.principal, gssapi.NameType.user)
            credentials = gssapi.Credentials(name=name, usage="initiate", store=self._store() or None)
            target = gssapi.Name(f"HTTP@{host}", gssapi.NameType.hostbased_service)
            context = gssapi.SecurityContext(name=target, creds=credentials, usage="initiate")
            token = context.step()
        except gssapi.exceptions.GSSError as error:
            raise self._explained(error.gen_message(), host) from error
        return Proof(host, base64.b64encode(token).decode(), context)

    def _store(self) -> dict[str, str]:
        """Where the library looks for tickets; those got with a keytab live no longer than this process."""
        store = {}
        if self.keytab:
            store = {"client_keytab": f"FILE:{_file(self.keytab)}", "ccache": _MEMORY_CACHE}
        if self.cache:
            store["ccache"] = self.cache
        return store

    def _explained(self, text: str, host: str) -> PlatformError:
        explained = kerberos_error(text, principal=self.principal)
        problem, fix = explained.record["problem"], explained.record["fix"]
        if problem == UNKNOWN_SERVICE:
            problem = f"the Kerberos server knows no HTTP/{host}"
            fix = "write the server's full host name, as its keytab has it, into the URL"
        elif problem == NO_TICKET and self.keytab:
            problem = f"kerberos_keytab {self.keytab} gives no ticket for {self.principal or 'its first principal'}"
            fix = "see why: kinit -k -t " + f"{_file(self.keytab)} {self.principal or ''}".rstrip()
        return type(explained)(f"{problem[0].upper()}{problem[1:]}: {fix}.", problem=problem, fix=fix)


@dataclass(frozen=True)
class Proof:
    """``token`` is in base64: what follows ``Authorization: Negotiate``."""

    host: str
    token: str
    _context: t.Any

    def refusal(self, challenge: str) -> t.Optional[PlatformError]:
        """What is wrong with the ticket or a clock, by what follows ``WWW-Authenticate: Negotiate`` in the answer.

        None: the fault may be the server's own.
        """
        gssapi = _gssapi()
        try:
            self._context.step(base64.b64decode(challenge, validate=True))
        except gssapi.exceptions.GSSError as error:
            explained = kerberos_error(error.gen_message())
        except binascii.Error:
            return None
        else:
            return None
        if explained.record["problem"] == TICKET_EXPIRED:
            return explained
        if explained.record["problem"] != CLOCKS_APART:
            return None
        problem = f"the clocks of this machine and of {self.host} are more than five minutes apart"
        fix = explained.record["fix"]
        return type(explained)(f"{problem[0].upper()}{problem[1:]}: {fix}.", problem=problem, fix=fix)


def _file(path: str) -> str:
    return path.removeprefix("FILE:")


def _gssapi() -> t.Any:
    try:
        return importlib.import_module("gssapi")
    except ImportError as error:
        raise PlatformError(
            "auth: kerberos needs the Python package gssapi where the module runs: install Debian's python3-gssapi,"
            f" or gssapi by pip with libkrb5-dev ({error})."
        ) from error
