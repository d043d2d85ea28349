# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What certificate_probe is asked for, and a table of what it found."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ansible_collections.mesospark.platform.plugins.module_utils.platform_services import HOST_CERTIFICATE

REVOCATION_LIST = "/etc/mesospark/tls/crl.pem"
_HEADINGS = ("HOST", "LISTENER OR FILE", "PORT", "TLS", "DAYS", "ISSUER", "STATE")


def tls_listeners(services: Sequence[Mapping[str, Any]], address: str, server_name: str) -> list[dict[str, Any]]:
    """Return the services that speak TLS, as option ``listeners`` of certificate_probe."""
    return [
        {
            "name": service["name"],
            "address": address,
            "port": first,
            "server_name": server_name,
            "client_certificate": "required" if service["tls"] == "mutual" else "none",
            "certificate": service["certificate"],
        }
        for service in services
        if service["tls"] != "none"
        for first, _last in service["ports"]
    ]


def units_to_renew(services: Sequence[Mapping[str, Any]], address: str) -> list[dict[str, Any]]:
    """Return the services that must be told of a new host certificate, as option ``services`` of certificate_reload."""
    return [
        {
            "unit": service["unit"],
            "action": service["renewal"],
            "listeners": [{"address": address, "port": first} for first, _last in service["ports"]],
            "files": [REVOCATION_LIST] if service.get("revocation_list") else [],
            "health": service["health"],
        }
        for service in services
        if service.get("renewal") in ("restart", "reload") and service["certificate"] == HOST_CERTIFICATE
    ]


def certificate_table(results: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """Return lines of a table, one for each listener and file; ``results`` of certificate_probe by host."""
    rows: list[tuple[str, ...]] = [_HEADINGS]
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


def driver_listeners(
    apps: Sequence[Mapping[str, Any]], hostvars: Mapping[str, Mapping[str, Any]]
) -> list[dict[str, Any]]:
    """Return the web interfaces of running drivers as option ``listeners`` of certificate_probe.

    Args:
        apps: apps of Marathon, with their tasks.
        hostvars: variables of each host.
    """
    return [
        {
            "name": f"driver of {app['labels']['run_id']}",
            # Names of the platform need not resolve on the controller.
            "address": hostvars.get(task["host"].split(".")[0], {}).get("platform_address", task["host"]),
            "port": task["ports"][-1],
            "server_name": task["host"],
            # It trusts the authorities that there were at its start, so that a refusal is no fault.
            "client_certificate": "none",
        }
        for app in apps
        if "run_id" in app.get("labels", {})
        for task in app.get("tasks", [])
        if task.get("state") == "TASK_RUNNING" and task.get("ports")
    ]


def signed_by_others(results: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """Return what is not signed by the authority that signs now, the first one in each host's ``ca.pem``."""
    signers = {
        entry["subject"]: None
        for result in results.values()
        for entry in result.get("certificates", [])
        if entry["path"].endswith("/ca.pem") and "subject" in entry
    }
    signer = next(iter(signers), "")
    return [
        f"{host}: {entry.get('name', entry.get('path'))} still has a certificate of {entry['issuer']}"
        for host, result in results.items()
        for entry in [*result.get("listeners", []), *result.get("certificates", [])]
        if entry.get("issuer", signer) not in (signer, entry.get("subject"))
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
            "units_to_renew": units_to_renew,
            "certificate_table": certificate_table,
            "certificate_problems": certificate_problems,
            "driver_listeners": driver_listeners,
            "signed_by_others": signed_by_others,
        }
