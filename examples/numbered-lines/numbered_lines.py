# SPDX-License-Identifier: GPL-3.0-or-later
"""What the job's processes write: always the same, so that a reader of the logs can tell whether all of it arrived.

Every record holds a mark like `line 004711 executor-2 stderr`, whose number no other record of the job has.
"""

from collections.abc import Callable, Iterator

EXECUTORS = tuple(f"executor-{number}" for number in range(1, 5))
PROCESSES = ("driver", *EXECUTORS)
STREAMS = ("stdout", "stderr")
FILES = [(process, stream) for process in PROCESSES for stream in STREAMS]

TRACE_LINES = 200
LONG_LINE_BYTES = 1_000_000

SECRET = "only-the-job-knows-9b1d4c7e"
"""a setting of the job whose name tells Spark not to log it"""

_TEXTS = (
    "the order is booked",
    "Lagerbestand geprüft: 17 Stück à 3,50 €",
    "проверено, всё в порядке",
    "在庫を確認しました 🧾👩‍💻",
    "accent apart e\u0301, right to left שלום, separators \u2028 and \u0085",
    'quotes " and \', back\\slash, %s, ${name}, {"price": [1, null]}, <b>&amp;',
    "tab\tand \x1b[32mcolour\x1b[0m",
    "example.org: 200",
)


def lines_per_file(lines: int) -> int:
    """How many of the job's `lines` each file gets."""
    return lines // len(FILES)


def records(process: str, stream: str, lines: int, clock: Callable[[], str]) -> Iterator[bytes]:
    """The records of one file in their order: mostly lines, and some that logs get wrong easily.

    `lines` is the number of the whole job. Records that look like a logger's begin with the time that `clock` gives.
    Only the last one has no newline.
    """
    count = lines_per_file(lines)
    first = FILES.index((process, stream)) * count + 1
    special = {
        count // 8: java_trace,
        count // 4: logged_python_trace,
        count // 2: long_line,
        count * 5 // 8: python_trace,
        count * 3 // 4: invalid_bytes,
    }
    for index in range(count):
        mark = f"line {first + index:06d} {process} {stream}"
        if index == count - 1:
            yield f"{mark}: no newline follows".encode()
        elif index in special:
            yield special[index](mark, clock) + b"\n"
        else:
            yield f"{mark}: {_TEXTS[index % len(_TEXTS)]}\n".encode()


def java_trace(mark: str, clock: Callable[[], str]) -> bytes:
    """An exception with its cause, as Spark's log shows it."""
    head = [f"{clock()} ERROR Ledger: {mark} can not be booked", "java.lang.IllegalStateException: The ledger is shut"]
    cause = ["Caused by: java.io.IOException: No space left on device", "\t... 7 more"]
    frames = TRACE_LINES - len(head) - len(cause)
    calls = [f"\tat org.example.ledger.Step{number}.run(Ledger.java:{number})" for number in range(frames)]
    return "\n".join([*head, *calls[: frames // 2], cause[0], *calls[frames // 2 :], cause[1]]).encode()


def logged_python_trace(mark: str, clock: Callable[[], str]) -> bytes:
    """An exception while another one is handled, as Python's logging shows it."""
    begin = "Traceback (most recent call last):"
    handling = ["KeyError: 'amount'", "", "During handling of the above exception, another exception occurred:", ""]
    frames = (TRACE_LINES - 8) // 4
    head = f"{clock()} ERROR ledger: {mark} can not be booked"
    end = "ledger.errors.BookingError: there is no amount"
    trace = [head, begin, *_python_frames(frames), *handling, begin, *_python_frames(frames), end]
    return "\n".join(trace).encode()


def python_trace(mark: str, _clock: Callable[[], str]) -> bytes:
    """An exception that nobody has caught."""
    frames = (TRACE_LINES - 2) // 2
    trace = ["Traceback (most recent call last):", *_python_frames(frames), f"ValueError: {mark} is no amount"]
    return "\n".join(trace).encode()


def _python_frames(count: int) -> list[str]:
    frame = '  File "/opt/job/ledger.py", line {0}, in step_{0}\n    amount = order.step_{0}()'
    return [frame.format(number) for number in range(1, count + 1)]


def long_line(mark: str, _clock: Callable[[], str]) -> bytes:
    """A line of LONG_LINE_BYTES, its newline not counted; numbers in it tell where a piece is missing."""
    numbers = "".join(f" {number:06d}" for number in range(0, LONG_LINE_BYTES, 7))
    return f"{mark}:{numbers}".encode()[:LONG_LINE_BYTES]


def invalid_bytes(mark: str, _clock: Callable[[], str]) -> bytes:
    """Bytes that are no UTF-8: never valid, another encoding, NUL, a character's beginning, half a surrogate pair."""
    return f"{mark}: ".encode() + b"\xff\xfe, caf\xe9, \x00, \xe2\x82, \xed\xa0\xbd and \xc3\xa9"
