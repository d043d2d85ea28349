# SPDX-License-Identifier: GPL-3.0-or-later
"""What a network's name and a container's labels say of a run, and what the agent makes of it."""

import pytest
from mesospark_run_networks import Refusal, names
from mesospark_run_networks.front import network_of
from mesospark_run_networks.networks import slot_of

RUN = "staging-count-20261121t101500-3fa8"
NAME = f"isolated.spark.3.{RUN}"
CREATE = ["-H", "unix:///var/run/docker.sock", "create", "--env-file", "/proc/self/fd/7", "--name", "mesos-1"]
TASK = f"runs_{RUN}.instance-11111111-2222-3333-4444-555555555555._app.1"


def test_a_name_says_whose_network_it_is():
    name = names.parse(f"{NAME}.hdfs-staging.kerberos")
    assert (name.team, name.number, name.run_id, name.job) == ("spark", 3, RUN, "staging-count")
    assert name.services == ("hdfs-staging", "kerberos")
    assert names.parse("isolated.a-b.0.x").job == "x"


@pytest.mark.parametrize(
    "text", ["isolated.", "isolated.spark.3", "isolated.spark.03.run", "isolated.spark.3.run.", "isolated.sp/ark.1.run"]
)
def test_other_names_are_refused(text):
    with pytest.raises(Refusal, match="must be called"):
        names.parse(text)


def test_the_team_and_its_number_make_the_slot(settings):
    assert slot_of(settings, names.parse(NAME)) == 3
    assert slot_of(settings, names.parse("isolated.analytics.15.x")) == 31


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("isolated.strangers.0.x", "no team strangers"),
        ("isolated.spark.16.x", "16 isolated runs at a time"),
        (f"{NAME}.hbase", "not among those of the platform: hdfs-staging, hdfs-production"),
        (f"{NAME}.hdfs-production", "it is for the jobs production-\\*, settlement"),
        ("isolated.spark.1.production-x-20261121t101500-3fa8.hdfs-staging", "it is for the jobs staging-\\*"),
    ],
)
def test_the_agent_decides(settings, text, reason):
    with pytest.raises(Refusal, match=reason):
        slot_of(settings, names.parse(text))


def test_a_job_may_use_services_for_its_name_and_for_everybody(settings):
    assert slot_of(settings, names.parse(f"{NAME}.hdfs-staging")) == 3
    assert slot_of(settings, names.parse("isolated.spark.1.anything-20261121t101500-3fa8.kerberos")) == 1
    assert slot_of(settings, names.parse("isolated.spark.0.settlement-20261121t101500-3fa8.hdfs-production")) == 0


def test_only_what_makes_containers_is_looked_at(settings):
    assert network_of(settings, ["ps", "--filter", "name=create"]) is None
    assert network_of(settings, ["inspect", "mesos-1"]) is None


@pytest.mark.parametrize("option", [["--network", NAME], [f"--network={NAME}"], [f"--net={NAME}"]])
def test_the_network_of_a_container(settings, option):
    name = network_of(settings, [*CREATE, *option, f"--label=MESOS_TASK_ID={TASK}", "image", "--network", "none"])
    assert name is not None and name.text == NAME


def test_arguments_of_the_program_in_the_container_make_no_network(settings):
    assert network_of(settings, [*CREATE, "--network", "host", "image", "--network", NAME]) is None


@pytest.mark.parametrize("label", [f"--label=MESOS_TASK_ID={TASK}", f"--label=run_id={RUN}"])
def test_jobs_that_must_be_isolated_get_no_other_network(settings, label):
    with pytest.raises(Refusal, match=r"must be isolated.*say network: isolated"):
        network_of(settings, [*CREATE, "--network", "host", label, "image"])


def test_others_keep_the_network_they_ask_for(settings):
    label = "--label=run_id=word-count-20261121t101500-3fa8"
    assert network_of(settings, [*CREATE, "--network", "host", label, "image"]) is None


def test_a_run_can_not_join_the_network_of_another(settings):
    label = "--label=run_id=word-count-20261121t101500-3fa8"
    with pytest.raises(Refusal, match="may not be in the network of staging-count"):
        network_of(settings, [*CREATE, "--network", NAME, label, "image"])
