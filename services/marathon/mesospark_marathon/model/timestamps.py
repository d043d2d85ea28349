# SPDX-License-Identifier: GPL-3.0-or-later
"""Timestamps as Marathon writes them: UTC, milliseconds, `2026-11-21T12:00:00.000Z`. As text they sort by time."""

import re
from datetime import UTC, datetime, timedelta

from mesospark_marathon.model.errors import ApiError

_ISO = re.compile(r"\d{4}(-\d\d(-\d\d(T\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:?\d\d)?)?)?)?")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def render(seconds: float) -> str:
    """The timestamp of a Unix time in seconds."""
    milliseconds = round(seconds * 1000)
    moment = _EPOCH + timedelta(milliseconds=milliseconds)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{milliseconds % 1000:03d}Z"


def seconds_of(timestamp: str) -> float:
    """The Unix time in seconds of a timestamp; ValueError when it is none."""
    if not _ISO.fullmatch(timestamp):
        raise ValueError(timestamp)
    moment = datetime.fromisoformat(timestamp if len(timestamp) > 4 else f"{timestamp}-01-01")
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return (moment - _EPOCH).total_seconds()


def is_timestamp(text: str) -> bool:
    """Whether the text can be read as an ISO 8601 date or time."""
    try:
        seconds_of(text)
    except ValueError:
        return False
    return True


def from_path(text: str) -> str:
    """A version taken from a URL, normalised; ApiError 422 when it is no timestamp."""
    try:
        return render(seconds_of(text))
    except ValueError as error:
        raise ApiError(
            422, {"message": f"Invalid timestamp provided '{text}'. Expecting ISO-8601 datetime string."}
        ) from error
