# SPDX-License-Identifier: GPL-3.0-or-later
"""The configuration file (TOML) and its rules."""

import re
import socket
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from mesospark_log_shipper.toml_table import ConfigurationError, Table

_SIZE_UNITS: dict[str, float] = {"b": 1, "k": 1024, "m": 1024**2, "g": 1024**3, "t": 1024**4}
_UNIT = re.compile(r"[A-Za-z0-9:_.@-]+")
_DURATION_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}


@dataclass(frozen=True)
class Limits:
    """Bounds in bytes and seconds; the README says what each does."""

    record_bytes: int = 1024**2
    window_bytes: int = 2 * 1024**2
    window_records: int = 2000
    held_bytes: int = 10 * 1024**3
    rewind_seconds: float = 2.0
    record_seconds: float = 0.5
    line_seconds: float = 5.0
    answer_seconds: float = 60.0
    lag_alarm_seconds: float = 300.0


@dataclass(frozen=True)
class Destination:
    """A Graylog: the addresses of its Beats inputs, one of which is used at a time, and the files for mutual TLS."""

    name: str
    servers: tuple[tuple[str, int], ...]
    ca_file: Path
    certificate_file: Path
    key_file: Path


@dataclass(frozen=True)
class ServiceLogs:
    """An entry `files`: the logs of one service."""

    name: str
    paths: tuple[str, ...]
    fields: Mapping[str, str]


@dataclass(frozen=True)
class AgentAccess:
    """How the Mesos agent is asked for its state: host, port, a JSON file with principal and secret, mutual TLS."""

    server: tuple[str, int]
    credential_file: Path
    ca_file: Path
    certificate_file: Path
    key_file: Path


@dataclass(frozen=True)
class JournalUnits:
    """What of the journal is shipped: systemd units by name without .service, and whether the kernel's messages.

    history_seconds: how old entries may be that are shipped the first time.
    """

    units: tuple[str, ...]
    kernel: bool = False
    history_seconds: float = 3600.0


@dataclass(frozen=True)
class Configuration:
    """All of it. work_directory: that of the Mesos agent, None where there is none; agent: None if it is not asked."""

    state_directory: Path
    host: str
    destinations: tuple[Destination, ...]
    work_directory: Path | None = None
    agent: AgentAccess | None = None
    files: tuple[ServiceLogs, ...] = ()
    journal: JournalUnits | None = None
    metrics_address: str = "127.0.0.1"
    metrics_port: int | None = None
    limits: Limits = field(default_factory=Limits)


def read_configuration(path: Path) -> Configuration:
    """Read and check the file; ConfigurationError names the option, the value and the fix."""
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigurationError(f"--config: cannot read {path}: {error.strerror}") from error
    except ValueError as error:
        raise ConfigurationError(f"--config: {path} is no TOML: {error}") from error
    top = Table(document, "")
    sandboxes, journal, metrics = top.table("sandboxes"), top.table("journal"), top.table("metrics")
    configuration = Configuration(
        state_directory=top.path("state_directory"),
        host=top.text("host", socket.getfqdn()),
        destinations=tuple(_destination(table) for table in top.tables("destinations")),
        work_directory=sandboxes.path("work_directory") if sandboxes else None,
        agent=_agent(sandboxes) if sandboxes else None,
        files=tuple(_service_logs(table) for table in top.tables("files")),
        journal=_journal(journal) if journal else None,
        metrics_address=metrics.text("address", "127.0.0.1") if metrics else "127.0.0.1",
        metrics_port=metrics.port("port") if metrics else None,
        limits=_limits(top.table("limits") or Table({}, "limits")),
    )
    for table in (top, sandboxes, metrics):
        if table:
            table.refuse_others()
    if not configuration.destinations:
        raise ConfigurationError("destinations: there is none; add a table [[destinations]]")
    if configuration.work_directory is None and not configuration.files and not configuration.journal:
        raise ConfigurationError("there is nothing to ship; add a table [sandboxes], [journal] or [[files]]")
    for option, names in (
        ("destinations", [destination.name for destination in configuration.destinations]),
        ("files", [entry.name for entry in configuration.files]),
    ):
        twice = {name for name in names if names.count(name) > 1}
        if twice:
            raise ConfigurationError(f"{option}: the name {min(twice)!r} is used twice; give each its own")
    return configuration


def _agent(sandboxes: Table) -> AgentAccess | None:
    table = sandboxes.table("agent")
    if table is None:
        return None
    access = AgentAccess(
        server=_server(table, "server", table.text("server")),
        credential_file=table.path("credential_file"),
        ca_file=table.path("ca_file"),
        certificate_file=table.path("certificate_file"),
        key_file=table.path("key_file"),
    )
    table.refuse_others()
    return access


def _destination(table: Table) -> Destination:
    destination = Destination(
        name=table.name(),
        servers=tuple(_server(table, "servers", text) for text in table.texts("servers")),
        ca_file=table.path("ca_file"),
        certificate_file=table.path("certificate_file"),
        key_file=table.path("key_file"),
    )
    table.refuse_others()
    return destination


def _server(table: Table, key: str, text: str) -> tuple[str, int]:
    host, _colon, port = text.rpartition(":")
    if not host or not port.isdecimal() or not 0 < int(port) < 65536:
        raise table.error(key, text, "is no address", "write host:port, such as graylog1.example.org:5044")
    return host.strip("[]"), int(port)


def _service_logs(table: Table) -> ServiceLogs:
    paths = table.texts("paths")
    for path in paths:
        if not path.startswith("/"):
            raise table.error("paths", path, "is no absolute path", "begin it with /")
    fields = table.table("fields")
    entry = ServiceLogs(table.name(), paths, {key: fields.text(key) for key in fields.names} if fields else {})
    if entry.name == "sandbox":
        raise table.error("name", entry.name, "is the name of the sandboxes themselves", "choose another")
    table.refuse_others()
    return entry


def _journal(table: Table) -> JournalUnits:
    units = table.texts("units")
    for unit in units:
        if not _UNIT.fullmatch(unit) or unit.endswith(".service"):
            raise table.error("units", unit, "is no unit's name", "write it without .service, such as mesos-agent")
    journal = JournalUnits(
        units=units,
        kernel=table.boolean("kernel", JournalUnits.kernel),
        history_seconds=table.quantity("history", _DURATION_UNITS, JournalUnits.history_seconds),
    )
    table.refuse_others()
    return journal


def _limits(table: Table) -> Limits:
    default = Limits()
    limits = Limits(
        record_bytes=int(table.quantity("record", _SIZE_UNITS, default.record_bytes)),
        window_bytes=int(table.quantity("window", _SIZE_UNITS, default.window_bytes)),
        window_records=table.integer("window_records", 1, 100_000, default.window_records),
        held_bytes=int(table.quantity("held", _SIZE_UNITS, default.held_bytes)),
        rewind_seconds=table.quantity("rewind", _DURATION_UNITS, default.rewind_seconds),
        record_seconds=table.quantity("record_quiet", _DURATION_UNITS, default.record_seconds),
        line_seconds=table.quantity("line_quiet", _DURATION_UNITS, default.line_seconds),
        answer_seconds=table.quantity("answer", _DURATION_UNITS, default.answer_seconds),
        lag_alarm_seconds=table.quantity("lag_alarm", _DURATION_UNITS, default.lag_alarm_seconds),
    )
    table.refuse_others()
    return limits
