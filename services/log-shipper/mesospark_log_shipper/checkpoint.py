# SPDX-License-Identifier: GPL-3.0-or-later
"""Positions that outlive the process."""

import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from mesospark_log_shipper.holding import write_atomically

LOG = logging.getLogger(__name__)


@dataclass(frozen=True)
class Position:
    """How far a file is shipped.

    offset: bytes; generation: as in the file's note; head: digest of the file's first `head_bytes`, to know it again;
    cuts: offsets behind `offset` where a record was ended because its writer paused, so that it ends there again.
    """

    offset: int = 0
    generation: int = 0
    head_bytes: int = 0
    head: str = ""
    cuts: list[int] = field(default_factory=list)


class Checkpoint:
    """The positions of all files that are being read, in one file that is replaced atomically."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def load(self) -> dict[str, Position]:
        """The positions by key; a file that can not be read is put aside, everything is then shipped again."""
        try:
            text = self._path.read_text(encoding="utf-8")
            return {key: Position(**value) for key, value in json.loads(text).items()}
        except FileNotFoundError:
            return {}
        except (OSError, ValueError, TypeError, AttributeError) as error:
            LOG.error(
                "The checkpoint %s is unreadable and put aside, all files are shipped again: %s", self._path, error
            )
            self._path.replace(self._path.with_suffix(".broken"))
            return {}

    def save(self, positions: Mapping[str, Position]) -> None:
        """Replace the positions."""
        write_atomically(self._path, json.dumps({key: vars(position) for key, position in positions.items()}), True)
