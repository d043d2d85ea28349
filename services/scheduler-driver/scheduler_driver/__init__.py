# SPDX-License-Identifier: GPL-3.0-or-later
"""Builds mesos-scheduler-driver.jar: org.apache.mesos.MesosSchedulerDriver in plain Java. Standard library only."""

__version__ = "0.1.0"


class BuildError(Exception):
    """What is missing or wrong, and what to do about it, in one sentence."""
