# SPDX-License-Identifier: GPL-3.0-or-later
"""The environment of the driver process."""

from collections.abc import Mapping

from .configuration import SECRETS
from .launch import Launch

KEPT = ("MESOS_TASK_ID", "MESOS_SANDBOX")
# MESOS_* of the task would make Spark take itself for an executor; LIBPROCESS_* are set anew below.
CLEARED_PREFIXES = ("MESOS_", "LIBPROCESS_")


def driver_environment(launch: Launch, user_name: str, environment: Mapping[str, str]) -> dict[str, str]:
    """Variables for spark-submit: the task's own, cleared of what misleads, with what the scheduler driver reads."""
    kept = {name: value for name, value in environment.items() if name in KEPT or not name.startswith(CLEARED_PREFIXES)}
    return {
        **kept,
        "SPARK_LOCAL_IP": launch.address,
        "SPARK_PUBLIC_DNS": launch.host,
        "SPARK_USER": user_name,
        "SPARK_RESULT_FILE": str(launch.result_file),
        "MESOS_FRAMEWORK_NAME": launch.run_id,
        # Without it an agent's restart loses the executors on it; Spark has no setting for it.
        "MESOS_FRAMEWORK_CHECKPOINT": "true",
        "LIBPROCESS_SSL_ENABLED": "1",
        "LIBPROCESS_SSL_VERIFY_SERVER_CERT": "1",
        "LIBPROCESS_SSL_CA_FILE": str(SECRETS / "ca.pem"),
        "LIBPROCESS_SSL_CERT_FILE": str(SECRETS / "client.pem"),
        "LIBPROCESS_SSL_KEY_FILE": str(SECRETS / "client.key"),
    }
