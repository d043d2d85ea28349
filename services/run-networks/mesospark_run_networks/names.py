# SPDX-License-Identifier: GPL-3.0-or-later
"""Names of networks: ``isolated.<team>.<number>.<run id>[.<service>...]`` says all that an agent must know of a run."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from fnmatch import fnmatchcase

from mesospark_run_networks import Refusal

PREFIX = "isolated."
_NAME = re.compile(
    r"isolated\.(?P<team>[a-z_][a-z0-9_-]*)\.(?P<number>0|[1-9]\d{0,3})"
    r"\.(?P<run_id>[a-z0-9][a-z0-9-]*)(?P<services>(\.[a-z0-9][a-z0-9_-]*)*)"
)
_RUN_ID = re.compile(r"(?P<job>.+)-\d{8}t\d{6}-[0-9a-f]{4}")
# Marathon makes a task's id from its app's: /runs/<run id> becomes runs_<run id>.instance-<uuid>._app.<launch>.
_TASK_OF_RUN = re.compile(r"runs_(?P<run_id>[a-z0-9-]+)\.")


@dataclass(frozen=True)
class NetworkName:
    """The number is the run's own among those of its team; services are what the run asks for beside the platform's."""

    text: str
    team: str
    number: int
    run_id: str
    services: tuple[str, ...]

    @property
    def job(self) -> str:
        """Name of the job."""
        return job_of(self.run_id)


def parse(text: str) -> NetworkName:
    """Raises Refusal for what is no name of an isolated run's network."""
    found = _NAME.fullmatch(text)
    if not found:
        raise Refusal(f"network {text} must be called {PREFIX}<team>.<number>.<run id>[.<service>...]")
    services = tuple(found["services"].split(".")[1:])
    return NetworkName(text, found["team"], int(found["number"]), found["run_id"], services)


def job_of(run_id: str) -> str:
    """The job's name in a run's id; an id of another form stands for itself."""
    found = _RUN_ID.fullmatch(run_id)
    return found["job"] if found else run_id


def run_of_task(task_id: str) -> str:
    """The run whose driver a Marathon task is, empty for other tasks."""
    found = _TASK_OF_RUN.match(task_id)
    return found["run_id"] if found else ""


def matches(job: str, patterns: Iterable[str]) -> bool:
    """Whether a job's name is one of ``staging-*``, ``report`` ..."""
    return any(fnmatchcase(job, pattern) for pattern in patterns)
