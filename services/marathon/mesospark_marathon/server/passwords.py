# SPDX-License-Identifier: GPL-3.0-or-later
"""The accounts of --http_credentials_file: passwords in clear or as scrypt hashes."""

import asyncio
import base64
import binascii
import hashlib
import hmac
import re
import secrets
from dataclasses import dataclass
from functools import cached_property

from mesospark_marathon.options import OptionError

_MARK = "$scrypt$"
_HASH = re.compile(r"\$scrypt\$ln=(\d{1,2}),r=(\d{1,2}),p=(\d)\$([A-Za-z0-9+/]{11,})\$([A-Za-z0-9+/]{22,})")
_OTHER_HASH = re.compile(r"\$(2[abxy]?|1|5|6|7|y|argon2\w*|pbkdf2[\w-]*|bcrypt[\w-]*|apr1)\$|\{[A-Z0-9-]+\}")
_LARGEST_COST = 17
_MEMORY_BYTES = 256 * 1024 * 1024


@dataclass(frozen=True)
class _Hash:
    """`$scrypt$ln=<cost>,r=<block size>,p=<parallel>$<salt>$<key>`, both last in base64 without padding."""

    cost: int
    block_size: int
    parallel: int
    salt: bytes
    key: bytes

    def is_of(self, password: str) -> bool:
        """Whether the hash is this password's; takes tens of milliseconds."""
        made = hashlib.scrypt(
            password.encode(),
            salt=self.salt,
            n=2**self.cost,
            r=self.block_size,
            p=self.parallel,
            maxmem=_MEMORY_BYTES,
            dklen=len(self.key),
        )
        return hmac.compare_digest(made, self.key)


def check_accounts(lines: str) -> None:
    """Raises OptionError for the first line that is wrong. No message holds a password."""
    users = set()
    for number, line in enumerate(lines.splitlines(), start=1):
        if not line.strip():
            continue
        place = f"--http_credentials_file: line {number}"
        user, colon, password = line.partition(":")
        if not (user and colon and password):
            raise OptionError(f"{place} must be user:password")
        if user in users:
            raise OptionError(f"{place}: the user {user} is there twice; leave one out")
        users.add(user)
        if password.startswith(_MARK):
            parts = _HASH.fullmatch(password)
            if parts is None or not 10 <= int(parts[1]) <= _LARGEST_COST or not (int(parts[2]) and int(parts[3])):
                raise OptionError(
                    f"{place}: the hash must be $scrypt$ln=<10 to {_LARGEST_COST}>,r=<number>,p=<number>$<salt>$<key>"
                )
            if 128 * int(parts[2]) * 2 ** int(parts[1]) > _MEMORY_BYTES // 2:
                raise OptionError(
                    f"{place}: the hash would take more than 128 MiB for each check; make ln or r smaller"
                )
        elif _OTHER_HASH.match(password):
            # Taken as it stands, who reads the hash would have the password.
            raise OptionError(f"{place}: only $scrypt$ hashes are known; make one, or give the password itself")


class Credentials:
    """The accounts; without any, everybody may ask."""

    def __init__(self, lines: str) -> None:
        parted = (line.partition(":") for line in lines.splitlines())
        self._accounts = {user: _read(password) for user, _colon, password in parted if user}
        self._verified: dict[str, bytes] = {}
        """by user, a keyed digest of the password last found right: a hash is computed once, not at each request"""
        self._digest_key = secrets.token_bytes(32)
        self._busy = asyncio.Semaphore(1)

    async def user(self, authorization: str | None) -> str | None:
        """Whose password an Authorization header carries; "" when everybody may ask, None for a stranger."""
        if not self._accounts:
            return ""
        scheme, _space, encoded = (authorization or "").partition(" ")
        if scheme.lower() != "basic":
            return None
        try:
            user, _colon, password = base64.b64decode(encoded.strip(), validate=True).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError):
            return None
        return user if await self._is_right(user, password) else None

    async def _is_right(self, user: str, password: str) -> bool:
        expected = self._accounts.get(user)
        digest = hashlib.blake2b(password.encode(), key=self._digest_key).digest()
        if hmac.compare_digest(self._verified.get(user, b""), digest):
            return True
        # An unknown user costs the same comparison, so that answer times do not tell which users there are.
        against = self._some_hash if expected is None and self._some_hash else expected
        if isinstance(against, _Hash):
            # One at a time and beside the loop: strangers who guess passwords do not hold up anybody else.
            async with self._busy:
                right = await asyncio.to_thread(against.is_of, password)
        else:
            right = hmac.compare_digest(password.encode(), (against or "").encode())
        if not right or expected is None:
            return False
        self._verified[user] = digest
        return True

    @cached_property
    def _some_hash(self) -> _Hash | None:
        return next((entry for entry in self._accounts.values() if isinstance(entry, _Hash)), None)


def _read(password: str) -> str | _Hash:
    parts = _HASH.fullmatch(password)
    if parts is None:
        return password
    salt, key = (base64.b64decode(text + "=" * (-len(text) % 4)) for text in parts.group(4, 5))
    return _Hash(int(parts[1]), int(parts[2]), int(parts[3]), salt, key)
