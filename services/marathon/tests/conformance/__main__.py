# SPDX-License-Identifier: GPL-3.0-or-later
"""Replays the recorded corpus against any Marathon.

    PYTHONPATH=services/marathon/tests python3 -m conformance --url http://127.0.0.1:8080 --agents HOST_A,HOST_B

The server must be empty: everything on it is deleted between scenarios (one that holds apps is refused without --wipe).
"""

import argparse
import json
import re
import sys
import time
from collections import defaultdict
from pathlib import Path
from typing import Any

import requests

from conformance.comparison import Failure
from conformance.player import Player, Scenario

_SHOWN_DIFFERENCES = 6
_SHOWN_CHARACTERS = 400


def main() -> int:
    options = _arguments()
    session = requests.Session()
    session.trust_env = False
    if options.user:
        user, _, password = options.user.partition(":")
        session.auth = (user, password)
    if options.cacert:
        session.verify = options.cacert
    host_a, _, host_b = options.agents.partition(",")
    scenarios = _chosen(options)
    player = Player(options.url, session, (host_a, host_b), events=not options.no_events)
    if not player.is_empty() and not options.wipe:
        print("the server is not empty; --wipe allows deleting what is there", file=sys.stderr)
        return 2
    passed: dict[str, int] = defaultdict(int)
    played: dict[str, int] = defaultdict(int)
    for scenario in scenarios:
        started = time.monotonic()
        failures = player.play(scenario)
        played[scenario["topic"]] += 1
        passed[scenario["topic"]] += not failures
        seconds = time.monotonic() - started
        print(f"{'FAIL' if failures else 'pass'} {scenario['name']}  ({seconds:.1f} s)", flush=True)
        for text in (describe(failure, whole=options.verbose) for failure in failures):
            print(text)
    player.empty_server()
    print("\nby topic: " + ", ".join(f"{topic} {passed[topic]}/{count}" for topic, count in sorted(played.items())))
    failed = sum(played.values()) - sum(passed.values())
    print(f"{sum(passed.values())} passed, {failed} failed")
    return 1 if failed else 0


def describe(failure: Failure, whole: bool = False) -> str:
    """Some lines that say what was expected and what came instead."""
    lines = [f"   step {failure.step} {failure.what}"]
    shown = failure.differences if whole else failure.differences[:_SHOWN_DIFFERENCES]
    for difference in shown:
        expected, actual = (_shown(value, whole) for value in (difference.expected, difference.actual))
        lines += [f"     {difference.path or '(whole)'}", f"       expected {expected}", f"       actual   {actual}"]
    if len(failure.differences) > len(shown):
        lines.append(f"     ... {len(failure.differences) - len(shown)} more differences")
    return "\n".join(lines)


def _shown(value: Any, whole: bool) -> str:
    text = json.dumps(value, sort_keys=True, default=repr)
    return text if whole else text[:_SHOWN_CHARACTERS]


def _chosen(options: argparse.Namespace) -> list[Scenario]:
    skipped_needs = set(filter(None, options.skip_needs.split(",")))
    scenarios = json.loads(Path(options.corpus).read_text(encoding="utf-8"))["scenarios"]
    return [
        scenario
        for scenario in scenarios
        if (not options.only or re.search(options.only, scenario["name"]))
        and (not options.topic or scenario["topic"] in options.topic.split(","))
        and not skipped_needs & set(scenario.get("needs", ()))
    ]


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="conformance", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("corpus", nargs="?", default=str(Path(__file__).with_name("corpus.json")))
    parser.add_argument("--url", default="http://127.0.0.1:8080")
    parser.add_argument("--user", help="name:password")
    parser.add_argument("--cacert", help="PEM file of the server's CA")
    parser.add_argument("--agents", default="127.0.0.1,127.0.0.2", help="host names of the agents (rack r1, rack r2)")
    parser.add_argument("--only", help="regular expression on the scenario name")
    parser.add_argument("--topic", help="topics, separated by commas")
    parser.add_argument("--skip-needs", default="", help="leave out scenarios that need one of: tasks, docker, agents")
    parser.add_argument("--no-events", action="store_true", help="do not compare events")
    parser.add_argument("--wipe", action="store_true", help="allow deleting what is on the server")
    parser.add_argument("--verbose", action="store_true", help="show whole differences")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
