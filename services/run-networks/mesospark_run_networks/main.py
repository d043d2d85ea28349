# SPDX-License-Identifier: GPL-3.0-or-later
"""``up``, ``watch`` and ``down`` are the service's; ``docker ARGUMENTS`` is what the agent runs."""

import sys
import time

from mesospark_run_networks import Refusal, front, link
from mesospark_run_networks.engine import Engine
from mesospark_run_networks.networks import RunNetworks
from mesospark_run_networks.settings import Settings, read_settings

_MOMENT = 1.0  # seconds
_PAUSE = 30.0  # seconds after which it looks even if nothing seems to have happened


def watch(settings: Settings) -> None:
    """Remove networks when their last container has ended, for ever."""
    networks = RunNetworks(settings)
    engine = Engine(settings.engine)
    while True:
        try:
            networks.sweep()
            for _end in engine.ends(_PAUSE):
                # The engine tells of the end a moment before its list of containers shows it.
                time.sleep(_MOMENT)
                networks.sweep()
        except (OSError, Refusal) as error:
            print(f"trying again: {error}", file=sys.stderr)
            time.sleep(2)


def main(arguments: list[str]) -> None:
    """Do what the first argument says."""
    if arguments[:1] == ["docker"]:
        front.main(arguments[1:])
    try:
        settings = read_settings()
        if arguments == ["up"]:
            link.bring_up(settings)
            RunNetworks(settings).reload()
        elif arguments == ["watch"]:
            watch(settings)
        elif arguments == ["down"]:
            link.take_down()
        else:
            sys.exit("usage: run-networks up | watch | down | docker ARGUMENTS")
    except (Refusal, OSError) as error:
        sys.exit(f"mesospark-run-networks: {error}")
