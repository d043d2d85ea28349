# SPDX-License-Identifier: GPL-3.0-or-later
"""A real Mesos master and agents on loopback, for tests and for `make dev-cluster`."""

from mesos_runtime.local_cluster.cluster import LocalCluster
from mesos_runtime.local_cluster.errors import ClusterError
from mesos_runtime.local_cluster.options import AgentSpec, Authentication, Tls

__all__ = ["AgentSpec", "Authentication", "ClusterError", "LocalCluster", "Tls"]
