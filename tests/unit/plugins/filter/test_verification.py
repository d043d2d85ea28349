# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The whole report of a small platform: from what hosts say to sentences, a table and a page."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import Any

import jinja2
import pytest
from ansible_collections.mesospark.platform.plugins.filter.verification import (
    verification_of,
    verification_points,
    verification_targets,
)

PLAYBOOKS = Path(__file__).resolve().parents[4] / "playbooks"
ADDRESSES = {"infra1": "10.0.0.10", "master1": "10.0.0.20", "agent1": "10.0.0.31"}
GROUPS = {
    "platform": list(ADDRESSES),
    "docker_registries": ["infra1"],
    "zookeepers": ["master1"],
    "mesos_masters": ["master1"],
    "mesos_agents": ["agent1"],
    "verify_strangers": ["stranger"],
}
SOCKETS = {
    "infra1": [("10.0.0.10:5443", "nginx")],
    "master1": [("10.0.0.20:5050", "mesos-master"), ("10.0.0.20:2281", "java")],
    "agent1": [("10.0.0.31:5051", "mesos-agent")],
}
STRANGER = "10.0.0.99"
MUTUAL = (2281, 5050, 5051)
ACCOUNT_NEEDED, REFUSED = {"refusal": "", "status": 401}, {"refusal": "certificate required", "status": 0}
EVERYBODY = {5443, 5050}


def seen(targets: list[dict[str, Any]], source: str, *members: str, strange: tuple[str, ...] = ()) -> dict[str, Any]:
    """What listener_survey finds on a platform where all is well."""
    operator = source == "10.0.0.1"
    found = []
    for target in targets:
        visit = {"host": target["host"], "port": target["port"], "source": source, "state": "open", "reason": ""}
        zookeeper_client = target["port"] == 2281 and source == ADDRESSES["agent1"]
        member_port = target["port"] == 5051 and source in ADDRESSES.values()
        tasks_client = target["port"] >= 31000 and source == ADDRESSES["agent1"]
        own = ADDRESSES[target["host"]] == source
        if not (target["port"] in EVERYBODY or zookeeper_client or member_port or tasks_client or own or operator):
            visit.update(state="refused", reason="No route to host")
        elif target["tls"]:
            passing = {**ACCOUNT_NEEDED, "status": 401 if target["http"] else 0}
            outside = REFUSED if target["port"] in MUTUAL else passing
            answers = {"": outside, **dict.fromkeys(strange, outside), **dict.fromkeys(members, passing)}
            visit.update(versions=["1.2", "1.3"], plain_status=0, answers=answers)
        elif target["port"] >= 31000:
            visit.update(state="closed", reason="Connection refused")
        found.append(visit)
    return {"targets": found}


class Scene:
    """What the playbook has registered, and a way to change some of it."""

    def __init__(self) -> None:
        networks = {"platform_networks": ["10.0.0.0/24"], "platform_operator_networks": ["10.0.0.1"]}
        self.hostvars: dict[str, dict[str, Any]] = {
            host: {
                "platform_address": address,
                **networks,
                "_verify_sockets": {
                    "stdout_lines": [
                        f'tcp LISTEN 0 9 {local} 0.0.0.0:* users:(("{program}",pid=1,fd=3))'
                        for local, program in SOCKETS[host]
                    ]
                },
                "_verify_firewall": {"rc": 0},
                "_verify_rules": {"diff": {"before": "same", "after": "same"}},
                "_host_certificate_probe": {"listeners": [], "certificates": []},
            }
            for host, address in ADDRESSES.items()
        }
        self.hostvars["infra1"]["_host_certificate_probe"]["listeners"] = [
            {
                "name": "image registry",
                "port": 5443,
                "subject": "CN=infra1.example.org",
                "names": ["infra1.example.org"],
                "issuer": "CN=example.org platform CA",
                "chain": ["CN=infra1.example.org"],
                "days_left": 365.2,
                "problems": [],
            }
        ]
        self.hostvars["stranger"] = {}
        targets = verification_targets(self.hostvars, GROUPS)
        self.hostvars["stranger"]["_verify_survey"] = seen(targets, STRANGER)
        for host, address in ADDRESSES.items():
            self.hostvars[host]["_verify_survey"] = seen(targets, address, "its host")
        team = seen(targets, ADDRESSES["agent1"], "spark")
        self.hostvars["agent1"]["_verify_teams"] = {"results": [{"item": {"name": "spark"}, **team}]}
        self.controller = seen(targets, "10.0.0.1", strange=("a strange authority",))

    def visit(self, place: str, host: str, port: int) -> dict[str, Any]:
        visits = self.hostvars[place]["_verify_survey"]["targets"]
        found: dict[str, Any] = next(visit for visit in visits if (visit["host"], visit["port"]) == (host, port))
        return found

    def report(self) -> dict[str, Any]:
        probes = {host: self.hostvars[host].get("_host_certificate_probe", {}) for host in ADDRESSES}
        return verification_of(self.hostvars, GROUPS, self.controller, probes)


@pytest.fixture
def scene() -> Scene:
    return Scene()


def test_points_to_look_from() -> None:
    assert verification_points(GROUPS) == ["infra1", "master1", "agent1"]


def test_all_is_well(scene: Scene) -> None:
    report = scene.report()
    assert report["findings"] == []
    assert report["columns"] == [
        "strange host",
        "controller, no certificate",
        "controller, strange certificate",
        "platform host",
        "team spark",
    ]
    master = next(row for row in report["rows"] if row["port"] == 5050)
    assert master["access"] == {
        "strange host": "TLS refused",
        "controller, no certificate": "TLS refused",
        "controller, strange certificate": "TLS refused",
        "platform host": "HTTP 401",
        "team spark": "HTTP 401",
    }


