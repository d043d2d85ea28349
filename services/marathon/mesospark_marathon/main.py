# SPDX-License-Identifier: GPL-3.0-or-later
"""The program `marathon`."""

import asyncio
import logging
import os
import signal
import sys

from mesospark_marathon.api import add_routes
from mesospark_marathon.command_line import EXIT_BAD_OPTION, EXIT_CANNOT_BIND, parse_options
from mesospark_marathon.events.bus import EventBus
from mesospark_marathon.health.runner import HealthCheckRunner
from mesospark_marathon.mesos.transport import MesosTransport
from mesospark_marathon.options import OptionError, Options
from mesospark_marathon.server import ListenError, MarathonServer
from mesospark_marathon.service import MarathonService
from mesospark_marathon.store import StoreError
from mesospark_marathon.store.sqlite import SqliteStore

LOG = logging.getLogger(__name__)

_EXIT_STORE = 101
_EXIT_FAILURE = 1


def main() -> None:
    """Run until a signal, the end of leadership or a failure of the store."""
    try:
        options = parse_options(sys.argv[1:], os.environ)
        logging.basicConfig(
            level=options.logging_level.upper(),
            format="%(asctime)s %(levelname)s %(name)s: %(message)s",
            stream=sys.stderr,
        )
        sys.exit(_EXIT_FAILURE if asyncio.run(_run(options)) else 0)
    except OptionError as error:
        sys.exit(_say(str(error), EXIT_BAD_OPTION))
    except ListenError as error:
        sys.exit(_say(str(error), EXIT_CANNOT_BIND))
    except StoreError as error:
        sys.exit(_say(str(error), _EXIT_STORE))


def _say(message: str, status: int) -> int:
    print(f"marathon: {message}", file=sys.stderr)
    return status


async def _run(options: Options) -> bool:
    """Serves until the end; whether it ended because it could not go on."""
    bus = EventBus(options.event_stream_max_outstanding_messages)
    service = MarathonService(options, SqliteStore(options.store), bus)
    transport = MesosTransport(options, service.framework_info, service.on_mesos_event, service.on_framework_id)
    server = MarathonServer(options, service, bus, lambda application: add_routes(application, service))
    runner = HealthCheckRunner(service.on_health)
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, service.ended.set)
    loop.add_signal_handler(signal.SIGHUP, server.reload)
    await server.start()
    service.start(transport, runner)
    subscription = loop.create_task(transport.run())

    def subscription_ended(task: asyncio.Task[None]) -> None:
        if not task.cancelled():
            LOG.critical("The connection to Mesos failed", exc_info=task.exception())
        service.ended.set()

    subscription.add_done_callback(subscription_ended)
    try:
        await service.ended.wait()
    finally:
        service.failed |= subscription.done()
        subscription.cancel()
        await runner.close()
        await server.stop()
        await service.close()
    return service.failed


if __name__ == "__main__":
    main()
