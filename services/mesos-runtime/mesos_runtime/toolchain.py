# SPDX-License-Identifier: GPL-3.0-or-later
"""The compiler and the tools that the build calls."""

import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

from mesos_runtime.errors import BuildError

# Program -> Debian package that has it.
_PROGRAMS = {"gcc": "gcc", "g++": "g++", "readelf": "binutils", "strip": "binutils"}
_HEADER = Path("/usr/include/openssl/ssl.h")


def check() -> None:
    """BuildError that names every missing package at once."""
    missing = {package for program, package in _PROGRAMS.items() if not shutil.which(program)}
    if not _HEADER.exists():
        missing.add("libssl-dev")
    if missing:
        names = " ".join(sorted(missing))
        raise BuildError(f"the build needs programs that this machine lacks: apt-get install {names}")


def versions() -> dict[str, str]:
    """What the outcome depends on besides the sources."""
    return {
        "compiler": _output("g++", "--version").splitlines()[0],
        "binutils": _output("strip", "--version").splitlines()[0],
        "openssl": _openssl_version(),
    }


def run(*command: str | Path) -> None:
    """Run a tool; BuildError with what it said if it fails."""
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True, check=False)
    if done.returncode:
        raise BuildError(f"{command[0]} failed with status {done.returncode}:\n{done.stderr.strip()}")


def shared_library(sources: Sequence[Path], output: Path, *options: str) -> None:
    """Link a C shared library whose soname is its file name; it binds everything when it is loaded."""
    soname = f"-Wl,-soname,{output.name}"
    fixed = ("-O2", "-fPIC", "-shared", "-fstack-protector-strong", "-Wl,-z,now,-z,relro", soname)
    run("gcc", *fixed, *sources, "-o", output, *options)


def _output(*command: str) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def _openssl_version() -> str:
    header = _HEADER.with_name("opensslv.h")
    marker = '# define OPENSSL_VERSION_TEXT "'
    for folder in (header.parent, *Path("/usr/include").glob("*-linux-gnu/openssl")):
        file = folder / header.name
        if file.exists():
            for line in file.read_text(encoding="utf-8").splitlines():
                if line.startswith(marker):
                    return line.removeprefix(marker).rstrip('"')
    return "unknown"
