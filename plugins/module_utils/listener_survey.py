# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What ports of other hosts do when somebody comes from here. Strange hosts have Python and nothing else."""

from __future__ import annotations

import contextlib
import socket
import ssl
import typing as t
from concurrent.futures import ThreadPoolExecutor

from . import handshake

_AT_A_TIME = 32
_REFUSAL_TIMEOUT = 2.0  # seconds
_ANSWER = 1024  # bytes; the first line is all that counts
_VERSIONS = {
    "1.0": ssl.TLSVersion.TLSv1,
    "1.1": ssl.TLSVersion.TLSv1_1,
    "1.2": ssl.TLSVersion.TLSv1_2,
    "1.3": ssl.TLSVersion.TLSv1_3,
}

Target = t.Mapping[str, t.Any]


def survey(
    targets: t.Sequence[Target], identities: t.Mapping[str, handshake.Identity], timeout: float
) -> list[dict[str, t.Any]]:
    """Go to every target.

    Args:
        targets: each with ``host``, ``address``, ``port``, ``tls`` (whether it should speak TLS) and ``http`` (path to
            ask for, empty where nothing may be asked).
        identities: who to be, by name; it is also tried without any.
        timeout: seconds until a silent target is given up.

    Returns:
        For each target, in their order: ``host``, ``port``, ``source`` (own address), ``state`` and ``reason``, and if
        it is open and should speak TLS ``versions``, ``plain_status`` and ``answers``.

    Raises:
        OSError: a file of an identity can not be used.
    """
    for identity in identities.values():
        try:
            handshake.trusting(identity, handshake.Trust(None))
        except OSError as error:
            raise OSError(f"{identity.certificate} with {identity.key}: {handshake.explain(error)}") from None
    wanted: dict[str, handshake.Identity | None] = {"": None, **identities}
    with ThreadPoolExecutor(_AT_A_TIME) as threads:
        return list(threads.map(lambda target: _visit(target, wanted, timeout), targets))


def _visit(target: Target, identities: t.Mapping[str, handshake.Identity | None], timeout: float) -> dict[str, t.Any]:
    where = (target["address"], target["port"])
    found: dict[str, t.Any] = {"host": target["host"], "port": target["port"], "source": _source(target["address"])}
    try:
        socket.create_connection(where, timeout).close()
    except ConnectionRefusedError as error:
        return {**found, "state": "closed", "reason": handshake.explain(error)}
    except TimeoutError as error:
        return {**found, "state": "silent", "reason": handshake.explain(error)}
    except OSError as error:
        return {**found, "state": "refused", "reason": handshake.explain(error)}
    found.update(state="open", reason="")
    if target["tls"]:
        listener = handshake.Listener(target["address"], target["port"], target["address"])
        found.update(
            versions=[name for name, version in _VERSIONS.items() if _speaks(listener, version, timeout)],
            plain_status=_plain_status(where, target, timeout) if target["http"] else 0,
            answers={name: _answer(listener, identity, target, timeout) for name, identity in identities.items()},
        )
    return found


def _answer(
    listener: handshake.Listener, identity: handshake.Identity | None, target: Target, timeout: float
) -> dict[str, t.Any]:
    """``refusal`` says why the handshake failed, ``status`` is that of the HTTP answer, 0 without one."""
    try:
        if not target["http"]:
            return {"refusal": handshake.look(listener, identity, timeout, _REFUSAL_TIMEOUT).refusal, "status": 0}
        # A refusal may come late; an answer says that there will be none.
        status = _status(_encrypted(listener, identity, timeout), target)
    except OSError as error:
        return {"refusal": handshake.explain(error), "status": 0}
    return {"refusal": "" if status else "no answer to HTTP", "status": status}


def _speaks(listener: handshake.Listener, version: ssl.TLSVersion, timeout: float) -> bool:
    try:
        return handshake.speaks(listener, version, timeout)
    except (OSError, ValueError):  # ValueError: this Python can not speak it either
        return False


def _plain_status(where: tuple[str, int], target: Target, timeout: float) -> int:
    try:
        return _status(socket.create_connection(where, timeout), target)
    except OSError:
        return 0


@contextlib.contextmanager
def _encrypted(
    listener: handshake.Listener, identity: handshake.Identity | None, timeout: float
) -> t.Iterator[socket.socket]:
    # Whether the server can be trusted is judged by certificate_probe; here it is asked, whoever it is.
    context = handshake.trusting(identity, handshake.Trust(None))
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    with (
        socket.create_connection((listener.address, listener.port), timeout) as plain,
        context.wrap_socket(plain, server_hostname=listener.server_name) as stream,
    ):
        yield stream


def _status(connection: t.ContextManager[socket.socket], target: Target) -> int:
    """HTTP status of an answer to a request without an account, 0 if it was none.

    Raises:
        OSError: the connection or its handshake failed.
    """
    request = f"GET {target['http']} HTTP/1.1\r\nHost: {target['address']}\r\nConnection: close\r\n\r\n"
    with connection as stream:
        stream.sendall(request.encode())
        fields = stream.recv(_ANSWER).split(None, 2)
    return int(fields[1]) if len(fields) > 1 and fields[0].startswith(b"HTTP/") and fields[1].isdigit() else 0


def _source(address: str) -> str:
    """Own address that connections to an address come from. Nothing is sent for it."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stream:
        try:
            stream.connect((address, 9))
        except OSError:
            return ""
        return str(stream.getsockname()[0])
