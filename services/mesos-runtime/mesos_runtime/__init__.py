# SPDX-License-Identifier: GPL-3.0-or-later
"""Apache Mesos 1.11 assembled from public packages: build, verification and clusters on loopback for tests."""

MESOS_VERSION = "1.11.0"
