# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.mesospark.platform.plugins.module_utils.verification import (
    Listener,
    Survey,
    findings,
    listeners,
    sockets,
    targets,
    vantage_points,
)
from ansible_collections.mesospark.platform.plugins.module_utils.verification_report import columns, rows, text_table

MASTER = {
    "name": "Mesos master",
    "ports": [(5050, 5050)],
    "protocol": "tcp",
    "tls": "mutual",
    "http": "/",
    "unit": "mesos-master",
    "clients": ["everyone"],
}
FRONT = {
    "name": "front",
    "ports": [(443, 443)],
    "protocol": "tcp",
    "tls": "server",
    "http": "/",
    "unit": "apache2",
    "clients": ["everyone"],
}
DNS = {"name": "DNS", "ports": [(53, 53)], "protocol": "both", "tls": "none", "unit": "named", "clients": ["everyone"]}
TASKS = {"name": "tasks", "ports": [(31000, 32000)], "protocol": "tcp", "tls": "none", "clients": ["agents"]}
LINES = [
    'tcp   LISTEN 0      4096      10.0.0.20:5050      0.0.0.0:*    users:(("mesos-master",pid=12,fd=3))',
    'tcp   LISTEN 0      4096      127.0.0.1:2181      0.0.0.0:*    users:(("java",pid=13,fd=3))',
    'tcp   LISTEN 0      4096      [::1]:953           [::]:*       users:(("named",pid=14,fd=3))',
    'tcp   LISTEN 0      10     10.0.0.20%eth0:53      0.0.0.0:*    users:(("named",pid=14,fd=4))',
    'tcp   LISTEN 0      10     10.0.0.20%eth0:53      0.0.0.0:*    users:(("named",pid=14,fd=5))',
    'udp   UNCONN 0      0                   *:53            *:*    users:(("named",pid=14,fd=6))',
    'udp   UNCONN 0      0             0.0.0.0:68      0.0.0.0:*    users:(("dhclient",pid=15,fd=6))',
    "tcp   LISTEN 0      4096      10.0.0.20:31005     0.0.0.0:*",
]
IN = {"refusal": "", "status": 401}
OUT = {"refusal": "certificate required", "status": 0}


def visit(host: str, port: int, **more: Any) -> dict[str, Any]:
    return {"host": host, "port": port, "source": "10.0.0.99", "state": "open", "reason": "", **more}


def tls_visit(host: str, port: int, answers: dict[str, Any], **more: Any) -> dict[str, Any]:
    return visit(host, port, **{"versions": ["1.2", "1.3"], "plain_status": 0, "answers": answers, **more})


def survey(*visits: dict[str, Any], name: str = "agent1", source: str = "agent1") -> Survey:
    return Survey(name, source, ["its host"], visits, {"platform host": "its host"})


def everything_allowed(source: str, host: str, port: int) -> dict[str, Any]:
    return {"allowed": True, "reason": f"{host} lets in {source}"}


def nothing_allowed(source: str, host: str, port: int) -> dict[str, Any]:
    return {"allowed": False, "reason": f"{host} does not let in {source}"}


def found(
    service: dict[str, Any],
    *visits: dict[str, Any],
    expectation: Any = everything_allowed,
    guarded: tuple[str, ...] = ("master1",),
    **who: str,
) -> list[str]:
    """What is wrong with a program that listens on the first port of a service of master1."""
    listener = Listener("master1", service["ports"][0][0], "tcp", "program", service)
    return findings([listener], [survey(*visits, **who)], expectation, guarded)


def test_sockets_that_others_can_reach() -> None:
    assert sockets(LINES) == [
        ("tcp", 5050, "mesos-master"),
        ("tcp", 53, "named"),
        ("udp", 53, "named"),
        ("udp", 68, "dhclient"),
        ("tcp", 31005, "unknown"),
    ]


def test_another_ss_is_an_error() -> None:
    with pytest.raises(ValueError, match="unknown form: State Recv-Q"):
        sockets(["State Recv-Q"])


