# SPDX-License-Identifier: GPL-3.0-or-later
"""Progress on stderr: one line per step, with its duration, and a percentage for downloads."""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def step(what: str) -> Iterator[None]:
    """Print `what` now and its duration when the block ends."""
    started = time.monotonic()
    say(f"{what} ...")
    yield
    say(f"{what}: {time.monotonic() - started:.1f} s")


def say(text: str) -> None:
    """One line."""
    print(text, file=sys.stderr, flush=True)


class Percentage:
    """A line at each tenth of `total` bytes; silent where the total is not known."""

    def __init__(self, what: str, total: int | None, done: int = 0) -> None:
        self._what, self._total, self._done, self._said = what, total, done, 0

    def add(self, count: int) -> None:
        """`count` more bytes are there."""
        self._done += count
        if not self._total:
            return
        tenths = self._done * 10 // self._total
        if tenths > self._said:
            self._said = tenths
            say(f"{self._what}: {self._done / 1e6:.1f} of {self._total / 1e6:.1f} MB ({tenths * 10} %)")
