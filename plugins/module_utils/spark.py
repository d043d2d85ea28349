# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A Spark job and the Marathon app document of its driver. Pure functions: no input but their arguments, no side
effects.
"""

from __future__ import annotations

import hashlib
import json
import typing as t
import urllib.parse
from dataclasses import dataclass, field

RUNS_GROUP = "/runs"
SECRETS_FOLDER = "/run/secrets/spark"
PRINCIPALS_FOLDER = "/etc/mesospark/principals"
# Where the local files of a job are put in the image which is derived for it.
JOB_FOLDER = "/opt/job"
PORT_NAMES = ("driver", "blockmanager", "ui")
# Ports of an isolated driver, in a network where nobody else has any.
DRIVER_PORT, BLOCK_MANAGER_PORT = 7078, 7079
ISOLATED = "isolated"
FIRST_LAUNCH = "._app.1"
# Long enough that a driver which has ended is not launched again before its app is removed.
_HOLD_SECONDS = 86400
_GRACE_SECONDS = 10
_MINIMUM_OVERHEAD = 384
_OVERHEAD_FRACTION = 0.1


@dataclass(frozen=True)
class Job:
    """What is to be run; sizes are MiB.

    ``application``, ``py_files`` and ``jars`` are URLs to fetch, or paths in the image: local files have become such
    before.
    """

    name: str
    image: str
    application: str
    spark_master: str
    main_class: t.Optional[str] = None
    arguments: tuple[str, ...] = ()
    py_files: tuple[str, ...] = ()
    jars: tuple[str, ...] = ()
    driver_cpus: float = 1.0
    driver_memory: int = 1024
    driver_memory_overhead: t.Optional[int] = None
    executor_cores: int = 1
    executor_memory: int = 1024
    executor_memory_overhead: t.Optional[int] = None
    max_cores: int = 2
    conf: dict[str, str] = field(default_factory=dict)
    env: dict[str, str] = field(default_factory=dict)
    principal: str = "spark"
    constraints: tuple[tuple[str, ...], ...] = ()
    executor_constraints: t.Optional[str] = None
    labels: dict[str, str] = field(default_factory=dict)
    network: str = "host"
    services: tuple[str, ...] = ()

    @property
    def is_isolated(self) -> bool:
        """Whether the run has a network of its own."""
        return self.network == ISOLATED

    @property
    def driver_container_memory(self) -> int:
        """MiB of the driver's container: heap and overhead."""
        return self.driver_memory + overhead(self.driver_memory, self.driver_memory_overhead)

    @property
    def executor_container_memory(self) -> int:
        """MiB of one executor's container: heap and overhead."""
        return self.executor_memory + overhead(self.executor_memory, self.executor_memory_overhead)


def overhead(heap: int, given: t.Optional[int]) -> int:
    """MiB beside a JVM's heap, by Spark's own rule unless it is given."""
    return given if given is not None else max(_MINIMUM_OVERHEAD, int(heap * _OVERHEAD_FRACTION))


def app_id_of(run_id: str) -> str:
    return f"{RUNS_GROUP}/{run_id}"


def definition_of(job: Job) -> str:
    """A hash that two jobs share exactly when they would run the same."""
    document = json.dumps(_document(job, "run"), sort_keys=True)
    return hashlib.sha256(document.encode()).hexdigest()[:32]


def network_of(job: Job, run_id: str, number: int) -> str:
    """What the network of a run is called; agents read in it all that they must know of the run."""
    return ".".join([ISOLATED, job.principal, str(number), run_id, *job.services]) if job.is_isolated else "host"


def network_name(app: t.Mapping[str, t.Any]) -> str:
    """The name of an app's network, ``host`` if it has none of its own."""
    return next((network["name"] for network in app.get("networks", []) if network.get("name")), "host")


def number_of(app: t.Mapping[str, t.Any]) -> t.Optional[int]:
    """The number of an app's isolated run among those of its team, None for other apps."""
    parts = network_name(app).split(".")
    return int(parts[2]) if parts[0] == ISOLATED and len(parts) > 2 and parts[2].isdigit() else None


def build_app(job: Job, run_id: str, number: int = 0) -> dict[str, t.Any]:
    """The Marathon app document of one run's driver; ``number`` tells isolated runs of a team apart."""
    document = _document(job, run_id, number)
    document["labels"]["definition"] = definition_of(job)
    return document


