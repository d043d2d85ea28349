# SPDX-License-Identifier: GPL-3.0-or-later
"""The files of one destination: found, held, read, and done with."""

import errno
import logging
import math
import os
import stat
from collections import deque
from pathlib import Path

from mesospark_log_shipper.agent_state import AgentState
from mesospark_log_shipper.checkpoint import Checkpoint, Position
from mesospark_log_shipper.configuration import Configuration
from mesospark_log_shipper.discovery import FoundFile, PathFinder, SandboxFinder
from mesospark_log_shipper.finished import FinishedFiles, size_at
from mesospark_log_shipper.holding import HeldFiles, Note
from mesospark_log_shipper.metrics import DestinationMetrics
from mesospark_log_shipper.tail import TailedFile

LOG = logging.getLogger(__name__)

_OPEN = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK
"""A job owns its sandbox: it may put a link to another's file there, or a pipe."""

_FACTS_SECONDS = 60.0
"""how long facts that are missing are looked for: a task's are there a little after its sandbox"""

_REVIEW, _SLOWEST_REVIEW = 1.0, 60.0
"""seconds between looks at whether a run has ended: of a file that is awake, and of one that is asleep"""

_HELD_REVIEW, _FINISHED_REVIEW = 10.0, 30.0
"""seconds between looks at how much is held, and at files that are done with"""

_ASLEEP_AFTER, _ASLEEP_REVIEW = 10.0, 2.0
"""seconds without growth until a file is asleep, and between looks at whether such a file has grown"""

_QUIET_AFTER_END = 3.0
_QUIET_AFTER_REMOVAL = 60.0
"""seconds without growth until a file is done with; a removed one may still be open in its writer"""


