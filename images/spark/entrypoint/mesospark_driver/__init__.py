# SPDX-License-Identifier: GPL-3.0-or-later
"""Entrypoint of the Spark image: turns the environment of a Marathon task into a client-mode Spark driver."""


class Refusal(Exception):
    """The launch cannot work as it was asked for; one sentence that names the culprit and the fix."""
