# SPDX-License-Identifier: GPL-3.0-or-later
"""Stops the input of log shippers while Graylog's journal is nearly full, so that they wait.

A full journal drops its oldest messages, which were acknowledged long ago. That happens when Elasticsearch is away for
long: an input of Beats takes messages all the same, and what Graylog tells load balancers is a minute old.

Usage: journal_guard.py FILE. The file is JSON: `url` of Graylog, `username` and `password` of an account that may read
the journal's state and inputs and change the state of inputs, and the `title` of the input. Needs nothing but the
standard library.
"""

import base64
import json
import sys
import time
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import Any

INTERVAL = 1.0  # seconds
TIMEOUT = 20.0  # seconds
# Parts of the journal's largest size at which the input is closed and opened. Graylog frees space once a minute only.
CLOSE_AT = 0.8
OPEN_BELOW = 0.6
# Graylog 3.3 loses an input's port when it is started while an earlier change of it is still going on.
SETTLED_AFTER = 5  # looks
CLOSED_STATES = {"STOPPED", "TERMINATED"}

# No proxy stands between a host and its own loopback.
_direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))


@dataclass(frozen=True)
class Graylog:
    """Graylog's API, for what the guard asks of it."""

    url: str
    username: str
    password: str
    title: str

    def journal_use(self) -> float:
        """How full the journal is; 1 is its largest size."""
        journal = json.loads(self._call("GET", "/system/journal"))
        return journal["journal_size"] / journal["journal_size_limit"] if journal["enabled"] else 0.0

    def input_id(self) -> str | None:
        """Id of the input, if there is one of the title."""
        inputs = json.loads(self._call("GET", "/system/inputs"))["inputs"]
        return next((str(found["id"]) for found in inputs if found["title"] == self.title), None)

    def is_closed(self, input_id: str) -> bool:
        """Whether the input neither takes messages nor is on its way to or from doing so."""
        states = json.loads(self._call("GET", "/system/inputstates"))["states"]
        return all(found["state"] in CLOSED_STATES for found in states if found["id"] == input_id)

    def stop_input(self, input_id: str) -> None:
        """Closes its port."""
        self._call("DELETE", f"/system/inputstates/{input_id}")

    def start_input(self, input_id: str) -> None:
        """Opens its port."""
        self._call("PUT", f"/system/inputstates/{input_id}")

    def _call(self, method: str, path: str) -> bytes:
        account = base64.b64encode(f"{self.username}:{self.password}".encode()).decode()
        headers = {"Authorization": f"Basic {account}", "X-Requested-By": "journal guard", "Accept": "application/json"}
        request = urllib.request.Request(f"{self.url}/api{path}", headers=headers, method=method)
        with _direct.open(request, timeout=TIMEOUT) as answer:
            return bytes(answer.read())


class Guard:
    """Keeps the input open or closed, as the journal has it."""

    def __init__(self, graylog: Graylog) -> None:
        self._graylog = graylog
        # Who ran before this one may have closed it.
        self._may_be_closed = True
        self._seen_closed = 0

    def look(self) -> str | None:
        """Does what is to be done now, and says it with a level of the journal; None if there is nothing.

        Raises OSError or ValueError when Graylog does not answer, or not as it should.
        """
        use = self._graylog.journal_use()
        if use >= CLOSE_AT:
            return self._close(use)
        return self._open(use) if use < OPEN_BELOW and self._may_be_closed else None

    def _close(self, use: float) -> str | None:
        input_id = self._graylog.input_id()
        if input_id is None or self._graylog.is_closed(input_id):
            return None
        self._graylog.stop_input(input_id)
        self._may_be_closed, self._seen_closed = True, 0
        return f"<3>The journal is {use:.0%} full: the input {self._graylog.title} is closed, log shippers wait."

    def _open(self, use: float) -> str | None:
        input_id = self._graylog.input_id()
        if input_id is None:
            return None
        if not self._graylog.is_closed(input_id):
            self._may_be_closed = False
            return None
        self._seen_closed += 1
        if self._seen_closed < SETTLED_AFTER:
            return None
        self._graylog.start_input(input_id)
        self._may_be_closed, self._seen_closed = False, 0
        return f"<5>The journal is {use:.0%} full: the input {self._graylog.title} is open."


def main(arguments: list[str]) -> int:
    """Runs until it is ended; status 2 for wrong usage."""
    if len(arguments) != 1:
        print("usage: journal_guard.py FILE", file=sys.stderr)
        return 2
    settings: dict[str, Any] = json.loads(Path(arguments[0]).read_text())
    guard = Guard(Graylog(**settings))
    last_error = ""
    while True:
        try:
            message = guard.look()
            if message:
                print(message, flush=True)
            last_error = ""
        except (OSError, ValueError, KeyError) as error:
            # Graylog is not there, which it says itself; once is enough.
            if str(error) != last_error:
                print(f"<6>Graylog can not be asked: {error}", flush=True)
            last_error = str(error)
        time.sleep(INTERVAL)


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:
        sys.exit(130)
