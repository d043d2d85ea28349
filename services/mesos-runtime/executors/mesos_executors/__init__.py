# SPDX-License-Identifier: GPL-3.0-or-later
"""The programs that a Mesos agent starts for its tasks. Python 3.11's standard library only, and little of it: an
executor lives as long as its task, so it starts in a few hundredths of a second and stays near 12 MB."""
