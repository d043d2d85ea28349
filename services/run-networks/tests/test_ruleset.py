# SPDX-License-Identifier: GPL-3.0-or-later
"""Addresses, and the rules made of them: nft itself takes them, in a network namespace of its own."""

import shutil
import subprocess
from ipaddress import IPv4Address, IPv4Network

import pytest
from mesospark_run_networks.addresses import AddressPlan
from mesospark_run_networks.ruleset import RunNetwork, ruleset

PLAN = AddressPlan(IPv4Network("100.64.0.0/10"), 512)


def network(settings, slot: int, *services: str) -> RunNetwork:
    return RunNetwork(slot, settings.plan.network(settings.agent.number, slot), f"run-{slot}", services)


def in_run(address: IPv4Address, slot: int) -> bool:
    mask, value = PLAN.run_match(slot)
    return int(address) & int(mask) == int(value)


def test_every_agent_and_every_run_has_its_own_addresses():
    assert PLAN.slots == 256
    seen = {PLAN.network(agent, slot) for agent in (0, 1, 31, 511) for slot in (0, 1, 255)}
    assert len(seen) == 12
    assert all(found.subnet_of(PLAN.pool) for found in seen)
    assert all(PLAN.network(31, slot).subnet_of(PLAN.part_of_agent(31)) for slot in range(256))
    assert PLAN.part_of_agent(511).broadcast_address == PLAN.pool.broadcast_address


def test_an_address_tells_the_run_on_whatever_agent():
    for agent in (0, 31, 511):
        assert in_run(PLAN.network(agent, 7)[5], 7)
        assert not in_run(PLAN.network(agent, 8)[5], 7)
        assert PLAN.slot_of(PLAN.network(agent, 7)) == 7
    assert not in_run(IPv4Address("10.64.0.230"), 7)


def test_endpoints_do_not_overlap(settings):
    staging = settings.service("hdfs-staging")
    assert staging is not None
    assert staging.endpoints == (("10.9.0.0/24", "tcp", "8020"), ("10.9.0.0/24", "tcp", "9866-9867"))


def test_a_run_reaches_what_it_asked_for_and_no_other_service(settings):
    text = ruleset(settings, [network(settings, 3, "hdfs-staging"), network(settings, 4)])
    chains = {part.split(" ", 1)[0]: part for part in text.split("\tchain ")[1:]}
    assert "th dport @service_2 accept" in chains["run_3_leaving"]
    assert "@service_3" not in chains["run_3_leaving"]
    assert "@service_2" not in chains["run_4_leaving"]
    assert chains["run_4_leaving"].rstrip().endswith("jump refuse\n\t}")
    assert '"mesosrun-3" : goto run_3_entering' in chains["entering"]


def test_tasks_on_the_host_s_network_do_not_reach_services_of_jobs(settings):
    output = ruleset(settings, []).split("chain output")[1].split("}\n\tchain")[0]
    for name in ("service_2", "service_3"):
        assert f"meta skuid {{ 1850, 1851 }} ip daddr . meta l4proto . th dport @{name} jump refuse" in output
    assert "@service_4" not in output  # the one for everybody


@pytest.mark.system
@pytest.mark.parametrize("slots", [(), (3,), (0, 3, 255)])
def test_nft_takes_the_rules(settings, slots):
    if not shutil.which("nft"):
        pytest.fail("nft is missing: apt-get install nftables")
    text = ruleset(settings, [network(settings, slot, "hdfs-staging") for slot in slots])
    # Twice: the second replaces the first.
    script = "nft -f /dev/stdin && nft -f - <<END\n" + text + "END\n"
    result = subprocess.run(
        ["unshare", "--net", "sh", "-c", script + "nft list table inet mesospark_runs"],
        input=text,
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    assert result.stdout.count("hook ") == 4
    assert result.stdout.count("goto run_") == 2 * len(slots)
