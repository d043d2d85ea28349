# SPDX-License-Identifier: GPL-3.0-or-later
"""The Spark configuration of a driver: defaults of the image, the user's settings, the platform's."""

import re
from collections.abc import Mapping
from pathlib import Path

from . import Refusal
from .launch import Launch

SPARK_HOME = Path("/opt/spark")
DRIVER_JAR = SPARK_HOME / "mesos" / "mesos-scheduler-driver.jar"
SECRETS = Path("/run/secrets/spark")
SECRET_FILES = (
    "mesos.principal",
    "mesos.secret",
    "driver.properties",
    "executor.args",
    "client.pem",
    "client.key",
    "client.p12",
    "ca.pem",
    "truststore.p12",
)

# The user's settings may not touch these; those that the platform does not set itself stay unset.
PLATFORM_SETTINGS = re.compile(
    r"spark\.(master|submit\.deployMode|app\.name|authenticate(\..*)?|network\.crypto\..*|io\.encryption\..*|ssl\..*"
    r"|driver\.(host|bindAddress|port|blockManager\.port)|blockManager\.port|port\.maxRetries|ui\.port"
    r"|mesos\.(principal|secret)(\..*)?|mesos\.network\..*|mesos\.containerizer|mesos\.executor\.home|mesos\.executor\.docker\.image"
    r"|executorEnv\.(JDK_JAVA_OPTIONS|JAVA_TOOL_OPTIONS|LD_.*|LIBPROCESS_.*|MESOS_.*|PATH))"
)
CLASS_PATHS = ("spark.driver.extraClassPath", "spark.executor.extraClassPath")
UI_FILTERS = "spark.ui.filters"
TLS_ONLY_FILTER = "org.mesospark.spark.TlsOnlyFilter"
VOLUMES = "spark.mesos.executor.docker.volumes"
DOCKER_PARAMETERS = "spark.mesos.executor.docker.parameters"
TASK_LABELS = "spark.mesos.task.labels"
PLATFORM_DOCKER_PARAMETERS = ("user", "privileged", "network", "net", "pid", "entrypoint", "env-file")


def read_defaults(path: Path) -> dict[str, str]:
    """Settings of a spark-defaults.conf, which Spark itself does not read beside a properties file."""
    if not path.is_file():
        return {}
    settings = {}
    for line in path.read_text(encoding="utf-8").splitlines():
        text = line.strip()
        if text and not text.startswith(("#", "!")):
            key, *value = re.split(r"\s*[=:\s]\s*", text, maxsplit=1)
            settings[key] = value[0] if value else ""
    return settings


def spark_configuration(launch: Launch, user_name: str, given: Mapping[str, str]) -> dict[str, str]:
    """All settings for spark-submit but those in the secret properties file.

    `given` are the image's and the user's settings, `user_name` the user whom driver and executors run as.
    Raises Refusal when one of them is the platform's to set.
    """
    settings = dict(given)
    for key, value in platform_settings(launch).items():
        if settings.get(key, value) != value:
            raise Refusal(f"setting {key}={settings[key]} is not possible: the platform sets {value}, remove it")
        settings[key] = value
    for key in given:
        if PLATFORM_SETTINGS.fullmatch(key) and key not in platform_settings(launch):
            raise Refusal(f"setting {key} is left to the platform: remove it")
    for key in ("spark.driver.extraJavaOptions", "spark.driver.defaultJavaOptions"):
        if "-Dspark." in settings.get(key, ""):
            raise Refusal(f"setting {key} holds a -Dspark. option: give it by --conf")

    for key in CLASS_PATHS:
        others = [path for path in settings.get(key, "").split(":") if path and path != str(DRIVER_JAR)]
        settings[key] = ":".join([str(DRIVER_JAR), *others])
    settings[UI_FILTERS] = _joined(TLS_ONLY_FILTER, settings.get(UI_FILTERS))
    settings[VOLUMES] = _joined(f"{launch.secrets_on_agents}:{SECRETS}:ro", settings.get(VOLUMES))
    labels = {"job": launch.job, "run_id": launch.run_id}
    parameters = [f"user={user_name}", *(f"label={name}={value}" for name, value in labels.items())]
    # Executors put Python modules and jars of the job into their working directory; the image's own is not writable.
    parameters.append(f"workdir={launch.sandbox}")
    settings[DOCKER_PARAMETERS] = _joined(",".join(parameters), _checked_parameters(settings.get(DOCKER_PARAMETERS)))
    own_labels = ",".join(f"{name}:{value}" for name, value in labels.items())
    settings[TASK_LABELS] = _joined(own_labels, settings.get(TASK_LABELS))
    settings.setdefault("spark.shuffle.readHostLocalDisk", "false")
    return settings


