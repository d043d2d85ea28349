# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Loads firewall rules on a host so that it takes them back by itself unless somebody confirms them."""

from __future__ import annotations

import os
import re
import tempfile
import typing as t

from .errors import PlatformError
from .firewall_ruleset import TABLE

RunCommand = t.Callable[[t.List[str]], t.Tuple[int, str, str]]
ROLLBACK_UNIT = "mesospark-firewall-rollback"
# Accepts everything; but whoever names a connection's state makes the kernel follow connections from then on.
_LEARNING = f"""table {TABLE} {{
  chain input {{
    type filter hook input priority filter + 10; policy accept;
    ct state established accept
  }}
}}
"""
_ELEMENTS = re.compile(r"elements = \{([^}]*)\}")


class HostFirewall:
    """The table ``inet mesospark`` of this host.

    Args:
        run_command: runs a command and returns its exit status, output and errors.
        directory: folder of the files: ``ruleset.nft`` (confirmed, loaded at boot), ``next.nft``, ``previous.nft``.
    """

    def __init__(self, run_command: RunCommand, directory: str) -> None:
        self._run_command = run_command
        self._directory = directory

    def loaded(self) -> str:
        """The table as nft lists it, without counters; nothing if there is none."""
        status, output, _errors = self._run_command(["nft", "-s", "list", "table", *TABLE.split()])
        return output if status == 0 else ""

    def confirmed(self) -> str:
        """The file that is loaded at boot; nothing if there is none."""
        try:
            with open(self._path("ruleset.nft"), encoding="utf-8") as stream:
                return stream.read()
        except FileNotFoundError:
            return ""

    def unconfirmed(self) -> bool:
        """Whether rules were applied and not confirmed since."""
        return os.path.exists(self._path("next.nft"))

    def normal_form(self, ruleset: str) -> str:
        """How nft would list this ruleset; it is loaded where no traffic passes, in a network namespace of its own.

        Raises:
            PlatformError: nft refuses it.
        """
        with tempfile.NamedTemporaryFile("w", suffix=".nft", encoding="utf-8") as file:
            file.write(ruleset)
            file.flush()
            script = f'nft -f "$1" && nft -s list table {TABLE}'
            status, output, errors = self._run_command(["unshare", "--net", "sh", "-c", script, "sh", file.name])
        if status:
            raise PlatformError(f"nft refuses these rules; nothing was changed: {errors.strip()}")
        return output

    def learn(self) -> None:
        """Follow connections, and refuse none."""
        self._load(_LEARNING)

    def widen(self, widening: str) -> None:
        """Add what ``widening`` holds."""
        self._load(widening)

    def apply(self, ruleset: str, rollback_after: float) -> None:
        """Load a ruleset, to be taken back after ``rollback_after`` seconds unless ``confirm`` is called before.

        Raises:
            PlatformError: nft refuses it, or nothing could be made ready to take it back; nothing was changed then.
        """
        self._take_back_unconfirmed()
        self._write("previous.nft", f"table {TABLE}\ndelete table {TABLE}\n{self.loaded()}")
        self._write("next.nft", ruleset)
        timer = ["systemd-run", "--quiet", "--collect", f"--unit={ROLLBACK_UNIT}", f"--on-active={rollback_after:g}"]
        timer += ["--timer-property=AccuracySec=100ms", "--description=Take back firewall rules nobody has confirmed"]
        self._run([*timer, "nft", "-f", self._path("previous.nft")])
        try:
            self._run(["nft", "-f", self._path("next.nft")])
        except PlatformError:
            self._stop_timer()
            raise

    def confirm(self, ruleset: str) -> None:
        """Keep a ruleset that was applied, and load it at boot from now on.

        Raises:
            PlatformError: it has been taken back already.
        """
        self._stop_timer()
        if self.loaded() != self.normal_form(ruleset):
            raise PlatformError(
                "the new firewall rules are not loaded any more: the controller could not connect in time to confirm "
                "them, so that the host took the previous ones back (firewall_rollback_after). See that "
                "platform_operator_networks holds the controller's address, and firewall_ssh_port the port it uses."
            )
        os.replace(self._path("next.nft"), self._path("ruleset.nft"))

    def _take_back_unconfirmed(self) -> None:
        status, _output, _errors = self._run_command(["systemctl", "is-active", "--quiet", f"{ROLLBACK_UNIT}.timer"])
        if status == 0:
            self._stop_timer()
            self._run(["nft", "-f", self._path("previous.nft")])

    def _stop_timer(self) -> None:
        # It is gone once it has elapsed, which is no error here.
        self._run_command(["systemctl", "stop", f"{ROLLBACK_UNIT}.timer", f"{ROLLBACK_UNIT}.service"])

    def _load(self, text: str) -> None:
        with tempfile.NamedTemporaryFile("w", suffix=".nft", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            self._run(["nft", "-f", file.name])

    def _run(self, command: list[str]) -> None:
        status, _output, errors = self._run_command(command)
        if status:
            raise PlatformError(f"{' '.join(command[:2])} failed: {errors.strip()}")

    def _write(self, name: str, text: str) -> None:
        path = self._path(name)
        with open(f"{path}.new", "w", encoding="utf-8", opener=lambda file, flags: os.open(file, flags, 0o600)) as out:
            out.write(text)
        os.replace(f"{path}.new", path)

    def _path(self, name: str) -> str:
        return os.path.join(self._directory, name)


def one_element_a_line(listing: str) -> str:
    """A listing of nft whose differences can be read: sets have one element in each line."""

    def lines(match: re.Match[str]) -> str:
        elements = [element.strip() for element in match.group(1).split(",") if element.strip()]
        return "elements = {\n" + "".join(f"\t\t\t{element}\n" for element in elements) + "\t\t}"

    return _ELEMENTS.sub(lines, listing)
