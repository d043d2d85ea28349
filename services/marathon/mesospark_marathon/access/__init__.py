# SPDX-License-Identifier: GPL-3.0-or-later
"""Who may see and change what: the rules file, teams, and the caller of a request."""
