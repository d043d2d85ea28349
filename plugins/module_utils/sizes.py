# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Sizes and durations with units, as users write them: ``512m``, ``2g``, ``30s``, ``10m``, ``1h``."""

from __future__ import annotations

import re

from .errors import OptionError

_MEBIBYTES = {"k": 1 / 1024, "m": 1.0, "g": 1024.0, "t": 1024.0 * 1024.0}
_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}


def mebibytes(option: str, value: str) -> int:
    """Whole MiB of a size such as ``512m`` or ``1.5g``, as Spark spells sizes.

    Raises OptionError when there is no unit, or when less than 1 MiB is meant.
    """
    match = re.fullmatch(r"(\d+(?:\.\d+)?)([kmgt])(?:i?b)?", value.strip().lower())
    if not match:
        raise OptionError(option, value, "is not a size", "write a number and a unit, such as 512m or 2g")
    size = int(float(match.group(1)) * _MEBIBYTES[match.group(2)])
    if size < 1:
        raise OptionError(option, value, "is less than 1 MiB", "write a larger size, such as 512m")
    return size


def seconds(option: str, value: str) -> float:
    """Seconds of a duration such as ``30s``, ``10m``, ``1h``, or of a bare number.

    Raises OptionError for anything else.
    """
    match = re.fullmatch(r"(\d+(?:\.\d+)?)(ms|[smhd])?", value.strip().lower())
    if not match:
        raise OptionError(option, value, "is not a duration", "write a number and a unit, such as 30s, 10m or 2h")
    return float(match.group(1)) * _SECONDS[match.group(2) or "s"]


def readable(size: float) -> str:
    """A size in MiB for people: ``64 GB`` or ``512 MB``."""
    return f"{size / 1024:.3g} GB" if size >= 1024 else f"{size:.4g} MB"
