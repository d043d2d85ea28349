# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Looks at what listeners serve and files hold. Hosts run it daily by themselves, so it needs nothing of Ansible."""

from __future__ import annotations

import time
import typing as t
from concurrent.futures import ThreadPoolExecutor

from . import certificate, handshake

_AT_A_TIME = 8
_EXPIRED = "certificate has expired"


class Probe:
    """Looks at listeners and files.

    Args:
        window: seconds; a certificate that ends within them is a problem.
        trust: who must vouch for listeners.
        identity: who listeners are told that asks.
        timeout: seconds until a silent listener is given up.

    Raises:
        OSError: a file can not be used.
    """

    def __init__(
        self, window: float, trust: handshake.Trust, identity: handshake.Identity | None, timeout: float
    ) -> None:
        self._window = window
        self._trust = trust
        self._identity = identity
        self._timeout = timeout
        self._now = time.time()
        handshake.trusting(identity, trust)  # files that can not be used are no finding

    def listeners(self, wanted: t.Sequence[t.Mapping[str, t.Any]]) -> list[dict[str, t.Any]]:
        """What each listener shows, as the module returns it."""
        with ThreadPoolExecutor(_AT_A_TIME) as threads:
            return list(threads.map(self.listener, wanted))

    def listener(self, wanted: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
        """What the listener shows, as the module returns it."""
        found = {key: wanted[key] for key in ("name", "address", "port")}
        listener = handshake.Listener(wanted["address"], wanted["port"], wanted["server_name"] or wanted["address"])
        try:
            shown = handshake.look(listener, self._identity, self._timeout)
        except OSError as error:
            return {**found, "problems": [f"does not answer: {handshake.explain(error)}"]}
        if not shown.chain:
            return {**found, "problems": [f"shows no certificate: {shown.refusal or 'none was sent'}"]}
        described = certificate.describe(shown.chain[0], self._now)
        dates = certificate.validity_problems(described, self._window, self._now)
        problems = [f"its certificate {problem}" for problem in dates]
        if shown.refusal and self._identity and wanted["client_certificate"] == "required":
            problems.append(f"refuses this client's certificate: {shown.refusal}")
        distrust = self._distrust(listener)
        if distrust and not (distrust == _EXPIRED and dates):
            problems.append(f"is not trusted: {distrust}")
        found.update(
            described,
            tls_version=shown.version,
            chain=[certificate.describe(sent, self._now)["subject"] for sent in shown.chain],
            trusted=not distrust,
            problems=problems,
        )
        if wanted["certificate"]:
            found["same_as_file"] = self._same(wanted["certificate"], shown.chain[0], problems)
        return found

    def file(self, path: str) -> list[dict[str, t.Any]]:
        """What is in a certificate file, as the module returns it."""
        try:
            held = [certificate.describe(found, self._now) for found in certificate.read_certificates(path)]
        except FileNotFoundError:
            return [{"path": path, "problems": ["does not exist"]}]
        except (OSError, ValueError) as error:
            return [{"path": path, "problems": [f"can not be read: {error}"]}]
        return [
            {"path": path, **described, "problems": certificate.validity_problems(described, self._window, self._now)}
            for described in held
        ]

    def _distrust(self, listener: handshake.Listener) -> str:
        try:
            return handshake.distrust(listener, self._identity, self._trust, self._timeout)
        except OSError:
            # It refused the client after its own certificate had been verified.
            return ""

    @staticmethod
    def _same(path: str, served: bytes, problems: list[str]) -> bool:
        try:
            same = certificate.read_certificates(path)[0] == served
        except (OSError, ValueError) as error:
            problems.append(f"the file it should serve can not be read: {error}")
            return False
        if not same:
            problems.append(f"serves another certificate than {path} holds: it was not restarted since that changed")
        return same


def problems(listeners: t.Sequence[t.Mapping[str, t.Any]], files: t.Sequence[t.Mapping[str, t.Any]]) -> list[str]:
    """All that is wrong, one sentence each."""
    of_listeners = [
        f"{found['name']} ({found['address']}:{found['port']}) {problem}"
        for found in listeners
        for problem in found["problems"]
    ]
    return of_listeners + [f"{found['path']} {problem}" for found in files for problem in found["problems"]]
