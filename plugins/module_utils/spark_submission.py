# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the module spark_driver does: run a job or join its run, and end runs."""

from __future__ import annotations

import typing as t
import urllib.parse
from dataclasses import replace

from .arguments import registry_from
from .difference import DifferenceTracker
from .errors import OptionError, PlatformError
from .graylog import Graylog
from .graylog_search import browser_url, link
from .image_layer import LocalFile, compressed, layer_of
from .marathon import Marathon
from .mesos import Mesos
from .registry import DerivedImage, Registry, parse_reference
from .sizes import readable
from .spark import Job, build_app
from .spark_options import job_from, job_name
from .spark_run import SparkRun, going_runs
from .waiter import Waiter


def submit(
    marathon: Marathon,
    mesos: Mesos,
    graylog: t.Optional[Graylog],
    waiter: Waiter,
    params: dict[str, t.Any],
    check_mode: bool,
    warn: t.Callable[[str], None],
) -> dict[str, t.Any]:
    """Run the job of the options, or join its run; the module's result. Everything that can be judged is, before
    anything changes.
    """
    job, files = job_from(params, spark_master(mesos))
    registry, image = None, None
    if files:
        job, registry, image = _with_files(job, files, params)
    run = SparkRun(marathon, mesos, waiter, job, params["log_lines"], graylog)
    if not run.find():
        _warn_if_too_large(mesos, job, warn)
        if registry and image and image.missing and not check_mode:
            registry.push(image)
            # A push takes its time, and somebody else may have started the same meanwhile.
            run.find()
    differences = DifferenceTracker()
    if not run.joined:
        differences.compare("app", None, build_app(job, "<run id>"))
    result = {"joined": run.joined, **differences.result()}
    if check_mode:
        return {**result, "run_id": run.run_id or None}
    run.start(params["wait"])
    result["network"] = run.network
    result["log_url"] = link(browser_url(graylog), run.run_id) if graylog else None
    try:
        record = run.wait(params["timeout_action"]) if params["wait"] else run.record()
    except PlatformError as error:
        error.record.update(result)
        raise
    return {**record, **result}


def end_runs(marathon: Marathon, waiter: Waiter, params: dict[str, t.Any], check_mode: bool) -> dict[str, t.Any]:
    """Remove the apps of a job's runs, and wait until their drivers are gone."""
    name = job_name(params["name"])
    labels = {"job": name, **({"run_id": params["run_id"]} if params["run_id"] else {})}
    apps = going_runs(marathon, **labels)
    differences = DifferenceTracker()
    differences.compare("apps", [app["id"] for app in apps], [])
    result = {"removed": [app["labels"]["run_id"] for app in apps], **differences.result()}
    if check_mode:
        return result
    for app in apps:
        marathon.delete_app(app["id"])
    if params["wait"] and apps:
        ids = {app["id"] for app in apps}

        def gone() -> t.Optional[bool]:
            busy = {
                action["app"]
                for plan in marathon.deployments()
                for action in plan.get("currentActions", [])
                if "app" in action
            }
            return None if ids & busy else True

        waiter.until(gone, f"the end of {', '.join(result['removed'])}")
    return result


def spark_master(mesos: Mesos) -> str:
    """Spark's master URL for the masters: ``mesos://host:5050,host:5050``. Drivers do not go through a gateway."""
    urls = mesos.masters()
    servers = [urllib.parse.urlsplit(url).netloc for url in urls]
    if not all(servers) or not servers:
        raise OptionError("mesos_url", urls, "names no server", "write it as https://host:5050")
    return "mesos://" + ",".join(servers)


def _with_files(job: Job, files: t.Sequence[LocalFile], params: dict[str, t.Any]) -> tuple[Job, Registry, DerivedImage]:
    """The job on an image that holds its local files; the image is worked out here and pushed later."""
    registry = registry_from(params, parse_reference(job.image))
    layer = layer_of(files)
    image = registry.derive(layer, compressed(layer), job.name, f"files of job {job.name}")
    return replace(job, image=image.reference), registry, image


def _warn_if_too_large(mesos: Mesos, job: Job, warn: t.Callable[[str], None]) -> None:
    """An agent that is large enough may still come, so this is no error."""
    memory = max((agent.resources.get("mem", 0) for agent in mesos.agents() if agent.active), default=0)
    for who, asked in (("the driver", job.driver_container_memory), ("each executor", job.executor_container_memory)):
        if asked > memory:
            warn(f"{who} asks {readable(asked)} of memory; the largest agent has {readable(memory)}")
