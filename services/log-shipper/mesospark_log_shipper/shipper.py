# SPDX-License-Identifier: GPL-3.0-or-later
"""The loop of one destination: read a window, send it, wait for its acknowledgement, remember."""

import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import partial

from mesospark_log_shipper.catalog import Catalog
from mesospark_log_shipper.configuration import Configuration, Destination
from mesospark_log_shipper.journal import Journal
from mesospark_log_shipper.lumberjack import ConnectionBroken, LumberjackClient
from mesospark_log_shipper.metrics import DestinationMetrics
from mesospark_log_shipper.records import Record
from mesospark_log_shipper.tail import TailedFile

LOG = logging.getLogger(__name__)

_IDLE_SECONDS = 0.1
_TURN_SECONDS = 1.0
_SAVE_SECONDS = 0.5
_STOP_SECONDS = 3.0
_FIRST_STATUS, _STATUS_SECONDS = 5.0, 60.0
_FIRST_RETRY, _LAST_RETRY = 0.5, 10.0
_WARNING_SECONDS = 60.0
"""between two warnings of the same kind, in a long outage"""

_FACTS_SECONDS = 2.0
"""how long a new file waits for the facts of its task; then it is sent without"""


class Stopped(Exception):
    """The end has come while an answer was awaited."""


@dataclass
class Window:
    """Records of several files and the journal, and how far each is read with them: file -> offset, count."""

    events: list[bytes] = field(default_factory=list)
    size: int = 0
    ends: dict[TailedFile, int] = field(default_factory=dict)
    journal_end: int | None = None


@dataclass(frozen=True)
class Acknowledged:
    """Something that was acknowledged, when (monotonic), and what makes it so for good."""

    time: float
    settle: Callable[[], None]


