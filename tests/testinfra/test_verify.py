# SPDX-License-Identifier: GPL-3.0-or-later
"""The proof of who gets in where: nothing is wrong with the platform, and what is broken by hand is named.

Faults are made on test hosts only, and undone: on other platforms these checks are passed over.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest
from module_calls import run_playbook

pytestmark = pytest.mark.hosts

RULE = '"ZooKeeper: mesos_agents"'


@pytest.fixture(scope="module")
def zookeeper(platform) -> str:
    return platform.members("zookeepers")[0]


@pytest.fixture
def without_rule(platform, zookeeper) -> Iterator[None]:
    """ZooKeeper's host does not let agents in, until the firewall's playbook puts it right."""
    host = platform.host(zookeeper)
    if "test_hosts_network" not in host.ansible.get_variables():
        pytest.skip("faults are made on test hosts only")
    rule = host.check_output(f"nft -a list chain inet mesospark services | grep {RULE} | sed 's/.*# handle //'")
    host.check_output(f"nft delete rule inet mesospark services handle {rule}")
    yield
    healed = run_playbook(platform, "firewall", "--limit", zookeeper)
    assert healed.returncode == 0, healed.stdout


def verify(platform, page: Path) -> tuple[list[str], str]:
    """Findings of the playbook, and the page that it has written."""
    result = run_playbook(platform, "verify", "--extra-vars", f"verify_page={page}")
    findings = [line.strip().removeprefix("- ") for line in result.stdout.splitlines() if line.startswith("        - ")]
    assert (result.returncode == 0) == (not findings), result.stdout
    return findings, page.read_text()


def test_nothing_is_wrong(platform, tmp_path):
    findings, page = verify(platform, tmp_path / "verify.html")
    assert findings == []
    assert "Nothing is wrong." in page
    for name in platform.members("platform"):
        assert f"<td>{name}</td>" in page, name
    for place in ("strange host", "controller, strange certificate", "platform host", "team spark"):
        assert f"<th>{place}</th>" in page, place


@pytest.mark.faults
def test_a_rule_that_was_removed_by_hand_is_named(platform, zookeeper, without_rule, tmp_path):
    findings, page = verify(platform, tmp_path / "verify.html")
    assert any(finding.startswith(f"{zookeeper}: its firewall rules are not those") for finding in findings), findings
    broken = [
        finding for finding in findings if finding.startswith(f"{zookeeper}, port 2281 (ZooKeeper): it can not be")
    ]
    assert broken, findings
    assert "ansible-playbook playbooks/firewall.yml" in broken[0]
    assert '<tr class="bad">' in page
