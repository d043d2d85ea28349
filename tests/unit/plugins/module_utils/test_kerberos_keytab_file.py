# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Keytabs as MIT Kerberos writes them. The keys below are of a principal that there is no more."""

from __future__ import annotations

import base64

import pytest
from ansible_collections.mesospark.platform.plugins.module_utils.kerberos_keytab_file import (
    KeytabEntry,
    NoKeytab,
    build_keytab,
    parse_keytab,
    versions,
    with_new_keys,
    without_old_keys,
)

WRITTEN = base64.b64decode(
    "BQIAAABOAAIADVBMQVRGT1JNLlRFU1QABHRlc3QABHVuaXQAAAABawHI7gIAFAAg1r0G8lxyTgg2gGHrJ5TnvxcRUVoh0Hyi2VlOINVLGb4AAAACAAAA"
    "TgACAA1QTEFURk9STS5URVNUAAR0ZXN0AAR1bml0AAAAAWsByO4CABIAIDCJyGXhgBhSqOXojw+wNnLQm8vEFrMvMt9cPVR8QfZTAAAAAgAAAE4AAgAN"
    "UExBVEZPUk0uVEVTVAAEdGVzdAAEdW5pdAAAAAFrAcjuAQAUACBk04EZES6WHNbQwsdI3SpuEdtWLcG+O2ftHOWGeJxKaQAAAAEAAABOAAIADVBMQVRG"
    "T1JNLlRFU1QABHRlc3QABHVuaXQAAAABawHI7gEAEgAg5ec7rxARqoGPxPuIIvgLnHKPbgBYGpwl7V3VKuKJ1e0AAAAB"
)
NAME = "test/unit@PLATFORM.TEST"
ADDED = 1795279086


def entry(version: int, key: bytes = b"k", principal: str = NAME, added: int = ADDED, kind: int = 20) -> KeytabEntry:
    return KeytabEntry(principal, version, kind, added, key)


def test_reads_what_ktadd_wrote() -> None:
    found = parse_keytab(WRITTEN)
    assert [(one.principal, one.version, one.encryption_type, one.added, len(one.key)) for one in found] == [
        (NAME, 2, 20, ADDED, 32),
        (NAME, 2, 18, ADDED, 32),
        (NAME, 1, 20, ADDED, 32),
        (NAME, 1, 18, ADDED, 32),
    ]


def test_writes_the_same_bytes() -> None:
    assert build_keytab(parse_keytab(WRITTEN)) == WRITTEN


def test_keys_do_not_show() -> None:
    assert "key" not in repr(parse_keytab(WRITTEN)[0]).replace("Keytab", "")


def test_versions_above_255() -> None:
    assert parse_keytab(build_keytab([entry(300)]))[0].version == 300


def test_holes_of_removed_entries_are_passed_over() -> None:
    assert parse_keytab(WRITTEN[:2] + b"\xff\xff\xff\xfcabcd" + WRITTEN[2:]) == parse_keytab(WRITTEN)


@pytest.mark.parametrize("data", [b"", b"keytab", WRITTEN[:50], WRITTEN[:-3], b"\x05\x02\x00\x00\x00\x05\x00\x09abc"])
def test_anything_else_is_no_keytab(data: bytes) -> None:
    with pytest.raises(NoKeytab):
        parse_keytab(data)


def test_new_keys_join_the_old_ones() -> None:
    other = entry(1, principal="host/a@PLATFORM.TEST")
    joined = with_new_keys([entry(1, b"old"), other], [entry(2, b"new")], NAME)
    assert joined == [entry(1, b"old"), other, entry(2, b"new")]


def test_a_wrong_key_of_the_same_version_goes() -> None:
    assert with_new_keys([entry(2, b"wrong")], [entry(2, b"right")], NAME) == [entry(2, b"right")]


def test_versions_that_the_server_never_had_go() -> None:
    """A database that was made anew starts again with version 1."""
    assert with_new_keys([entry(9, b"of another database")], [entry(1)], NAME) == [entry(1)]


def test_old_keys_stay_while_tickets_of_theirs_may_be_valid() -> None:
    both = [entry(1), entry(2, added=ADDED + 100)]
    assert without_old_keys(both, NAME, before=ADDED + 100) == both
    assert without_old_keys(both, NAME, before=ADDED + 101) == [both[1]]


def test_old_keys_of_others_stay() -> None:
    others = [entry(1, principal="a@B"), entry(2, principal="a@B")]
    assert without_old_keys([entry(1), entry(2), *others], NAME, before=ADDED + 1) == [entry(2), *others]


def test_the_newest_version_comes_first() -> None:
    assert versions([entry(1), entry(10), entry(2), entry(10, kind=18)], NAME) == [10, 2, 1]