def test_a_rule_that_was_removed_by_hand(scene: Scene) -> None:
    """The host's rules differ, and what that breaks is named."""
    scene.hostvars["master1"]["_verify_rules"]["diff"]["before"] = "less"
    scene.visit("agent1", "master1", 2281).update(state="refused", reason="No route to host")
    assert scene.report()["findings"] == [
        "master1: its firewall rules are not those that the table of services says: load them again,"
        " 'ansible-playbook playbooks/firewall.yml --limit master1'",
        "master1, port 2281 (ZooKeeper): it can not be reached from agent1 (No route to host), which may use it"
        " (ZooKeeper of master1 lets in mesos_agents): load the rules again,"
        " 'ansible-playbook playbooks/firewall.yml --limit master1'",
    ]


def test_a_host_without_firewall(scene: Scene) -> None:
    scene.hostvars["master1"]["_verify_firewall"]["rc"] = 1
    reached = {"state": "open", "versions": ["1.3"], "plain_status": 0, "answers": {"": REFUSED}}
    scene.visit("stranger", "master1", 2281).update(reached)
    assert scene.report()["findings"] == [
        "master1: it has no firewall rules: load them, 'ansible-playbook playbooks/firewall.yml --limit master1'"
    ]


def test_a_host_that_is_down(scene: Scene) -> None:
    for name in ("_verify_sockets", "_verify_survey", "_verify_firewall", "_verify_rules", "_host_certificate_probe"):
        scene.hostvars["infra1"][name] = {"unreachable": True, "msg": "no such container"}
    assert scene.report()["findings"] == [
        "infra1: it could not be looked at: see that it is up, and that 'ansible infra1 -m ping' succeeds"
    ]


def test_a_look_that_failed(scene: Scene) -> None:
    scene.hostvars["infra1"]["_verify_failure"] = "Look at certificates: ca_path can not be used:\nno such file."
    assert scene.report()["findings"] == [
        "infra1: it could not be looked at completely: correct what fails there, Look at certificates: ca_path can not"
        " be used: no such file"
    ]


def test_a_secret_that_a_team_can_read(scene: Scene) -> None:
    path = "/etc/mesospark/principals/analytics/mesos.secret"
    scene.hostvars["agent1"]["_verify_readable"] = {"results": [{"item": {"name": "spark"}, "stdout_lines": [path]}]}
    (finding,) = scene.report()["findings"]
    assert finding.startswith(f"agent1: the user spark can read {path}, which is not for it")


def test_a_certificate_that_ends(scene: Scene) -> None:
    probe = scene.hostvars["infra1"]["_host_certificate_probe"]
    probe["listeners"][0].update(days_left=3.0, problems=["its certificate ends in 3 days, on 2026-11-24"])
    probe["certificates"] = [{"path": "/etc/mesospark/tls/host.pem", "problems": ["ends in 3 days, on 2026-11-24"]}]
    report = scene.report()
    assert [
        finding.partition(": 'ansible-playbook playbooks/certificates.yml --tags renew'")[0]
        for finding in report["findings"]
    ] == [
        "infra1, port 5443 (image registry): its certificate ends in 3 days, on 2026-11-24",
        "infra1: /etc/mesospark/tls/host.pem ends in 3 days, on 2026-11-24",
    ]
    assert [row["good"] for row in report["rows"] if row["port"] == 5443] == [False]


def page(report: dict[str, Any]) -> str:
    loader = jinja2.FileSystemLoader(PLAYBOOKS / "templates")
    environment = jinja2.Environment(loader=loader, trim_blocks=True, undefined=jinja2.StrictUndefined)
    template = environment.get_template("verify.html.j2")
    return template.render(verify_report=report, verify_time="2026-11-21 17:00 UTC", verify_domain="example.org")


def test_the_page_when_all_is_well(scene: Scene) -> None:
    text = page(scene.report())
    assert "Nothing is wrong." in text
    assert text.count("<tr class=") == text.count('<tr class="good">') == len(scene.report()["rows"])
    assert "<td>infra1.example.org<small>by example.org platform CA; sends 1</small></td>" in text
    for elsewhere in ("http://", "https://", "<script", "<link", "src="):
        assert elsewhere not in text, "the page needs nothing else"


def test_the_page_escapes_what_programs_are_called(scene: Scene) -> None:
    line = 'tcp LISTEN 0 9 10.0.0.20:8080 0.0.0.0:* users:(("<b>nc</b>",pid=1,fd=3))'
    scene.hostvars["master1"]["_verify_sockets"]["stdout_lines"].append(line)
    text = page(scene.report())
    assert "<b>nc" not in text
    assert "&lt;b&gt;nc&lt;/b&gt; listens to others on tcp" in text
    assert '<tr class="bad">' in text


@pytest.mark.system
def test_a_browser_shows_the_page(scene: Scene, tmp_path: Path) -> None:
    program = shutil.which("chromium") or shutil.which("chromium-browser")
    assert program, "there is no Chromium on this machine: install the package chromium"
    scene.hostvars["master1"]["_verify_firewall"]["rc"] = 1
    file = tmp_path / "verify.html"
    file.write_text(page(scene.report()), encoding="utf-8")
    picture = tmp_path / "verify.png"
    options = ["--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={tmp_path / 'profile'}"]
    subprocess.run(
        [program, *options, "--window-size=1400,900", f"--screenshot={picture}", file.as_uri()],
        check=True,
        capture_output=True,
        timeout=120,
    )
    assert picture.read_bytes()[:4] == b"\x89PNG"
    shown = subprocess.run(
        [program, *options, "--dump-dom", file.as_uri()], check=True, capture_output=True, text=True, timeout=120
    ).stdout
    assert "1 finding(s)" in shown
    assert "master1: it has no firewall rules" in shown
