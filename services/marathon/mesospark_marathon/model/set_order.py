# SPDX-License-Identifier: GPL-3.0-or-later
"""The order in which constraints are answered.

Marathon keeps them as a set without order. Up to four elements it answers them as they were sent.
"""


def in_set_order(constraints: list[list[str]]) -> list[list[str]]:
    """The constraints without duplicates, as they were sent."""
    return [list(constraint) for constraint in dict.fromkeys(tuple(constraint) for constraint in constraints)]
