# SPDX-License-Identifier: GPL-3.0-or-later
"""Alarms are raised in Graylog by what really happens on hosts."""

from collections.abc import Iterator

import pytest
from log_runs import wait
from log_store import LogStore
from testinfra.host import Host

UNIT = "mesospark-certificates"
SETTINGS = "/etc/mesospark/certificates.json"
HASTY_SETTINGS = "/run/mesospark-certificates.json"
DROP_IN = f"/run/systemd/system/{UNIT}.service.d"
# Longer than any certificate of a host.
WINDOW = 500 * 86400
HASTY = f"""\
import json
settings = json.load(open("{SETTINGS}"))
json.dump({{**settings, "window": {WINDOW}}}, open("{HASTY_SETTINGS}", "w"))
"""
TITLE = "A certificate ends soon"


@pytest.fixture
def hasty(platform) -> Iterator[str]:
    """A host whose daily look finds all certificates too old."""
    name = platform.members("mesos_agents")[0]
    host: Host = platform.host(name)
    host.check_output(f"python3 -c '{HASTY}'")
    command = f"/usr/bin/python3 -B -m certificates.check {HASTY_SETTINGS}"
    host.check_output(f"mkdir -p {DROP_IN}")
    host.check_output(f"printf '[Service]\\nExecStart=\\nExecStart={command}\\n' > {DROP_IN}/hasty.conf")
    host.check_output("systemctl daemon-reload")
    yield name
    host.check_output(f"rm -r {DROP_IN} {HASTY_SETTINGS}")
    host.check_output(f"systemctl daemon-reload && systemctl start {UNIT}")


def events(logs: LogStore, seconds: int) -> list[dict]:
    """What Graylog has raised in the last seconds."""
    wish = {
        "query": "",
        "page": 1,
        "per_page": 100,
        "filter": {"alerts": "only"},
        "timerange": {"type": "relative", "range": seconds},
    }
    answer = logs.ask("/events/search", logs.administrator, method="POST", body=wish)
    assert answer.status == 200, answer.text
    return [entry["event"] for entry in answer.json()["events"]]


@pytest.mark.soak
@pytest.mark.timeout(900)
def test_a_certificate_that_ends_soon(platform, hasty):
    """Graylog looks every five minutes."""
    logs = LogStore(platform)
    assert platform.host(hasty).run(f"systemctl start {UNIT}").rc != 0

    def raised() -> list[dict]:
        return [event for event in events(logs, 600) if TITLE in event["message"] and hasty in event["message"]]

    (event, *_others) = wait(raised, f"the alarm about {hasty}", 480)
    assert event["priority"] == 3  # high
