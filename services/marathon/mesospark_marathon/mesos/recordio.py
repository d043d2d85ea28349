# SPDX-License-Identifier: GPL-3.0-or-later
"""RecordIO, the framing of the Mesos v1 event stream: each record is its length in decimal, a newline, its bytes."""

MAXIMUM_RECORD_BYTES = 256 * 1024 * 1024
_MAXIMUM_LENGTH_DIGITS = 20


class RecordIOError(Exception):
    """The stream is not RecordIO; nothing after this point can be read."""


class RecordIODecoder:
    """Cuts a byte stream into records, whatever the pieces it arrives in."""

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._wanted: int | None = None

    def feed(self, data: bytes) -> list[bytes]:
        """Take the next bytes of the stream and return the records they complete, in order.

        Raises RecordIOError for a length that is not a number or is above MAXIMUM_RECORD_BYTES.
        """
        self._buffer += data
        records: list[bytes] = []
        position = 0
        while True:
            if self._wanted is None:
                end = self._buffer.find(b"\n", position)
                if end < 0:
                    if len(self._buffer) - position > _MAXIMUM_LENGTH_DIGITS:
                        raise RecordIOError("a record of the event stream does not begin with its length")
                    break
                self._wanted = _length(bytes(self._buffer[position:end]))
                position = end + 1
            if len(self._buffer) - position < self._wanted:
                break
            records.append(bytes(self._buffer[position : position + self._wanted]))
            position += self._wanted
            self._wanted = None
        # Cut once for all records: cutting after each one would copy a burst of offers again and again.
        del self._buffer[:position]
        return records


def _length(digits: bytes) -> int:
    if not digits.isdigit() or len(digits) > _MAXIMUM_LENGTH_DIGITS:
        raise RecordIOError(f"a record of the event stream has the length {digits!r}")
    length = int(digits)
    if length > MAXIMUM_RECORD_BYTES:
        raise RecordIOError(f"a record of the event stream has {length} bytes, more than {MAXIMUM_RECORD_BYTES}")
    return length
