# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible_collections.mesospark.platform.plugins.filter.rotation_plan import rotation_plan, runs_in_the_way

REPOSITORY = Path(__file__).resolve().parents[4]
KNOWN = yaml.safe_load((REPOSITORY / "playbooks/vars/secrets.yml").read_text())["secrets_known"]
FILES = [
    "marathon_http_password",
    "marathon_mesos_secret",
    "mesos_agent_secret",
    "spark_mesos_secret",
    "analytics_rpc_secret",
    "zookeeper_mesos_password",
    "graylog_password_secret",
    "alice_kerberos_password",
]


def plan(rotate: str | list[str], begun: tuple[str, ...] = (), files: tuple[str, ...] = ()) -> dict[str, Any]:
    return rotation_plan(rotate, KNOWN, [*FILES, *files], begun, ["spark", "analytics"], ["alice", "bob"])


def test_every_secret_that_a_role_or_an_inventory_makes_is_known() -> None:
    made = re.compile(r"platform_secrets_dir ~ '/(\w+(?:secret|password|salt))\b")
    files = [*REPOSITORY.glob("roles/*/*/*.yml"), *REPOSITORY.glob("inventories/demo/group_vars/all/*.yml")]
    names = {name for file in files for name in made.findall(file.read_text())}
    assert len(names) > 10
    assert names - {entry["name"] for entry in KNOWN} == set()


def test_one_secret() -> None:
    assert plan("marathon_http_password") == {
        "renew": ["marathon_http_password"],
        "names": ["marathon_http_password"],
        "roles": ["marathon"],
        "principals": [],
        "zookeeper": [],
        "problems": [],
    }


def test_masters_come_before_those_who_log_in_there() -> None:
    found = plan(["marathon_mesos_secret", "mesos_agent_secret"])
    assert found["roles"] == ["mesos_master", "mesos_agent", "marathon"]


@pytest.mark.parametrize(
    ("name", "principal"), [("spark_mesos_secret", "spark"), ("analytics_rpc_secret", "analytics")]
)
def test_secrets_that_runs_hold(name: str, principal: str) -> None:
    assert plan(name)["principals"] == [principal]


def test_a_password_that_overlaps() -> None:
    (account,) = plan("zookeeper_mesos_password")["zookeeper"]
    assert account["name"] == "zookeeper_mesos_password"
    assert set(account) == {"name", "username", "path"}


def test_all_that_can_be_rotated() -> None:
    found = plan("all")
    assert found["renew"] == [
        "mesos_agent_secret",
        "marathon_mesos_secret",
        "spark_mesos_secret",
        "analytics_rpc_secret",
        "marathon_http_password",
        "zookeeper_mesos_password",
    ]
    assert found["problems"] == []


def test_what_was_begun_is_finished_and_not_renewed_again() -> None:
    found = plan("", begun=("mesos_agent_secret",))
    assert (found["renew"], found["names"]) == ([], ["mesos_agent_secret"])
    assert found["roles"] == ["mesos_master", "mesos_agent"]
    again = plan("mesos_agent_secret,marathon_http_password", begun=("mesos_agent_secret",))
    assert again["renew"] == ["marathon_http_password"]
    assert again["roles"] == ["mesos_master", "mesos_agent", "marathon"]


@pytest.mark.parametrize(
    ("name", "problem"),
    [
        ("marathon_password", "rotate: there is no secret marathon_password; the page docs/secrets.md lists them"),
        (
            "graylog_password_secret",
            "rotate: graylog_password_secret can not be rotated: Graylog encrypts its database",
        ),
        ("alice_kerberos_password", "rotate: alice_kerberos_password can not be rotated: it is a first password"),
        ("registry_push_password", "rotate: registry_push_password has no file in platform_secrets_dir: if its value"),
        ("zookeeper_mesos_password.previous", "rotate: zookeeper_mesos_password.previous is what zookeeper_mesos_"),
    ],
)
def test_what_can_not_be(name: str, problem: str) -> None:
    (text,) = plan(["marathon_http_password", name])["problems"]
    assert text.startswith(problem)


def test_a_principal_may_be_called_as_a_service() -> None:
    """Team 'marathon' would have the secret of Marathon itself, which needs no run to have ended."""
    found = rotation_plan("marathon_mesos_secret", KNOWN, FILES, (), ["marathon"])
    assert (found["roles"], found["principals"]) == (["mesos_master", "marathon"], [])


def test_every_consumer_is_a_role() -> None:
    roles = {role for entry in KNOWN for role in entry.get("roles", ())}
    assert [role for role in roles if not (REPOSITORY / "roles" / role).is_dir()] == []
    playbook = yaml.safe_load((REPOSITORY / "playbooks/secrets.yml").read_text())
    played = {
        task[f"ansible.builtin.{action}"]["name"].rpartition(".")[2]
        for play in playbook
        for task in play["tasks"]
        for action in ("include_role", "import_role")
        if f"ansible.builtin.{action}" in task
    }
    assert played == roles


def test_runs_that_have_not_ended() -> None:
    def app(run: str, principal: str, state: str) -> dict[str, Any]:
        return {"id": f"/runs/{run}", "labels": {"run_id": run, "principal": principal}, "tasks": [{"state": state}]}

    apps = [
        app("two", "spark", "TASK_RUNNING"),
        app("one", "spark", "TASK_STAGING"),
        app("ended", "spark", "TASK_FINISHED"),
        app("other", "analytics", "TASK_RUNNING"),
        {"id": "/shop", "labels": {}, "tasks": [{"state": "TASK_RUNNING"}]},
        {"id": "/old", "tasks": []},
    ]
    assert runs_in_the_way(apps, ["spark"]) == ["one", "two"]
