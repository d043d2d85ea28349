# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs the wanted probes, each in its own rhythm."""

import asyncio
import time
from collections.abc import Sequence

import aiohttp

from mesospark_marathon.health.probe import probe, probe_session
from mesospark_marathon.interfaces import HealthReport, HealthTarget


class HealthCheckRunner:
    """Probes running tasks and reports each result; see `interfaces.HealthRunner`.

    Must be used within a running loop.
    """

    def __init__(self, report: HealthReport) -> None:
        self._report = report
        self._probing: dict[HealthTarget, asyncio.Task[None]] = {}
        self._session: aiohttp.ClientSession | None = None

    def set_targets(self, targets: Sequence[HealthTarget]) -> None:
        """The whole list of wanted checks, replacing the earlier one; checks that stay keep their rhythm."""
        wanted = set(targets)
        for target in self._probing.keys() - wanted:
            self._probing.pop(target).cancel()
        for target in targets:
            if target not in self._probing:
                self._probing[target] = asyncio.get_running_loop().create_task(self._repeat(target))

    async def close(self) -> None:
        """Stop all probes."""
        tasks = list(self._probing.values())
        self._probing.clear()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def _repeat(self, target: HealthTarget) -> None:
        if self._session is None:
            self._session = probe_session()
        await asyncio.sleep(target.delay)
        while True:
            began = time.monotonic()
            cause = await probe(self._session, target)
            self._report(target.instance_id, target.check_index, cause is None, cause)
            await asyncio.sleep(max(0.0, target.interval - (time.monotonic() - began)))
