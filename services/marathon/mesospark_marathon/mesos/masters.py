# SPDX-License-Identifier: GPL-3.0-or-later
"""The list of masters, and where the leader is among them."""

from urllib.parse import urlsplit

from mesospark_marathon.options import OptionError

DEFAULT_MASTER_PORT = 5050


def parse_masters(text: str) -> list[str]:
    """The addresses in `host:port,host:port` as `host:port` strings; a missing port is 5050.

    Raises OptionError for an empty list, a ZooKeeper URL, or a port that is none.
    """
    if text.startswith("zk://"):
        raise OptionError(
            "--master: a ZooKeeper URL is not supported; give the masters themselves as host:port,host:port "
            "(the leader is found by asking them)"
        )
    return [_address(part.strip()) for part in text.split(",")]


def _address(text: str) -> str:
    for scheme in ("http://", "https://"):
        if text.startswith(scheme):
            raise OptionError(
                f"--master {text}: leave out {scheme}; TLS towards Mesos is switched on by LIBPROCESS_SSL_ENABLED=true"
            )
    try:
        parts = urlsplit("//" + text)
        host, port = parts.hostname, parts.port or DEFAULT_MASTER_PORT
    except ValueError as error:
        raise OptionError(f"--master {text}: {error}; must be host:port,host:port") from error
    if not host or parts.username is not None or parts.path or parts.query:
        raise OptionError(f"--master '{text}': must be host:port,host:port")
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def redirect_address(location: str) -> str | None:
    """The `host:port` that a 307 answer's Location points at (`//host:port/path` or a whole URL), None if none."""
    try:
        return _address(urlsplit(location).netloc)
    except (OptionError, ValueError):
        return None
