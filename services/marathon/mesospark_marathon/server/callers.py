# SPDX-License-Identifier: GPL-3.0-or-later
"""Finds out who sends a request: an account of this server, or the one that a trusted proxy asks for."""

import logging

from aiohttp import web

from mesospark_marathon.access.caller import OPERATOR, Caller
from mesospark_marathon.access.rules import read_rules
from mesospark_marathon.options import OptionError, Options

log = logging.getLogger(__name__)

USER_HEADER, GROUPS_HEADER = "X-Remote-User", "X-Remote-Groups"


class RefusedCaller(Exception):
    """A request speaks for somebody else and may not; the message is `<rule>: <sentence>`."""


class Callers:
    """Accounts and their rights, by the rules file. Without one every account is an operator.

    Raises OptionError when the file is wrong.
    """

    def __init__(self, options: Options) -> None:
        self._path = options.rules_file
        self._proxies = frozenset(name.strip().lower() for name in options.trusted_proxies.split(",") if name.strip())
        self._rules = read_rules(self._path) if self._path else None

    def reload(self) -> None:
        """Read the rules file again; one that is wrong is logged and the old rules stay."""
        if not self._path:
            return
        try:
            self._rules = read_rules(self._path)
        except OptionError as error:
            log.error("The rules were not read again, the old ones hold: %s", error)
        else:
            log.info("Read %s again", self._path)

    def caller(self, account: str, request: web.Request) -> Caller:
        """Who sends a request that carries the password of `account`. Raises RefusedCaller."""
        if self._rules is None:
            return Caller(account, is_operator=True) if account else OPERATOR
        users, groups = request.headers.getall(USER_HEADER, []), request.headers.getall(GROUPS_HEADER, [])
        if not users and not groups:
            return self._rules.caller(account)
        names = _certificate_names(request)
        if not names & self._proxies:
            shown = ", ".join(sorted(names)) or "none"
            raise RefusedCaller(
                f"trusted_proxies: {USER_HEADER} is believed from trusted proxies only, and the client certificate of "
                f"this request names {shown}"
            )
        if len(users) != 1 or not users[0].strip():
            raise RefusedCaller(f"trusted_proxies: a proxy must name one user in {USER_HEADER}, once")
        return self._rules.caller(users[0].strip(), _listed(groups))

    def again(self, caller: Caller, request: web.Request) -> Caller:
        """The rights that the sender of a long request has now, after the rules may have been read again."""
        if self._rules is None:
            return caller
        return self._rules.caller(caller.name, _listed(request.headers.getall(GROUPS_HEADER, [])))


def _listed(groups: list[str]) -> frozenset[str]:
    return frozenset(name.strip() for value in groups for name in value.split(",") if name.strip())


def _certificate_names(request: web.Request) -> frozenset[str]:
    """DNS names of a client certificate that the listener has verified."""
    certificate = request.get_extra_info("peercert") or {}
    return frozenset(name.lower() for kind, name in certificate.get("subjectAltName", ()) if kind == "DNS")
