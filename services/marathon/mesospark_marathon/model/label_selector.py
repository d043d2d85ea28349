# SPDX-License-Identifier: GPL-3.0-or-later
"""The selector language of `label=`: `a==b`, `a!=b`, `a in (x, y)`, `a notin (x, y)`, `a`; joined by commas."""

import re
from collections.abc import Mapping

from mesospark_marathon.model.errors import ApiError

_TERM = re.compile(
    r"\s*(?P<key>[^\s=!,()]+)\s*"
    r"(?:(?P<operator>==|!=|\bin\b|\bnotin\b)\s*(?P<value>\([^)]*\)|(?:\\.|[^,])*))?\s*(?:,|$)"
)


def matches_labels(selector: str, labels: Mapping[str, str]) -> bool:
    """Whether the labels meet every term; ApiError 422 for a selector that can not be read."""
    position = 0
    while position < len(selector):
        term = _TERM.match(selector, position)
        if term is None or term.end() == position:
            raise ApiError(422, {"message": f"Label selector '{selector}' can not be read."})
        if not _meets(term, labels):
            return False
        position = term.end()
    return True


def _meets(term: re.Match[str], labels: Mapping[str, str]) -> bool:
    key, operator, value = term["key"], term["operator"], (term["value"] or "").strip()
    if operator is None:
        return key in labels
    values = value.strip("()").split(",") if value.startswith("(") else [value]
    wanted = {re.sub(r"\\(.)", r"\1", entry.strip()) for entry in values}
    if operator in ("==", "in"):
        return labels.get(key) in wanted
    return key in labels and labels[key] not in wanted
