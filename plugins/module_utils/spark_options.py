# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The options that describe a Spark job (of the module and of a job file alike), and the judgement of their values."""

from __future__ import annotations

import os
import re
import typing as t
import urllib.parse

from .errors import OptionError
from .image_layer import LocalFile, local_files
from .sizes import mebibytes
from .spark import ISOLATED, JOB_FOLDER, Job, is_url

JOB_OPTIONS: dict[str, dict[str, t.Any]] = {
    "name": {"type": "str"},
    "image": {"type": "str"},
    "application": {"type": "str"},
    "main_class": {"type": "str"},
    "arguments": {"type": "list", "elements": "str", "default": []},
    "py_files": {"type": "list", "elements": "str", "default": []},
    "jars": {"type": "list", "elements": "str", "default": []},
    "files": {"type": "list", "elements": "path", "default": []},
    "driver_cpus": {"type": "float", "default": 1.0},
    "driver_memory": {"type": "str", "default": "1g"},
    "driver_memory_overhead": {"type": "str"},
    "executor_cores": {"type": "int", "default": 1},
    "executor_memory": {"type": "str", "default": "1g"},
    "executor_memory_overhead": {"type": "str"},
    "executor_instances": {"type": "int"},
    "max_cores": {"type": "int"},
    "conf": {"type": "dict", "default": {}},
    "env": {"type": "dict", "default": {}},
    "principal": {"type": "str", "default": "spark"},
    "network": {"type": "str", "default": "host", "choices": ["host", "isolated"]},
    "services": {"type": "list", "elements": "str", "default": []},
    "constraints": {"type": "list", "elements": "list", "default": []},
    "executor_constraints": {"type": "dict", "default": {}},
    "labels": {"type": "dict", "default": {}},
}
_DEFAULT_INSTANCES = 2
_SERVICE = re.compile(r"[a-z0-9][a-z0-9_-]*")
_NAME = re.compile(r"[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?")
_PRINCIPAL = re.compile(r"[a-z_][a-z0-9_-]{0,31}")
_SECRET = re.compile(r"(?i)secret|passw(or)?d|token|access.?key|private.?key|credential")
_FETCHABLE = ("http", "https", "ftp", "ftps", "hdfs")
_OPERATORS = ("UNIQUE", "CLUSTER", "GROUP_BY", "LIKE", "UNLIKE", "MAX_PER", "IS")

# The Mesos executor of a docker task runs as root on the host with the task's environment; the others are the
# entrypoint's own.
_FORBIDDEN_ENV = re.compile(
    r"LIBPROCESS_.*|MESOS_.*|LD_.*|PATH|MARATHON_.*|HOST|PORTS?|PORT_?\d+|PORT_(DRIVER|BLOCKMANAGER|UI)"
    r"|SPARK_(RUN_ID|JOB_NAME|MASTER|EXECUTOR_IMAGE|PRINCIPAL|NETWORK|USER|LOCAL_IP|PUBLIC_DNS|RESULT_FILE|HOME)"
)
_OPTION_OF_CONF = {
    "spark.app.name": "name",
    "spark.driver.memory": "driver_memory",
    "spark.driver.cores": "driver_cpus",
    "spark.executor.cores": "executor_cores",
    "spark.executor.memory": "executor_memory",
    "spark.executor.instances": "executor_instances",
    "spark.mesos.executor.memoryOverhead": "executor_memory_overhead",
    "spark.cores.max": "max_cores",
    "spark.mesos.constraints": "executor_constraints",
    "spark.mesos.executor.docker.image": "image",
    "spark.submit.pyFiles": "py_files",
    "spark.jars": "jars",
}
_PLATFORM_CONF = re.compile(
    r"spark\.(master|submit\.deployMode|authenticate.*|network\.crypto\..*|ssl\..*|io\.encryption\..*|ui\.port|blockManager\.port|port\.maxRetries"
    r"|driver\.(host|bindAddress|port|blockManager\.port)|mesos\.(principal|secret|network\.).*|mesos\.containerizer"
    r"|mesos\.executor\.(home|docker\..*)|executorEnv\.(LIBPROCESS_|MESOS_|LD_|PATH$|JDK_JAVA_OPTIONS|JAVA_TOOL_OPTIONS).*)"
)
_FORBIDDEN_LABELS = ("job", "run_id", "principal", "definition")


