# SPDX-License-Identifier: GPL-3.0-or-later
"""The selector language of `label=`: `a==b`, `a!=b`, `a in (x, y)`, `a notin (x, y)`, `a`; joined by commas.

Names and values consist of letters, digits, dots, dashes and underscores; other characters stand behind a backslash.
"""

import re
from collections.abc import Mapping

from mesospark_marathon.model.errors import ApiError

_WORD = r"(?:\\.|[-A-Za-z0-9_.])+"
_TERM = re.compile(
    rf"\s*(?P<key>{_WORD})\s*"
    rf"(?:(?P<membership>in|notin)\s*\(\s*(?P<values>(?:{_WORD}\s*(?:,\s*{_WORD}\s*)*)?)\)"
    rf"|(?P<comparison>==|!=)\s*(?P<value>{_WORD}))?\s*(?P<end>,|$)"
)


def matches_labels(selector: str, labels: Mapping[str, str]) -> bool:
    """Whether the labels meet every term; ApiError 422 for a selector that can not be read."""
    return all(_meets(term, labels) for term in _terms(selector))


def _terms(selector: str) -> list[re.Match[str]]:
    terms: list[re.Match[str]] = []
    position, wanted = 0, bool(selector.strip())
    while wanted:
        term = _TERM.match(selector, position)
        if term is None:
            reason = f"unexpected character at {position + 1}"
            raise ApiError(422, {"message": f"Can not parse label selector {selector}. Reason: {reason}"})
        terms.append(term)
        position, wanted = term.end(), term["end"] == ","
    return terms


def _unescaped(text: str) -> str:
    return re.sub(r"\\(.)", r"\1", text)


def _meets(term: re.Match[str], labels: Mapping[str, str]) -> bool:
    key = _unescaped(term["key"])
    if key not in labels:
        return False
    if term["comparison"]:
        return (labels[key] == _unescaped(term["value"])) is (term["comparison"] == "==")
    if term["membership"]:
        values = {_unescaped(value) for value in re.findall(_WORD, term["values"])}
        return (labels[key] in values) is (term["membership"] == "in")
    return True
