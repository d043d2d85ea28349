# SPDX-License-Identifier: GPL-3.0-or-later
"""The program `log-shipper`."""

import argparse
import logging
import resource
import signal
import sys
import threading
from pathlib import Path

from prometheus_client import start_http_server

from mesospark_log_shipper import __version__
from mesospark_log_shipper.configuration import Configuration, read_configuration
from mesospark_log_shipper.metrics import Metrics
from mesospark_log_shipper.shipper import Shipper
from mesospark_log_shipper.toml_table import ConfigurationError

LOG = logging.getLogger(__name__)

_EXIT_FAILURE = 1
_EXIT_CONFIGURATION = 2


def main() -> None:
    """Run until SIGTERM or SIGINT, or until something fails that a restart may mend."""
    parser = argparse.ArgumentParser(prog="log-shipper", description="Ships logs to Graylog, acknowledged.")
    parser.add_argument("--config", type=Path, required=True, metavar="FILE", help="configuration file (TOML)")
    parser.add_argument("--check", action="store_true", help="check the configuration file and end")
    parser.add_argument("--verbose", action="store_true", help="log more")
    parser.add_argument("--version", action="version", version=__version__)
    arguments = parser.parse_args()
    logging.basicConfig(
        level=logging.DEBUG if arguments.verbose else logging.INFO,
        format="%(asctime)s %(levelname)s %(name)s: %(message)s",
        stream=sys.stderr,
    )
    try:
        configuration = read_configuration(arguments.config)
        if not arguments.check:
            sys.exit(_run(configuration))
    except ConfigurationError as error:
        print(f"log-shipper: {error}", file=sys.stderr)
        sys.exit(_EXIT_CONFIGURATION)


def _run(configuration: Configuration) -> int:
    _allow_many_files()
    metrics = Metrics()
    _listen(configuration)
    stop = threading.Event()
    failed = threading.Event()
    try:
        shippers = [
            Shipper(configuration, destination, metrics.of(destination.name), stop)
            for destination in configuration.destinations
        ]
    except OSError as error:
        raise ConfigurationError(
            f"state_directory: {configuration.state_directory} is unusable ({error.strerror}); give a writable folder"
        ) from error
    threads = [threading.Thread(target=_guard, args=(shipper, stop, failed)) for shipper in shippers]
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda _number, _frame: stop.set())

    def reload(_number: int, _frame: object) -> None:
        for shipper in shippers:
            shipper.reload.set()

    signal.signal(signal.SIGHUP, reload)
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return _EXIT_FAILURE if failed.is_set() else 0


def _guard(shipper: Shipper, stop: threading.Event, failed: threading.Event) -> None:
    """A destination whose loop fails ends the program: the service manager starts it again from the checkpoint."""
    try:
        shipper.run()
    except Exception:
        LOG.critical("The shipper failed", exc_info=True)
        failed.set()
        stop.set()


def _allow_many_files() -> None:
    """Every file that is being read is open."""
    _soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def _listen(configuration: Configuration) -> None:
    if configuration.metrics_port is None:
        return
    address, port = configuration.metrics_address, configuration.metrics_port
    try:
        start_http_server(port, address)
    except OSError as error:
        raise ConfigurationError(
            f"metrics: {address}:{port} can not be listened on: {error.strerror}; choose another address or port"
        ) from error
