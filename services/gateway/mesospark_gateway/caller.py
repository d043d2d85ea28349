# SPDX-License-Identifier: GPL-3.0-or-later
"""Who asks: httpd has proved it and says so in two headers, which nobody else can send over its socket."""

from collections.abc import Collection
from dataclasses import dataclass

from aiohttp import web

from mesospark_gateway.configuration import OPERATORS, VIEWERS

USER_HEADER, GROUPS_HEADER = "X-Remote-User", "X-Remote-Groups"
READING = frozenset(("GET", "HEAD", "OPTIONS"))


class Refused(Exception):
    """A caller who may not do this; the message is the sentence for him."""


@dataclass(frozen=True)
class Caller:
    """A person or job identity. Operators may do everything, viewers look at everything, teams have their own runs."""

    name: str
    groups: tuple[str, ...]
    teams: tuple[str, ...]

    @property
    def is_operator(self) -> bool:
        return OPERATORS in self.groups

    @property
    def sees_all(self) -> bool:
        return self.is_operator or VIEWERS in self.groups

    def may_see(self, team: str) -> bool:
        """Whether the runs of a team, empty for none, may be looked at."""
        return self.sees_all or team in self.teams

    def may_change(self, team: str) -> bool:
        """Whether the runs of a team, empty for none, may be changed."""
        return self.is_operator or team in self.teams

    def require(self, method: str, team: str, what: str) -> None:
        """Raises Refused unless the method may be used on what belongs to a team."""
        allowed = self.may_see(team) if method in READING else self.may_change(team)
        if not allowed:
            raise Refused(f"teams: {what} belongs to {team or 'no team'}, and {self.name} is in {self._told()}")

    def require_operator(self, what: str) -> None:
        """Raises Refused for everybody else."""
        if not self.is_operator:
            raise Refused(f"operators: {what} is for operators only, and {self.name} is in {self._told()}")

    def require_operator_himself(self, request: web.Request, what: str) -> None:
        """As require_operator(), and refuses what a page has an operator's browser do: Mesos changes things by GET."""
        self.require_operator(what)
        if request.headers.get("Sec-Fetch-Site", "none") != "none":
            raise Refused(f"pages: {what} is not for pages; use the modules, or a program")

    def headers(self) -> dict[str, str]:
        """How services that know of callers are told who asks."""
        return {USER_HEADER: self.name, GROUPS_HEADER: ",".join(self.groups)}

    def _told(self) -> str:
        return ", ".join(self.groups) or "no group"


def caller_of(request: web.Request, known_teams: Collection[str]) -> Caller:
    """Raises Refused when httpd has not said who asks."""
    users = request.headers.getall(USER_HEADER, [])
    if len(users) != 1 or not users[0].strip():
        raise Refused("the front of the gateway has not said who asks")
    told = [name.strip() for value in request.headers.getall(GROUPS_HEADER, []) for name in value.split(",")]
    groups = tuple(dict.fromkeys(name for name in told if name in (OPERATORS, VIEWERS) or name in known_teams))
    if not groups:
        raise Refused(f"groups: {users[0].strip()} is in no group of this platform")
    return Caller(users[0].strip(), groups, tuple(name for name in groups if name in known_teams))
