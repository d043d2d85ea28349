# SPDX-License-Identifier: GPL-3.0-or-later
"""Definitions sent to a real Marathon 1.11, and what it showed of them: nothing that it fills in is a difference.

The recordings are those of the embedded Marathon's conformance tests.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.mesospark.platform.plugins.module_utils.difference import DifferenceTracker
from ansible_collections.mesospark.platform.plugins.module_utils.marathon_definition import compare, wanted_definition

_CORPUS = Path(__file__).parents[4] / "services/marathon/tests/conformance/corpus.json"
# Fields that Marathon ignores or still understands, and the module refuses.
_REFUSED = {"ipAddress", "version", "tasks", "tasksRunning", "deployments", "versionInfo", "lastTaskFailure"}


# Where the recordings hold placeholders, and what was sent there.
_PLACEHOLDERS = {"<host>": "127.0.0.1", "<agentA>": "${agentA}", "<agentB>": "${agentB}", ': "<port>"': ": 31400"}


def _accepted(step: dict[str, Any]) -> tuple[str, dict[str, Any]] | None:
    """Id and definition of a single app which a step sent, if Marathon took it."""
    body = step.get("body")
    if step["expect"].get("status") not in (200, 201) or not isinstance(body, dict) or _REFUSED & body.keys():
        return None
    if step["method"] == "POST" and step["path"].rstrip("/") == "/v2/apps":
        return body["id"].strip("/"), body
    if step["method"] == "PUT" and step["path"].startswith("/v2/apps/"):
        return step["path"].removeprefix("/v2/apps/").strip("/"), body
    return None


def _recorded() -> Iterator[Any]:
    """Pairs of a definition that was accepted and the app as it was shown right after."""
    text = _CORPUS.read_text(encoding="utf-8")
    for placeholder, value in _PLACEHOLDERS.items():
        text = text.replace(placeholder, value)
    for scenario in json.loads(text)["scenarios"]:
        sent = None
        for step in scenario["steps"]:
            if step.get("method") is None:
                continue
            if step["method"] != "GET":
                sent = _accepted(step)
                continue
            body = step["expect"].get("body")
            shown = body.get("app") if isinstance(body, dict) else None
            if sent and isinstance(shown, dict) and "id" in shown and shown["id"].strip("/") == sent[0]:
                yield pytest.param(sent[1], shown, id=f"{scenario['name']}-{sent[0]}")
                sent = None


@pytest.mark.parametrize(("definition", "shown"), list(_recorded()))
def test_what_marathon_fills_in_is_no_difference(definition: dict[str, Any], shown: dict[str, Any]) -> None:
    differences = DifferenceTracker()
    without_id = {key: value for key, value in definition.items() if key != "id"}
    compare(wanted_definition(shown["id"], without_id), shown, differences)
    assert not differences.changed, differences.result()["diff"]
