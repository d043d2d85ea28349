# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Complaints of Kerberos programs and libraries, as they were seen, and what users are told."""

from __future__ import annotations

from pathlib import Path

import pytest
from ansible_collections.mesospark.platform.plugins.module_utils.errors import OptionError
from ansible_collections.mesospark.platform.plugins.module_utils.kerberos import (
    LoginRefused,
    ServersUnavailable,
    default_realm,
    full_name,
    kerberos_error,
    key_version_of_server,
    login_with_password,
)

NO_CREDENTIALS = (
    "Major (458752): No credentials were supplied, or the credentials were unavailable or inaccessible, Minor"
)

COMPLAINTS = [
    (
        'kinit: Cannot find KDC for realm "NO.REALM" while getting',
        ServersUnavailable,
        "NO.REALM can be found: the DNS rec",
    ),
    ("kinit: Cannot contact any KDC for realm 'A.B' while getting", ServersUnavailable, "of the realm A.B answers"),
    (
        "kinit: Clock skew too great while getting initial credentials",
        ServersUnavailable,
        "five minutes apart: synchron",
    ),
    (
        "kinit: Preauthentication failed while getting initial credentials",
        LoginRefused,
        "not the one that the Kerberos",
    ),
    ("kinit: Password incorrect while getting initial credentials", LoginRefused, "password or key is not the one"),
    ("kinit: Client 'x@A.B' not found in Kerberos database while", LoginRefused, "does not know bob@A.B"),
    ("Minor: Server HTTP/10.0.0.1@A.B not found in Kerberos database", LoginRefused, "no service of that name"),
    ("kinit: Keytab contains no suitable keys for x@A.B while", LoginRefused, "The keytab has no key for bob@A.B"),
    ("kinit: Client's credentials have been revoked while getting", LoginRefused, "is locked after too many wrong"),
    (
        "Major (720896): The referenced credential has expired, Minor: Ticket expired",
        LoginRefused,
        "ticket has expired",
    ),
    (
        f"{NO_CREDENTIALS} (2529639107): No credentials cache found",
        LoginRefused,
        "There is no Kerberos ticket: get one",
    ),
    (f"{NO_CREDENTIALS} (2529638936): Preauthentication failed", LoginRefused, "password or key is not the one"),
    (
        f"{NO_CREDENTIALS} (2529638918): Client 'a@B' not found in Kerberos database",
        LoginRefused,
        "does not know bob@A.B",
    ),
    ("something new", LoginRefused, "Kerberos refused: something new"),
]


@pytest.mark.parametrize(("text", "kind", "told"), COMPLAINTS, ids=lambda value: str(value)[:40])
def test_says_what_it_means_and_what_to_do(text: str, kind: type[Exception], told: str) -> None:
    error = kerberos_error(text, principal="bob@A.B")
    assert type(error) is kind
    assert told in error.message
    assert error.message.endswith(".")
    assert error.record["fix"]


@pytest.mark.parametrize(
    ("name", "full"),
    [("host/a.b", "host/a.b@R"), ("bob", "bob@R"), ("bob@OTHER", "bob@OTHER")],
)
def test_full_names(name: str, full: str) -> None:
    assert full_name(name, "R") == full


@pytest.mark.parametrize("name", ["", "a b", "host/", "bob@", "-randkey", "a\nb"])
def test_what_can_not_be_a_name_is_refused(name: str) -> None:
    with pytest.raises(OptionError, match=r"^principal"):
        full_name(name, "R")


def test_a_password_goes_by_standard_input() -> None:
    calls: list[tuple[list[str], str | None]] = []
    login_with_password(
        lambda arguments, data: calls.append((list(arguments), data)) or (0, "", ""), "pw", "bob@R", "/c"
    )
    assert calls == [(["kinit", "-c", "FILE:/c", "bob@R"], "pw\n")]


@pytest.mark.parametrize(
    ("answer", "version"),
    [((0, "host/a@R: kvno = 3\n", ""), 3), ((1, "", "kvno: KDC policy rejects request"), None)],
)
def test_key_version_of_the_server(answer: tuple[int, str, str], version: int | None) -> None:
    assert key_version_of_server(lambda arguments, data: answer, "host/a@R", "/c") == version


def test_default_realm(tmp_path: Path) -> None:
    path = tmp_path / "krb5.conf"
    assert default_realm(str(path)) is None
    path.write_text("[libdefaults]\n  # default_realm = NOT.THIS\n  default_realm = A.B\n")
    assert default_realm(str(path)) == "A.B"
