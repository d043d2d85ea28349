# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The one waiter: probes a state until it is there, woken by events, and says at a timeout what it knew."""

from __future__ import annotations

import time
import typing as t

from .errors import ConnectionFailed, WaitTimeout

Found = t.TypeVar("Found")


class Waiter:
    """One budget of time (``timeout`` seconds), which several waits in a row may share; probes are ``sleep`` seconds
    apart.
    """

    def __init__(
        self,
        timeout: float,
        sleep: float,
        clock: t.Callable[[], float] = time.monotonic,
        pause: t.Callable[[float], None] = time.sleep,
    ) -> None:
        self.timeout = timeout
        self.sleep = sleep
        self._clock = clock
        self._pause = pause
        self._start = clock()

    @property
    def remaining(self) -> float:
        return self._start + self.timeout - self._clock()

    def until(
        self,
        probe: t.Callable[[], t.Optional[Found]],
        awaited: str,
        reasons: t.Callable[[], t.Sequence[str]] = tuple,
        wake: t.Optional[t.Callable[[float], object]] = None,
    ) -> Found:
        """What ``probe`` returns once it is not None.

        ``wake`` blocks up to the given seconds and returns early when the state may have changed. A server that is
        away is tolerated until the time is over. Raises WaitTimeout with the known ``reasons``.
        """
        away = ""
        while True:
            try:
                found = probe()
                away = ""
            except ConnectionFailed as error:
                found = None
                away = error.message.rstrip(".")
            if found is not None:
                return found
            if self.remaining <= 0:
                raise WaitTimeout(awaited, self.timeout, [away] if away else self._known(reasons))
            (wake or self._pause)(min(self.sleep, max(self.remaining, 0)))

    @staticmethod
    def _known(reasons: t.Callable[[], t.Sequence[str]]) -> t.Sequence[str]:
        try:
            return reasons()
        except ConnectionFailed as error:
            return [error.message.rstrip(".")]
