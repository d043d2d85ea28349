# SPDX-License-Identifier: GPL-3.0-or-later
"""Faults on the way of logs, made on purpose: services that stop or die, sandboxes that are removed too early."""

from log_runs import PROCESSES, JobRun, wait
from log_store import LogStore
from testinfra.host import Host

SHIPPER = "log-shipper"
METRICS = "http://127.0.0.1:9273/metrics"


def process_of(host: Host, unit: str) -> str:
    """The number of a unit's main process, 0 when it is not running."""
    return host.check_output(f"systemctl show --property=MainPID --value {unit}").strip()


def kill(host: Host, unit: str) -> None:
    """Kill the unit's main process, and wait until systemd has started another one."""
    before = process_of(host, unit)
    assert before != "0", f"{unit} is not running"
    host.check_output(f"kill -KILL {before}")
    wait(lambda: process_of(host, unit) not in ("0", before), f"systemd to start {unit} again", 30)


def kill_shippers(platform) -> None:
    """Kill the shipper of every agent."""
    for name in platform.members("mesos_agents"):
        kill(platform.host(name), SHIPPER)


def shipper_figure(platform, metric: str) -> float:
    """The sum of a metric over the shippers of all agents."""
    total = 0.0
    for name in platform.members("mesos_agents"):
        program = f"import urllib.request; print(urllib.request.urlopen('{METRICS}', timeout=10).read().decode())"
        lines = platform.host(name).check_output(f'python3 -c "{program}"').splitlines()
        values = [float(line.rpartition(" ")[2]) for line in lines if line.startswith((f"{metric} ", f"{metric}{{"))]
        assert values, f"the shipper of {name} has no metric {metric}"
        total += sum(values)
    return total


def acknowledged(platform) -> float:
    """How many records of all agents Graylog has acknowledged since the shippers' start."""
    return shipper_figure(platform, "log_shipper_records_acknowledged_total")


def remove_sandboxes(run: JobRun) -> None:
    """Take away the files of a run's driver and executors, as Mesos does much later."""
    sandboxes = run.sandboxes()
    assert len(sandboxes) == PROCESSES
    for sandbox in sandboxes:
        run.platform.host(sandbox.agent).check_output(f"rm --recursive {sandbox.folder}")


def graylog_host(logs: LogStore) -> Host:
    return logs.platform.host(logs.host_name)
