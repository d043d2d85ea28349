# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the module mesos_logging does: turn the log of masters and agents up for a while, each host on its own.

Masters and agents answer ``GET /logging/toggle`` with the level in force. They do not tell until when it is in force.
"""

from __future__ import annotations

import socket
import time
import typing as t
import urllib.parse
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

from .arguments import mesos_from
from .client import Client
from .difference import DifferenceTracker
from .errors import ConnectionFailed, OptionError, PlatformError
from .mesos import Mesos
from .sizes import seconds

LEVELS = (0, 1, 2, 3)
_PATH = "/logging/toggle"
_LONGEST = 365 * 24 * 3600.0
_AT_ONCE = 16
# One host that is away must not hold up the others for long.
_RETRY_SECONDS = 2.0


@dataclass(frozen=True)
class Host:
    """A master or an agent: ``role`` is master, agent or endpoint. Without a client it can not be asked, for the
    reason ``problem``.
    """

    name: str
    role: str
    url: t.Optional[str]
    client: t.Optional[Client] = None
    problem: str = ""


@dataclass(frozen=True)
class Wish:
    """A level, for how many seconds, and whether to start the time anew where the level is in force already."""

    level: int
    seconds: float
    renew: bool

    @property
    def query(self) -> list[tuple[str, str]]:
        return [("level", str(self.level)), ("duration", f"{round(self.seconds * 1000)}ms")]


def set_levels(params: dict[str, t.Any], check_mode: bool) -> dict[str, t.Any]:
    """Set the level on all hosts that the options name: ``{changed, diff, hosts}``.

    Raises OptionError before any host is asked, and PlatformError with the same keys when some hosts failed.
    """
    wish = wish_from(params)
    hosts = find_hosts(params)
    with ThreadPoolExecutor(min(_AT_ONCE, len(hosts))) as pool:
        entries = list(pool.map(lambda host: set_level(host, wish, check_mode), hosts))
    tracker = DifferenceTracker()
    for entry in entries:
        if entry["changed"]:
            after = {"level": entry["level"], **({"duration": params["duration"]} if wish.level else {})}
            tracker.compare(entry["url"], {"level": entry["level_before"]}, after)
    result = {**tracker.result(), "hosts": entries}
    errors = [entry["error"].rstrip(".") + "." for entry in entries if entry["error"]]
    if errors:
        raise PlatformError(f"{len(errors)} of {len(entries)} hosts failed: {' '.join(errors)}", **result)
    return result


def wish_from(params: dict[str, t.Any]) -> Wish:
    """Raises OptionError when the duration is missing or can not be meant."""
    level, duration = params["level"], params["duration"]
    if level == 0:
        return Wish(0, 1.0, False)
    if duration is None:
        raise OptionError("duration", None, f"is missing for level {level}", "write how long, such as 10m")
    length = seconds("duration", duration)
    if length < 1:
        raise OptionError("duration", duration, "is shorter than a second", "write a duration such as 10m")
    if length > _LONGEST:
        raise OptionError("duration", duration, "is longer than a year", "write a duration such as 10m")
    return Wish(level, length, params["renew"])


def find_hosts(params: dict[str, t.Any]) -> list[Host]:
    """The hosts which the options name, each once. Raises OptionError for a URL that is none, or when there is no
    host at all.
    """
    hosts = [_endpoint(params, url.strip().rstrip("/")) for url in params["endpoints"] or ()]
    if params["masters"] != "none" or params["agents"]:
        mesos = mesos_from(params)
        hosts += _masters(mesos, params["masters"]) + _agents(mesos, params["agents"] or [])
    if not hosts:
        raise OptionError(
            "endpoints, masters, agents", params["agents"], "name no registered host", "name hosts that are there"
        )
    found: list[Host] = []
    seen: set[tuple[str, int, str]] = set()
    for host in hosts:
        addresses = _addresses(host.url) if host.url else set()
        if not addresses & seen:
            found.append(host)
        seen |= addresses
    return found


def set_level(host: Host, wish: Wish, check_mode: bool) -> dict[str, t.Any]:
    """What became of one host: the elements of ``hosts`` in the module's result."""
    entry: dict[str, t.Any] = {
        "name": host.name,
        "role": host.role,
        "url": host.url,
        "level_before": None,
        "level": None,
        "changed": False,
        "reverts_at": None,
        "error": host.problem or None,
    }
    client = host.client
    if client is None:
        return entry
    try:
        entry["level_before"] = entry["level"] = read_level(client, host.url)
        if entry["level"] == wish.level and not wish.renew:
            return entry
        if check_mode:
            entry.update(level=wish.level, changed=True)
            return entry
        start = time.monotonic()
        # A repeated request sets the same level again, so it may be sent twice.
        client.request("POST", _PATH, wish.query, repeat=True, base_url=host.url)
        entry["changed"] = True
        if wish.level:
            entry["reverts_at"] = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + wish.seconds))
        entry["level"] = read_level(client, host.url)
        over = wish.level and time.monotonic() - start >= wish.seconds
        if entry["level"] != wish.level and not over:
            entry["error"] = (
                f"{host.name} at {host.url} took level {wish.level}, but level {entry['level']} is in force: "
                "does somebody else set it too?"
            )
    except PlatformError as error:
        entry["error"] = error.message
    return entry


