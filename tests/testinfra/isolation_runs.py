# SPDX-License-Identifier: GPL-3.0-or-later
"""Isolated runs for test_isolation.py: submitted as a team does, watched from the agent where the driver is."""

import json
import time
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from module_calls import call_module, mesos_access
from testinfra.host import Host

APPLICATION = Path(__file__).with_name("isolated_run.py")
LABEL = "mesospark.isolated-run"
TABLE = "inet mesospark_runs"


def submit(platform, name: str, **options: Any) -> dict[str, Any]:
    """What the module spark_driver returns to an operator."""
    registry = platform.variables["platform_registry"]
    port = registry.rpartition(":")[2]
    server = platform.address(platform.members("docker_registries")[0])
    account = {"url_username": "operator", "url_password": platform.secret("marathon_http_password")}
    pushing = {"registry_username": "push", "registry_password": platform.secret("registry_push_password")}
    small = {"driver_memory": "512m", "executor_memory": "512m", "driver_cpus": 0.2}
    return call_module(
        "spark_driver",
        **{
            **mesos_access(platform),
            **account,
            **pushing,
            **small,
            "marathon_url": [f"https://{platform.address(host)}:8443" for host in platform.members("marathons")],
            "registry_url": f"https://{server}:{port}",
            "image": f"{registry}/mesospark/spark:3.5.8",
            "application": str(APPLICATION),
            "name": name,
            "wait_timeout": "4m",
            **options,
        },
    )


def end(platform, name: str) -> None:
    """Remove what is left of a job's runs."""
    submit(platform, name, state="absent")


@dataclass(frozen=True)
class IsolatedRun:
    """A run whose job is isolated_run.py."""

    platform: Any
    run_id: str

    def _app(self) -> dict[str, Any]:
        account = ("operator", self.platform.secret("marathon_http_password"))
        marathon = self.platform.address(self.platform.members("marathons")[0])
        answer = self.platform.request(f"https://{marathon}:8443/v2/apps/runs/{self.run_id}", account)
        return dict(answer.json()["app"])

    @cached_property
    def task(self) -> dict[str, Any]:
        """Of the driver, when it runs."""

        def look() -> dict[str, Any] | None:
            running = [task for task in self._app()["tasks"] if task["state"] == "TASK_RUNNING"]
            return running[0] if running else None

        return wait(look, f"the driver of {self.run_id}")

    @property
    def agent(self) -> str:
        """Inventory name of the driver's agent."""
        return str(self.task["host"]).partition(".")[0]

    @property
    def interface_port(self) -> int:
        """Where the agent shows the driver's web interface."""
        return int(self.task["ports"][-1])

    @cached_property
    def host(self) -> Host:
        return self.platform.host(self.agent)

    @cached_property
    def sandbox(self) -> str:
        found = f"/var/lib/mesos-agent/slaves/*/frameworks/*/executors/{self.task['id']}/runs/latest"
        return self.host.check_output(f"ls -d {found}").split()[0]

    @cached_property
    def address(self) -> str:
        """The driver's address in its network."""
        return self.awaited("address").strip()

    def awaited(self, name: str) -> str:
        """A file of the driver's sandbox."""
        path = f"{self.sandbox}/{name}"
        wait(lambda: self.host.file(path).exists, f"{name} in {self.sandbox} on {self.agent}")
        return str(self.host.file(path).content_string)

    def write(self, name: str, text: str) -> None:
        """Leave a file in the sandbox, whole or not at all."""
        path = f"{self.sandbox}/{name}"
        self.host.check_output(f"cat > {path}.new <<'END'\n{text}\nEND\nmv {path}.new {path}")

    def findings(self, targets: list[str]) -> dict[str, Any]:
        """What driver and executors reach of these."""
        self.write("targets.json", json.dumps(targets))
        self.awaited("probed")
        return dict(json.loads(self.host.file(f"{self.sandbox}/result.json").content_string))


def wait(condition: Any, what: str, patience: float = 240.0) -> Any:
    """The first true value of `condition`."""
    deadline = time.monotonic() + patience
    while time.monotonic() < deadline:
        if value := condition():
            return value
        time.sleep(0.5)
    raise AssertionError(f"waited {patience:.0f} s for {what}")


def traces(host: Host) -> list[str]:
    """Networks, devices and rules of isolated runs on an agent."""
    networks = host.check_output(f"docker network ls --filter label={LABEL} --format '{{{{.Name}}}}'").split()
    devices = [
        line.split(": ")[1]
        for line in host.check_output("ip -o link show type bridge").splitlines()
        if ": mesosrun-" in line
    ]
    rules = [line.strip() for line in host.check_output(f"nft list table {TABLE}").splitlines() if "run_" in line]
    return networks + devices + rules
