# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Password hashes that stay the same as long as password and salt do."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable

from ansible.errors import AnsibleFilterError

try:
    import bcrypt
except ImportError:
    HAS_BCRYPT = False
else:
    HAS_BCRYPT = True

STANDARD = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
BCRYPT = b"./ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
LONGEST_PASSWORD = 72  # bytes; bcrypt looks at no more


def bcrypt_hash(password: str, salt: str, rounds: int = 5) -> str:
    """Return the bcrypt hash of a password.

    Args:
        password: at most 72 bytes.
        salt: any text that is random and secret; the real salt is derived from it.
        rounds: logarithm of the work. It is spent at every request, so it is low: the passwords are long random ones.

    Raises:
        AnsibleFilterError: the password is too long, or the Python package bcrypt is missing on the controller.
    """
    if not HAS_BCRYPT:
        raise AnsibleFilterError("the filter bcrypt_hash needs the Python package bcrypt on the controller")
    if len(password.encode()) > LONGEST_PASSWORD:
        raise AnsibleFilterError(f"a registry password is longer than {LONGEST_PASSWORD} bytes: take a shorter one")
    digest = hashlib.sha256(salt.encode()).digest()[:16]
    encoded = base64.b64encode(digest).rstrip(b"=").translate(bytes.maketrans(STANDARD, BCRYPT))
    return bcrypt.hashpw(password.encode(), b"$2b$%02d$%s" % (rounds, encoded)).decode()


class FilterModule:
    """The filter of this file."""

    def filters(self) -> dict[str, Callable[..., str]]:
        return {"bcrypt_hash": bcrypt_hash}
