# SPDX-License-Identifier: GPL-3.0-or-later
"""The one error of a local cluster."""


class ClusterError(RuntimeError):
    """A process did not do what was asked in time; the message ends with the last lines of its log."""
