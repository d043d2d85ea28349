# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A table of a platform's listeners: who they are, and who gets in."""

from __future__ import annotations

import typing as t

from ansible_collections.mesospark.platform.plugins.module_utils.verification import Listener, Survey, spoken

_STATES = {"closed": "nobody listens", "silent": "no answer", "refused": "refused"}
_HEADINGS = ("HOST", "PORT", "SERVICE", "TLS", "DAYS")

Certificates = t.Mapping[t.Tuple[str, int], t.Mapping[str, t.Any]]


def columns(surveys: t.Iterable[Survey]) -> list[str]:
    """Headings of the columns that say who gets in."""
    return list(dict.fromkeys(column for survey in surveys for column in survey.columns))


def rows(
    all_listeners: t.Iterable[Listener],
    surveys: t.Sequence[Survey],
    certificates: Certificates,
    problems: t.Sequence[str],
) -> list[dict[str, t.Any]]:
    """Return one row for each listener, or for the first port of a service that nobody uses now.

    Args:
        all_listeners: those of all hosts.
        surveys: what was seen from each place.
        certificates: what certificate_probe found, by host and port.
        problems: findings; those that name the listener mark its row.
    """
    visits_of = [(survey, survey.visits()) for survey in surveys]
    return [_row(listener, visits_of, certificates, problems) for listener in all_listeners]


def text_table(headings: t.Sequence[str], table: t.Iterable[t.Mapping[str, t.Any]]) -> list[str]:
    """Return the rows as lines of text."""
    lines: list[tuple[str, ...]] = [(*_HEADINGS, *(heading.upper() for heading in headings))]
    for row in table:
        port = f"{row['port']}/{row['protocol']}"
        access = (row["access"].get(heading, "") for heading in headings)
        lines.append((row["host"], port, row["service"] or row["program"], row["tls"], row["days_left"], *access))
    widths = [max(len(line[column]) for line in lines) for column in range(len(lines[0]))]
    return ["  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in lines]


def _row(
    listener: Listener,
    visits_of: t.Sequence[t.Tuple[Survey, t.Mapping[t.Tuple[str, int], t.Mapping[str, t.Any]]]],
    certificates: Certificates,
    problems: t.Sequence[str],
) -> dict[str, t.Any]:
    key = (listener.host, listener.port)
    tcp = listener.protocol == "tcp"
    visits = [(survey, by_target[key]) for survey, by_target in visits_of if tcp and key in by_target]
    certificate = certificates.get(key, {}) if tcp else {}
    versions = spoken([visit for _survey, visit in visits])
    days = certificate.get("days_left")
    return {
        "host": listener.host,
        "port": listener.port,
        "protocol": listener.protocol,
        "service": str(listener.service.get("name", "")),
        "program": listener.program,
        "clients": ", ".join(listener.service.get("clients", ())),
        "tls": versions[0] if len(versions) == 1 else "-".join(versions[:1] + versions[-1:]),
        "names": list(certificate.get("names", ())),
        "issuer": str(certificate.get("issuer", "")).removeprefix("CN="),
        "chain": list(certificate.get("chain", ())),
        "days_left": "" if days is None else f"{days:.0f}",
        "access": _access(listener, visits),
        "good": not any(problem.startswith(f"{listener.where}:") for problem in problems),
    }


def _access(listener: Listener, visits: t.Iterable[t.Tuple[Survey, t.Mapping[str, t.Any]]]) -> dict[str, str]:
    seen: dict[str, dict[str, list[str]]] = {}  # places, by column and by what was seen
    for survey, visit in visits:
        if survey.source == listener.host:
            continue
        for column, identity in survey.columns.items():
            seen.setdefault(column, {}).setdefault(_answer(visit, identity), []).append(survey.name)
    return {
        column: next(iter(texts))
        if len(texts) == 1
        else "; ".join(f"{text} ({', '.join(places)})" for text, places in texts.items())
        for column, texts in seen.items()
    }


def _answer(visit: t.Mapping[str, t.Any], identity: str) -> str:
    if visit["state"] != "open":
        return _STATES[visit["state"]]
    if "answers" not in visit:
        return "open"
    answer = visit["answers"].get(identity, {"refusal": "not tried", "status": 0})
    if answer["refusal"]:
        return "TLS refused"
    return f"HTTP {answer['status']}" if answer["status"] else "TLS"
