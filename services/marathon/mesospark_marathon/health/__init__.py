# SPDX-License-Identifier: GPL-3.0-or-later
"""Health checks that Marathon itself runs."""
