# SPDX-License-Identifier: GPL-3.0-or-later
"""What a running Mesos agent says of a run, for frameworks of which it checkpoints nothing."""

import base64
import http.client
import json
import logging
import ssl
import time
from typing import Any, NamedTuple

from mesospark_log_shipper.configuration import AgentAccess

LOG = logging.getLogger(__name__)

_TIMEOUT = 3.0
_PAUSE, _PAUSE_AFTER_FAILURE = 2.0, 30.0
"""seconds between two questions: one answer has all runs, and takes the agent some work"""


class StateRun(NamedTuple):
    """A framework and one of its executors as the agent's /state has them."""

    framework: dict[str, Any]
    executor: dict[str, Any]


class AgentState:
    """The agent's /state, asked for when a run is looked for that was not in the last answer."""

    def __init__(self, access: AgentAccess) -> None:
        self._access = access
        self._runs: dict[str, StateRun] = {}
        self._next = 0.0

    def find(self, container_id: str) -> StateRun | None:
        """A run by its container; None if the agent knows none, or does not answer."""
        now = time.monotonic()
        if container_id not in self._runs and now >= self._next:
            try:
                self._runs = dict(_runs(self._ask()))
                self._next = time.monotonic() + _PAUSE
            except (OSError, ValueError, KeyError, http.client.HTTPException) as error:
                self._next = time.monotonic() + _PAUSE_AFTER_FAILURE
                LOG.warning("The agent %s:%d does not tell its state: %s", *self._access.server, error)
        return self._runs.get(container_id)

    def _ask(self) -> dict[str, Any]:
        access = self._access
        context = ssl.create_default_context(cafile=str(access.ca_file))
        context.load_cert_chain(access.certificate_file, access.key_file)
        account = json.loads(access.credential_file.read_text(encoding="utf-8"))
        token = base64.b64encode(f"{account['principal']}:{account['secret']}".encode()).decode()
        host, port = access.server
        connection = http.client.HTTPSConnection(host, port, timeout=_TIMEOUT, context=context)
        try:
            connection.request("GET", "/state", headers={"Authorization": f"Basic {token}"})
            answer = connection.getresponse()
            if answer.status != http.HTTPStatus.OK:
                raise http.client.HTTPException(f"status {answer.status} {answer.reason}")
            state: dict[str, Any] = json.load(answer)
            return state
        finally:
            connection.close()


def _runs(state: dict[str, Any]) -> list[tuple[str, StateRun]]:
    return [
        (executor["container"], StateRun(framework, executor))
        for frameworks in ("completed_frameworks", "frameworks")
        for framework in state.get(frameworks, [])
        for executors in ("completed_executors", "executors")
        for executor in framework.get(executors, [])
    ]
