# SPDX-License-Identifier: GPL-3.0-or-later
"""The configuration file and the accounts file, both JSON. Errors are one sentence that names file and place."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

OPERATORS, VIEWERS = "operators", "viewers"
OWN_PATHS = frozenset(("agents", "drivers", "graylog", "health", "marathon", "mesos", "registry", "v2"))
_URL = re.compile(r"https?://[A-Za-z0-9.-]+(:\d+)?(/[^?#\s]*)?")
_SERVICE_PATH = re.compile(r"[a-z][a-z0-9-]*")


class ConfigurationError(Exception):
    """A file that can not be used; the message says which one, where and why."""


@dataclass(frozen=True)
class Account:
    """Who the gateway is for a service behind it."""

    username: str
    password: str


@dataclass(frozen=True)
class Service:
    """A further service: reached below `/<path>/` by the groups named, all groups when there are none."""

    name: str
    path: str
    url: str
    groups: tuple[str, ...]


@dataclass(frozen=True)
class Configuration:
    """Everything the program is told. URLs have no trailing slash; an empty one means: not on this platform."""

    address: str
    """the gateway's own URL, as its users write it"""
    socket: Path
    ca_file: Path
    certificate_file: Path
    key_file: Path
    revocation_list: Path | None
    """a list of revoked certificates for each authority (PEM); None: nobody looks"""
    teams: tuple[str, ...]
    marathon_urls: tuple[str, ...]
    mesos_urls: tuple[str, ...]
    graylog_url: str
    registry_url: str
    services: tuple[Service, ...]
    accounts: Mapping[str, Account]
    """`marathon`, `mesos`, `registry_pull`, `registry_push`, `graylog_operators`, `graylog_team_<team>`"""


def read_configuration(path: Path) -> Configuration:
    """Raises ConfigurationError."""
    document = _object(path)
    reader = _Reader(str(path), document)
    configuration = Configuration(
        address=reader.url("address"),
        socket=Path(reader.text("socket")),
        ca_file=Path(reader.text("ca_file")),
        certificate_file=Path(reader.text("certificate_file")),
        key_file=Path(reader.text("key_file")),
        revocation_list=reader.optional_path("revocation_list"),
        teams=tuple(reader.texts("teams")),
        marathon_urls=tuple(reader.urls("marathon_urls")),
        mesos_urls=tuple(reader.urls("mesos_urls")),
        graylog_url=reader.url("graylog_url", may_be_empty=True),
        registry_url=reader.url("registry_url", may_be_empty=True),
        services=tuple(_service(str(path), entry) for entry in reader.entries("services")),
        accounts=_accounts(Path(reader.text("accounts_file"))),
    )
    reader.finish()
    reserved = {OPERATORS, VIEWERS} & set(configuration.teams)
    if reserved:
        raise ConfigurationError(f"{path}: teams names {', '.join(reserved)}, which is a group of its own")
    paths = [service.path for service in configuration.services]
    if len(set(paths)) < len(paths):
        raise ConfigurationError(f"{path}: services has a path twice; each needs its own")
    return configuration


class _Reader:
    """The keys of one object; each is taken once, and what is left over is an error."""

    def __init__(self, place: str, document: dict[str, Any]) -> None:
        self.place = place
        self._left = dict(document)

    def _take(self, key: str, kind: type) -> Any:
        if key not in self._left:
            raise ConfigurationError(f"{self.place}: {key} is missing")
        value = self._left.pop(key)
        if not isinstance(value, kind):
            raise ConfigurationError(f"{self.place}: {key} must be {'a list' if kind is list else 'a text'}")
        return value

    def text(self, key: str) -> str:
        value: str = self._take(key, str)
        if not value:
            raise ConfigurationError(f"{self.place}: {key} is empty")
        return value

    def optional_path(self, key: str) -> Path | None:
        """None for an empty text."""
        value: str = self._take(key, str)
        return Path(value) if value else None

    def entries(self, key: str) -> list[Any]:
        value: list[Any] = self._take(key, list)
        return value

    def texts(self, key: str) -> list[str]:
        values = self.entries(key)
        if not all(isinstance(value, str) and value for value in values):
            raise ConfigurationError(f"{self.place}: {key} must be a list of texts that are not empty")
        return values

    def url(self, key: str, may_be_empty: bool = False) -> str:
        value: str = self._take(key, str)
        if may_be_empty and not value:
            return ""
        return self._checked_url(key, value)

    def urls(self, key: str) -> list[str]:
        return [self._checked_url(key, value) for value in self.texts(key)]

    def _checked_url(self, key: str, value: str) -> str:
        if not _URL.fullmatch(value):
            raise ConfigurationError(f"{self.place}: {key} has {value!r}, write it as https://host:port")
        return value.rstrip("/")

    def finish(self) -> None:
        if self._left:
            raise ConfigurationError(f"{self.place}: {', '.join(sorted(self._left))} is unknown; leave it out")


def _service(place: str, entry: Any) -> Service:
    if not isinstance(entry, dict):
        raise ConfigurationError(f"{place}: services must be a list of objects")
    reader = _Reader(f"{place}: services, {entry.get('name', 'an entry')}", {"groups": [], **entry})
    service = Service(
        name=reader.text("name"),
        path=reader.text("path").strip("/"),
        url=reader.url("url"),
        groups=tuple(reader.texts("groups")),
    )
    reader.finish()
    if not _SERVICE_PATH.fullmatch(service.path) or service.path in OWN_PATHS:
        raise ConfigurationError(
            f"{reader.place}: the path {service.path!r} must be one word of lower-case letters, digits and dashes, "
            f"and none of {', '.join(sorted(OWN_PATHS))}"
        )
    return service


def _accounts(path: Path) -> dict[str, Account]:
    accounts = {}
    for name, entry in _object(path).items():
        if not isinstance(entry, dict):
            raise ConfigurationError(f"{path}: {name} must be an object with username and password")
        reader = _Reader(f"{path}: {name}", entry)
        accounts[name] = Account(reader.text("username"), reader.text("password"))
        reader.finish()
    return accounts


def _object(path: Path) -> dict[str, Any]:
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigurationError(f"{path}: can not be read ({error.strerror})") from None
    except ValueError:
        # The error's own text may quote the file, and with it a password.
        raise ConfigurationError(f"{path}: is not JSON") from None
    if not isinstance(document, dict):
        raise ConfigurationError(f"{path}: must be an object")
    return document
