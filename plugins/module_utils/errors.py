# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The one family of errors that modules turn into a failed task: each is one sentence a user can act on."""

from __future__ import annotations

import typing as t


class PlatformError(Exception):
    """Anything a module reports to its user.

    ``record`` holds keys which the failed task returns besides its message.
    """

    def __init__(self, message: str, /, **record: t.Any) -> None:
        super().__init__(message)
        self.message = message
        self.record = record


class OptionError(PlatformError):
    """An option's value that can not be right, found before anything was changed."""

    def __init__(self, option: str, value: object, problem: str, fix: str) -> None:
        subject = option if value is None else f"{option}: {value!r}"
        super().__init__(f"{subject} {problem}; {fix}.", option=option)


class ConnectionFailed(PlatformError):
    """No server answered, or its TLS handshake failed."""


class AccessDenied(PlatformError):
    """A server answered and refused the caller's identity."""


class ApiError(PlatformError):
    """A server answered with an error status."""

    def __init__(self, status: int, service: str, method: str, path: str, message: str) -> None:
        super().__init__(f"{service} answered {method} {path} with {status}: {message}", status=status)
        self.status = status


class WaitTimeout(PlatformError):
    """The awaited state was not reached in time; the message says what was awaited and why it may be late."""

    def __init__(self, awaited: str, seconds: float, reasons: t.Sequence[str], **record: t.Any) -> None:
        known = "; ".join(reasons) if reasons else "no reason is known"
        super().__init__(
            f"Waited {seconds:g} s (wait_timeout) for {awaited}: {known}.", reasons=list(reasons), **record
        )
        self.reasons = list(reasons)
