# SPDX-License-Identifier: GPL-3.0-or-later
"""Replays recorded requests to the real Marathon and compares the answers."""