class Catalog:
    """What is being read (`awake` if it has grown lately), and what is done with.

    lag_bytes, held_bytes: as of the last review; dropped_bytes: since the start. All times are seconds; `wall_time` is
    since the epoch.
    """

    def __init__(self, configuration: Configuration, folder: Path, metrics: DestinationMetrics) -> None:
        self.awake: deque[TailedFile] = deque()
        self.lag_bytes = self.held_bytes = self.dropped_bytes = 0
        self._configuration = configuration
        self._metrics = metrics
        self._held = HeldFiles(folder / "files")
        self._checkpoint = Checkpoint(folder / "positions.json")
        self._finders: list[PathFinder | SandboxFinder] = [
            PathFinder(entry.name, entry.paths, entry.fields) for entry in configuration.files
        ]
        if configuration.work_directory:
            self._finders.append(SandboxFinder(configuration.work_directory))
        self._agent_state = AgentState(configuration.agent) if configuration.agent else None
        self._by_key: dict[str, TailedFile] = {}
        self._asleep: list[TailedFile] = []
        self._finished = FinishedFiles(self._held)
        self._generations: dict[str, int] = {}
        self._unheld: set[str] = set()
        self._refused: set[Path] = set()
        self._changed = False
        self._held_review = self._finished_review = self._asleep_review = 0.0

    def load(self, now: float) -> None:
        """Go on where the last process ended, also with files that have been removed since."""
        positions = self._checkpoint.load()
        for key, note in self._held.notes():
            if note.finished is not None:
                self._finished.add(key, note)
                continue
            descriptor = self._held.open(key)
            if descriptor is None:
                descriptor = _open_same(Path(note.path), key)
            if descriptor is None:
                LOG.error(
                    "%s was removed while the shipper was not running, and there is no hard link to it", note.path
                )
                self._held.forget(key)
                continue
            self._read(key, descriptor, note, positions.get(key, Position()), now)

    def discover(self, now: float, wall_time: float) -> None:
        """Look for new files, and at facts that were missing."""
        for finder in self._finders:
            for found in finder.find(wall_time):
                self._adopt(found, now, wall_time)

    def review(self, now: float) -> None:
        """See which runs have ended, let go of files that are done with, update the figures."""
        if now >= self._asleep_review:
            self._asleep_review = now + _ASLEEP_REVIEW
            self._sort(now)
        for file in list(self.awake):
            self._review_file(file, now)
        # of the others some at a time, so that each has its turn
        share = math.ceil(len(self._asleep) * _REVIEW / _SLOWEST_REVIEW)
        for file in self._asleep[-share:]:
            self._review_file(file, now)
        self._asleep = self._asleep[-share:] + self._asleep[:-share]
        if now >= self._held_review:
            self._held_review = now + _HELD_REVIEW
            self.held_bytes = self._bound_held()
            self._metrics.held.set(self.held_bytes)
        if now >= self._finished_review:
            self._finished_review = now + _FINISHED_REVIEW
            for key in self._finished.review():
                self._read_on(key, now)
        self._metrics.files.set(len(self._by_key))
        # without a connection nobody else looks how files grow
        self.lag_bytes = sum(max(0, file.size_now() - file.acknowledged) for file in self.awake)
        self._metrics.lag_bytes.set(self.lag_bytes)
        self._metrics.unheld.set(len(self._unheld))

    def lag(self, now: float) -> float:
        """How long the oldest unacknowledged byte has been there, in seconds."""
        return max((file.lag(now) for file in self.awake), default=0.0)

    def _sort(self, now: float) -> None:
        """Wake the files that have grown, and let sleep those that have long been quiet."""
        grown = [file for file in self._asleep if file.size_now() != file.size]
        tired = [file for file in self.awake if now - file.grown_at >= _ASLEEP_AFTER and file.done]
        if grown or tired:
            moved = {*grown, *tired}
            self._asleep = [file for file in self._asleep if file not in moved] + tired
            self.awake = deque([file for file in self.awake if file not in moved] + grown)

    def look(self, file: TailedFile, now: float) -> bool:
        """See how large a file is; whether it was truncated."""
        if not file.look(now):
            return False
        LOG.warning("%s was truncated and is read again from its beginning", file.note.path)
        self._metrics.truncated.inc()
        self._generations[file.note.series] = file.note.generation
        self._held.write(file.key, file.note)
        return True

    def settle(self, file: TailedFile, generation: int, end: int) -> None:
        """Take everything before `end` as acknowledged for good, unless the file was truncated since."""
        if generation == file.note.generation:
            file.settle(end)
            self._changed = True

    def save(self) -> None:
        """Write the checkpoint if positions have changed."""
        if not self._changed:
            return
        try:
            self._checkpoint.save({file.key: file.position for file in self._by_key.values()})
            self._changed = False
        except OSError as error:
            LOG.error("The checkpoint can not be written, after a restart more is sent again: %s", error)

    def _adopt(self, found: FoundFile, now: float, wall_time: float) -> None:
        try:
            key = f"{found.source}-{found.path.lstat().st_ino}"
            if self._is_known(key, found):
                return
            descriptor = os.open(found.path, _OPEN)
        except OSError as error:
            if error.errno not in (errno.ENOENT, errno.ELOOP) and found.path not in self._refused:
                self._refused.add(found.path)
                LOG.error("%s can not be read: %s", found.path, error.strerror)
            return
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode) or key != f"{found.source}-{status.st_ino}":
            os.close(descriptor)
            return
        facts, complete = found.facts(self._configuration.host)
        if found.run:
            series = f"{found.run.container_id}-{facts['stream']}"
            generation = self._generations.get(series, -1) + 1
        else:
            # the time tells it from an older file that had the same number
            series, generation = f"{self._configuration.host}-{key}", int(wall_time)
        note = Note(str(found.path), series, generation, facts, local_time=found.run is None)
        if not self._held.write(key, note):
            os.close(descriptor)  # it will be found again
            return
        file = self._read(key, descriptor, note, Position(generation=generation), now)
        file.run, file.facts_complete = found.run, complete

    def _is_known(self, key: str, found: FoundFile) -> bool:
        file = self._by_key.get(key)
        if file:
            if file.path != found.path:
                file.path = found.path
                file.note.path = str(found.path)
            file.run = file.run or found.run
            return True
        return self._finished.knows(key, found.path)

    def _read(self, key: str, descriptor: int, note: Note, position: Position, now: float) -> TailedFile:
        if position.generation != note.generation:
            position = Position(generation=note.generation)
        file = TailedFile(key, descriptor, note, position, self._configuration.limits, now)
        file.facts_complete = note.local_time or "task_id" in note.facts
        if not self._held.hold(key, descriptor):
            self._unheld.add(key)
        self._generations[note.series] = max(note.generation, self._generations.get(note.series, 0))
        self._by_key[key] = file
        self.awake.append(file)
        return file

    def refresh_facts(self, file: TailedFile, now: float) -> None:
        """Look for facts that were missing when the file was found."""
        if file.run is None or file.facts_complete:
            return
        found = FoundFile("sandbox", file.path, {}, file.run)
        facts, complete = found.facts(self._configuration.host, self._agent_state)
        file.facts_complete = complete or now - file.found_at > _FACTS_SECONDS
        # after the agent has removed what it knew of a run there is less to be read than before
        if len(facts) >= len(file.note.facts) and file.set_facts(facts):
            self._held.write(file.key, file.note)

    def _review_file(self, file: TailedFile, now: float) -> None:
        self.refresh_facts(file, now)
        quiet = now - file.grown_at
        if not file.ended and quiet >= _REVIEW:
            file.ended = file.run is not None and file.run.ended
        file.removed = size_at(file.path, file.key) is None
        if not file.done:
            return
        if file.removed and quiet >= (_QUIET_AFTER_END if file.ended else _QUIET_AFTER_REMOVAL):
            self._close(file)
            self._held.forget(file.key)
        elif file.ended and not file.removed and quiet >= _QUIET_AFTER_END:
            file.note.finished = file.settled
            if self._held.write(file.key, file.note):
                self._close(file)
                self._finished.add(file.key, file.note)

    def _read_on(self, key: str, now: float) -> None:
        """Take up a file again that has grown after its run's end."""
        note = self._held.read(key)
        descriptor = _open_same(Path(note.path), key) if note else None
        if note is None or descriptor is None:
            return
        offset, note.finished = note.finished or 0, None
        self._held.write(key, note)
        self._read(key, descriptor, note, Position(offset, note.generation), now).ended = True

    def _close(self, file: TailedFile) -> None:
        os.close(file.descriptor)
        (self.awake if file in self.awake else self._asleep).remove(file)
        del self._by_key[file.key]
        self._unheld.discard(file.key)
        if self._generations.get(file.note.series) == file.note.generation:
            del self._generations[file.note.series]
        self._changed = True

    def _bound_held(self) -> int:
        """Disk space that only the shipper keeps, in bytes; the oldest files are given up beyond the bound."""
        removed = []
        for file in self._by_key.values():
            if not file.removed:
                continue
            status = os.fstat(file.descriptor)
            # each destination has a link of its own; a file that was moved elsewhere has more
            if status.st_nlink <= len(self._configuration.destinations):
                removed.append((status.st_mtime, status.st_blocks * 512, file))
        held = sum(size for _time, size, _file in removed)
        for _time, size, file in sorted(removed, key=lambda entry: entry[0]):
            if held <= self._configuration.limits.held_bytes:
                break
            held -= size
            lost = file.size - file.acknowledged
            self.dropped_bytes += lost
            self._metrics.dropped.inc(lost)
            LOG.error(
                "%s was removed and is given up, with %d unacknowledged bytes: limits.held is reached",
                file.note.path,
                lost,
            )
            self._close(file)
            self._held.forget(file.key)
        return held


def _open_same(path: Path, key: str) -> int | None:
    """Open the file of this key by its path; None if it is not there any more."""
    try:
        descriptor = os.open(path, _OPEN)
    except OSError:
        return None
    status = os.fstat(descriptor)
    if stat.S_ISREG(status.st_mode) and key.endswith(f"-{status.st_ino}"):
        return descriptor
    os.close(descriptor)
    return None
