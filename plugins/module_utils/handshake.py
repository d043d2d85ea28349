# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""TLS handshakes that tell what a listener shows, also if it then refuses the client."""

from __future__ import annotations

import contextlib
import socket
import ssl
import typing as t

# In TLS 1.3 a server that does not take the client's certificate says so only after the handshake.
_REFUSAL_TIMEOUT = 0.3  # seconds


class Identity(t.NamedTuple):
    """Certificate and key (PEM files) of the client."""

    certificate: str
    key: str


class Trust(t.NamedTuple):
    """Authorities (PEM), the system's without a file, and their lists of what is revoked (PEM; none, nobody looks)."""

    ca_path: str | None
    revocation_list: str | None = None


class Listener(t.NamedTuple):
    """Where a server listens, and the name (or address) that its certificate must have."""

    address: str
    port: int
    server_name: str


class Shown(t.NamedTuple):
    """What a listener showed in a handshake.

    ``chain`` holds certificates (DER), the server's own first. ``refusal`` says why the handshake did not end well,
    which may also be after the server showed its certificate.
    """

    chain: list[bytes]
    version: str
    refusal: str


def look(
    listener: Listener, identity: Identity | None, timeout: float, refusal_timeout: float = _REFUSAL_TIMEOUT
) -> Shown:
    """Do a handshake that takes any certificate.

    Args:
        listener: who to look at.
        identity: who to be.
        timeout: seconds until a silent listener is given up.
        refusal_timeout: seconds after the handshake in which it may still refuse the identity.

    Raises:
        OSError: nobody listens there, or nobody answers within ``timeout`` seconds.
    """
    context = _context(identity)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    plain = socket.create_connection((listener.address, listener.port), timeout)
    with _tls(context, plain, listener) as stream:
        refusal = ""
        try:
            stream.do_handshake()
            _await_refusal(stream, refusal_timeout)
        except (OSError, ValueError) as error:
            refusal = explain(error)
        chain = _chain(stream)
        return Shown(chain, (stream.version() or "") if chain else "", refusal)


def speaks(listener: Listener, version: ssl.TLSVersion, timeout: float) -> bool:
    """Whether a listener shows its certificate in this version of the protocol, whatever it says afterwards.

    Raises:
        OSError: nobody listens there, or nobody answers within ``timeout`` seconds.
    """
    context = _context(None)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    # Versions before 1.2 need what OpenSSL has switched off.
    context.set_ciphers("ALL:@SECLEVEL=0")
    context.minimum_version = version
    context.maximum_version = version
    plain = socket.create_connection((listener.address, listener.port), timeout)
    with _tls(context, plain, listener) as stream:
        try:
            stream.do_handshake()
        except (OSError, ValueError):
            return bool(_chain(stream))
    return True


def distrust(listener: Listener, identity: Identity | None, trust: Trust, timeout: float) -> str:
    """Why a client with these authorities would not trust the listener; empty if it does.

    Raises:
        OSError: the connection ends for any other reason.
    """
    context = trusting(identity, trust)
    plain = socket.create_connection((listener.address, listener.port), timeout)
    with _tls(context, plain, listener) as stream:
        try:
            stream.do_handshake()
        except ssl.SSLCertVerificationError as error:
            return str(error.verify_message).rstrip(".")
    return ""


def trusting(identity: Identity | None, trust: Trust) -> ssl.SSLContext:
    """What a client with these files needs for its connections.

    Raises:
        OSError: a file can not be used.
    """
    context = _context(identity)
    if trust.ca_path:
        context.load_verify_locations(trust.ca_path)
    else:
        context.load_default_certs()
    if trust.revocation_list:
        context.load_verify_locations(trust.revocation_list)
        context.verify_flags |= ssl.VERIFY_CRL_CHECK_LEAF
    return context


def explain(error: Exception) -> str:
    """An error of a connection in a few words."""
    if isinstance(error, ssl.SSLError) and error.reason:
        if error.reason in ("WRONG_VERSION_NUMBER", "UNEXPECTED_MESSAGE", "RECORD_LAYER_FAILURE"):
            return "it does not speak TLS"
        return str(error.reason).lower().replace("_", " ")
    if isinstance(error, TimeoutError):
        return "no answer in time"
    if isinstance(error, OSError):
        return error.strerror or str(error) or "the connection was closed"
    return str(error)


def _context(identity: Identity | None) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    if identity:
        context.load_cert_chain(identity.certificate, identity.key)
    return context


def _tls(context: ssl.SSLContext, plain: socket.socket, listener: Listener) -> ssl.SSLSocket:
    return context.wrap_socket(plain, server_hostname=listener.server_name, do_handshake_on_connect=False)


def _await_refusal(stream: ssl.SSLSocket, timeout: float) -> None:
    stream.settimeout(timeout)
    with contextlib.suppress(TimeoutError):  # silence: it is content, and waits for a request
        stream.recv(1)


def _chain(stream: ssl.SSLSocket) -> list[bytes]:
    """The certificates that the server has sent, also in a handshake that failed after it."""
    if hasattr(stream, "get_unverified_chain"):  # Python 3.13
        return [bytes(certificate) for certificate in stream.get_unverified_chain() or []]
    # What that method is made of exists since Python 3.10.
    inner: t.Any = getattr(stream, "_sslobj", None)
    certificates = inner.get_unverified_chain() if inner is not None else None
    return [ssl.PEM_cert_to_DER_cert(certificate.public_bytes()) for certificate in certificates or []]
