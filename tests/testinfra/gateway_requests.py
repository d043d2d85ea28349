# SPDX-License-Identifier: GPL-3.0-or-later
"""Requests that go on at the gateway beside a test, and which of them failed."""

import threading
import time
from dataclasses import dataclass, field
from typing import Any

_PAUSE = 0.5  # seconds


@dataclass(frozen=True)
class Failure:
    """A request that got no good answer: when it began, and when it had ended (both of the epoch)."""

    path: str
    begin: float
    end: float
    reason: str


@dataclass
class GatewayRequests:
    """A thread for each path asks the gateway as one of its users, from `with` on until its end."""

    platform: Any
    account: tuple[str, str]
    paths: list[str]
    made: dict[str, int] = field(default_factory=dict)
    failures: list[Failure] = field(default_factory=list)

    def __enter__(self) -> "GatewayRequests":
        # By its address, which stands in its certificate: names need not resolve on the controller.
        self._url = f"https://{self.platform.address(self.platform.members('gateways')[0])}"
        self._ended = threading.Event()
        self._threads = [threading.Thread(target=self._ask, args=(path,), daemon=True) for path in self.paths]
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        for thread in self._threads:
            thread.join()

    def _ask(self, path: str) -> None:
        while not self._ended.wait(_PAUSE):
            begin = time.time()
            try:
                # Each time a new connection, with the authorities that the controller trusts now.
                answer = self.platform.request(self._url + path, self.account, certificate=False, accept="*/*")
                reason = "" if answer.status == 200 else f"{answer.status} {answer.text[:300]}"
            except OSError as error:
                reason = repr(error)
            self.made[path] = self.made.get(path, 0) + 1
            if reason:
                self.failures.append(Failure(path, begin, time.time(), reason))

    def failed_outside(self, restarts: list[tuple[float, float]], paths: tuple[str, ...]) -> list[Failure]:
        """Failures that no restart explains; only those below `paths` may be explained by one."""
        return [
            failure
            for failure in self.failures
            if not failure.path.startswith(paths)
            or not any(begin <= failure.end and failure.begin <= end for begin, end in restarts)
        ]

    def summary(self) -> str:
        """Figures for the log of the test."""
        failed = {path: [failure for failure in self.failures if failure.path == path] for path in self.paths}
        return "\n".join(
            f"{path}: {self.made.get(path, 0)} requests, {len(found)} failed"
            + "".join(f"\n  {time.strftime('%X', time.gmtime(each.begin))} {each.reason[:160]!r}" for each in found)
            for path, found in failed.items()
        )
