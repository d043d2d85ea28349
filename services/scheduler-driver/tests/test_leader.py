# SPDX-License-Identifier: GPL-3.0-or-later
"""Finding the leading master, and finding it again."""

import re
import time
from collections.abc import Iterator
from datetime import datetime
from functools import partial
from pathlib import Path

import pytest
from driver_testing.java import Java
from driver_testing.master import running_master
from driver_testing.probe import Probe
from driver_testing.zookeeper import ZooKeeper
from mesos_runtime.local_cluster import LocalCluster

pytestmark = pytest.mark.system


def test_master_killed_and_restarted(java: Java, tmp_path: Path) -> None:
    with running_master(tmp_path / "cluster") as cluster, Probe(java, cluster.master_address) as probe:
        framework = probe.wait_for("registered ").text
        cluster.master.kill()
        probe.wait_for("disconnected", 2)
        time.sleep(3)  # long enough for a back-off that doubles to overshoot a second
        cluster.start_master()
        up = time.time()
        assert probe.wait_for("reregistered").time - up < 1
        (found,) = cluster.master_get("/frameworks")["frameworks"]
        assert framework == f"registered {found['id']}"


class Masters:
    """Two real masters of one election."""

    def __init__(self, folder: Path, zookeeper: ZooKeeper) -> None:
        flags = {"zk": zookeeper.url, "zk_session_timeout": "5secs", "quorum": "1", "registry": "replicated_log"}
        self.all = [LocalCluster(folder / f"master{number}", [], master_flags=flags) for number in (1, 2)]

    def start(self) -> None:
        for master in self.all:
            master.master.start()
        for master in self.all:
            master.wait_until(partial(knows_the_leader, master), "a leader")

    def stop(self) -> None:
        for master in self.all:
            master.stop()

    @property
    def addresses(self) -> str:
        return ",".join(master.master_address for master in self.all)

    @property
    def leader(self) -> LocalCluster | None:
        """The running master whose log told last that it was elected."""
        running = [master for master in self.all if master.master.running and elected(master)]
        return max(running, key=elected, default=None)


def knows_the_leader(master: LocalCluster) -> bool:
    """Whether it answers itself, or redirects to the one that leads."""
    return isinstance(master.master_get("/slaves"), dict)


def elected(master: LocalCluster) -> float:
    """When the master was elected last, in seconds since 1970; 0 if never."""
    found = re.findall(r"^I(\d{4} [\d:.]+) .*Elected as the leading master", master.master.log_text(), re.MULTILINE)
    if not found:
        return 0
    return datetime.strptime(f"{datetime.now().year}{found[-1]}", "%Y%m%d %H:%M:%S.%f").timestamp()


@pytest.fixture(scope="module")
def zookeeper(java: Java, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ZooKeeper]:
    with ZooKeeper(java, tmp_path_factory.mktemp("zookeeper")) as started:
        yield started


@pytest.fixture
def masters(zookeeper: ZooKeeper, tmp_path: Path) -> Iterator[Masters]:
    made = Masters(tmp_path, zookeeper)
    try:
        made.start()
        yield made
    finally:
        made.stop()


def test_list_of_two_masters_while_the_leader_changes(java: Java, masters: Masters) -> None:
    first = masters.leader
    assert first is not None
    (second,) = (master for master in masters.all if master is not first)
    with Probe(java, f"{second.master_address},{first.master_address}") as probe:
        probe.wait_for("registered ")
        assert f"going to http://{first.master_address}" in probe.log  # redirected by the one that does not lead
        first.master.kill()
        probe.wait_for("disconnected", 2)
        again = probe.wait_for("reregistered", 30)
        assert 0 <= again.time - elected(second) < 1
        assert probe.log.count("\n") < 40  # no storm of attempts while nobody leads


def test_master_alone_that_does_not_lead_yet(java: Java, masters: Masters) -> None:
    """Its redirects name itself, or nobody: an attempt every half second, and in within a second of the election."""
    first = masters.leader
    assert first is not None
    (second,) = (master for master in masters.all if master is not first)
    first.master.kill()
    with Probe(java, second.master_address) as probe:
        registered = probe.wait_for("registered ", 30)
        assert registered.time - elected(second) < 1
        assert "will be tried again" in probe.log


def test_leader_by_zookeeper(java: Java, masters: Masters, zookeeper: ZooKeeper) -> None:
    first = masters.leader
    assert first is not None
    with Probe(java, zookeeper.url, class_path=zookeeper.class_path) as probe:
        probe.wait_for("registered ")
        assert f"Subscribed at http://{first.master_address}" in probe.log
        first.master.kill()
        again = probe.wait_for("reregistered", 30)
        (second,) = (master for master in masters.all if master is not first)
        assert again.time - elected(second) < 1
