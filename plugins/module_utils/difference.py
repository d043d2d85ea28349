# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The difference tracker: the only source of ``changed`` and of the before/after diff of every module."""

from __future__ import annotations

import typing as t


class DifferenceTracker:
    """Collects (name, before, after) of what differs, and nothing of what does not."""

    def __init__(self) -> None:
        self._before: dict[str, t.Any] = {}
        self._after: dict[str, t.Any] = {}

    def compare(self, name: str, before: t.Any, after: t.Any) -> bool:
        """Record ``name`` if its values differ, and say whether they do."""
        if before == after:
            return False
        self._before[name] = before
        self._after[name] = after
        return True

    @property
    def changed(self) -> bool:
        return bool(self._after)

    @property
    def names(self) -> list[str]:
        """Names of what differs, in the order of discovery."""
        return list(self._after)

    def result(self) -> dict[str, t.Any]:
        """The keys ``changed`` and ``diff`` of a task's result."""
        return {"changed": self.changed, "diff": {"before": dict(self._before), "after": dict(self._after)}}
