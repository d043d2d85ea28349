# SPDX-License-Identifier: GPL-3.0-or-later
"""What a shared library wants from others, read with readelf."""

import re
import subprocess
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, order=True)
class Symbol:
    """An undefined symbol; `version` is "" where it has none, `kind` is readelf's type (FUNC, OBJECT, NOTYPE)."""

    name: str
    version: str
    kind: str


def undefined_symbols(library: Path) -> dict[str, list[Symbol]]:
    """Undefined symbols by the file they are expected in ("" for those without a version), sorted."""
    file_of_version = _needed_versions(_readelf(library, "-V"))
    found: dict[str, list[Symbol]] = defaultdict(list)
    for line in _readelf(library, "--dyn-syms"):
        fields = line.split()
        if len(fields) < 8 or fields[6] != "UND":
            continue
        name, _at, version = fields[7].partition("@")
        if not version:
            found[""].append(Symbol(name, "", fields[3]))
            continue
        number = int(fields[8].strip("()"))
        found[file_of_version[number]].append(Symbol(name, version, fields[3]))
    return {file: sorted(symbols) for file, symbols in found.items()}


def _needed_versions(lines: list[str]) -> dict[int, str]:
    """Number of a symbol version -> the file that has it."""
    files: dict[int, str] = {}
    current = ""
    in_section = False
    for line in lines:
        in_section = in_section or "Version needs section" in line
        if not in_section:
            continue
        if match := re.search(r"File: (\S+)", line):
            current = match[1]
        if match := re.search(r"Name: \S+\s.*Version: (\d+)", line):
            files[int(match[1])] = current
    return files


def _readelf(library: Path, option: str) -> list[str]:
    done = subprocess.run(["readelf", "-W", option, str(library)], capture_output=True, text=True, check=True)
    return done.stdout.splitlines()


def version_script(symbols: list[Symbol]) -> str:
    """A linker version script that exports exactly these symbols with their versions."""
    lines, previous = [], ""
    for version in sorted({symbol.version for symbol in symbols}):
        names = "; ".join(symbol.name for symbol in symbols if symbol.version == version)
        hidden = "" if previous else " local: *;"
        lines.append(f"{version} {{ global: {names};{hidden} }} {previous};".replace("  ;", ";").replace(" ;", ";"))
        previous = version
    return "\n".join(lines) + "\n"
