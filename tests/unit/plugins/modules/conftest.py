# SPDX-License-Identifier: GPL-3.0-or-later
import sys
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parent))


@pytest.fixture
def cluster(server: Any, other_server: Any) -> Any:
    """A scripted Marathon and Mesos."""
    from scripted_cluster import ScriptedCluster

    return ScriptedCluster(server, other_server)


@pytest.fixture
def graylog(server: Any) -> Any:
    """A scripted Graylog."""
    from scripted_graylog import ScriptedGraylog

    return ScriptedGraylog(server)
