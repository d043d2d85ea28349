# SPDX-License-Identifier: GPL-3.0-or-later
"""What the agent takes for the docker command: makes a run's network before the container that is to be in it."""

import os
import sys
from collections.abc import Sequence

from mesospark_run_networks import Refusal, names
from mesospark_run_networks.names import NetworkName
from mesospark_run_networks.networks import RunNetworks
from mesospark_run_networks.settings import Settings, read_settings

_DOCKER = "/usr/bin/docker"
_MAKING = ("create", "run")
_NETWORK = ("--network", "--net")
_LABEL = ("--label", "-l")
# The exit status of 'docker run' when there is no container.
_REFUSED = 125


def values(arguments: Sequence[str], options: Sequence[str]) -> list[str]:
    """Values of an option in the forms ``--option value`` and ``--option=value``, in their order."""
    found = []
    for position, argument in enumerate(arguments):
        option, separator, value = argument.partition("=")
        if option not in options:
            continue
        if separator:
            found.append(value)
        elif position + 1 < len(arguments):
            found.append(arguments[position + 1])
    return found


def network_of(settings: Settings, arguments: Sequence[str]) -> NetworkName | None:
    """The network to be made for a docker command, if it is for an isolated run.

    Raises Refusal if the run must be isolated and is not, or claims to be another.
    """
    making = next((position for position, argument in enumerate(arguments) if argument in _MAKING), None)
    if making is None:
        return None
    options = arguments[making + 1 :]
    # Options come before the image, and the image before the arguments of the program in it: the first one counts.
    network = next(iter(values(options, _NETWORK)), "")
    runs = _runs(options)
    if not network.startswith(names.PREFIX):
        for run_id in runs:
            if names.matches(names.job_of(run_id), settings.isolated_jobs):
                patterns = ", ".join(settings.isolated_jobs)
                raise Refusal(f"run {run_id} must be isolated, as all jobs called {patterns}: say network: isolated")
        return None
    name = names.parse(network)
    for run_id in runs:
        if run_id != name.run_id:
            raise Refusal(f"run {run_id} may not be in the network of {name.run_id}")
    return name


def _runs(options: Sequence[str]) -> list[str]:
    """Runs that a container says it belongs to: executors by our label, drivers by Marathon's."""
    labels = [label.partition("=") for label in values(options, _LABEL)]
    found = [value for key, _separator, value in labels if key == "run_id"]
    found += [names.run_of_task(value) for key, _separator, value in labels if key == "MESOS_TASK_ID"]
    return [run_id for run_id in found if run_id]


def main(arguments: Sequence[str]) -> None:
    """Become the docker command with these arguments; ends with a sentence on stderr if there can be no network."""
    try:
        settings = read_settings()
        name = network_of(settings, arguments)
        if name is not None:
            os.set_inheritable(RunNetworks(settings).provide(name), True)
    except (Refusal, OSError) as error:
        print(f"mesospark-run-networks: {error}", file=sys.stderr)
        sys.exit(_REFUSED)
    os.execv(_DOCKER, [_DOCKER, *arguments])
