# SPDX-License-Identifier: GPL-3.0-or-later
"""What stands behind the platform's one address for people and modules outside."""

__version__ = "1.0.0"
