# SPDX-License-Identifier: GPL-3.0-or-later
"""Real clusters for the tests: one plain, one with everything that secures a cluster."""

import sys
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from mesos_runtime.cache import runtime_folder
from mesos_runtime.local_cluster import AgentSpec, Authentication, LocalCluster, Tls
from mesos_runtime.local_cluster.framework import Framework, command_task, docker_task
from mesos_runtime.local_cluster.tiny_image import engine_answers, make_tiny_image, remove_image

_TESTS = Path(__file__).resolve().parent
sys.path[:0] = [str(_TESTS), str(_TESTS.parent / "executors")]

# After so many seconds the agent kills what it has told to end.
AGENT_PATIENCE = 15
Sandbox = Callable[[str, str], str]


@pytest.fixture(scope="session")
def runtime() -> Path:
    """The unpacked runtime."""
    return runtime_folder()


@pytest.fixture(scope="session")
def image() -> Iterator[str]:
    """The name of a busybox image."""
    if not engine_answers():
        pytest.skip("no Docker engine (see README, Tests)")
    name = "mesospark-test-runtime"
    made = make_tiny_image(name)
    yield name
    remove_image(made)


@pytest.fixture(scope="session")
def secured(tmp_path_factory: pytest.TempPathFactory, runtime: Path) -> Iterator[LocalCluster]:
    """TLS with client certificates, agents, frameworks, operators and executors authenticated; two agents."""
    agents = [AgentSpec(), AgentSpec(host="127.0.0.2", resources="cpus:4;mem:4096;disk:4096;ports:[31500-31999]")]
    folder = tmp_path_factory.mktemp("secured")
    with LocalCluster(
        folder,
        agents,
        tls=Tls(tls_v1_3=True),
        authentication=Authentication(),
        agent_flags={"executor_shutdown_grace_period": f"{AGENT_PATIENCE}secs"},
        runtime=runtime,
    ) as made:
        yield made


@pytest.fixture
def framework(secured: LocalCluster) -> Iterator[Framework]:
    """A framework on the secured cluster."""
    with Framework(secured) as subscribed:
        yield subscribed


@pytest.fixture
def sandbox_file(secured: LocalCluster) -> Sandbox:
    """`sandbox_file(task id, name)`: a file of the task's sandbox on the secured cluster."""
    from runtime_helpers import read_sandbox  # the path to it is set above

    return partial(read_sandbox, secured)


@pytest.fixture(params=["command", "docker"])
def make_task(request: pytest.FixtureRequest) -> Callable[..., dict[str, Any]]:
    """`command_task`, or `docker_task` with the test image: the first argument is the command."""
    if request.param == "command":
        return command_task
    return partial(docker_task, request.getfixturevalue("image"))
