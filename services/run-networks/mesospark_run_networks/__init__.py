# SPDX-License-Identifier: GPL-3.0-or-later
"""Networks of isolated runs on a Mesos agent: made with a run's first container, enforced by nftables, and removed."""


class Refusal(Exception):
    """A container can not have what it asks for; one sentence that names the culprit and the fix."""
