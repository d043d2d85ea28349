# SPDX-License-Identifier: GPL-3.0-or-later
"""The one error of the build."""


class BuildError(Exception):
    """Something the caller can mend; the message is one sentence that says how."""
