# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads the forms in which Mesos writes flags, durations and truth."""

import re
import sys
from collections.abc import Mapping, Sequence
from typing import Any

Json = dict[str, Any]

_UNITS = {
    **{"ns": 1e-9, "us": 1e-6, "ms": 1e-3, "secs": 1.0},
    **{"mins": 60.0, "hrs": 3600.0, "days": 86400.0, "weeks": 604800.0},
}


def seconds_of_text(text: str | None, default: float) -> float:
    """Seconds of a duration flag such as `5secs` or `1.5mins`; `default` if it is missing or no duration."""
    match = re.fullmatch(r"\s*([0-9.]+)\s*([a-z]+)\s*", text or "")
    if not match or match[2] not in _UNITS:
        return default
    return float(match[1]) * _UNITS[match[2]]


def seconds_of_info(info: Mapping[str, Any] | None) -> float | None:
    """Seconds of a DurationInfo message; None if it is missing."""
    return int(info["nanoseconds"]) / 1e9 if info else None


def is_true(text: object) -> bool:
    """Whether a flag or variable says yes."""
    return str(text).lower() in ("1", "true", "yes", "on")


def parse_flags(arguments: Sequence[str]) -> dict[str, str]:
    """Flags `--name=value`, `--name`, `--no-name` by name (with underscores); unknown ones are kept, not refused."""
    flags: dict[str, str] = {}
    for argument in arguments:
        if not argument.startswith("--"):
            continue
        name, equals, value = argument[2:].partition("=")
        if not equals:
            value = "true"
            if name.startswith("no-"):
                name, value = name[3:], "false"
        flags[name.replace("-", "_")] = value
    return flags


def require_flags(program: str, flags: Mapping[str, str], names: Sequence[str]) -> None:
    """End the process with a sentence if a flag is missing."""
    missing = [f"--{name}" for name in names if not flags.get(name)]
    if missing:
        sys.exit(f"{program}: missing {', '.join(missing)}: this program is started by a Mesos agent")


def environment_of(command: Mapping[str, Any]) -> dict[str, str]:
    """The variables of a CommandInfo; a secret of type VALUE is decoded from base64."""
    variables: dict[str, str] = {}
    for variable in command.get("environment", {}).get("variables", []):
        secret = variable.get("secret", {}).get("value")
        if secret is not None:
            import base64  # rarely needed

            variables[variable["name"]] = base64.b64decode(secret["data"]).decode()
        else:
            variables[variable["name"]] = variable.get("value", "")
    return variables
