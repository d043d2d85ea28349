# SPDX-License-Identifier: GPL-3.0-or-later
"""After a full disk, Graylog's indices are read-only until the playbook has run again."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = [pytest.mark.hosts, pytest.mark.soak]

REPOSITORY = Path(__file__).parents[2]
SETTING = "index.blocks.read_only_allow_delete"


def curl(host, path: str, method: str = "GET", body: object = None) -> dict:
    data = f"-H 'Content-Type: application/json' -d '{json.dumps(body)}'" if body is not None else ""
    return json.loads(host.check_output(f"curl --silent --fail -X {method} {data} http://127.0.0.1:9200{path}"))


def test_indices_that_a_full_disk_closed_are_opened_by_the_playbook(platform):
    host = platform.host(platform.members("graylogs")[0])
    curl(host, "/platform_*/_settings", "PUT", {SETTING: True})
    command = [str(Path(sys.executable).with_name("ansible-playbook")), "--inventory", platform.inventory]
    command += [str(REPOSITORY / "playbooks/logs.yml"), "--tags", "graylog_indices"]
    for changed in (1, 0):
        result = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=False, timeout=200)
        assert result.returncode == 0, result.stdout + result.stderr
        assert f"changed={changed} " in next(
            line for line in result.stdout.splitlines() if line.startswith(host.backend.host) and "changed=" in line
        )
        assert curl(host, f"/_all/_settings/{SETTING}") == {}
