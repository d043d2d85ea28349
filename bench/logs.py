# SPDX-License-Identifier: GPL-3.0-or-later
"""Measure the log shipper beside rsyslog, which reads the same files in the same run.

    .venv/bin/python bench/logs.py                        # everything, into a sink and into a Graylog made for it
    .venv/bin/python bench/logs.py --measure sink idle    # without Graylog
    .venv/bin/python bench/logs.py --rsyslog FOLDER       # where rsyslog's packages are unpacked, not installed

Both send over mutual TLS. The log shipper adds the facts of the tasks and keeps stack traces whole; rsyslog (imfile,
omfwd) sends each line as it is. Either runs on one processor, the sink on another. CPU is the reader's own, from the
first line to the last; every line has a number, by which lost and repeated ones are counted where they arrive.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

sys.path.extend(
    str(Path(__file__).resolve().parents[1] / folder)
    for folder in (
        *(".collections", "services/graylog", "services/mesos-runtime"),
        *("services/log-shipper", "services/log-shipper/tests/support"),
    )
)

from log_graylog import GraylogInput, graylog_server
from log_load import Load, log_line, make_load, make_sandboxes
from log_readers import STATISTICS_SECONDS, LogShipper, Reader, Rsyslog, missing
from log_shipper_certificates import Certificates
from log_sink import BEATS, LINES, Sink
from process_figures import cpu_seconds, resident_megabytes, wait_for_connection

if TYPE_CHECKING:
    from ansible_collections.mesospark.platform.plugins.module_utils.graylog import Graylog

MEASUREMENTS = ("sink", "idle", "graylog", "latency")
_PROTOCOLS = {LogShipper.name: BEATS, Rsyslog.name: LINES}
_LATENCY_EXECUTORS = 4
_LATENCY_RATE = 200
_LATENCY_WARM_UP, _LATENCY_LINES = 5 * _LATENCY_RATE, 30 * _LATENCY_RATE
_LATENCY_PATIENCE = 30.0
_LOOK_SECONDS = 0.05
_SETTLE_SECONDS = 30.0
_CONNECT_SECONDS = 30.0


@dataclass(frozen=True)
class Figures:
    """What a reader did with all lines of a load. seconds: from the first line to the last. cpu: seconds, too.

    uncounted: by how many records its own count differs from what arrived. Of Graylog only: handed_over, seconds until
    the reader had nothing more to send, and waiting, records in Graylog's journal at most.
    """

    lines: int
    lost: int
    twice: int
    uncounted: int
    seconds: float
    cpu: float
    megabytes: float
    handed_over: float = 0.0
    waiting: int = 0

    @property
    def rate(self) -> float:
        """Lines a second that arrived."""
        return (self.lines - self.lost) / self.seconds

    @property
    def cpu_per_million(self) -> float:
        """CPU seconds for a million lines."""
        return self.cpu / self.lines * 1e6

    @property
    def share(self) -> float:
        """Percent of a processor that the reader used."""
        return self.cpu / self.seconds * 100


class Bench:
    """A folder, certificates, and one reader after the other."""

    def __init__(self, folder: Path, rsyslog: Path) -> None:
        self.folder = folder
        (folder / "certificates").mkdir()
        self.certificates = Certificates(folder / "certificates")
        self._rsyslog = rsyslog
        self._readers = 0

    def reader(self, name: str, agent: Path, files: Sequence[Path], port: int) -> Reader:
        """One that has read nothing yet; the log shipper finds the files itself, in `agent`."""
        self._readers += 1
        folder = self.folder / f"reader-{self._readers}"
        if name == LogShipper.name:
            return LogShipper(folder, self.certificates, agent, port)
        return Rsyslog(folder, self.certificates, files, port, self._rsyslog)

    def into_sink(self, name: str, load: Load) -> Figures:
        """Read a load into a sink."""
        with (
            Sink(_PROTOCOLS[name], self.certificates, load.lines) as sink,
            self.reader(name, load.agent, load.files, sink.port) as reader,
        ):
            sink.wait_for_first()
            before = cpu_seconds(reader.pid)
            received = sink.wait()
            cpu = cpu_seconds(reader.pid) - before
            return Figures(
                lines=load.lines,
                lost=load.lines - received.lines,
                twice=received.twice,
                uncounted=_differs(reader, received.records),
                seconds=received.seconds,
                cpu=cpu,
                megabytes=resident_megabytes(reader.pid, most=True),
            )

    def into_graylog(self, name: str, load: Load, graylog: Graylog) -> Figures:
        """Read a load into Graylog, from the reader's connection until everything can be found."""
        records = load.records if name == LogShipper.name else load.lines
        with (
            GraylogInput(graylog, _PROTOCOLS[name], self.certificates) as destination,
            self.reader(name, load.agent, load.files, destination.port) as reader,
        ):
            wait_for_connection(destination.port, _CONNECT_SECONDS)
            before, began = cpu_seconds(reader.pid), time.monotonic()
            arrival = destination.wait_for(records, reader.sent)
            cpu = cpu_seconds(reader.pid) - before
            found, twice = destination.lines()
            return Figures(
                lines=load.lines,
                lost=load.lines - found,
                twice=twice,
                uncounted=_differs(reader, destination.found()),
                seconds=arrival.ended - began,
                cpu=cpu,
                megabytes=resident_megabytes(reader.pid, most=True),
                handed_over=arrival.handed_over - began,
                waiting=arrival.waiting,
            )

    def latency(self, name: str, graylog: Graylog) -> list[float]:
        """Seconds from the writing of each line until it can be found, while lines are written at an even pace.

        Records arrive in the order in which they are written, all but exactly: the n-th to be found is the n-th.
        """
        agent = self.folder / f"latency-{name}"
        files = make_sandboxes(agent, _LATENCY_EXECUTORS)
        lines = _LATENCY_WARM_UP + _LATENCY_LINES
        written: list[float] = []
        seconds: list[float] = []
        with (
            GraylogInput(graylog, _PROTOCOLS[name], self.certificates) as destination,
            self.reader(name, agent, files, destination.port),
        ):
            writer = threading.Thread(target=_write_evenly, args=(files, lines, written))
            writer.start()
            deadline = time.monotonic() + lines / _LATENCY_RATE + _LATENCY_PATIENCE
            while len(seconds) < lines and time.monotonic() < deadline:
                time.sleep(_LOOK_SECONDS)
                found, now = destination.found(), time.monotonic()
                seconds += (now - moment for moment in written[len(seconds) : found])
            writer.join()
        if len(seconds) < lines:
            raise SystemExit(f"{name}: of {lines} lines {lines - len(seconds)} could not be found in Graylog")
        return seconds[_LATENCY_WARM_UP:]

    def idle(self, name: str, agent: Path, files: Sequence[Path], seconds: float) -> tuple[float, float]:
        """Percent of a processor and megabytes while nothing happens, after every file's only line was sent."""
        with (
            Sink(_PROTOCOLS[name], self.certificates, len(files)) as sink,
            self.reader(name, agent, files, sink.port) as reader,
        ):
            sink.wait_for_first()
            received = sink.wait()
            if received.lines < len(files):
                raise SystemExit(f"{name}: of {len(files)} lines in as many files only {received.lines} came")
            time.sleep(_SETTLE_SECONDS)
            before = cpu_seconds(reader.pid)
            time.sleep(seconds)
            return (cpu_seconds(reader.pid) - before) / seconds * 100, resident_megabytes(reader.pid)


