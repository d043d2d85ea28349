# SPDX-License-Identifier: GPL-3.0-or-later
"""Makes this service, its test helpers and the local Mesos cluster importable from anywhere."""

import sys
from pathlib import Path

_SERVICE = Path(__file__).resolve().parents[1]

for folder in (_SERVICE, _SERVICE / "tests", _SERVICE / "tests/unit", _SERVICE.parent / "mesos-runtime"):
    if str(folder) not in sys.path:
        sys.path.insert(0, str(folder))
