# SPDX-License-Identifier: GPL-3.0-or-later
"""Assembles Graylog, Elasticsearch and a server of MongoDB's protocol from Maven artifacts. Standard library only."""

GRAYLOG_VERSION = "3.3.11"
ELASTICSEARCH_VERSION = "6.8.10"


class BuildError(Exception):
    """What is missing or wrong, and what to do about it, in one sentence."""