def _differs(reader: Reader, records: int) -> int:
    time.sleep(2 * STATISTICS_SECONDS)
    return abs(reader.sent() - records)


def _write_evenly(files: Sequence[Path], lines: int, written: list[float]) -> None:
    """Write one line to each file in turn, and note when."""
    streams = [path.open("a", encoding="ascii", buffering=1) for path in files]
    began = time.monotonic()
    for number in range(lines):
        time.sleep(max(0.0, began + number / _LATENCY_RATE - time.monotonic()))
        streams[number % len(streams)].write(log_line(number, time.time()))
        written.append(time.monotonic())
    for stream in streams:
        stream.close()


def compare(rounds: int, measure: Callable[[str], Figures]) -> dict[str, list[Figures]]:
    """Both in turn, so that a machine that changes its speed meanwhile changes both."""
    figures: dict[str, list[Figures]] = {name: [] for name in _PROTOCOLS}
    for number in range(1, rounds + 1):
        for name, done in figures.items():
            done.append(measure(name))
            last = done[-1]
            tell(f"round {number}, {name}: {last.rate:.0f} lines/s, {last.cpu_per_million:.2f} CPU s per 1M lines")
    return figures


def show(figures: dict[str, list[Figures]], graylog: bool = False) -> None:
    """Rows of medians; lost, repeated and uncounted ones are the sums of all rounds, memory is the most."""
    floor = statistics.median(each.cpu_per_million for each in figures[Rsyslog.name])
    for name, rounds in figures.items():
        rate = statistics.median(each.rate for each in rounds)
        cpu = statistics.median(each.cpu_per_million for each in rounds)
        cells = [name, f"{rate:,.0f}"]
        if graylog:
            handed_over = statistics.median(each.lines / each.handed_over for each in rounds)
            cells += [f"{handed_over:,.0f}", f"{max(each.waiting for each in rounds):,}"]
        cells += [f"{cpu:.2f}", f"{cpu / floor:.2f}", f"{statistics.median(each.share for each in rounds):.0f} %"]
        cells += [str(sum(getattr(each, field) for each in rounds)) for field in ("lost", "twice", "uncounted")]
        cells.append(f"{max(each.megabytes for each in rounds):.0f} MB")
        print("|", " | ".join(cells), "|", flush=True)


