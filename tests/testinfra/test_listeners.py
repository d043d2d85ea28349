# SPDX-License-Identifier: GPL-3.0-or-later
"""Walks all listening ports of all hosts: each refuses plain text, old TLS, and clients without certificate or account.

What is not ours to guard is named here: loopback addresses, sshd, and what speaks neither HTTP nor TLS and has checks
of its own: DNS (test_dns) and Kerberos (test_kerberos).
"""

import errno
import ipaddress
import re
import socket
import ssl
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

import pytest

pytestmark = pytest.mark.hosts

EXEMPT_PROGRAMS = {"sshd", "named", "krb5kdc", "kadmind", "kpropd"}
UDP_PROGRAMS = {"named", "krb5kdc", "kadmind", "chronyd", "dhclient", "systemd-timesyn", "systemd-network"}
# Between agents, for isolated runs: a socket of the kernel, which only they may send to (test_isolation).
KERNELS_TUNNEL = ("unknown", 4790)
EXECUTORS = ("mesos-docker-ex", "mesos-executor")  # each answers its own agent only, and has no host to speak for
REFUSALS = {400, 401, 403, 404}
TIMEOUT = 10.0  # seconds
# Graylog's login page is for everybody, its API is not. The others refuse a stranger whatever is asked for.
REQUEST_PATH = "/api/system"
LISTENER = re.compile(r"(?P<address>\S+):(?P<port>\d+)\s+\S+(?:\s+users:\(\(\"(?P<program>[^\"]+)\")?")


class Listener(NamedTuple):
    host: str
    address: str
    port: int
    program: str


def listening(platform, option: str) -> Iterator[Listener]:
    """Sockets of all hosts that others can reach."""
    for name in platform.members("platform"):
        for line in platform.host(name).check_output(f"ss -H -n -p -l {option}").splitlines():
            found = LISTENER.search(line)
            assert found, f"{name}: {line}"
            address = found["address"].strip("[]").partition("%")[0].replace("*", "0.0.0.0")
            if not ipaddress.ip_address(address).is_loopback:
                yield Listener(name, platform.address(name), int(found["port"]), found["program"] or "unknown")


@pytest.fixture(scope="module")
def listeners(platform) -> list[Listener]:
    """What somebody who may use every service (test_firewall) can reach at all."""
    found = {listener for listener in listening(platform, "-t") if listener.program not in EXEMPT_PROGRAMS}
    reached = [listener for listener in sorted(found) if not behind_firewall(listener)]
    assert reached, "no service listens at all"
    assert [listener for listener in found.difference(reached) if listener.program not in EXECUTORS] == []
    return reached


def behind_firewall(listener: Listener) -> bool:
    try:
        socket.create_connection((listener.address, listener.port), TIMEOUT).close()
    except OSError as error:
        return error.errno == errno.EHOSTUNREACH
    return False


def exchange(listener: Listener, context: ssl.SSLContext | None = None) -> bytes:
    """What the port answers to an HTTP request; nothing if it closes the connection or refuses the handshake."""
    request = f"GET {REQUEST_PATH} HTTP/1.1\r\nHost: {listener.address}\r\nConnection: close\r\n\r\n".encode()
    try:
        with socket.create_connection((listener.address, listener.port), TIMEOUT) as plain:
            stream = context.wrap_socket(plain, server_hostname=listener.address) if context else plain
            with stream:
                stream.sendall(request)
                return stream.recv(4096)
    except (ssl.SSLError, ConnectionError, TimeoutError):
        return b""


def status(answer: bytes) -> int:
    return int(answer.split()[1]) if answer.startswith(b"HTTP/") else 0


def stranger() -> ssl.SSLContext:
    """A client that takes any server and brings no certificate of its own."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def test_plain_text_is_refused(listeners):
    for listener in listeners:
        answer = exchange(listener)
        alert = answer[:2] == b"\x15\x03"
        assert not answer or alert or status(answer) == 400, f"{listener} answers plain text: {answer[:80]!r}"


def test_strangers_are_refused(listeners):
    for listener in listeners:
        answer = exchange(listener, stranger())
        assert not answer or status(answer) in REFUSALS, f"{listener} answers a stranger: {answer[:80]!r}"


def old_client() -> ssl.SSLContext:
    context = stranger()
    context.set_ciphers("ALL:@SECLEVEL=0")
    context.minimum_version = ssl.TLSVersion.TLSv1
    context.maximum_version = ssl.TLSVersion.TLSv1_1
    return context


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion:DeprecationWarning")
def test_old_tls_is_refused(platform, listeners):
    for listener in listeners:
        plain = socket.create_connection((listener.address, listener.port), TIMEOUT)
        with plain, pytest.raises((ssl.SSLError, ConnectionError)):
            old_client().wrap_socket(plain, server_hostname=listener.address)
    assert old_tls_works(platform.secrets_folder / "operator"), "this client speaks no old TLS, so it proves nothing"


def old_tls_works(files: Path) -> bool:
    """Whether the client of this check would succeed if a server spoke old TLS, tried on a server that does."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.set_ciphers("ALL:@SECLEVEL=0")
    context.minimum_version = ssl.TLSVersion.TLSv1
    context.load_cert_chain(files.with_suffix(".pem"), files.with_suffix(".key"))
    with socket.create_server(("127.0.0.1", 0)) as server, ThreadPoolExecutor(1) as threads:
        accepted = threads.submit(lambda: context.wrap_socket(server.accept()[0], server_side=True).close())
        plain = socket.create_connection(server.getsockname(), TIMEOUT)
        with plain, old_client().wrap_socket(plain) as stream:
            version = stream.version()
        accepted.result(TIMEOUT)
    return version in ("TLSv1", "TLSv1.1")


def test_servers_present_the_certificate_of_their_host(platform, listeners):
    """The one on disk, of the platform's authority: a program that still has an earlier one was not restarted."""
    context = ssl.create_default_context(cafile=str(platform.secrets_folder / "ca.pem"))
    context.load_cert_chain(platform.secrets_folder / "operator.pem", platform.secrets_folder / "operator.key")
    for listener in (listener for listener in listeners if listener.program not in EXECUTORS):
        text = platform.host(listener.host).file("/etc/mesospark/tls/host.pem").content_string
        plain = socket.create_connection((listener.address, listener.port), TIMEOUT)
        with plain, context.wrap_socket(plain, server_hostname=listener.address) as stream:
            assert stream.getpeercert(binary_form=True) == ssl.PEM_cert_to_DER_cert(text), listener


def test_no_other_datagram_service(platform):
    others = [found for found in listening(platform, "-u") if found.program not in UDP_PROGRAMS]
    assert [found for found in others if (found.program, found.port) != KERNELS_TUNNEL] == []
