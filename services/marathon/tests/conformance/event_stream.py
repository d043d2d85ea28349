# SPDX-License-Identifier: GPL-3.0-or-later
"""Keeps a server's event stream open and collects its events."""

import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import requests


@dataclass
class Event:
    """One event; `body` is the JSON document, or the text when it is none."""

    kind: str
    body: Any

    @property
    def name(self) -> str:
        """The short name by which events are compared: the type, with the state or condition and the app."""
        body = self.body
        if not isinstance(body, dict):
            return self.kind
        match self.kind:
            case "status_update_event":
                return f"{self.kind} {body.get('taskStatus')} {body.get('appId')}"
            case "instance_changed_event":
                return f"{self.kind} {body.get('condition')} {body.get('runSpecId')}"
            case "api_post_event":
                return f"{self.kind} {(body.get('appDefinition') or {}).get('id')}"
            case "health_status_changed_event":
                return f"{self.kind} {body.get('appId')} {body.get('alive')}"
            case "instance_health_changed_event":
                return f"{self.kind} {body.get('runSpecId')} {body.get('healthy')}"
        subject = body.get("appId") or body.get("runSpecId") or body.get("groupId") or body.get("uri")
        return f"{self.kind} {subject}" if subject else self.kind


class EventStream(threading.Thread):
    """Collects all events from its construction on, in `events`; reconnects when the stream ends."""

    def __init__(self, session: requests.Session, url: str) -> None:
        super().__init__(daemon=True)
        self.events: list[Event] = []
        self._session = session
        self._url = url
        self._attached = threading.Event()
        self._closing = threading.Event()
        self.start()
        if not self._attached.wait(10):
            raise TimeoutError(f"{url}/v2/events could not be opened in 10 s")

    def close(self) -> None:
        """Stop collecting; the thread ends with the next event or keep-alive."""
        self._closing.set()

    def run(self) -> None:
        while not self._closing.is_set():
            try:
                self._read()
            except requests.RequestException:
                pass  # the server is being restarted; what is missing then is seen by the comparison
            self._closing.wait(1)

    def _read(self) -> None:
        with requests.get(
            f"{self._url}/v2/events",
            stream=True,
            headers={"Accept": "text/event-stream"},
            timeout=(10, 3600),
            auth=self._session.auth,
            verify=self._session.verify,
            cert=self._session.cert,
        ) as response:
            response.raise_for_status()
            self._attached.set()
            kind, data = "", ""
            for line in _lines(response):
                if self._closing.is_set():
                    return
                if line.startswith("event:"):
                    kind = line[6:].strip()
                elif line.startswith("data:"):
                    data += line[5:].strip()
                elif not line and kind:
                    self.events.append(Event(kind, _parsed(data)))
                    kind, data = "", ""


def _lines(response: requests.Response) -> Iterator[str]:
    """Each line as soon as it is there. (`iter_lines` takes a line end that is cut in two for two line ends.)"""
    line = b""
    for character in response.iter_content(chunk_size=1):
        if character == b"\n":
            yield line.decode().rstrip("\r")
            line = b""
        else:
            line += character


def _parsed(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text