def job_from(params: dict[str, t.Any], spark_master: str) -> tuple[Job, list[LocalFile]]:
    """The job which the options describe, and the local files that must get into its image under JOB_FOLDER.

    Raises OptionError for the first value that can not be right.
    """
    name = job_name(params["name"])
    for required in ("image", "application"):
        if not params[required]:
            raise OptionError(
                required, params[required], "is missing", f"say which {required} the job {name} is made of"
            )
    found = local_files(
        [
            ("application", [params["application"]] if _is_local(params["application"]) else []),
            ("py_files", [path for path in params["py_files"] if _is_local(path)]),
            ("jars", [path for path in params["jars"] if _is_local(path)]),
            ("files", params["files"]),
        ]
    )
    application = _placed("application", params["application"])
    if params["main_class"] and application.endswith(".py"):
        raise OptionError("main_class", params["main_class"], "does not fit a Python application", "leave it out")
    job = Job(
        name=name,
        image=params["image"],
        application=application,
        spark_master=spark_master,
        main_class=params["main_class"],
        arguments=tuple(params["arguments"]),
        py_files=tuple(_placed("py_files", path) for path in params["py_files"]),
        jars=tuple(_placed("jars", path) for path in params["jars"]),
        driver_cpus=_positive("driver_cpus", params["driver_cpus"]),
        driver_memory=mebibytes("driver_memory", params["driver_memory"]),
        driver_memory_overhead=_optional_size("driver_memory_overhead", params["driver_memory_overhead"]),
        executor_cores=int(_positive("executor_cores", params["executor_cores"])),
        executor_memory=mebibytes("executor_memory", params["executor_memory"]),
        executor_memory_overhead=_optional_size("executor_memory_overhead", params["executor_memory_overhead"]),
        max_cores=_max_cores(params),
        conf=_conf(params["conf"]),
        env=_env(params["env"]),
        principal=_principal(params["principal"]),
        constraints=tuple(_constraint(constraint) for constraint in params["constraints"]),
        executor_constraints=_executor_constraints(params["executor_constraints"]),
        labels=_labels(params["labels"]),
        network=params["network"],
        services=_services(params["network"], params["services"]),
    )
    return job, found


def job_name(value: t.Optional[str]) -> str:
    if not value or not _NAME.fullmatch(value):
        raise OptionError(
            "name", value, "is no name of a job", "use up to 40 lower-case letters, digits and inner dashes"
        )
    return value


def _is_local(path: str) -> bool:
    return "://" not in path and not path.startswith("local:")


def _placed(option: str, path: str) -> str:
    """A URL to fetch as it is, and any other file as its path in the image."""
    if path.startswith("local:"):
        inside = re.sub(r"^local:/*", "/", path)
        if inside == "/":
            raise OptionError(option, path, "names no file", "write local:///path/in/the/image")
        return inside
    if not is_url(path):
        return f"{JOB_FOLDER}/{os.path.basename(path)}"
    parts = urllib.parse.urlsplit(path)
    if parts.scheme not in _FETCHABLE:
        known = ", ".join(_FETCHABLE)
        raise OptionError(
            option, path, "can not be fetched by an agent", f"use {known}, local:///path/in/the/image, or a file here"
        )
    if parts.username or parts.password:
        raise OptionError(
            option, parts._replace(netloc="...").geturl(), "carries credentials", "secrets do not belong in URLs"
        )
    if not os.path.basename(parts.path):
        raise OptionError(option, path, "names no file", "write the URL of one file")
    return path


def _services(network: str, services: list[str]) -> tuple[str, ...]:
    """Sorted, so that the same services in another order are the same job."""
    for service in services:
        if not _SERVICE.fullmatch(service):
            raise OptionError(
                "services", service, "is no name of a service", "use the name of one of platform_run_services"
            )
    if services and network != ISOLATED:
        raise OptionError(
            "services",
            services,
            f"has no meaning with network {network}",
            "they are for network: isolated; leave them out",
        )
    return tuple(sorted(set(services)))


