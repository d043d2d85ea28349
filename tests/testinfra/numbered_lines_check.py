# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether logs hold what the job examples/numbered-lines has written: all of it, once, in order, every record whole."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from numbered_lines import FILES, lines_per_file, records

_MARK = re.compile(r"\bline (\d{6}) ([\w-]+) (stdout|stderr)\b")
_TIME = re.compile(r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[.,]\d{3}(?:Z|[+-]\d\d:\d\d) ")
_SHOWN = 5
"""how many numbers, or characters around a difference, a problem tells"""


@dataclass
class _File:
    """What was found of one file of the job: the numbers in their order, the keys of where they were, wrong texts."""

    numbers: list[int] = field(default_factory=list)
    keys: set[str] = field(default_factory=set)
    wrong: list[str] = field(default_factory=list)


def problems(found: Mapping[str, Sequence[str]], lines: int) -> list[str]:
    """What is wrong, a sentence each; empty when everything is right.

    `found` has the texts of the records of each file of the job in the order in which the logs give them; its keys
    are whatever tells the logs' files apart. Records without a mark (those of Spark, of Mesos) do not count.
    `lines` is the number the job was given.
    """
    files = {name: _File() for name in FILES}
    strange = []
    for key, texts in found.items():
        for text in texts:
            marks = _MARK.findall(text)
            if not marks:
                continue
            number, process, stream = marks[0]
            file = files.get((process, stream))
            if file is None or len(marks) > 1:
                strange.append(f"several records in one, or one of no such process, in {key}: {_beginning(text)}")
                continue
            file.numbers.append(int(number))
            file.keys.add(key)
            if fault := _difference(text, (process, stream), int(number), lines):
                file.wrong.append(fault)
    owners = Counter(key for file in files.values() for key in file.keys)
    strange += [f"{key} holds the records of {count} files" for key, count in owners.items() if count > 1]
    for (process, stream), file in files.items():
        strange += [f"{process} {stream}: {fault}" for fault in _faults(file, _numbers((process, stream), lines))]
    return strange


def _faults(file: _File, numbers: range) -> Iterable[str]:
    if missing := sorted(set(numbers) - set(file.numbers)):
        yield f"{len(missing)} of {len(numbers)} are missing: {_ranges(missing)}"
    if repeated := sorted(number for number, count in Counter(file.numbers).items() if count > 1):
        yield f"{len(repeated)} are there more than once: {_ranges(repeated)}"
    if back := [later for one, later in zip(file.numbers, file.numbers[1:], strict=False) if later < one]:
        yield f"{len(back)} stand behind a later one: {_ranges(back)}"
    if len(file.keys) > 1:
        yield f"it is spread over {sorted(file.keys)}"
    if file.wrong:
        yield f"{len(file.wrong)} have another text, the first: {file.wrong[0]}"


def _numbers(file: tuple[str, str], lines: int) -> range:
    count = lines_per_file(lines)
    first = FILES.index(file) * count + 1
    return range(first, first + count)


_expected: dict[tuple[str, str, int], list[str]] = {}


def _texts(file: tuple[str, str], lines: int) -> list[str]:
    """The texts as the log shipper makes them; Graylog takes the white space at both ends away."""
    key = (*file, lines)
    if key not in _expected:
        texts = (record.decode("utf-8", "backslashreplace") for record in records(*file, lines, lambda: "TIME"))
        _expected[key] = [text.strip() for text in texts]
    return _expected[key]


def _difference(text: str, file: tuple[str, str], number: int, lines: int) -> str | None:
    """How the text of a record differs from what was written."""
    numbers = _numbers(file, lines)
    if number not in numbers:
        return f"{number} is a number of another file"
    expected = _texts(file, lines)[number - numbers[0]]
    text = _TIME.sub("TIME ", text.strip())
    if text == expected:
        return None
    # What Spark writes next stands in the same line as the last record, which has no newline.
    if number == numbers[-1] and text.startswith(expected):
        return None
    # A trace without the header of a logger belongs to the logger's record before it, if there is one.
    if expected.startswith("Traceback") and text.endswith(f"\n{expected}"):
        return None
    place = next((place for place, pair in enumerate(zip(text, expected, strict=False)) if pair[0] != pair[1]), None)
    place = min(len(text), len(expected)) if place is None else place
    around = slice(max(0, place - 20), place + 20)
    return (
        f"{number:06d} has {len(text)} instead of {len(expected)} characters and differs at {place}: "
        f"{text[around]!r} instead of {expected[around]!r}"
    )


def _beginning(text: str) -> str:
    return repr(text[:160])


def _ranges(numbers: Sequence[int]) -> str:
    """Numbers in short: 17-20, 25, ..."""
    ranges: list[list[int]] = []
    for number in numbers:
        if ranges and number == ranges[-1][1] + 1:
            ranges[-1][1] = number
        else:
            ranges.append([number, number])
    shown = [f"{first}-{last}" if last > first else str(first) for first, last in ranges[:_SHOWN]]
    return ", ".join(shown + ["..."] * (len(ranges) > _SHOWN))