def test_listeners_and_ports_that_wait_for_one() -> None:
    assert [
        (listener.port, listener.protocol, listener.program, listener.service.get("name"))
        for listener in listeners("master1", [MASTER, DNS, FRONT, TASKS], LINES)
    ] == [
        (53, "tcp", "named", "DNS"),
        (53, "udp", "named", "DNS"),
        (443, "tcp", "", "front"),
        (5050, "tcp", "mesos-master", "Mesos master"),
        (31000, "tcp", "", "tasks"),
        (31005, "tcp", "unknown", "tasks"),
    ]


def test_targets_are_tcp_ports() -> None:
    both = [Listener("master1", 53, protocol, "named", DNS) for protocol in ("tcp", "udp")]
    master = Listener("master1", 5050, "tcp", "mesos-master", MASTER)
    assert targets([*both, master], {"master1": "10.0.0.20"}) == [
        {"host": "master1", "address": "10.0.0.20", "port": 53, "tls": False, "http": ""},
        {"host": "master1", "address": "10.0.0.20", "port": 5050, "tls": True, "http": "/"},
    ]


def test_two_hosts_of_each_group_see_everything() -> None:
    groups = {"platform": ["a1", "a2", "a3", "e1", "m1"], "agents": ["a1", "a2", "a3"], "masters": ["m1"]}
    assert vantage_points(["agents", "masters", "everyone"], groups) == ["a1", "a2", "m1"]


def test_all_is_well() -> None:
    answers = {"": OUT, "its host": IN}
    assert found(MASTER, tls_visit("master1", 5050, answers)) == []
    assert found(FRONT, tls_visit("master1", 443, {"": IN, "its host": IN}, plain_status=400)) == []
    assert found(TASKS, visit("master1", 31000)) == []


def test_a_port_of_no_service() -> None:
    listener = Listener("master1", 8080, "tcp", "nc")
    (problem,) = findings([listener], [], everything_allowed, [])
    assert problem.startswith(
        "master1, port 8080 (nc): nc listens to others on tcp, but no service of the platform has"
    )
    assert findings([Listener("agent1", 40123, "tcp", "mesos-docker-ex")], [], everything_allowed, []) == []


def test_nobody_listens() -> None:
    quiet = [Listener("master1", port, "tcp", "", service) for port, service in ((5050, MASTER), (31000, TASKS))]
    assert findings(quiet, [], everything_allowed, []) == [
        "master1, port 5050 (Mesos master): nobody listens on tcp: look at 'systemctl status mesos-master' there"
    ]
    optional = Listener("master1", 5050, "tcp", "", {**MASTER, "optional": True})
    assert findings([optional], [], everything_allowed, []) == []


@pytest.mark.parametrize("state", ["silent", "refused"])
def test_a_rule_is_missing(state: str) -> None:
    assert found(TASKS, visit("master1", 31000, state=state, reason="no answer in time")) == [
        "master1, port 31000 (tasks): it can not be reached from agent1 (no answer in time), which may use it"
        " (master1 lets in agent1): load the rules again, 'ansible-playbook playbooks/firewall.yml --limit master1'"
    ]


def test_a_closed_port_lets_in_as_well() -> None:
    assert found(TASKS, visit("master1", 31000, state="closed", reason="Connection refused")) == []


def test_the_firewall_has_a_hole() -> None:
    open_port = visit("master1", 31000)
    assert found(TASKS, open_port, expectation=nothing_allowed, name="a strange host", source="") == [
        "master1, port 31000 (tasks): it can be reached from a strange host, though it must not be: load the rules"
        " again, 'ansible-playbook playbooks/firewall.yml --limit master1'"
    ]
    assert found(TASKS, open_port, expectation=nothing_allowed, guarded=()) == [], "that is said once for the host"