def _positive(option: str, value: float) -> float:
    if value <= 0:
        raise OptionError(option, value, "is not positive", "give a number above 0")
    return value


def _optional_size(option: str, value: t.Optional[str]) -> t.Optional[int]:
    return mebibytes(option, value) if value else None


def _max_cores(params: dict[str, t.Any]) -> int:
    cores, instances, limit = params["executor_cores"], params["executor_instances"], params["max_cores"]
    if limit is None:
        return cores * int(_positive("executor_instances", _DEFAULT_INSTANCES if instances is None else instances))
    if limit < cores:
        raise OptionError(
            "max_cores", limit, f"is less than executor_cores ({cores})", "no executor could start: raise it"
        )
    return limit


def _text(option: str, key: str, value: t.Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (str, int, float)):
        return str(value)
    raise OptionError(f"{option}.{key}", value, "is not a text or a number", "write one value")


def _conf(conf: dict[str, t.Any]) -> dict[str, str]:
    for key in conf:
        if not key.startswith("spark."):
            raise OptionError(f"conf.{key}", conf[key], "is no Spark setting", "names of settings begin with 'spark.'")
        if key in _OPTION_OF_CONF:
            raise OptionError(f"conf.{key}", conf[key], "has an option of its own", f"use {_OPTION_OF_CONF[key]}")
        if _PLATFORM_CONF.fullmatch(key):
            raise OptionError(f"conf.{key}", "...", "is set by the platform", "leave it out")
        _refuse_secret("conf", key)
    return {key: _text("conf", key, value) for key, value in conf.items()}


def _env(env: dict[str, t.Any]) -> dict[str, str]:
    for key in env:
        if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", key):
            raise OptionError("env", key, "is no name of a variable", "use letters, digits and underscores")
        if _FORBIDDEN_ENV.fullmatch(key):
            raise OptionError(
                f"env.{key}", "...", "would reach the Mesos executor or the driver's launcher", "use another name"
            )
        _refuse_secret("env", key)
    return {key: _text("env", key, value) for key, value in env.items()}


def _refuse_secret(option: str, key: str) -> None:
    """Whoever may read apps reads their environment and arguments."""
    if _SECRET.search(key):
        raise OptionError(
            f"{option}.{key}",
            "...",
            "looks like a secret, and everybody who may list apps could read it",
            "put it into a file of the principal's folder, which jobs see in /run/secrets/spark",
        )


def _principal(value: str) -> str:
    if not _PRINCIPAL.fullmatch(value):
        raise OptionError("principal", value, "is no name of a principal", "use the name of one of spark_principals")
    return value


def _constraint(constraint: list[t.Any]) -> tuple[str, ...]:
    parts = tuple(str(part) for part in constraint)
    if len(parts) not in (2, 3) or parts[1] not in _OPERATORS:
        known = ", ".join(_OPERATORS)
        raise OptionError(
            "constraints", constraint, "is no constraint", f"write [field, operator, value], operator one of {known}"
        )
    return parts


def _executor_constraints(constraints: dict[str, t.Any]) -> t.Optional[str]:
    parts = []
    for attribute, values in sorted(constraints.items()):
        listed = values if isinstance(values, list) else [values]
        texts = [_text("executor_constraints", attribute, value) for value in listed]
        if any(mark in text for text in [attribute, *texts] for mark in ":;,"):
            raise OptionError(
                f"executor_constraints.{attribute}", values, "holds one of : ; ,", "Spark can not express it"
            )
        parts.append(f"{attribute}:{','.join(texts)}")
    return ";".join(parts) or None


def _labels(labels: dict[str, t.Any]) -> dict[str, str]:
    for key in labels:
        if key in _FORBIDDEN_LABELS or key.startswith("MARATHON_"):
            raise OptionError(f"labels.{key}", labels[key], "is set by the platform", "choose another name")
        _refuse_secret("labels", key)
    return {key: _text("labels", key, value) for key, value in labels.items()}
