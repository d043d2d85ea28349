# SPDX-License-Identifier: GPL-3.0-or-later
"""Command line: `python3 -m graylog_server build [--output DIR] | path | lock`."""

import argparse
import sys
from pathlib import Path

from . import BuildError
from .build import build, copy_to, unpacked
from .lock import lock


def main() -> int:
    """Exit status 0, or 2 after one sentence on stderr. Progress goes to stderr, the one path to stdout."""
    parser = argparse.ArgumentParser(prog="graylog_server", description="Assemble Graylog with what it stands on.")
    commands = parser.add_subparsers(dest="command", required=True)
    build_command = commands.add_parser("build", help="make the archive, unless it was made before, and print its path")
    build_command.add_argument("--output", type=Path, metavar="DIR", help="copy the archive and its .sha256 file there")
    commands.add_parser("path", help="print the path of the unpacked archive in the cache, making it if needed")
    commands.add_parser("lock", help="resolve the versions anew and write artifacts.lock")
    options = parser.parse_args()
    try:
        if options.command == "lock":
            lock(progress)
        elif options.command == "path":
            print(unpacked(progress))
        else:
            archive = build(progress)
            print(copy_to(archive, options.output) if options.output is not None else archive)
    except (BuildError, OSError) as error:
        print(f"graylog_server: {error}", file=sys.stderr)
        return 2
    return 0


def progress(message: str) -> None:
    """One line on stderr."""
    print(f"graylog_server: {message}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
