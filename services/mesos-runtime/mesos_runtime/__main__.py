# SPDX-License-Identifier: GPL-3.0-or-later
"""`python3 -m mesos_runtime build|path|verify`."""

import argparse
import sys
from pathlib import Path

from mesos_runtime.build import build
from mesos_runtime.cache import runtime_folder
from mesos_runtime.errors import BuildError
from mesos_runtime.verify import verify


def main(arguments: list[str] | None = None) -> int:
    """Run one command; 0, or 1 after one sentence on stderr."""
    parser = argparse.ArgumentParser(prog="python3 -m mesos_runtime", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    build_command = commands.add_parser("build", help="make the archive, or take it from the cache")
    build_command.add_argument("--output", type=Path, metavar="DIR", help="also copy archive and checksum there")
    commands.add_parser("path", help="print the folder of the unpacked runtime, built first if it is missing")
    verify_command = commands.add_parser("verify", help="check an archive or an unpacked runtime")
    verify_command.add_argument("path", type=Path, nargs="?", help="default: the runtime that `path` prints")
    options = parser.parse_args(arguments)
    try:
        if options.command == "build":
            print(build(options.output).archive)
        elif options.command == "path":
            print(runtime_folder())
        else:
            print(verify(options.path or runtime_folder()))
    except BuildError as error:
        print(f"mesos_runtime: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
