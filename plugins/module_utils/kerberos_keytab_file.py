# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The file format of keytabs (version 0x502), and how a new key joins the old ones."""

from __future__ import annotations

import struct
import typing as t
from dataclasses import dataclass, field

MAGIC = b"\x05\x02"


class NoKeytab(ValueError):
    """The bytes are not those of a keytab."""


@dataclass(frozen=True)
class KeytabEntry:
    """One key: ``principal`` with its realm, ``added`` in seconds since the epoch, ``encryption_type`` as a number."""

    principal: str
    version: int
    encryption_type: int
    added: int
    key: bytes = field(repr=False)
    name_type: int = 1


def parse_keytab(data: bytes) -> list[KeytabEntry]:
    """Raises NoKeytab when ``data`` is something else, or ends too early."""
    if data[:2] != MAGIC:
        raise NoKeytab("it does not begin as a keytab does")
    entries = []
    position = 2
    try:
        while position < len(data):
            (size,) = struct.unpack_from(">i", data, position)
            position += 4
            if size > 0:  # a negative size is a hole that a removed entry left
                if position + size > len(data):
                    raise NoKeytab("it ends within an entry")
                entries.append(_parse_entry(data[position : position + size]))
            elif size == 0:
                break
            position += abs(size)
    except (struct.error, UnicodeDecodeError) as error:
        raise NoKeytab(f"it is damaged ({error})") from error
    return entries


def _parse_entry(data: bytes) -> KeytabEntry:
    (count,) = struct.unpack_from(">H", data, 0)
    position = 2
    texts = []
    for _part in range(count + 1):  # the realm comes first
        text, position = _counted(data, position)
        texts.append(text.decode())
    name_type, added, version, encryption_type = struct.unpack_from(">IIBH", data, position)
    key, position = _counted(data, position + 11)
    if len(data) - position >= 4:
        version = struct.unpack_from(">I", data, position)[0] or version
    principal = "/".join(texts[1:]) + "@" + texts[0]
    return KeytabEntry(principal, version, encryption_type, added, key, name_type)


def _counted(data: bytes, position: int) -> tuple[bytes, int]:
    (size,) = struct.unpack_from(">H", data, position)
    start = position + 2
    if start + size > len(data):
        raise NoKeytab("it ends within an entry")
    return data[start : start + size], start + size


def build_keytab(entries: t.Iterable[KeytabEntry]) -> bytes:
    """The bytes of a keytab with these entries, in their order."""
    parts = [MAGIC]
    for entry in entries:
        name, _separator, realm = entry.principal.rpartition("@")
        components = name.split("/")
        body = struct.pack(">H", len(components))
        for text in (realm, *components):
            body += struct.pack(">H", len(text.encode())) + text.encode()
        body += struct.pack(">IIBH", entry.name_type, entry.added, entry.version & 0xFF, entry.encryption_type)
        body += struct.pack(">H", len(entry.key)) + entry.key + struct.pack(">I", entry.version)
        parts += [struct.pack(">i", len(body)), body]
    return b"".join(parts)


def versions(entries: t.Iterable[KeytabEntry], principal: str) -> list[int]:
    """The key versions that there are of a principal, the newest first."""
    return sorted({entry.version for entry in entries if entry.principal == principal}, reverse=True)


def with_new_keys(present: t.Sequence[KeytabEntry], new: t.Sequence[KeytabEntry], principal: str) -> list[KeytabEntry]:
    """The entries of ``present`` with the keys that the Kerberos server has for ``principal``.

    Older keys stay: clients hold tickets that were made with them. Keys of the newest version or above that are not the
    server's go: nobody has tickets of them.
    """
    added = [entry for entry in new if entry.principal == principal]
    newest = max(entry.version for entry in added)
    known = {(entry.version, entry.encryption_type) for entry in added}
    kept = [
        entry
        for entry in present
        if entry.principal != principal
        or (entry.version < newest and (entry.version, entry.encryption_type) not in known)
    ]
    return kept + added


def without_old_keys(entries: t.Sequence[KeytabEntry], principal: str, before: float) -> list[KeytabEntry]:
    """``entries`` without the older keys of ``principal``, if the newest one was added before that time.

    ``before``: seconds since the epoch; since then no ticket of an older key can be valid.
    """
    of_principal = versions(entries, principal)
    if not of_principal:
        return list(entries)
    newest = [entry for entry in entries if entry.principal == principal and entry.version == of_principal[0]]
    if min(entry.added for entry in newest) >= before:
        return list(entries)
    return [entry for entry in entries if entry.principal != principal or entry.version == of_principal[0]]