class Shipper:
    """Ships everything to one destination until `stop` is set. A thread of its own runs `run`."""

    def __init__(
        self, configuration: Configuration, destination: Destination, metrics: DestinationMetrics, stop: threading.Event
    ) -> None:
        self.reload = threading.Event()
        self._name = destination.name
        self._limits = configuration.limits
        self._metrics = metrics
        self._stop = stop
        folder = configuration.state_directory / destination.name
        self._catalog = Catalog(configuration, folder, metrics)
        self._journal = Journal(configuration, configuration.journal, folder) if configuration.journal else None
        self._client = LumberjackClient(destination, self._limits.answer_seconds, self._turn_while_waiting)
        self._recent: deque[Acknowledged] = deque()
        self._next_turn = self._next_save = self._next_connect = 0.0
        self._next_status = time.monotonic() + _FIRST_STATUS
        self._acknowledged = 0
        self._retry = _FIRST_RETRY
        self._warned_of, self._next_warning = "", 0.0
        self._renew = False
        self._stopped_at: float | None = None
        self._alarmed = False

    def run(self) -> None:
        """Ship until the end, then remember the positions."""
        self._catalog.load(time.monotonic())
        try:
            while not self._stop.is_set():
                self._turn()
                if self._renew:
                    self._renew_connection()
                if not ((self._client.connected or self._connect()) and self._ship()):
                    self._stop.wait(_IDLE_SECONDS)
        except Stopped:
            LOG.warning(
                "%s: the last window was not acknowledged in time, it is sent again after the start", self._name
            )
            self._break()
        if self._client.connected:
            # a destination that is alive at an orderly end keeps what it has acknowledged
            self._settle(float("inf"))
        self._client.close()
        self._save()
        if self._journal:
            self._journal.close()

    def _ship(self) -> bool:
        """Send one window, if there is anything to send; whether there was."""
        window = self._collect()
        if not window.ends and window.journal_end is None:
            return False
        try:
            if window.events:
                self._client.send(window.events)
                self._acknowledged += len(window.events)
                self._metrics.records.inc(len(window.events))
                self._metrics.last.set_to_current_time()
                self._retry = _FIRST_RETRY
        except ConnectionBroken as error:
            self._break()
            self._fail(str(error))
            return True
        now = time.monotonic()
        for file, end in window.ends.items():
            self._metrics.bytes.inc(end - file.acknowledged)
            file.acknowledged = end
            self._recent.append(Acknowledged(now, partial(self._catalog.settle, file, file.note.generation, end)))
        if self._journal and window.journal_end is not None:
            self._metrics.bytes.inc(window.journal_end - self._journal.acknowledged)
            self._journal.acknowledged = window.journal_end
            self._recent.append(Acknowledged(now, partial(self._journal.settle, window.journal_end)))
        return True

    def _collect(self) -> Window:
        """Read from the journal and each file in turn, a little from each, until the window is full or all is read."""
        window = Window()
        files = self._catalog.awake
        progress = True
        while progress and not self._is_full(window):
            now = time.monotonic()
            progress = self._read_journal(window, now)
            for _turn in range(len(files)):
                file = files[0]
                files.rotate(-1)
                if file.read >= file.size and file.next_look > now:
                    continue
                progress |= self._read_some(file, window, now)
                if self._is_full(window):
                    return window
        return window

    def _is_full(self, window: Window) -> bool:
        return len(window.events) >= self._limits.window_records or window.size >= self._limits.window_bytes

    def _read_journal(self, window: Window, now: float) -> bool:
        if self._journal is None:
            return False
        before = self._journal.read
        most = self._limits.window_records - len(window.events)
        self._put(window, self._journal.take(now, time.time(), most))
        if self._journal.read == before:
            return False
        window.journal_end = self._journal.read
        return True

    def _read_some(self, file: TailedFile, window: Window, now: float) -> bool:
        if now >= file.next_look and self._catalog.look(file, now):
            window.ends.pop(file, None)  # those records are of the content that is gone
        if file.read >= file.size:
            return False
        if not file.facts_complete and now - file.found_at < _FACTS_SECONDS:
            self._catalog.refresh_facts(file, now)
            if not file.facts_complete:
                return False
        before = file.read
        self._put(window, file.take(now, time.time(), self._limits.window_records - len(window.events)))
        if file.read == before:
            return False
        window.ends[file] = file.read
        return True

    def _put(self, window: Window, records: Iterable[Record]) -> None:
        for event, cut in records:
            if event is None:
                self._metrics.blank.inc()
                continue
            window.events.append(event)
            window.size += len(event)
            if cut:
                self._metrics.cut.inc()

    def _connect(self) -> bool:
        now = time.monotonic()
        if now < self._next_connect:
            return False
        try:
            LOG.info("%s: connected to %s", self._name, self._client.connect())
        except ConnectionBroken as error:
            self._fail(str(error))
            return False
        self._metrics.connected.set(1)
        return True

    def _break(self) -> None:
        """After a broken connection: go back to what is acknowledged for good.

        A server that was killed may have acknowledged what it had not stored yet.
        """
        self._client.close()
        self._metrics.connected.set(0)
        self._settle(time.monotonic() - self._limits.rewind_seconds)
        self._recent.clear()
        again = sum(file.rewind() for file in self._catalog.awake)
        if self._journal:
            again += self._journal.rewind()
        self._metrics.rewound.inc(again)

    def _fail(self, reason: str) -> None:
        self._metrics.failures.inc()
        now = time.monotonic()
        if reason != self._warned_of or now >= self._next_warning:
            self._warned_of, self._next_warning = reason, now + _WARNING_SECONDS
            LOG.warning("%s: %s; it is tried again", self._name, reason)
        self._next_connect = now + self._retry
        self._retry = min(self._retry * 2, _LAST_RETRY)

    def _settle(self, until: float) -> None:
        """What was acknowledged before `until` is so for good."""
        while self._recent and self._recent[0].time <= until:
            self._recent.popleft().settle()

    def _save(self) -> None:
        self._catalog.save()
        if self._journal:
            self._journal.save()

    def _turn(self) -> None:
        """What is done again and again, also while there is no connection or an answer is awaited."""
        now, wall_time = time.monotonic(), time.time()
        if now >= self._next_save:
            self._next_save = now + _SAVE_SECONDS
            self._settle(now - self._limits.rewind_seconds)
            self._save()
        if now >= self._next_turn:
            self._next_turn = now + _TURN_SECONDS
            self._catalog.discover(now, wall_time)
            self._catalog.review(now)
            of_journal = self._journal.lag(now, wall_time) if self._journal else 0.0
            lag = max(self._catalog.lag(now), of_journal)
            self._report_lag(lag)
            if now >= self._next_status:
                self._next_status = now + _STATUS_SECONDS
                self._report_status(lag)
            self._renew = self._client.connected and (self.reload.is_set() or self._client.tls.changed)

    def _report_lag(self, seconds: float) -> None:
        """The messages come to the destination with the others, once it is there again."""
        self._metrics.lag_seconds.set(seconds)
        if seconds >= self._limits.lag_alarm_seconds and not self._alarmed:
            self._alarmed = True
            LOG.error("%s: shipping is %.0f s behind: see whether it can be reached and keeps up", self._name, seconds)
        elif seconds < self._limits.lag_alarm_seconds / 2 and self._alarmed:
            self._alarmed = False
            LOG.info("%s: shipping is %.0f s behind", self._name, seconds)

    def _report_status(self, lag: float) -> None:
        """One line for searches and dashboards in Graylog, where nobody reads metrics."""
        LOG.info(
            "status destination=%s lag_seconds=%.1f lag_bytes=%d held_bytes=%d acknowledged=%d dropped_bytes=%d"
            " connected=%d",
            *(self._name, lag, self._catalog.lag_bytes, self._catalog.held_bytes),
            *(self._acknowledged, self._catalog.dropped_bytes, self._client.connected),
        )

    def _renew_connection(self) -> None:
        """Between two windows: the next connection, made at once, uses the TLS files as they are now."""
        LOG.info("%s: the TLS files are read again", self._name)
        self.reload.clear()
        self._renew = False
        self._client.close()

    def _turn_while_waiting(self) -> None:
        if self._stop.is_set():
            now = time.monotonic()
            self._stopped_at = self._stopped_at or now
            if now - self._stopped_at > _STOP_SECONDS:
                raise Stopped
        self._turn()
