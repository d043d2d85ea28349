# SPDX-License-Identifier: GPL-3.0-or-later
"""The client of this machine's container engine."""

import subprocess


def docker(*arguments: str, data: bytes | None = None) -> str:
    """Run the engine's client; its standard output."""
    done = subprocess.run(["docker", *arguments], input=data, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout.decode().strip()
