# SPDX-License-Identifier: GPL-3.0-or-later
"""The program `gateway`."""

import argparse
import asyncio
import logging
import signal
import stat
import sys
from pathlib import Path

from aiohttp import web

from mesospark_gateway import __version__
from mesospark_gateway.backends import Backends
from mesospark_gateway.configuration import Configuration, ConfigurationError, read_configuration
from mesospark_gateway.server import Server

_EXIT_CONFIGURATION = 2
_LONGEST_LINE = 32 * 1024
_SHUTDOWN_SECONDS = 5.0


def main() -> None:
    """Serve on the socket of the configuration until SIGTERM or SIGINT."""
    parser = argparse.ArgumentParser(prog="gateway", description="What stands behind the platform's one address.")
    parser.add_argument("--config", type=Path, required=True, metavar="FILE", help="configuration file (JSON)")
    parser.add_argument("--check", action="store_true", help="check the configuration and its files, and end")
    parser.add_argument("--version", action="version", version=__version__)
    arguments = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(message)s", stream=sys.stderr)
    # Every request stands in httpd's log already.
    logging.getLogger("aiohttp.access").setLevel(logging.WARNING)
    try:
        configuration = read_configuration(arguments.config)
        Backends(configuration).tls_context()
        if not arguments.check:
            asyncio.run(serve(configuration))
    except ConfigurationError as error:
        print(f"gateway: {error}", file=sys.stderr)
        sys.exit(_EXIT_CONFIGURATION)


async def serve(configuration: Configuration) -> None:
    """Raises ConfigurationError when the socket can not be made."""
    runner = web.AppRunner(
        Server(configuration).application(),
        handle_signals=False,
        # A client that has gone ends its request here as well, also one that waits for events.
        handler_cancellation=True,
        shutdown_timeout=_SHUTDOWN_SECONDS,
        max_line_size=_LONGEST_LINE,
        max_field_size=_LONGEST_LINE,
    )
    await runner.setup()
    path = configuration.socket
    try:
        if path.is_socket():
            path.unlink()
        await web.UnixSite(runner, str(path)).start()
        # Who may write here is believed: httpd, whose group the folder has.
        path.chmod(stat.S_IRUSR | stat.S_IWUSR | stat.S_IRGRP | stat.S_IWGRP)
    except OSError as error:
        raise ConfigurationError(f"socket {path}: can not be made ({error.strerror})") from error
    ended = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, ended.set)
    await ended.wait()
    await runner.cleanup()
