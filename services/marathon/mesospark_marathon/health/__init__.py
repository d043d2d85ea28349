# SPDX-License-Identifier: GPL-3.0-or-later
"""Health checks that Marathon itself runs."""

from mesospark_marathon.health.runner import HealthCheckRunner

__all__ = ["HealthCheckRunner"]
