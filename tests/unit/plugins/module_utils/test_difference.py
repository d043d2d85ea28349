# SPDX-License-Identifier: GPL-3.0-or-later
from ansible_collections.mesospark.platform.plugins.module_utils.difference import DifferenceTracker


def test_nothing_compared_means_no_change() -> None:
    assert DifferenceTracker().result() == {"changed": False, "diff": {"before": {}, "after": {}}}


def test_only_what_differs_is_shown() -> None:
    tracker = DifferenceTracker()
    assert not tracker.compare("cpus", 1, 1.0)
    assert tracker.compare("mem", 128, 256)
    assert tracker.result() == {"changed": True, "diff": {"before": {"mem": 128}, "after": {"mem": 256}}}
    assert tracker.names == ["mem"]
