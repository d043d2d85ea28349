# SPDX-License-Identifier: GPL-3.0-or-later
"""Log lines on stderr, which is the sandbox's `stderr` file."""

import sys
import time


def log(*words: object) -> None:
    """One line with the local time in milliseconds."""
    now = time.time()
    stamp = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(now))
    sys.stderr.write(f"{stamp}.{int(now % 1 * 1000):03d} {' '.join(map(str, words))}\n")
    sys.stderr.flush()
