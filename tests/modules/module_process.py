# SPDX-License-Identifier: GPL-3.0-or-later
"""Modules as Ansible runs them: a process of their own that reads options and writes one JSON document."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

_ROOT = Path(__file__).resolve().parents[2]
_PACKAGE = "ansible_collections.mesospark.platform.plugins.modules"


class ModuleProcess:
    """A module that was started with options."""

    def __init__(self, name: str, options: dict[str, Any]) -> None:
        foreign = ("MESOS", "MARATHON_", "GRAYLOG_")
        environment = {key: value for key, value in os.environ.items() if not key.startswith(foreign)}
        self.process = subprocess.Popen(
            [sys.executable, "-m", f"{_PACKAGE}.{name}"],
            env={**environment, "PYTHONPATH": str(_ROOT / ".collections")},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps({"ANSIBLE_MODULE_ARGS": options}).encode())
        self.process.stdin.close()
        self.process.stdin = None

    def result(self, timeout: float = 90) -> dict[str, Any]:
        """Its result; AssertionError if it wrote anything but a result."""
        output, errors = self.process.communicate(timeout=timeout)
        assert not errors, errors.decode()
        return json.loads(output)

    def kill(self) -> None:
        """End it as an interrupted playbook ends."""
        self.process.kill()
        self.process.wait()


def run_module(module: str, /, **options: Any) -> dict[str, Any]:
    """Start a module and wait for its result."""
    return ModuleProcess(module, options).result()
