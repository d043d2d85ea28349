# SPDX-License-Identifier: GPL-3.0-or-later
from contextlib import closing
from typing import Any

from ansible_collections.mesospark.platform.plugins.module_utils.log_records import (
    LogRecords,
    executor_of,
    result_of,
    series_of,
    text_line,
)


def record(file: str, offset: int, length: int, own: str | None = None, read: str = "10:00:00") -> dict[str, Any]:
    """A record of a file; ``own`` is the time that the line tells."""
    moment = f"2026-11-21T{own or read}.000Z"
    place = {"offset": offset, "length": length, "record_id": f"{file}-{offset:x}-{length:x}"}
    return {**place, "timestamp": moment, "read": f"2026-11-21T{read}.000Z", "message": f"{file}@{offset}+{length}"}


def ordered(*records: dict[str, Any]) -> list[str]:
    with closing(LogRecords()) as found:
        found.add(records)
        assert found.count() == len(list(found))
        return [item["message"] for item in found]


def test_offsets_order_a_file_and_times_order_files() -> None:
    a = [record("a-stderr", 0, 5, "10:00:01"), record("a-stderr", 5, 5), record("a-stderr", 10, 5, "10:00:03")]
    b = [record("b-stderr", 0, 5, "10:00:02"), record("b-stderr", 5, 5, "10:00:01")]
    assert ordered(*b, *reversed(a)) == [
        "a-stderr@0+5",
        "a-stderr@5+5",
        "b-stderr@0+5",
        "b-stderr@5+5",
        "a-stderr@10+5",
    ]


def test_a_line_without_time_stands_by_its_neighbours_however_late_it_was_read() -> None:
    late = "11:00:00"
    found = ordered(
        record("a", 0, 5, read=late), record("a", 5, 5, "10:00:02", late), record("a", 10, 5, read=late),
        record("b", 0, 5, "10:00:01"), record("b", 5, 5, "10:00:03"),
    )  # fmt: skip
    assert found == ["b@0+5", "a@0+5", "a@5+5", "a@10+5", "b@5+5"]


def test_files_without_any_time_are_ordered_by_when_they_were_read_or_come_last() -> None:
    timeless = record("c", 0, 5)
    del timeless["timestamp"], timeless["read"]
    found = ordered(timeless, record("a", 0, 5, read="10:00:09"), record("b", 0, 5, read="10:00:05"))
    assert found == ["b@0+5", "a@0+5", "c@0+5"]


def test_duplicates_and_parts_of_longer_records_are_left_out() -> None:
    found = ordered(
        record("a", 0, 10, "10:00:00"),
        record("a", 0, 10, "10:00:00"),
        record("a", 0, 30, "10:00:00"),
        record("a", 10, 20, "10:00:01"),
        record("a", 30, 5, "10:00:02"),
        record("a-1", 0, 10, "10:00:03"),
    )
    assert found == ["a@0+30", "a@30+5", "a-1@0+10"]


def test_records_that_only_overlap_are_kept() -> None:
    assert ordered(record("a", 0, 20), record("a", 10, 20)) == ["a@0+20", "a@10+20"]


def test_messages_of_other_origin_are_all_kept() -> None:
    message = {"timestamp": "2026-11-21T10:00:00.000Z", "message": "same"}
    assert ordered(message, message) == ["same", "same"]


def test_gaps_are_what_no_record_covers() -> None:
    with closing(LogRecords()) as found:
        assert found.gaps("a", 0) == [] and found.gaps("a", 7) == [(0, 7)]
        found.add([record("a", 5, 5), record("a", 5, 3), record("a", 20, 10), record("b", 0, 100)])
        assert found.gaps("a", 40) == [(0, 5), (10, 20), (30, 40)]
        assert found.gaps("a", 15) == [(0, 5), (10, 15)]
        assert found.gaps("b", 100) == [] and found.stop_of("a") == 30 and found.stop_of("c") == 0
        assert found.covers("b", 10, 20) and not found.covers("a", 5, 11)
        assert sorted(item["record_id"][0] for item in found.samples()) == ["a", "b"]


def test_what_a_record_belongs_to() -> None:
    assert series_of({"record_id": "0f-a1-stdout-1-2c-3"}) == "0f-a1-stdout-1" and series_of({}) is None
    assert executor_of({"task_id": "runs_pi-1.instance-2._app.1", "executor_id": "runs_pi"}) == "driver"
    assert executor_of({"task_id": "3", "executor_id": "3"}) == "3"
    assert executor_of({"service": "mesos-agent"}) is None
    whole = {**record("a", 0, 5), "agent_hostname": "agent1", "executor_id": "3", "stream": "stdout"}
    assert text_line(whole) == "2026-11-21T10:00:00.000Z agent1 3 stdout a@0+5"
    assert text_line({"service": "mesos-agent", "message": "a"}) == "mesos-agent a"
    given = result_of(whole, ["read", "nothing"])
    assert (given["executor"], given["read"], given["offset"]) == ("3", "2026-11-21T10:00:00.000Z", 0)
    assert "file" not in given and "nothing" not in given
