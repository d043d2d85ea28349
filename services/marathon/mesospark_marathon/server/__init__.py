# SPDX-License-Identifier: GPL-3.0-or-later
"""The HTTP side: listeners, who may ask, and everything that is not a resource of the core."""

from mesospark_marathon.server.server import ListenError, MarathonServer

__all__ = ["ListenError", "MarathonServer"]
