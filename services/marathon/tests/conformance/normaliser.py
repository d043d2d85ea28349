# SPDX-License-Identifier: GPL-3.0-or-later
"""Replaces what differs from run to run (ids, times, ports, hosts) by placeholders."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

UUID = r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
_TIMESTAMP = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:?\d\d)"
_VARYING_NUMBERS = {"timeLeftSeconds", "processedOffersCount", "unusedOffersCount", "consecutiveFailures"}
_COUNTS = {"declined", "processed"}
"""keys of numbers of which only matters whether they are 0"""
_TASK_PORTS = range(31000, 32000)


class Normaliser:
    """Normalises documents and texts of one scenario.

    `values` are the captured values; those named in `revealed` stay recognisable as `<=name>`. With `hosts` "named" the
    two agents are told apart.
    """

    def __init__(self, values: Mapping[str, Any], hosts: str = "any", revealed: Sequence[str] = ()) -> None:
        rules = [(re.escape(values["run"]), "${run}")]
        rules += [(re.escape(str(values[name])), f"<={name}>") for name in revealed if values.get(name)]
        rules += [
            (re.escape(values["server"]), "<server>"),
            (UUID + r"-S\d+", "<agentId>"),
            (UUID + r"-\d{4}\b", "<frameworkId>"),
            (UUID, "<uuid>"),
            (_TIMESTAMP, "<timestamp>"),
        ]
        for name in ("agentA", "agentB"):
            host = rf"(?<![\w.]){re.escape(values[name])}(?![\w.]*\w)"
            rules.append((host, f"<{name}>" if hosts == "named" else "<host>"))
        rules += [(r"(?<![\d.])31\d{3}(?![\d.])", "<port>"), (r"(?<=@)[0-9a-f]{6,8}\b", "<hash>")]
        self._rules = [(re.compile(pattern), placeholder) for pattern, placeholder in rules]

    def text(self, text: str) -> str:
        for pattern, placeholder in self._rules:
            text = pattern.sub(placeholder, text)
        return text

    def document(self, document: Any, key: str | None = None) -> Any:
        if isinstance(document, bool) or document is None:
            return document
        if isinstance(document, int):
            if key in _VARYING_NUMBERS:
                return "<int>"
            if key in _COUNTS:
                return "<positive>" if document else 0
            return "<port>" if document in _TASK_PORTS else document
        if isinstance(document, str):
            return "<ip>" if key == "ipAddress" else self.text(document)
        if isinstance(document, list):
            return [self.document(item, key) for item in document]
        if isinstance(document, dict):
            return {self.text(name): self.document(item, name) for name, item in document.items()}
        return document
