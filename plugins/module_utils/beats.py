# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Sends events to Graylog's Beats input as the log shipper does: over mutual TLS, each window acknowledged."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass
from pathlib import Path

from .errors import ConnectionFailed, OptionError
from .log_shipper.lumberjack import ConnectionBroken, LumberjackClient

_WINDOW_EVENTS = 1000
_WINDOW_BYTES = 2 * 1024 * 1024
_ANSWER_SECONDS = 60.0


@dataclass(frozen=True)
class BeatsInput:
    """Addresses of one Graylog's Beats inputs, one of which is used, and the files for mutual TLS."""

    servers: tuple[tuple[str, int], ...]
    ca_file: Path
    certificate_file: Path
    key_file: Path


class BeatsOutput:
    """Collects events into windows. Raises ConnectionFailed when no server takes them."""

    def __init__(self, beats: BeatsInput) -> None:
        self._servers = beats.servers
        self._client = LumberjackClient(beats, _ANSWER_SECONDS, lambda: None)
        self._window: list[bytes] = []
        self._size = 0

    def send(self, event: bytes) -> None:
        self._window.append(event)
        self._size += len(event)
        if len(self._window) >= _WINDOW_EVENTS or self._size >= _WINDOW_BYTES:
            self.flush()

    def flush(self) -> None:
        """Send what is collected. A window that breaks off is sent again to the next server, with the same ids."""
        problems: list[str] = []
        while self._window:
            try:
                if not self._client.connected:
                    self._client.connect()
                self._client.send(self._window)
                self._window, self._size = [], 0
            except ConnectionBroken as error:
                self._client.close()
                problems.append(str(error))
                if len(problems) > len(self._servers):
                    raise ConnectionFailed(
                        f"Graylog's Beats input takes nothing ({'; '.join(dict.fromkeys(problems))}): are ship_to, "
                        "ca_path, client_cert and client_key right?"
                    ) from error

    def close(self) -> None:
        self._client.close()


def beats_from(params: dict[str, t.Any]) -> BeatsOutput:
    """The output for the option ship_to. Raises OptionError when what it needs is missing."""
    for option in ("ship_to", "ca_path", "client_cert", "client_key"):
        if not params[option]:
            raise OptionError(option, None, "is missing for ship", "give it, or leave ship out")
    servers = tuple(_server(text.strip()) for text in params["ship_to"])
    files = (Path(params[option]) for option in ("ca_path", "client_cert", "client_key"))
    return BeatsOutput(BeatsInput(servers, *files))


def _server(text: str) -> tuple[str, int]:
    host, _colon, port = text.rpartition(":")
    if not host or not port.isdecimal() or not 0 < int(port) < 65536:
        raise OptionError("ship_to", text, "is no address", "write host:port, such as graylog1.example.org:5044")
    return host.strip("[]"), int(port)