def test_strangers_count_by_their_address() -> None:
    asked: list[tuple[str, str, int]] = []

    def expectation(*question: Any) -> dict[str, Any]:
        asked.append(question)
        return {"allowed": True, "reason": ""}

    found(TASKS, visit("master1", 31000), expectation=expectation, name="a strange host", source="")
    assert asked == [("10.0.0.99", "master1", 31000)]


def test_nothing_is_expected_of_a_host_at_itself() -> None:
    own = visit("master1", 31000)
    assert found(TASKS, own, expectation=nothing_allowed, name="master1", source="master1") == []


def test_what_several_see_is_said_once() -> None:
    listener = Listener("master1", 31000, "tcp", "java", TASKS)
    seen = [survey(visit("master1", 31000), name=name, source=name) for name in ("agent1", "agent2", "edge1")]
    (problem,) = findings([listener], seen, nothing_allowed, ["master1"])
    assert "from agent1, agent2 and edge1, though" in problem


@pytest.mark.parametrize(
    ("service", "changes", "problem"),
    [
        (MASTER, {"versions": ["1.0", "1.1", "1.2"]}, "it speaks TLS 1.0 and 1.1: set its lowest version to 1.2"),
        (MASTER, {"versions": []}, "it does not speak TLS: see that its certificate and its key are set"),
        (MASTER, {"plain_status": 200}, "it answers plain text with HTTP 200: let it speak TLS only"),
        (MASTER, {"answers": {"": IN, "its host": IN}}, "it takes clients with no certificate (from agent1)"),
        (MASTER, {"answers": {"x": IN, "its host": IN}}, "it takes clients with the certificate of x (from agent1)"),
        (MASTER, {"answers": {"": OUT, "its host": OUT}}, "it refuses clients with the certificate of its host"),
        (FRONT, {"answers": {"": OUT, "its host": IN}}, "it refuses clients with no certificate (from agent1: certif"),
        (
            FRONT,
            {"answers": {"": {"refusal": "", "status": 200}, "its host": IN}},
            "it answers HTTP 200 to no certificate and no account (from agent1): have it ask for an account",
        ),
    ],
)
def test_what_a_server_does_wrong(service: dict[str, Any], changes: dict[str, Any], problem: str) -> None:
    port = service["ports"][0][0]
    good = {"answers": {"": OUT if service is MASTER else IN, "its host": IN}}
    (text,) = found(service, tls_visit("master1", port, **{**good, **changes}))
    assert text.startswith(f"master1, port {port} ({service['name']}): {problem}")


def test_the_table() -> None:
    master = Listener("master1", 5050, "tcp", "mesos-master", MASTER)
    name = Listener("master1", 53, "udp", "named", DNS)
    surveys = [
        survey(tls_visit("master1", 5050, {"": OUT, "its host": IN})),
        survey(visit("master1", 5050, state="silent"), name="edge1", source="edge1"),
        survey(visit("master1", 5050), name="master1", source="master1"),
        Survey("a strange host", "", [], [tls_visit("master1", 5050, {"": OUT})], {"strange host": ""}),
    ]
    certificate = {"names": ["master1.example.org"], "issuer": "CN=CA", "chain": ["CN=master1"], "days_left": 99.6}
    table = rows([name, master], surveys, {("master1", 5050): certificate}, ["master1, port 53 (DNS): bad"])
    assert [row["good"] for row in table] == [False, True]
    assert table[1]["access"] == {
        "platform host": "HTTP 401 (agent1); no answer (edge1)",
        "strange host": "TLS refused",
    }
    assert (table[1]["tls"], table[1]["days_left"], table[1]["issuer"]) == ("1.2-1.3", "100", "CA")
    assert text_table(columns(surveys), table) == [
        "HOST     PORT      SERVICE       TLS      DAYS  PLATFORM HOST                         STRANGE HOST",
        "master1  53/udp    DNS",
        "master1  5050/tcp  Mesos master  1.2-1.3  100   HTTP 401 (agent1); no answer (edge1)  TLS refused",
    ]
