# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What certificate_probe is asked for, and a table of what it found."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

_HEADINGS = ("HOST", "LISTENER OR FILE", "PORT", "TLS", "DAYS", "ISSUER", "STATE")


def tls_listeners(
    services: Sequence[Mapping[str, Any]], address: str, server_name: str, certificate: str
) -> list[dict[str, Any]]:
    """Return the services that speak TLS, as option ``listeners`` of certificate_probe."""
    return [
        {
            "name": service["name"],
            "address": address,
            "port": first,
            "server_name": server_name,
            "client_certificate": "required" if service["tls"] == "mutual" else "none",
            "certificate": certificate,
        }
        for service in services
        if service["tls"] != "none"
        for first, _last in service["ports"]
    ]


def certificate_table(results: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """Return lines of a table, one for each listener and file; ``results`` of certificate_probe by host."""
    rows = [_HEADINGS]
    for host, result in results.items():
        rows += [_row(host, entry) for entry in result.get("listeners", [])]
        rows += [_row(host, entry) for entry in result.get("certificates", [])]
    widths = [max(len(row[column]) for row in rows) for column in range(len(_HEADINGS))]
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]


def certificate_problems(results: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """Return all problems, each with its host; a host without a result is one."""
    return [
        f"{host}: {problem}"
        for host, result in results.items()
        for problem in result.get("problems", ["could not be looked at"])
    ]


def _row(host: str, entry: Mapping[str, Any]) -> tuple[str, ...]:
    days = entry.get("days_left")
    return (
        host,
        str(entry.get("name", entry.get("path"))),
        str(entry.get("port", "")),
        str(entry.get("tls_version", "")).removeprefix("TLSv"),
        "" if days is None else f"{days:.0f}",
        str(entry.get("issuer", "")).removeprefix("CN="),
        "; ".join(entry["problems"]) or "good",
    )


class FilterModule:
    """The filters of this file."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        return {
            "tls_listeners": tls_listeners,
            "certificate_table": certificate_table,
            "certificate_problems": certificate_problems,
        }
