# SPDX-License-Identifier: GPL-3.0-or-later
"""Makes this service and its test helpers importable, and makes certificates."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

_SERVICE = Path(__file__).resolve().parents[1]

for folder in (_SERVICE, _SERVICE / "tests/support"):
    if str(folder) not in sys.path:
        sys.path.insert(0, str(folder))

if TYPE_CHECKING:
    from gateway_certificates import Certificates


@pytest.fixture(scope="session")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> "Certificates":
    from gateway_certificates import make_certificates

    return make_certificates(tmp_path_factory.mktemp("certificates"))
