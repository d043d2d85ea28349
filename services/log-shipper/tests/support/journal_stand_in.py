# SPDX-License-Identifier: GPL-3.0-or-later
"""Stands in for `journalctl` where no journal is, as in most containers: serves the entries of a file.

Installed as the program `journalctl` of a folder in PATH. It knows the options that the shipper uses. Checks of running
hosts (tests/testinfra) use the real one.
"""

import json
import os
import sys
import time
from pathlib import Path

_SEQUENCE = "5e9" + "0" * 29


class JournalFile:
    """A journal in a JSON file of one entry per line, and a folder with a `journalctl` that reads it."""

    def __init__(self, folder: Path) -> None:
        self.programs = folder / "programs"
        self.programs.mkdir()
        self._path = folder / "entries"
        self._path.touch()
        self._number = 0
        program = self.programs / "journalctl"
        program.write_text(f'#!/bin/sh\nexec {sys.executable} {__file__} {self._path} "$@"\n', encoding="utf-8")
        program.chmod(0o755)

    def write(self, unit: str, *messages: object, written: float | None = None, **fields: str) -> None:
        """Add an entry for each message. written: seconds since the epoch, now without it."""
        with self._path.open("a", encoding="utf-8") as file:
            for message in messages:
                self._number += 1
                cursor = f"s={_SEQUENCE};i={self._number:x};b=b;m=1;t=1;x=1"
                entry = {
                    "__CURSOR": cursor,
                    "__REALTIME_TIMESTAMP": str(int((written or time.time()) * 1e6)),
                    "_SYSTEMD_UNIT": f"{unit}.service",
                    "PRIORITY": "6",
                    "MESSAGE": message,
                    **fields,
                }
                file.write(json.dumps(entry) + "\n")

    def end_reader(self) -> None:
        """Make the running journalctl end."""
        (self._path.parent / "end").touch()

    def from_manager(self, unit: str, message: str) -> None:
        """What systemd says of the unit."""
        self.write("init", message, UNIT=f"{unit}.service", _PID="1", _SYSTEMD_UNIT="init.scope", PRIORITY="4")


def main() -> None:
    """Print the entries behind --after-cursor, then those that are added."""
    path, arguments = Path(sys.argv[1]), sys.argv[2:]
    cursor = next((text.partition("=")[2] for text in arguments if text.startswith("--after-cursor=")), None)
    units = {text.partition("=")[2] for text in arguments if text.startswith(("_SYSTEMD_UNIT=", "UNIT="))}
    passed = cursor is None
    end, parent = path.parent / "end", os.getppid()
    with path.open(encoding="utf-8") as file:
        while True:
            place = file.tell()
            line = file.readline()
            if not line.endswith("\n"):
                file.seek(place)
                if end.exists():
                    end.unlink()
                    sys.exit(1)
                if os.getppid() != parent:
                    return  # the shipper was killed
                time.sleep(0.02)
                continue
            entry = json.loads(line)
            if passed and units & {entry["_SYSTEMD_UNIT"], entry.get("UNIT")}:
                print(line, end="", flush=True)
            passed = passed or entry["__CURSOR"] == cursor


if __name__ == "__main__":
    main()
