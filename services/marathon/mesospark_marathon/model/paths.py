# SPDX-License-Identifier: GPL-3.0-or-later
"""Ids of apps and groups: absolute paths such as /a/b."""

import re

ROOT = "/"

_SEGMENT = re.compile(r"\.\.|\.|[a-z0-9]|[a-z0-9][a-z0-9.-]*[a-z0-9]")


def is_path(text: str) -> bool:
    """Whether each segment consists of lower case letters, digits, dots and dashes."""
    return all(_SEGMENT.fullmatch(segment) for segment in text.split("/") if segment)


def canonical(path: str, base: str = ROOT) -> str:
    """The absolute path; one that does not begin with a slash is taken from base; `.` and `..` are resolved."""
    segments = [] if path.startswith("/") else base.split("/")
    result: list[str] = []
    for segment in [*segments, *path.split("/")]:
        if segment == "..":
            if result:
                result.pop()
        elif segment not in ("", "."):
            result.append(segment)
    return "/" + "/".join(result)


def parent(path: str) -> str:
    """The group a path lies in; the root's parent is the root."""
    return path.rsplit("/", 1)[0] or ROOT


def ancestors(path: str) -> list[str]:
    """The groups above a path, from the one below the root down to its parent; the root is left out."""
    segments = path.split("/")[1:-1]
    return ["/" + "/".join(segments[: index + 1]) for index in range(len(segments))]


def is_below(path: str, group: str) -> bool:
    """Whether a path lies in the group at any depth (a group does not lie in itself)."""
    return path != group and (group == ROOT or path.startswith(group + "/"))


def is_top_level(path: str) -> bool:
    """Whether the path has exactly one segment."""
    return path != ROOT and path.count("/") == 1


def safe(path: str) -> str:
    """The path as the first part of instance and task ids: /a/b becomes a_b."""
    return path[1:].replace("/", "_")


def unsafe(text: str) -> str:
    """The inverse of safe."""
    return "/" + text.replace("_", "/")
