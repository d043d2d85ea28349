# SPDX-License-Identifier: GPL-3.0-or-later
"""Ships Mesos sandboxes and service logs to Graylog, acknowledged and without loss."""

__version__ = "1.0.0"
