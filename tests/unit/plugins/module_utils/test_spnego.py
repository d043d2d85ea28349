# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The client with Kerberos, on a library that is scripted; tests of hosts use the real one."""

from __future__ import annotations

import base64
import sys
import types
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.mesospark.platform.plugins.module_utils.client import Client, Connection
from ansible_collections.mesospark.platform.plugins.module_utils.errors import (
    AccessDenied,
    OptionError,
    PlatformError,
)
from ansible_collections.mesospark.platform.plugins.module_utils.kerberos import LoginRefused
from ansible_collections.mesospark.platform.plugins.module_utils.spnego import KerberosIdentity


class GSSError(Exception):
    def gen_message(self) -> str:
        return str(self)


class ScriptedLibrary(types.ModuleType):
    """As much of gssapi as is used. ``complaint`` makes it refuse; ``asked`` is what it was asked."""

    def __init__(self) -> None:
        super().__init__("gssapi")
        self.complaint = ""
        self.asked: list[Any] = []
        self.exceptions = types.SimpleNamespace(GSSError=GSSError)
        self.NameType = types.SimpleNamespace(user="user", hostbased_service="service")

    def Name(self, text: str, kind: str) -> str:
        return f"{kind} {text}"

    def Credentials(self, name: str | None, usage: str, store: dict[str, str] | None) -> Any:
        self.asked.append((name, store))
        return "credentials"

    def SecurityContext(self, name: str, creds: Any, usage: str) -> Any:
        def step(answer: bytes | None = None) -> bytes:
            if self.complaint:
                raise GSSError(self.complaint)
            if answer:
                raise GSSError(answer.decode())
            return f"{name} {len(self.asked)}".encode()

        return types.SimpleNamespace(step=step)


@pytest.fixture
def library(monkeypatch: pytest.MonkeyPatch) -> ScriptedLibrary:
    scripted = ScriptedLibrary()
    monkeypatch.setitem(sys.modules, "gssapi", scripted)
    return scripted


def client(url: str, identity: KerberosIdentity | None = None) -> Client:
    connection = Connection(urls=(url,), username="not", password="used", kerberos=identity or KerberosIdentity())
    return Client(connection, "Marathon", "marathon_url", 0, sleep=lambda seconds: None)


def test_every_request_has_a_token_of_its_own(server: Any, library: ScriptedLibrary) -> None:
    server.routes["GET /x"] = (200, {"ok": True})
    service = client(server.url)
    service.request("GET", "/x")
    service.request("GET", "/x")
    tokens = [request.headers["Authorization"] for request in server.requests]
    assert all(token.startswith("Negotiate ") for token in tokens)
    assert tokens[0] != tokens[1]


def test_a_keytab_and_a_principal_are_used(library: ScriptedLibrary, tmp_path: Path) -> None:
    keytab = tmp_path / "bob.keytab"
    keytab.touch()
    KerberosIdentity("bob", str(keytab)).proof("host")
    store = {"client_keytab": f"FILE:{keytab}", "ccache": "MEMORY:mesospark"}
    assert library.asked == [("user bob", store)]


def test_a_cache_is_used(library: ScriptedLibrary) -> None:
    KerberosIdentity(cache="FILE:/run/cache").proof("host")
    assert library.asked == [(None, {"ccache": "FILE:/run/cache"})]


@pytest.mark.parametrize(
    ("complaint", "told"),
    [
        ("Major: x, Minor: No credentials cache found", "There is no Kerberos ticket: get one with kinit"),
        ("Major: credential has expired, Minor: Ticket expired", "The Kerberos ticket has expired: get a new one"),
        ("Minor: Clock skew too great", "more than five minutes apart"),
        ('Minor: Cannot find KDC for realm "A.B"', "No Kerberos server of the realm A.B can be found"),
        (
            "Minor: Server HTTP/127.0.0.1@A.B not found in Kerberos database",
            "knows no HTTP/127.0.0.1: write the server's",
        ),
    ],
)
def test_says_exactly_what_is_missing(server: Any, library: ScriptedLibrary, complaint: str, told: str) -> None:
    library.complaint = complaint
    with pytest.raises(PlatformError) as caught:
        client(server.url).request("GET", "/x")
    assert told in caught.value.message
    assert server.requests == []


def test_a_keytab_that_gives_no_ticket(library: ScriptedLibrary, tmp_path: Path) -> None:
    keytab = tmp_path / "bob.keytab"
    keytab.touch()
    library.complaint = "Minor: No credentials cache found"
    with pytest.raises(LoginRefused, match=f"gives no ticket for bob: see why: kinit -k -t {keytab} bob"):
        KerberosIdentity("bob", str(keytab)).proof("host")


@pytest.mark.parametrize("identity", [KerberosIdentity(keytab="/no/such"), KerberosIdentity(cache="FILE:/no/such")])
def test_files_must_be_there(library: ScriptedLibrary, identity: KerberosIdentity) -> None:
    with pytest.raises(OptionError, match="/no/such' is no file that can be read"):
        client("http://127.0.0.1:1", identity)


def test_without_the_library(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "gssapi", None)
    with pytest.raises(PlatformError, match="install Debian's python3-gssapi"):
        client("http://127.0.0.1:1")


def test_a_ticket_that_the_server_does_not_take(server: Any, library: ScriptedLibrary) -> None:
    server.routes["GET /x"] = (401, b"<html>")
    with pytest.raises(AccessDenied, match=r"does not know the owner of the Kerberos ticket \(status 401\): .*keytab"):
        client(server.url).request("GET", "/x")


@pytest.mark.parametrize(
    ("reason", "told"),
    [
        (
            "Minor: Clock skew too great",
            "^The clocks of this machine and of 127.0.0.1 are more than five minutes apart",
        ),
        ("Minor: Ticket expired", "^The Kerberos ticket has expired: get a new one with kinit"),
        # Of the server's keytab, so nothing that a new ticket would mend.
        ("Minor: Decrypt integrity check failed", "does not know the owner .*its keytab has an old key"),
    ],
)
def test_a_server_says_what_it_does_not_take(server: Any, library: ScriptedLibrary, reason: str, told: str) -> None:
    challenge = f"Negotiate {base64.b64encode(reason.encode()).decode()}"
    server.routes["GET /x"] = (401, b"<html>", {"WWW-Authenticate": challenge})
    with pytest.raises(PlatformError, match=told):
        client(server.url).request("GET", "/x")


def test_a_refusal_names_its_rule(server: Any, library: ScriptedLibrary) -> None:
    server.routes["PUT /x"] = (403, {"message": "team-prefix: bob may not write /runs/other"})
    with pytest.raises(
        AccessDenied, match=r"does not allow this to bob \(status 403\): team-prefix: bob may not write"
    ):
        client(server.url, KerberosIdentity("bob")).request("PUT", "/x")
