# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from typing import Any

from ansible_collections.mesospark.platform.plugins.filter.certificate_report import (
    certificate_problems,
    certificate_table,
    driver_listeners,
    signed_by_others,
    tls_listeners,
    units_to_renew,
)

HOST_CERTIFICATE = "/etc/mesospark/tls/host.pem"
SERVICES: list[dict[str, Any]] = [
    {"name": "DNS", "ports": [(53, 53)], "tls": "none", "unit": "named", "certificate": HOST_CERTIFICATE, "health": ""},
    {
        "name": "master",
        "ports": [(5050, 5050)],
        "tls": "mutual",
        "unit": "mesos-master",
        "renewal": "restart",
        "revocation_list": True,
        "certificate": HOST_CERTIFICATE,
        "health": "true",
    },
    {
        "name": "front",
        "ports": [(9000, 9000)],
        "tls": "server",
        "unit": "front",
        "renewal": "reload",
        "certificate": "/other.pem",
        "health": "",
    },
    {
        "name": "shipper",
        "ports": [],
        "tls": "mutual",
        "unit": "log-shipper",
        "renewal": "itself",
        "certificate": HOST_CERTIFICATE,
        "health": "",
    },
]
ISSUER = {"issuer": "CN=CA 2", "days_left": 12.3, "tls_version": "TLSv1.3", "problems": []}
AUTHORITY = {"path": "/etc/mesospark/tls/ca.pem", "subject": "CN=CA 2", **ISSUER}


def test_listeners_that_can_be_probed() -> None:
    assert [
        (found["name"], found["port"], found["client_certificate"], found["certificate"])
        for found in tls_listeners(SERVICES, "10.0.0.1", "one")
    ] == [
        ("master", 5050, "required", HOST_CERTIFICATE),
        ("front", 9000, "none", "/other.pem"),
    ]


def test_units_of_the_host_certificate() -> None:
    assert units_to_renew(SERVICES, "10.0.0.1") == [
        {
            "unit": "mesos-master",
            "action": "restart",
            "listeners": [{"address": "10.0.0.1", "port": 5050}],
            "files": ["/etc/mesospark/tls/crl.pem"],
            "health": "true",
        }
    ]


def test_the_table() -> None:
    bad = {"name": "Marathon", "port": 8443, "problems": ["does not answer: refused"]}
    results = {"one": {"listeners": [{"name": "master", "port": 5050, **ISSUER}, bad], "certificates": [AUTHORITY]}}
    assert certificate_table(results) == [
        "HOST  LISTENER OR FILE           PORT  TLS  DAYS  ISSUER  STATE",
        "one   master                     5050  1.3  12    CA 2    good",
        "one   Marathon                   8443                     does not answer: refused",
        "one   /etc/mesospark/tls/ca.pem        1.3  12    CA 2    good",
    ]


def test_problems_name_their_host() -> None:
    results = {"one": {"problems": ["x ends"]}, "two": {"problems": []}, "three": {}}
    assert certificate_problems(results) == ["one: x ends", "three: could not be looked at"]


def test_who_still_needs_the_previous_authority() -> None:
    previous = {**AUTHORITY, "subject": "CN=CA", "issuer": "CN=CA"}
    results = {
        "one": {
            "listeners": [
                {"name": "master", **ISSUER},
                {"name": "agent", **ISSUER, "issuer": "CN=CA"},
                {"name": "silent"},
            ],
            "certificates": [AUTHORITY, previous],
        },
        "controller": {
            "listeners": [],
            "certificates": [{"path": "/operator.pem", "issuer": "CN=CA", "subject": "CN=x"}],
        },
    }
    assert signed_by_others(results) == [
        "one: agent still has a certificate of CN=CA",
        "controller: /operator.pem still has a certificate of CN=CA",
    ]


def test_interfaces_of_running_drivers() -> None:
    task = {"host": "agent1.example.org", "ports": [31000, 31001, 31002], "state": "TASK_RUNNING"}
    apps = [
        {"labels": {"run_id": "count-1"}, "tasks": [task, {**task, "state": "TASK_STAGING"}]},
        {"labels": {}, "tasks": [task]},
        {"labels": {"run_id": "count-2"}, "tasks": [{**task, "host": "10.0.0.9"}]},
    ]
    found = driver_listeners(apps, {"agent1": {"platform_address": "10.0.0.1"}})
    assert [
        (listener["name"], listener["address"], listener["port"], listener["server_name"]) for listener in found
    ] == [
        ("driver of count-1", "10.0.0.1", 31002, "agent1.example.org"),
        ("driver of count-2", "10.0.0.9", 31002, "10.0.0.9"),
    ]