def read_level(client: Client, url: t.Optional[str]) -> int:
    """The level in force. Raises ConnectionFailed when something else than Mesos answers."""
    answer = client.request("GET", _PATH, base_url=url)
    try:
        return int(answer.data)
    except ValueError as error:
        raise ConnectionFailed(f"{answer.url} answered with no level: is this a Mesos master or agent?") from error


def _endpoint(params: dict[str, t.Any], url: str) -> Host:
    try:
        parts = urllib.parse.urlsplit(url)
        good = parts.scheme in ("http", "https") and parts.hostname and parts.port and not parts.path
    except ValueError:
        good = False
    if not good:
        raise OptionError("endpoints", url, "is not the URL of a host", "write it as https://host:port")
    connection = mesos_from({**params, "mesos_url": [url]}).client.connection
    return Host(parts.netloc, "endpoint", url, Client(connection, "Mesos", "endpoints", _RETRY_SECONDS))


def _masters(mesos: Mesos, which: str) -> list[Host]:
    """The masters of mesos_url and the leader, or the leader only; a gateway leads to the leader."""
    if which == "none":
        return []
    leader = mesos.leader()
    if mesos.gateway:
        return [Host(leader["hostname"], "master", mesos.client.url, mesos.client)]
    scheme = urllib.parse.urlsplit(mesos.client.url).scheme
    own = {url: urllib.parse.urlsplit(url).netloc for url in mesos.client.connection.urls}
    leader_url = f"{scheme}://{leader['address']}"
    # The URL that a user wrote for the leader is the better one: a certificate may have its name only.
    leader_url = next((url for url in own if _addresses(url) & _addresses(leader_url)), leader_url)
    names = {leader_url: leader["hostname"]} if which == "leader" else {**own, leader_url: leader["hostname"]}
    return [
        Host(name, "master", url, Client(_only(mesos, url), f"The Mesos master {name}", "mesos_url", _RETRY_SECONDS))
        for url, name in names.items()
    ]


def _only(mesos: Mesos, url: str) -> t.Any:
    """The connection to one of the configured masters, or to all when ``url`` is none of them: its credentials then
    go there by the rules for other servers.
    """
    connection = mesos.client.connection
    return replace(connection, urls=(url,)) if url in connection.urls else connection


def _agents(mesos: Mesos, names: list[str]) -> list[Host]:
    """Agents by host name, id or address, or all that are registered."""
    if not names:
        return []
    agents = mesos.agents()
    hosts: list[Host] = []
    for name in names:
        chosen = [agent for agent in agents if name in ("all", agent.hostname, agent.id, agent.address)]
        if not chosen and name != "all":
            known = ", ".join(sorted(agent.hostname for agent in agents)) or "none"
            hosts.append(Host(name, "agent", None, problem=f"agents: {name!r} is not registered; there are: {known}."))
        hosts += [
            Host(agent.hostname, "agent", mesos.url_of(agent), mesos.seen_from(agent, _RETRY_SECONDS).client)
            for agent in chosen
        ]
    return hosts


def _addresses(url: str) -> set[tuple[str, int, str]]:
    """The addresses and ports behind a URL, with its path, by which a gateway tells hosts apart: two URLs that share
    one mean the same host.
    """
    parts = urllib.parse.urlsplit(url)
    host, port = parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80)
    try:
        return {
            (str(found[4][0]), port, parts.path) for found in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        }
    except OSError:
        return {(host, port, parts.path)}
