# SPDX-License-Identifier: GPL-3.0-or-later
"""The event stream under /v2/events."""
