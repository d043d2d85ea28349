# SPDX-License-Identifier: GPL-3.0-or-later
"""Makes this service and its test helpers importable, and gives each test a shipper with a destination."""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

_SERVICE = Path(__file__).resolve().parents[1]

for folder in (_SERVICE, _SERVICE / "tests/support", _SERVICE.parent / "mesos-runtime", _SERVICE.parent / "graylog"):
    if str(folder) not in sys.path:
        sys.path.insert(0, str(folder))

if TYPE_CHECKING:
    from log_shipper_certificates import Certificates
    from log_shipper_process import ShipperProcess
    from lumberjack_server import LumberjackServer


@pytest.fixture(scope="session")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> "Certificates":
    """A certificate authority, and certificates of a server, two clients and a stranger."""
    from log_shipper_certificates import Certificates

    return Certificates(tmp_path_factory.mktemp("certificates"))


@pytest.fixture
def server(certificates: "Certificates") -> "Iterator[LumberjackServer]":
    """A running destination."""
    from lumberjack_server import LumberjackServer

    with LumberjackServer(certificates) as running:
        yield running


@pytest.fixture
def shipper(tmp_path: Path, certificates: "Certificates", server: "LumberjackServer") -> "Iterator[ShipperProcess]":
    """A shipper that is not started yet; it ships `logs/*.log` and the sandboxes of `agent`."""
    from log_shipper_process import ShipperProcess

    process = ShipperProcess(tmp_path, certificates, [server.port])
    yield process
    process.kill()
