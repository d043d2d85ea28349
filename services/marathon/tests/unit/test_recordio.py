# SPDX-License-Identifier: GPL-3.0-or-later

import pytest
from mesospark_marathon.mesos.recordio import MAXIMUM_RECORD_BYTES, RecordIODecoder, RecordIOError

STREAM = b'5\nfirst0\n12\n{"type":"x"}'


@pytest.mark.parametrize("piece", [1, 2, 3, 7, len(STREAM)])
def test_records_do_not_depend_on_how_the_stream_is_cut(piece: int) -> None:
    decoder = RecordIODecoder()
    records = []
    for start in range(0, len(STREAM), piece):
        records += decoder.feed(STREAM[start : start + piece])
    assert records == [b"first", b"", b'{"type":"x"}']


def test_an_unfinished_record_waits() -> None:
    decoder = RecordIODecoder()
    assert decoder.feed(b"4\nab") == []
    assert decoder.feed(b"cd") == [b"abcd"]


@pytest.mark.parametrize(
    "stream", [b"x\nabc", b"-1\nabc", b"\nabc", b"<html><body>not found", b"%d\n" % (MAXIMUM_RECORD_BYTES + 1)]
)
def test_what_is_no_recordio_is_refused(stream: bytes) -> None:
    with pytest.raises(RecordIOError, match=r"length|bytes"):
        RecordIODecoder().feed(stream)
