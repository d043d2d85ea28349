# SPDX-License-Identifier: GPL-3.0-or-later
"""Time a converge of the whole platform beside the floor that Ansible itself sets on the same hosts in the same run.

    python3 bench/converge.py [--inventory inventories/demo] [--playbook playbooks/site.yml]

A host-task is one task on one host, skipped ones not counted. The floor is a play of the smallest module (ping) on
the same hosts, run before and after, so that a machine that changes its speed meanwhile is seen.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

FLOOR_TASKS = 20


def run_playbook(inventory: str, playbook: str) -> tuple[float, dict[str, Any]]:
    """Run one playbook; return its wall seconds and Ansible's JSON report."""
    environment = os.environ | {
        "ANSIBLE_STDOUT_CALLBACK": "ansible.posix.json",
        "ANSIBLE_LOAD_CALLBACK_PLUGINS": "true",
    }
    began = time.monotonic()
    result = subprocess.run(
        ["ansible-playbook", "-i", inventory, playbook], env=environment, stdout=subprocess.PIPE, text=True, check=False
    )
    seconds = time.monotonic() - began
    start = result.stdout.find("{\n")
    if result.returncode != 0 or start < 0:
        sys.exit(f"{playbook} failed with exit status {result.returncode}: run it by hand to see why")
    report: dict[str, Any]
    # Other callbacks may write behind the report.
    report, _end = json.JSONDecoder().raw_decode(result.stdout, start)
    return seconds, report


def host_tasks(report: dict[str, Any]) -> tuple[int, int]:
    """Host-tasks that ran, and how many of them changed something."""
    results = [host for play in report["plays"] for task in play["tasks"] for host in task["hosts"].values()]
    ran = [host for host in results if not host.get("skipped")]
    return len(ran), sum(bool(host.get("changed")) for host in ran)


def floor_playbook(directory: Path) -> Path:
    """A playbook of FLOOR_TASKS pings on every host."""
    tasks = [{"name": f"Floor {number}", "ansible.builtin.ping": {}} for number in range(FLOOR_TASKS)]
    path = directory / "floor.yml"
    path.write_text(json.dumps([{"name": "Floor", "hosts": "platform", "gather_facts": False, "tasks": tasks}]))
    return path


def main() -> None:
    """Print one table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--inventory", default="inventories/demo")
    parser.add_argument("--playbook", default="playbooks/site.yml")
    options = parser.parse_args()
    rows = []
    with tempfile.TemporaryDirectory() as directory:
        floor = str(floor_playbook(Path(directory)))
        for name, playbook in (("floor, before", floor), ("converge", options.playbook), ("floor, after", floor)):
            print(f"running: {name}", file=sys.stderr, flush=True)
            seconds, report = run_playbook(options.inventory, playbook)
            rows.append((name, seconds, *host_tasks(report)))
    floor_cost = min(seconds / count for name, seconds, count, _ in rows if name.startswith("floor"))
    print(f"{'run':<16}{'wall s':>8}{'host-tasks':>12}{'changed':>9}{'s/host-task':>13}{'x floor':>9}")
    for name, seconds, count, changed in rows:
        cost = seconds / count
        print(f"{name:<16}{seconds:>8.1f}{count:>12}{changed:>9}{cost:>13.3f}{cost / floor_cost:>9.2f}")


if __name__ == "__main__":
    main()