def tell(text: str) -> None:
    """Say what is going on, beside the tables."""
    print(text, file=sys.stderr, flush=True)


def measure_sink(bench: Bench, options: argparse.Namespace) -> None:
    """The table of speed, cost and loss."""
    load = make_load(bench.folder / "sink-load", options.lines)
    print("| into a sink | lines/s | CPU s / 1M lines | x rsyslog | of a core | lost | twice | uncounted | memory |")
    print(f"| --- |{' ---: |' * 8}", flush=True)
    show(compare(options.rounds, lambda name: bench.into_sink(name, load)))


def measure_graylog(bench: Bench, options: argparse.Namespace, graylog: Graylog) -> None:
    """The same with Graylog; what it has taken but not yet stored tells whose limit it is."""
    tell("warming Graylog up")
    bench.into_graylog(LogShipper.name, make_load(bench.folder / "warm-up", options.graylog_lines // 5), graylog)
    load = make_load(bench.folder / "graylog-load", options.graylog_lines)
    print("\n| into Graylog | found, lines/s | handed over, lines/s | waiting in Graylog | CPU s / 1M lines ", end="")
    print("| x rsyslog | of a core | lost | twice | uncounted | memory |")
    print(f"| --- |{' ---: |' * 10}", flush=True)
    show(compare(1, lambda name: bench.into_graylog(name, load, graylog)), graylog=True)


def measure_latency(bench: Bench, graylog: Graylog) -> None:
    """The table of latency."""
    print(f"\n| {_LATENCY_RATE} lines/s into Graylog, write to found | p50 s | p99 s | most s |")
    print("| --- | ---: | ---: | ---: |", flush=True)
    for name in _PROTOCOLS:
        seconds = bench.latency(name, graylog)
        cuts = statistics.quantiles(seconds, n=100, method="inclusive")
        print(f"| {name} | {cuts[49]:.2f} | {cuts[98]:.2f} | {max(seconds):.2f} |", flush=True)


def measure_idle(bench: Bench, options: argparse.Namespace) -> None:
    """The table of what nothing costs."""
    agent = bench.folder / "idle-agent"
    files = make_sandboxes(agent, options.sandboxes)
    for number, path in enumerate(files):
        path.write_text(log_line(number, time.time()), encoding="ascii")
    print(f"\n| {options.sandboxes} sandboxes, {len(files)} idle files | of a core | memory |")
    print("| --- | ---: | ---: |", flush=True)
    for name in _PROTOCOLS:
        share, megabytes = bench.idle(name, agent, files, options.idle_seconds)
        print(f"| {name} | {share:.2f} % | {megabytes:.0f} MB |", flush=True)


def positive(text: str) -> int:
    """A number of at least 1."""
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text} is no number above 0")
    return int(text)


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--measure", nargs="+", choices=MEASUREMENTS, default=MEASUREMENTS)
    parser.add_argument("--rsyslog", type=Path, default=Path("/"), help="folder below which rsyslog's packages are")
    parser.add_argument("--lines", type=positive, default=1_000_000, help="into the sink")
    parser.add_argument("--graylog-lines", type=positive, default=100_000, help="into Graylog")
    parser.add_argument("--rounds", type=positive, default=3, help="into the sink")
    parser.add_argument("--sandboxes", type=positive, default=2000)
    parser.add_argument("--idle-seconds", type=positive, default=60)
    options = parser.parse_args()
    if problems := missing(options.rsyslog.resolve()):
        sys.exit("\n".join(problems))
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="bench-logs-")))
        bench = Bench(folder, options.rsyslog.resolve())
        if "sink" in options.measure:
            measure_sink(bench, options)
        if "idle" in options.measure:
            measure_idle(bench, options)
        if {"graylog", "latency"} & set(options.measure):
            graylog = stack.enter_context(graylog_server())
            if "graylog" in options.measure:
                measure_graylog(bench, options, graylog)
            if "latency" in options.measure:
                measure_latency(bench, graylog)


if __name__ == "__main__":
    main()
