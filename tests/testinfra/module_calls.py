# SPDX-License-Identifier: GPL-3.0-or-later
"""The collection's playbooks, and its modules as Ansible calls them: a process that reads options and writes JSON."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

REPOSITORY = Path(__file__).resolve().parents[2]
_MODULES = "ansible_collections.mesospark.platform.plugins.modules"


def call_module(name: str, /, **options: Any) -> dict[str, Any]:
    """The result of a module, whether it succeeds or fails; AssertionError if it writes anything else."""
    process = subprocess.run(
        [sys.executable, "-m", f"{_MODULES}.{name}"],
        env={**os.environ, "PYTHONPATH": str(REPOSITORY / ".collections")},
        input=json.dumps({"ANSIBLE_MODULE_ARGS": options}),
        capture_output=True,
        text=True,
        check=False,
    )
    assert not process.stderr, process.stderr
    return dict(json.loads(process.stdout))


def run_playbook(platform, name: str, *options: str) -> subprocess.CompletedProcess[str]:
    """A playbook on the platform's inventory, however it ends; all that it writes is in `stdout`."""
    command = [str(Path(sys.executable).with_name("ansible-playbook")), "--inventory", platform.inventory]
    command += [str(REPOSITORY / "playbooks" / f"{name}.yml"), *options]
    # Who runs the checks may want colours; who reads what is written here does not.
    environment = {**os.environ, "ANSIBLE_FORCE_COLOR": "false", "ANSIBLE_NOCOLOR": "true"}
    return subprocess.run(
        command,
        cwd=REPOSITORY,
        env=environment,
        check=False,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def trust(platform) -> dict[str, str]:
    """Options by which a module trusts the platform, and shows that it is an operator."""
    folder = platform.secrets_folder
    return {
        "ca_path": str(folder / "ca.pem"),
        "client_cert": str(folder / "operator.pem"),
        "client_key": str(folder / "operator.key"),
    }


def mesos_access(platform) -> dict[str, Any]:
    """Options of modules that ask Mesos."""
    urls = [f"https://{platform.address(name)}:5050" for name in platform.members("mesos_masters")]
    account = {"mesos_username": "operator", "mesos_password": platform.secret("mesos_operator_secret")}
    return {**trust(platform), **account, "mesos_url": urls}
