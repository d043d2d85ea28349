# SPDX-License-Identifier: GPL-3.0-or-later
from typing import Any

from ansible_collections.mesospark.platform.plugins.module_utils.marathon import waiting_reasons


def item(**fields: Any) -> dict[str, Any]:
    return {
        "delay": {"timeLeftSeconds": 0, "overdue": True},
        "processedOffersSummary": {"processedOffersCount": 0},
        **fields,
    }


def test_nothing_waits() -> None:
    assert waiting_reasons(None) == []


def test_no_offers() -> None:
    assert waiting_reasons(item()) == ["Marathon has been offered no resources yet"]


def test_declined_offers_are_told_in_words() -> None:
    rejected = [
        {"reason": "UnfulfilledConstraint", "declined": 1, "processed": 4},
        {"reason": "InsufficientMemory", "declined": 3, "processed": 3},
        {"reason": "InsufficientCpus", "declined": 0, "processed": 0},
    ]
    summary = {"processedOffersCount": 4, "rejectSummaryLastOffers": rejected}
    assert waiting_reasons(item(processedOffersSummary=summary)) == [
        "of the last offers Marathon declined 1 for unmet constraints, 3 for too little memory"
    ]


def test_back_off() -> None:
    reasons = waiting_reasons(item(delay={"timeLeftSeconds": 42, "overdue": False}))
    assert reasons[0] == "Marathon holds the next launch back for 42 s after a failure"
