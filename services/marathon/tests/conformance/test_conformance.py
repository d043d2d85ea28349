# SPDX-License-Identifier: GPL-3.0-or-later
"""Each recorded scenario of the real Marathon is a test of the embedded one."""

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
from marathon_process import AGENTS, SHORT_INTERVALS, MarathonProcess
from mesos_runtime.local_cluster import LocalCluster
from mesos_runtime.local_cluster.tiny_image import engine_answers, make_tiny_image, remove_image

from conformance.__main__ import describe
from conformance.player import Player, Scenario

IMAGE = "x-tiny"
SCENARIOS: list[Scenario] = json.loads(Path(__file__).with_name("corpus.json").read_text(encoding="utf-8"))["scenarios"]

NOT_MET = {
    "pod-create": "pods are not offered",
    "pod-create-full": "pods are not offered",
    "pod-update-delete": "pods are not offered",
    "pod-create-by-put": "pods are not offered",
}
"""Scenarios left out, and why; the service's README lists the same."""


@pytest.fixture(scope="module")
def player(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Player]:
    """Plays against the embedded Marathon, set up as the real one was for the recording."""
    folder = tmp_path_factory.mktemp("conformance")
    with (
        LocalCluster(folder / "mesos", AGENTS) as cluster,
        MarathonProcess(folder / "marathon", cluster.master_address, SHORT_INTERVALS) as marathon,
    ):
        session = requests.Session()
        session.trust_env = False
        player = Player(marathon.url, session, (AGENTS[0].host, AGENTS[1].host))
        yield player
        player.close()
        session.close()


@pytest.fixture(scope="module")
def has_image() -> Iterator[bool]:
    """Whether docker scenarios can be played: an image of their name is there, or could be made for the time."""
    if not engine_answers():
        yield False
        return
    if not subprocess.run(["docker", "image", "inspect", IMAGE], capture_output=True).returncode:
        yield True
        return
    image_id = make_tiny_image(IMAGE)
    yield True
    remove_image(image_id)


@pytest.mark.system
@pytest.mark.parametrize("scenario", [pytest.param(each, id=f"{each['topic']}:{each['name']}") for each in SCENARIOS])
def test_scenario(player: Player, has_image: bool, scenario: Scenario) -> None:
    if scenario["name"] in NOT_MET:
        pytest.skip(NOT_MET[scenario["name"]])
    if "docker" in scenario["needs"] and not has_image:
        pytest.skip("there is no container engine")
    failures = player.play(scenario)
    assert not failures, "\n" + "\n".join(describe(failure) for failure in failures)


def test_scenarios_left_out_exist() -> None:
    assert {scenario["name"] for scenario in SCENARIOS} >= NOT_MET.keys()
