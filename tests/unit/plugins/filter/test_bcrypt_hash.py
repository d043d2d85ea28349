# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import bcrypt
import pytest
from ansible.errors import AnsibleFilterError
from ansible_collections.mesospark.platform.plugins.filter.bcrypt_hash import bcrypt_hash


def test_password_matches_its_hash_and_no_other() -> None:
    hashed = bcrypt_hash("right", "salt").encode()
    assert bcrypt.checkpw(b"right", hashed)
    assert not bcrypt.checkpw(b"wrong", hashed)


def test_hash_depends_on_password_and_salt_only() -> None:
    assert bcrypt_hash("word", "salt") == bcrypt_hash("word", "salt")
    assert bcrypt_hash("word", "salt") != bcrypt_hash("word", "other")
    assert bcrypt_hash("word", "salt") != bcrypt_hash("words", "salt")


def test_password_that_would_be_cut() -> None:
    with pytest.raises(AnsibleFilterError, match="longer than 72 bytes"):
        bcrypt_hash("x" * 73, "salt")
