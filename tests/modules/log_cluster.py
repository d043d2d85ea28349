# SPDX-License-Identifier: GPL-3.0-or-later
"""A run whose tasks write logs in all their forms, and the log shipper on the agent where they ran."""

import os
import subprocess
import sys
from pathlib import Path

from mesos_runtime.local_cluster import LocalCluster
from mesos_runtime.local_cluster.framework import Framework, command_task

_ROOT = Path(__file__).resolve().parents[2]
_WRITER = r"""
import sys
out = sys.stdout.buffer
for i in range(LINES):
    out.write(b"2026-11-21T10:15:%02d.%03dZ INFO Numbered: line %d of NAME\n" % (i // 1000 % 60, i % 1000, i))
    if i % 100 == 0:
        out.write(b"\n")
out.write("2026-11-21T10:16:00.001Z ERROR Executor: Gr\u00fc\u00dfe \U0001f600 of NAME\n".encode())
out.write(b"java.lang.IllegalStateException: no \"more\", really\n")
out.write(b"\tat org.example.Deep.dive(Deep.java:1)\n" * 200)
out.write(b"Caused by: java.io.IOException: gone\n\t... 12 more\n")
out.write(b"bytes \xff\xfe and \\xff, \x00 and\n" + b"x" * 1200000 + b"\nno newline at the end")
sys.stderr.write("2026-11-21T10:15:00.500Z WARN NAME: on standard error\nValueError: NAME gave up\n")
"""


def write_logs(cluster: LocalCluster, run: str, lines: int) -> dict[str, dict[str, bytes]]:
    """Let a driver and an executor of a run write; the bytes of ``stdout`` and ``stderr`` of each, by ``driver`` and
    the executor's id.
    """
    labels = [{"key": key, "value": value} for key, value in (("job", "logs"), ("run_id", run), ("principal", "team"))]
    with Framework(cluster, name=run) as framework:
        tasks = {}
        for name, task_id in (("driver", f"runs_{run}.instance-1._app.1"), ("0", "0")):
            program = _WRITER.replace("LINES", str(lines)).replace("NAME", name)
            task = command_task([sys.executable, "-c", program])
            tasks[name] = {**task, "task_id": {"value": task_id}, "labels": {"labels": labels}}
            framework.wait_for(framework.launch(tasks[name]))
        folder = cluster.agents[0].work_folder
        found = {}
        for name, task in tasks.items():
            (sandbox,) = folder.glob(
                f"slaves/*/frameworks/{framework.framework_id}/executors/{task['task_id']['value']}/runs/*-*"
            )
            found[name] = {stream: (sandbox / stream).read_bytes() for stream in ("stdout", "stderr")}
        return found


def ship_everything(folder: Path, cluster: LocalCluster, tls: dict[str, str], server: str) -> subprocess.Popen[bytes]:
    """Start the real log shipper on the only agent, as if it had been away so far."""
    destination = [f'{key}_file = "{tls[option]}"' for key, option in (("ca", "ca_path"), ("key", "client_key"))]
    configuration = [
        f'state_directory = "{cluster.agents[0].work_folder.parent / "log-shipper"}"',
        "[sandboxes]",
        f'work_directory = "{cluster.agents[0].work_folder}"',
        "[[destinations]]",
        'name = "graylog"',
        f'servers = ["{server}"]',
        f'certificate_file = "{tls["client_cert"]}"',
        *destination,
    ]
    path = folder / "log-shipper.toml"
    path.write_text("\n".join(configuration), encoding="utf-8")
    environment = {**os.environ, "PYTHONPATH": str(_ROOT / "services/log-shipper")}
    with (folder / "log-shipper.log").open("wb") as log:
        command = [sys.executable, "-m", "mesospark_log_shipper", "--config", str(path)]
        return subprocess.Popen(command, env=environment, stderr=log)
