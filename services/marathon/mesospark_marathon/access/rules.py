# SPDX-License-Identifier: GPL-3.0-or-later
"""The rules file: which accounts are operators and viewers, and what each team may use. JSON.

`python -m mesospark_marathon.access.rules FILE` checks a file: a sentence on stderr and exit status 1 if it is wrong.
"""

import json
import sys
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mesospark_marathon.access.caller import Caller
from mesospark_marathon.access.escapes import OPERATORS_PARAMETERS, is_parameter_name
from mesospark_marathon.access.team import HostPath, Team, normal_path
from mesospark_marathon.options import OptionError

OPERATORS, VIEWERS = "operators", "viewers"
_TEAM_LISTS = ("app_ids", "images", "users", "roles", "networks", "isolated_apps", "fetch")
_TEAM_KEYS = ("members", *_TEAM_LISTS, "labels", "host_paths", "docker_parameters")


@dataclass(frozen=True)
class Rules:
    """Whose account has which rights."""

    operators: frozenset[str] = frozenset()
    viewers: frozenset[str] = frozenset()
    members: Mapping[str, frozenset[str]] = field(default_factory=dict)
    teams: Mapping[str, Team] = field(default_factory=dict)

    def caller(self, name: str, groups: Collection[str] = ()) -> Caller:
        """An account's rights.

        groups: those that a trusted proxy tells of: `operators`, `viewers` and names of teams; others have no meaning.
        """
        return Caller(
            name,
            is_operator=name in self.operators or OPERATORS in groups,
            is_viewer=name in self.viewers or VIEWERS in groups,
            teams=tuple(team for key, team in self.teams.items() if name in self.members[key] or key in groups),
        )


def read_rules(path: str) -> Rules:
    """The rules of a file. Raises OptionError with one sentence that names the file, the place and what to do."""
    try:
        document = json.loads(Path(path).read_text(encoding="utf-8"), object_pairs_hook=_without_doubles)
        return _rules(document)
    except OSError as error:
        raise OptionError(f"--rules_file {path}: can not be read ({error.strerror})") from None
    except (_Wrong, ValueError) as error:
        what = str(error) if isinstance(error, _Wrong) else f"not JSON ({error})"
        raise OptionError(f"--rules_file {path}: {what}") from None


class _Wrong(Exception):
    """What is wrong in the file, and where."""


def _without_doubles(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object; the second of two equal keys would silently take the place of the first."""
    result = dict(pairs)
    if len(result) < len(pairs):
        raise _Wrong(f"a key is given twice among {', '.join(key for key, _value in pairs)}; leave one out")
    return result


def _rules(document: Any) -> Rules:
    _check_keys(document, "the file", (OPERATORS, VIEWERS, "teams"))
    operators = frozenset(_texts(document.get(OPERATORS, []), OPERATORS))
    if not operators:
        raise _Wrong("operators is empty: nobody could repair anything; name at least one account")
    given = document.get("teams", {})
    if not isinstance(given, dict):
        raise _Wrong("teams must be an object of teams by name")
    for reserved in (OPERATORS, VIEWERS):
        if reserved in given:
            raise _Wrong(f"teams.{reserved}: the name stands for a group of its own; give the team another")
    return Rules(
        operators=operators,
        viewers=frozenset(_texts(document.get(VIEWERS, []), VIEWERS)),
        members={name: frozenset(_members(team, name)) for name, team in given.items()},
        teams={name: _team(team, name) for name, team in given.items()},
    )


def _members(document: Any, name: str) -> list[str]:
    _check_keys(document, f"teams.{name}", _TEAM_KEYS)
    return _texts(document.get("members", []), f"teams.{name}.members")


def _team(document: dict[str, Any], name: str) -> Team:
    place = f"teams.{name}"
    lists = {key: _texts(document.get(key, []), f"{place}.{key}") for key in _TEAM_LISTS}
    for entry in lists["app_ids"]:
        if not entry.startswith("/") or entry != entry.lower() or "//" in entry or "/." in entry:
            raise _Wrong(f"{place}.app_ids: '{entry}' must be /group/ for all below it, or the id /group/app")
    if not lists["app_ids"]:
        raise _Wrong(f"{place}.app_ids is missing: name the prefixes of the team's apps, such as /{name}/")
    for key in ("images", "networks", "isolated_apps", "fetch"):
        for entry in lists[key]:
            _check_pattern(entry, f"{place}.{key}")
    return Team(
        name=name,
        app_ids=tuple(lists["app_ids"]),
        labels=_labels(document.get("labels", {}), f"{place}.labels"),
        images=tuple(lists["images"]),
        users=tuple(lists["users"]),
        host_paths=tuple(_host_paths(document.get("host_paths", []), f"{place}.host_paths")),
        roles=tuple(lists["roles"]),
        networks=tuple(lists["networks"]),
        isolated_apps=tuple(lists["isolated_apps"]),
        docker_parameters=_docker_parameters(document.get("docker_parameters", {}), f"{place}.docker_parameters"),
        fetch=tuple(lists["fetch"]),
    )


def _labels(value: Any, place: str) -> dict[str, str]:
    if not isinstance(value, dict) or not all(isinstance(text, str) for text in value.values()):
        raise _Wrong(f"{place} must be an object of texts by name")
    return value


def _host_paths(value: Any, place: str) -> list[HostPath]:
    if not isinstance(value, list):
        raise _Wrong(f"{place} must be a list of objects with path and mode")
    result = []
    for entry in value:
        _check_keys(entry, f"{place}, an entry", ("path", "mode"))
        path, mode = entry.get("path"), entry.get("mode", "RO")
        if not isinstance(path, str) or normal_path(path) != (path.rstrip("/") or "/"):
            raise _Wrong(f"{place}: the path {path!r} must be absolute, without '..', '.' and '//'")
        if mode not in ("RO", "RW"):
            raise _Wrong(f"{place}: the mode {mode!r} of {path} must be RO or RW")
        result.append(HostPath(normal_path(path) or "/", writable=mode == "RW"))
    return result


def _docker_parameters(value: Any, place: str) -> dict[str, tuple[str, ...]]:
    if not isinstance(value, dict):
        raise _Wrong(f"{place} must be an object: by parameter, the list of its values")
    for key, allowed in value.items():
        if key == "user":
            raise _Wrong(f"{place}.user: the key users says which users a container may have; leave it out here")
        if key in OPERATORS_PARAMETERS or not is_parameter_name(key):
            raise _Wrong(f"{place}.{key}: this parameter reaches outside the container and is for operators only")
        for entry in _texts(allowed, f"{place}.{key}"):
            _check_pattern(entry, f"{place}.{key}")
    return {key: tuple(allowed) for key, allowed in value.items()}


def _check_keys(value: Any, place: str, known: Collection[str]) -> None:
    if not isinstance(value, dict):
        raise _Wrong(f"{place} must be an object with the keys {', '.join(known)}")
    for key in value:
        if key not in known:
            raise _Wrong(f"{place}: {key} is no key of the rules; there are {', '.join(known)}")


def _check_pattern(entry: str, place: str) -> None:
    if "*" in entry[:-1]:
        raise _Wrong(f"{place}: '{entry}' may hold a * at its end only, where it stands for any rest")


def _texts(value: Any, place: str) -> list[str]:
    if not isinstance(value, list) or not all(isinstance(entry, str) and entry for entry in value):
        raise _Wrong(f"{place} must be a list of texts that are not empty")
    return value


def main() -> None:
    """Check the file that the only argument names."""
    try:
        read_rules(sys.argv[1])
    except OptionError as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
