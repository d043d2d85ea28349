# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A role that waits for its service goes on waiting, whatever a service answers that is not ready yet."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible.parsing.dataloader import DataLoader
from ansible.template import Templar, trust_as_template

ROLES = Path(__file__).resolve().parents[2] / "roles"

REFUSED = {"status": -1, "msg": "Connection refused"}


def condition(role: str, register: str) -> str:
    """The `until` of the task that registers this variable."""

    def search(tasks: list[dict[str, Any]]) -> str | None:
        for task in tasks:
            if task.get("register") == register:
                return str(task["until"])
            if found := search(task.get("block", [])):
                return found
        return None

    found = search(yaml.safe_load((ROLES / role / "tasks/service.yml").read_text()))
    assert found, f"{role} registers no {register}"
    return found


@pytest.mark.parametrize(
    ("role", "register", "answer", "ready"),
    [
        ("graylog", "_graylog_status", REFUSED, False),
        ("graylog", "_graylog_status", {"content": "DEAD"}, False),
        ("graylog", "_graylog_status", {"content": "ALIVE"}, True),
        ("marathon", "_marathon_info", REFUSED, False),
        ("marathon", "_marathon_info", {"json": {"frameworkId": None}}, False),
        ("marathon", "_marathon_info", {"json": {"frameworkId": "8c7-0000"}}, True),
        ("mesos_agent", "_mesos_agent_metrics", REFUSED, False),
        ("mesos_agent", "_mesos_agent_metrics", {"json": {"slave/registered": 0.0}}, False),
        ("mesos_agent", "_mesos_agent_metrics", {"json": {"slave/registered": 1.0}}, True),
    ],
)
def test_waiting(role: str, register: str, answer: dict[str, Any], ready: bool) -> None:
    templar = Templar(DataLoader(), variables={register: answer})
    expression = trust_as_template("{{ " + condition(role, register) + " }}")
    assert templar.template(expression) is ready
