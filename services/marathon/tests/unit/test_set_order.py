# SPDX-License-Identifier: GPL-3.0-or-later
"""The order of constraints, as recorded from the real server."""

import random

from mesospark_marathon.model.set_order import in_set_order

RECORDED = [
    ["rack", "IS", "r1"],
    ["hostname", "UNIQUE"],
    ["rack", "GROUP_BY"],
    ["rack", "LIKE", "r[12]"],
    ["rack", "UNLIKE", "x.*"],
    ["rack", "GROUP_BY", "3"],
    ["rack", "MAX_PER", "2"],
    ["rack", "CLUSTER", "r1"],
]


def test_up_to_four_come_back_as_they_were_sent() -> None:
    assert in_set_order(RECORDED[3::-1]) == RECORDED[3::-1]


def test_more_come_back_in_the_order_of_their_hashes() -> None:
    for seed in range(5):
        sent = random.Random(seed).sample(RECORDED, len(RECORDED))
        assert in_set_order(sent) == RECORDED


def test_doubles_are_dropped() -> None:
    assert in_set_order([["a", "UNIQUE"], ["a", "UNIQUE"]]) == [["a", "UNIQUE"]]
