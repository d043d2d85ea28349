# SPDX-License-Identifier: GPL-3.0-or-later
"""Finds the files to ship: the sandboxes of all frameworks on an agent, and the logs of services."""

import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from mesospark_log_shipper.agent_state import AgentState
from mesospark_log_shipper.meta import RunFolder, run_facts

_RECENT = 2.0
"""seconds: a folder that changed this shortly before it was listed may have changed again within the same time stamp"""

_AGAIN = 60.0
"""seconds after which executors are looked at again whose files are known: for another run, and for rotated files"""

_STREAMS = ("stdout", "stderr")


@dataclass(frozen=True)
class FoundFile:
    """A file to ship. `source` is `sandbox` or the name of an entry `files`; `fields` are that entry's facts."""

    source: str
    path: Path
    fields: Mapping[str, object]
    run: RunFolder | None = None

    def facts(self, host: str, agent_state: AgentState | None = None) -> tuple[dict[str, object], bool]:
        """What every event of the file says, and whether it is all that may become known."""
        if self.run is None:
            return {"agent": {"hostname": host}, **self.fields}, True
        facts, complete = run_facts(self.run, host, agent_state)
        return {**facts, "stream": self.path.name.split(".")[0], "file": self.path.name}, complete


def list_folders(path: Path) -> list[str]:
    """The names of the folders in `path`, symbolic links left out; none if it is not there."""
    try:
        with os.scandir(path) as entries:
            return [entry.name for entry in entries if entry.is_dir(follow_symlinks=False)]
    except OSError:
        return []


class FolderListing:
    """Lists folders, and lists again only those that have changed."""

    def __init__(self) -> None:
        self._known: dict[Path, tuple[int, list[str]]] = {}

    def folders(self, path: Path, now: float) -> list[str]:
        """As list_folders. now: epoch seconds."""
        try:
            modified = path.stat().st_mtime_ns
            known = self._known.get(path)
            if known and known[0] == modified:
                return known[1]
        except OSError:
            self._known.pop(path, None)
            return []
        names = list_folders(path)
        self._known[path] = (modified if modified < (now - _RECENT) * 1e9 else -1, names)
        return names


class SandboxFinder:
    """Finds the streams of every run under an agent's work directory."""

    def __init__(self, work_directory: Path) -> None:
        self._work_directory = work_directory
        self._listing = FolderListing()
        self._known: dict[tuple[str, str], set[str]] = {}
        self._known_until = 0.0
        self._times: dict[tuple[str, str, str], dict[Path, int]] = {}
        self._old_times = self._times

    def find(self, now: float) -> Iterator[FoundFile]:
        """Files of executors that are new, or whose streams were not all there yet. now: epoch seconds."""
        if not self._known_until - _AGAIN <= now < self._known_until:
            self._known_until = now + _AGAIN
            self._known.clear()
            self._old_times, self._times = self._times, {}
        agents = self._work_directory / "slaves"
        for agent in self._listing.folders(agents, now):
            frameworks = agents / agent / "frameworks"
            for framework in self._listing.folders(frameworks, now):
                executors = frameworks / framework / "executors"
                known = self._known.setdefault((agent, framework), set())
                for executor in sorted(set(self._listing.folders(executors, now)) - known):
                    key = agent, framework, executor
                    times = self._old_times.get(key)
                    if times is None or -1 in times.values() or _modification_times(times, now) != times:
                        yield from self._find_of(agent, framework, executor, now)
                    else:
                        known.add(executor)
                        self._times[key] = times

    def _find_of(self, agent: str, framework: str, executor: str, now: float) -> Iterator[FoundFile]:
        runs = self._work_directory / "slaves" / agent / "frameworks" / framework / "executors" / executor / "runs"
        containers = list_folders(runs)
        # read before the streams are looked for: what comes later changes them again
        times = _modification_times([runs, *(runs / container for container in containers)], now)
        complete = bool(containers)
        for container in containers:
            run = RunFolder(self._work_directory, agent, framework, executor, container)
            for stream in _STREAMS:
                path = run.sandbox / stream
                if path.exists():
                    yield FoundFile("sandbox", path, {}, run)
                else:
                    complete = False
        if complete:
            self._known[agent, framework].add(executor)
            self._times[agent, framework, executor] = times


def _modification_times(paths: Iterable[Path], now: float) -> dict[Path, int]:
    """By path, in nanoseconds; -1 where there is none, or where it would not tell a further change."""
    times = {}
    for path in paths:
        try:
            modified = path.stat().st_mtime_ns
        except OSError:
            modified = -1
        times[path] = modified if modified < (now - _RECENT) * 1e9 else -1
    return times


class PathFinder:
    """Finds the files of one entry `files`."""

    def __init__(self, name: str, patterns: tuple[str, ...], fields: Mapping[str, str]) -> None:
        self._name = name
        self._patterns = patterns
        self._fields = {"service": name, **fields}

    def find(self, now: float) -> Iterator[FoundFile]:
        """Every file that matches one of the patterns at the time."""
        for path in sorted({path for pattern in self._patterns for path in Path("/").glob(pattern.lstrip("/"))}):
            yield FoundFile(self._name, path, {**self._fields, "file": str(path)})
