# SPDX-License-Identifier: GPL-3.0-or-later
"""Answers other than success, with Marathon's exact bodies."""

from collections.abc import Iterable
from typing import Any

Details = list[dict[str, Any]]
"""[{"path": str, "errors": [str]}]"""


class ApiError(Exception):
    """A request that is refused: HTTP status and JSON body."""

    def __init__(self, status: int, body: dict[str, Any] | None = None) -> None:
        super().__init__(body.get("message") if body else str(status))
        self.status = status
        self.body = body


class RejectedUpdate(ApiError):
    """A change of the group tree that was refused after it had been read: published as group_change_failed."""

    def __init__(self, status: int, body: dict[str, Any], reason: str) -> None:
        super().__init__(status, body)
        self.reason = reason


def invalid_json(details: Details) -> ApiError:
    """Wrong types or values out of their range."""
    return ApiError(422, {"message": "Invalid JSON", "details": details})


def invalid_object(details: Details) -> ApiError:
    """Rules broken by a well-typed document."""
    return ApiError(422, {"message": "Object is not valid", "details": details})


def details_of(errors: Iterable[tuple[str, str]]) -> Details:
    """Groups (path, error) pairs by path, in order of first appearance."""
    grouped: dict[str, list[str]] = {}
    for path, error in errors:
        grouped.setdefault(path, []).append(error)
    return [{"path": path, "errors": messages} for path, messages in grouped.items()]


def unknown_app(app_id: str, version: str | None = None) -> ApiError:
    """404 of a read."""
    suffix = f" in version {version}" if version else ""
    return ApiError(404, {"message": f"App '{app_id}' does not exist{suffix}", "details": []})


def unknown_group(group_id: str) -> ApiError:
    """404 of a read."""
    return ApiError(404, {"message": f"Group '{group_id}' does not exist", "details": []})


def missing_app(app_id: str) -> RejectedUpdate:
    """404 of a change: the body has no details, and the refusal is an event."""
    message = f"App '{app_id}' does not exist"
    return RejectedUpdate(404, {"message": message}, message)


def missing_group(group_id: str) -> RejectedUpdate:
    """404 of a change."""
    message = f"Group '{group_id}' does not exist"
    return RejectedUpdate(404, {"message": message}, message)


def rejected_tree(details: Details, reason: str) -> RejectedUpdate:
    """422: the group tree that the change would lead to breaks a rule."""
    return RejectedUpdate(
        422, {"message": "Object is not valid", "details": details}, f"Validation failed: Failure(Set({reason}))"
    )
