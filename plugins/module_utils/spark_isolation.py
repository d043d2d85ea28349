# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Starts isolated runs: each has a number that no other run of its team has, because its addresses are made of it."""

from __future__ import annotations

import random
import typing as t

from .errors import ApiError
from .marathon import Marathon
from .spark import Job, app_id_of, build_app, network_of, number_of
from .waiter import Waiter

_CHOICE = 4
_LOCKED = 409
_PATIENCE, _PAUSE = 30.0, 0.3  # seconds


def start_isolated(marathon: Marathon, job: Job, run_id: str) -> str:
    """Create the run's app and have its driver started; return the name of its network.

    The app is there, without an instance, before its number is compared with those of others. Of two submissions at
    the same time at least the later one so sees the other, and takes another number.
    """
    app_id = app_id_of(run_id)
    taken = _numbers_of_others(marathon, job, app_id)
    number = random.choice(_free(taken))
    marathon.create_app({**build_app(job, run_id, number), "instances": 0})
    while number in (taken := _numbers_of_others(marathon, job, app_id)):
        number = random.choice(_free(taken))
        wanted = build_app(job, run_id, number)
        _change(marathon, app_id, {key: wanted[key] for key in ("env", "networks")})
    _change(marathon, app_id, {"instances": 1})
    return network_of(job, run_id, number)


def _free(taken: t.Container[int]) -> list[int]:
    """The lowest numbers that nobody has; of several, because containers of a run may end after its app.

    Whether a team may have so many, its agents know.
    """
    found: list[int] = []
    number = 0
    while len(found) < _CHOICE:
        if number not in taken:
            found.append(number)
        number += 1
    return found


def _numbers_of_others(marathon: Marathon, job: Job, app_id: str) -> set[int]:
    apps = marathon.apps(f"run_id,principal=={job.principal}")
    return {number for app in apps if app["id"] != app_id for number in [number_of(app)] if number is not None}


def _change(marathon: Marathon, app_id: str, change: dict[str, t.Any]) -> None:
    """Update an app whose last change may not be done yet."""

    def changed() -> t.Optional[bool]:
        try:
            marathon.put_app(app_id, change)
        except ApiError as error:
            if error.status != _LOCKED:
                raise
            return None
        return True

    Waiter(_PATIENCE, _PAUSE).until(changed, f"Marathon to take a change of {app_id}")
