# SPDX-License-Identifier: GPL-3.0-or-later
"""The Marathon REST API on Apache Mesos 1.11, as one asyncio process with an SQLite store."""

__version__ = "1.11.24"
