# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the module spark_driver_info does: find runs, going ones by their apps and past ones by what the master
remembers.
"""

from __future__ import annotations

import typing as t

from .graylog import Graylog
from .graylog_search import browser_url, link
from .marathon import Marathon
from .mesos import TERMINAL_STATES, Mesos, labels_of
from .run_errors import error_lines
from .spark_record import RecordReader
from .spark_run import going_runs


def find_runs(
    marathon: Marathon, mesos: Mesos, graylog: t.Optional[Graylog], params: dict[str, t.Any]
) -> list[dict[str, t.Any]]:
    """Records of the runs which the options name, the newest first. Each says with ``going`` whether its app is
    there. Where logs are wanted, those that failed have ``error_lines``.
    """
    labels = {"job": params["name"], "run_id": params["run_id"]}
    wanted = {key: value for key, value in labels.items() if value}
    reader = RecordReader(marathon, mesos, params["log_lines"])
    apps = {app["labels"]["run_id"]: app for app in going_runs(marathon, **wanted)}
    tasks = {labels_of(task)["run_id"]: task for task in reader.driver_tasks(**wanted)}
    snapshot = reader.snapshot()
    address = browser_url(graylog) if graylog else None
    found: list[dict[str, t.Any]] = []
    for run_id in sorted({*apps, *tasks}, key=_started, reverse=True):
        task = tasks.get(run_id)
        going = run_id in apps and not (task and task["state"] in TERMINAL_STATES)
        if params["state"] != "all" and going != (params["state"] == "going"):
            continue
        if len(found) == params["limit"]:
            break
        failure = apps.get(run_id, {}).get("lastTaskFailure") or {}
        message = failure.get("message", "") if task and failure.get("taskId") == task["id"] else ""
        own = apps[run_id]["labels"] if run_id in apps else labels_of(tasks[run_id])
        record = reader.read(run_id, task, message, snapshot)
        record["log_url"] = link(address, run_id) if address else None
        failed = not going and (record["state"] != "finished" or record["exit_code"])
        if failed and params["log_lines"]:
            record["error_lines"] = error_lines(mesos, graylog, run_id)
        found.append({"name": own.get("job"), "principal": own.get("principal"), "going": going, **record})
    return found


def _started(run_id: str) -> str:
    """The time in a run's id, behind the job's name."""
    return "-".join(run_id.rsplit("-", 2)[1:])