def platform_settings(launch: Launch) -> dict[str, str]:
    """What holds for every driver, whatever the user wants."""
    # Spark gives executors the agent's name without it, and with it none: they advertise their containers' addresses.
    network = {"spark.mesos.network.name": launch.network} if launch.network else {}
    return {
        **network,
        "spark.master": launch.master,
        "spark.submit.deployMode": "client",
        "spark.app.name": launch.run_id,
        # Only the offered ports are open in the agent's firewall: a taken one must be an error, not a silent move.
        "spark.driver.host": launch.address,
        "spark.driver.bindAddress": launch.address,
        "spark.driver.port": str(launch.driver_port),
        "spark.driver.blockManager.port": str(launch.block_manager_port),
        "spark.port.maxRetries": "0",
        # With TLS this is the port of a second listener, in clear; the filter closes it.
        "spark.ui.port": "0",
        "spark.ssl.ui.enabled": "true",
        "spark.ssl.ui.port": str(launch.ui_port),
        "spark.ssl.ui.keyStore": str(SECRETS / "client.p12"),
        "spark.ssl.ui.keyStoreType": "PKCS12",
        "spark.ssl.ui.trustStore": str(SECRETS / "truststore.p12"),
        "spark.ssl.ui.trustStoreType": "PKCS12",
        "spark.ssl.ui.needClientAuth": "true",
        "spark.authenticate": "true",
        "spark.network.crypto.enabled": "true",
        "spark.network.crypto.authEngineVersion": "2",
        "spark.mesos.principal.file": str(SECRETS / "mesos.principal"),
        "spark.mesos.secret.file": str(SECRETS / "mesos.secret"),
        "spark.mesos.containerizer": "docker",
        "spark.mesos.executor.home": str(SPARK_HOME),
        "spark.mesos.executor.docker.image": launch.executor_image,
        # Spark on Mesos takes no secret file for executors; the JVM's own argument file does it, and only its path is
        # seen in the task, the process list and the environment.
        "spark.executorEnv.JDK_JAVA_OPTIONS": f"@{SECRETS / 'executor.args'}",
    }


def _joined(own: str, given: str | None) -> str:
    return f"{own},{given}" if given else own


def _checked_parameters(parameters: str | None) -> str | None:
    for parameter in (parameters or "").split(","):
        name = parameter.partition("=")[0].strip()
        if name in PLATFORM_DOCKER_PARAMETERS:
            raise Refusal(f"setting {DOCKER_PARAMETERS} holds '{name}', which is left to the platform: remove it")
    return parameters


def check_secrets(secrets_on_agents: Path, folder: Path = SECRETS) -> None:
    """Raises Refusal for the first of the principal's files that is missing or unreadable in the container."""
    for name in SECRET_FILES:
        path = folder / name
        try:
            with path.open("rb"):
                pass
        except OSError as error:
            raise Refusal(
                f"{path}: {error.strerror}; the app must mount {secrets_on_agents} of the agent at {folder} and run as"
                " the principal's user"
            ) from error