def _document(job: Job, run_id: str, number: int = 0) -> dict[str, t.Any]:
    document: dict[str, t.Any] = {
        "id": app_id_of(run_id),
        "args": submit_arguments(job),
        "cpus": job.driver_cpus,
        "mem": job.driver_container_memory,
        "instances": 1,
        "user": job.principal,
        "env": {
            **job.env,
            "SPARK_RUN_ID": run_id,
            "SPARK_JOB_NAME": job.name,
            "SPARK_MASTER": job.spark_master,
            "SPARK_EXECUTOR_IMAGE": job.image,
            "SPARK_PRINCIPAL": job.principal,
        },
        "labels": {
            **job.labels,
            "job": job.name,
            "run_id": run_id,
            "principal": job.principal,
            "MARATHON_SINGLE_INSTANCE_APP": "true",
        },
        "container": {
            "type": "DOCKER",
            "docker": {
                "image": job.image,
                "forcePullImage": False,
                "parameters": [{"key": "user", "value": job.principal}],
            },
            "volumes": [
                {"hostPath": f"{PRINCIPALS_FOLDER}/{job.principal}", "containerPath": SECRETS_FOLDER, "mode": "RO"}
            ],
        },
        "networks": [{"mode": "host"}],
        "portDefinitions": [{"port": 0, "name": name, "protocol": "tcp"} for name in PORT_NAMES],
        "requirePorts": False,
        "upgradeStrategy": {"minimumHealthCapacity": 0, "maximumOverCapacity": 0},
        "backoffSeconds": _HOLD_SECONDS,
        "maxLaunchDelaySeconds": _HOLD_SECONDS,
        "taskKillGracePeriodSeconds": _GRACE_SECONDS,
        "unreachableStrategy": "disabled",
    }
    if job.is_isolated:
        _isolate(document, network_of(job, run_id, number))
    fetched = [path for path in (job.application, *job.py_files, *job.jars) if is_url(path)]
    if fetched:
        document["fetch"] = [_fetched(uri) for uri in fetched]
    if job.constraints:
        document["constraints"] = [list(constraint) for constraint in job.constraints]
    return document


def _isolate(document: dict[str, t.Any], network: str) -> None:
    """Give a driver's app a network of its own, from which the agent shows its web interface only."""
    del document["portDefinitions"]
    del document["requirePorts"]
    document["env"]["SPARK_NETWORK"] = network
    document["networks"] = [{"mode": "container", "name": network}]
    driver, block_manager, interface = PORT_NAMES
    document["container"]["portMappings"] = [
        {"containerPort": DRIVER_PORT, "name": driver, "protocol": "tcp"},
        {"containerPort": BLOCK_MANAGER_PORT, "name": block_manager, "protocol": "tcp"},
        # The same port inside as at the agent, because its own links name it.
        {"containerPort": 0, "hostPort": 0, "name": interface, "protocol": "tcp"},
    ]


def submit_arguments(job: Job) -> list[str]:
    """The arguments of spark-submit which a job decides; the image's entrypoint puts the platform's before them."""
    conf = {
        **{f"spark.executorEnv.{name}": value for name, value in job.env.items()},
        **job.conf,
        "spark.driver.memory": f"{job.driver_memory}m",
        "spark.executor.cores": str(job.executor_cores),
        "spark.executor.memory": f"{job.executor_memory}m",
        "spark.mesos.executor.memoryOverhead": str(job.executor_container_memory - job.executor_memory),
        "spark.cores.max": str(job.max_cores),
    }
    if job.executor_constraints:
        conf["spark.mesos.constraints"] = job.executor_constraints
    arguments = []
    for key in sorted(conf):
        arguments += ["--conf", f"{key}={conf[key]}"]
    if job.main_class:
        arguments += ["--class", job.main_class]
    if job.py_files:
        arguments += ["--py-files", ",".join(_file_name(path) if is_url(path) else path for path in job.py_files)]
    if job.jars:
        arguments += ["--jars", ",".join(_file_name(path) if is_url(path) else path for path in job.jars)]
    application = f"sandbox:{_file_name(job.application)}" if is_url(job.application) else job.application
    return [*arguments, application, *job.arguments]


def is_url(path: str) -> bool:
    """Is this fetched by the agent, rather than being in the image?"""
    return "://" in path


def _fetched(uri: str) -> dict[str, t.Any]:
    """The fetcher would take a URL's query into the name of the file, so the name is said."""
    return {"uri": uri, "extract": False, "executable": False, "cache": False, "destPath": _file_name(uri)}


def _file_name(url: str) -> str:
    """The name of a fetched file in the sandbox, which is the driver's working directory."""
    return urllib.parse.urlsplit(url).path.rpartition("/")[2]
