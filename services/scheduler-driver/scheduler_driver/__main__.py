# SPDX-License-Identifier: GPL-3.0-or-later
"""Command line: `python3 -m scheduler_driver build [--output DIR] | path`."""

import argparse
import sys
from pathlib import Path

from . import BuildError
from .build import build, copy_to


def main() -> int:
    """Exit status 0, or 2 after one sentence on stderr."""
    parser = argparse.ArgumentParser(prog="scheduler_driver", description="Build mesos-scheduler-driver.jar.")
    commands = parser.add_subparsers(dest="command", required=True)
    build_command = commands.add_parser("build", help="build the jar, unless its sources were built before")
    build_command.add_argument("--output", type=Path, metavar="DIR", help="copy the jar and its .sha256 file there")
    commands.add_parser("path", help="print the path of the cached jar, building it if needed")
    options = parser.parse_args()
    try:
        jar = build()
        if options.command == "build" and options.output is not None:
            jar = copy_to(jar, options.output)
    except (BuildError, OSError) as error:
        print(f"scheduler_driver: {error}", file=sys.stderr)
        return 2
    print(jar)
    return 0


if __name__ == "__main__":
    sys.exit(main())
