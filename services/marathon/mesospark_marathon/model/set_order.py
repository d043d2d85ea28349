# SPDX-License-Identifier: GPL-3.0-or-later
"""The order in which constraints are answered.

Marathon keeps them in an immutable Scala set: up to four elements come back as they were sent, more in the order of a
hash trie. Clients that compare documents see that order, so it is reproduced here. Hashes are unsigned 32 bit numbers.
"""

from collections.abc import Sequence
from itertools import pairwise

_MASK = 0xFFFFFFFF
_SMALL_SET = 4
_BITS_PER_LEVEL = 5


def in_set_order(constraints: Sequence[Sequence[str]]) -> list[list[str]]:
    """The constraints without duplicates, in Marathon's order."""
    unique = [list(constraint) for constraint in dict.fromkeys(tuple(constraint) for constraint in constraints)]
    if len(unique) <= _SMALL_SET:
        return unique
    return _trie_order([(_improve(_sequence_hash(constraint)), constraint) for constraint in unique], 0)


def _trie_order(entries: list[tuple[int, list[str]]], shift: int) -> list[list[str]]:
    """By the hash's lowest bits; those that share them come after all others, by the next bits."""
    slots: dict[int, list[tuple[int, list[str]]]] = {}
    for entry in entries:
        slots.setdefault((entry[0] >> shift) & (2**_BITS_PER_LEVEL - 1), []).append(entry)
    in_order = [slots[key] for key in sorted(slots)]
    result = [slot[0][1] for slot in in_order if len(slot) == 1]
    for slot in in_order:
        if len(slot) > 1:
            deeper = shift + _BITS_PER_LEVEL
            result += _trie_order(slot, deeper) if deeper < 32 else [constraint for _hash, constraint in slot]
    return result


def _string_hash(text: str) -> int:
    """Java's hash of a string, over its UTF-16 code units."""
    result = 0
    units = text.encode("utf-16-le")
    for low, high in zip(units[::2], units[1::2], strict=True):
        result = (31 * result + (high << 8 | low)) & _MASK
    return result


def _sequence_hash(texts: Sequence[str]) -> int:
    """Scala's MurmurHash3 of a list of strings. A list with a constant step, as any of two, is hashed as a range."""
    hashes = [_string_hash(text) for text in texts]
    steps = {(after - before) & _MASK for before, after in pairwise(hashes)}
    seed = _string_hash("Seq")
    if len(steps) == 1:
        return _avalanche(_mix(_mix(_mix(seed, hashes[0]), steps.pop()), hashes[-1]))
    for value in hashes:
        seed = _mix(seed, value)
    return _avalanche(seed ^ len(hashes))


def _mix(state: int, value: int) -> int:
    value = value * 0xCC9E2D51 & _MASK
    value = (value << 15 | value >> 17) & _MASK
    state ^= value * 0x1B873593 & _MASK
    state = (state << 13 | state >> 19) & _MASK
    return (state * 5 + 0xE6546B64) & _MASK


def _avalanche(value: int) -> int:
    value ^= value >> 16
    value = value * 0x85EBCA6B & _MASK
    value ^= value >> 13
    value = value * 0xC2B2AE35 & _MASK
    return value ^ value >> 16


def _improve(value: int) -> int:
    """How the set spreads a hash before it looks at single bits."""
    value = (value + ~(value << 9)) & _MASK
    value ^= value >> 14
    value = (value + (value << 4)) & _MASK
    return value ^ value >> 10
