# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Password hashes for the embedded Marathon that stay the same as long as password and salt do."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable

COST = 14  # logarithm of the work: 16 MiB of memory and some 50 ms, once for each account after a start
BLOCK_SIZE = 8


def scrypt_hash(password: str, salt: str) -> str:
    """Return the scrypt hash of a password, as Marathon's ``--http_credentials_file`` has it.

    Args:
        password: of any length.
        salt: any text that is random and secret; the real salt is derived from it.
    """
    derived = hashlib.sha256(salt.encode()).digest()[:16]
    key = hashlib.scrypt(password.encode(), salt=derived, n=2**COST, r=BLOCK_SIZE, p=1, dklen=32)
    texts = (base64.b64encode(value).decode().rstrip("=") for value in (derived, key))
    return f"$scrypt$ln={COST},r={BLOCK_SIZE},p=1$" + "$".join(texts)


class FilterModule:
    """The filter of this file."""

    def filters(self) -> dict[str, Callable[..., str]]:
        return {"scrypt_hash": scrypt_hash}
