# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The rules that the role writes, as the embedded Marathon itself reads them."""

from __future__ import annotations

import asyncio
import base64
import dataclasses
import importlib
import json
from pathlib import Path
from typing import Any

import pytest
from ansible.errors import AnsibleFilterError
from ansible_collections.mesospark.platform.plugins.filter.marathon_teams import marathon_teams
from ansible_collections.mesospark.platform.plugins.filter.scrypt_hash import scrypt_hash
from ansible_collections.mesospark.platform.plugins.module_utils.spark import Job, build_app

SERVICE = Path(__file__).resolve().parents[4] / "services" / "marathon"
REGISTRY = "registry.platform.test:5443"
PRINCIPALS = [{"name": "spark", "uid": 1850, "gid": 1850}, {"name": "analytics", "members": ["nightly"]}]
USERS = [{"name": "alice", "groups": ["operators"]}, {"name": "bob", "groups": ["spark", "analytics"]}]
JOB = Job(
    name="pi",
    image=f"{REGISTRY}/mesospark/spark@sha256:{64 * 'a'}",
    application="https://files.platform.test/pi.py?version=2",
    spark_master="mesos://master1.platform.test:5050",
    py_files=("http://files.platform.test/helpers.zip",),
    env={"PYTHONPATH": "/opt/job", "STAGE": "test"},
    labels={"cost": "research"},
    constraints=(("hostname", "LIKE", "agent.*"),),
    principal="spark",
)


@pytest.fixture
def service(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Imports a module of the service."""
    monkeypatch.syspath_prepend(str(SERVICE))
    return lambda name: importlib.import_module(f"mesospark_marathon.{name}")


def refusal(service: Any, folder: Path, account: str, job: Job) -> str | None:
    teams = marathon_teams(PRINCIPALS, USERS, [f"{REGISTRY}/*"], isolated_jobs=["staging-*", "pi-isolated"])
    file = folder / "rules.json"
    file.write_text(json.dumps({"operators": ["operator"], "viewers": [], "teams": teams}))
    caller = service("access.rules").read_rules(str(file)).caller(account)
    reading, root, errors = service("model.app_input"), service("model.root"), service("model.errors")
    document = reading.read_app(build_app(job, f"{job.name}-20261121t120000-abcd"))
    app = reading.build_app(document, document["id"], "", reading.InputRules())
    before = root.Root("1")
    try:
        caller.check_change(before, root.put_app(before, app, "2"))
    except errors.ApiError as error:
        return str(error)
    return None


@pytest.mark.parametrize("account", ["spark", "bob"])
def test_a_job_identity_may_do_what_its_jobs_need(service: Any, tmp_path: Path, account: str) -> None:
    assert refusal(service, tmp_path, account, JOB) is None


@pytest.mark.parametrize("name", ["pi", "staging-pi", "pi-isolated"])
def test_it_may_have_a_network_of_its_own(service: Any, tmp_path: Path, name: str) -> None:
    job = dataclasses.replace(JOB, name=name, network="isolated", services=("hdfs-staging",))
    assert refusal(service, tmp_path, "spark", job) is None


def test_jobs_that_must_be_isolated_are_named_by_their_beginning() -> None:
    with pytest.raises(AnsibleFilterError, match=r"may hold a \* at its end only"):
        marathon_teams(PRINCIPALS, isolated_jobs=["*-staging"])


@pytest.mark.parametrize(
    ("account", "changes", "words"),
    [
        ("nightly", {}, "labels: the label principal is 'spark', and must be 'analytics'"),
        ("spark", {"principal": "analytics"}, "labels: "),
        ("bob", {"principal": "root"}, "labels: "),
        ("spark", {"image": "docker.test/other"}, "images: "),
        ("spark", {"application": "file:///etc/shadow"}, "fetch: "),
        ("spark", {"env": {"LD_PRELOAD": "x.so"}}, "environment: "),
        ("spark", {"name": "staging-pi"}, "isolated_apps: "),
        ("spark", {"name": "pi-isolated"}, "isolated_apps: "),
        ("alice", {}, "teams: alice is in no team of the rules"),
    ],
)
def test_everything_else_is_refused(
    service: Any, tmp_path: Path, account: str, changes: dict[str, Any], words: str
) -> None:
    found = refusal(service, tmp_path, account, dataclasses.replace(JOB, **changes))
    assert found is not None and found.startswith(words)


def test_members_come_from_both_lists() -> None:
    teams = marathon_teams(PRINCIPALS, USERS)
    assert {name: team["members"] for name, team in teams.items()} == {
        "spark": ["spark", "bob"],
        "analytics": ["analytics", "nightly", "bob"],
    }


def test_a_job_identity_may_not_be_named_like_a_group_with_rights() -> None:
    with pytest.raises(AnsibleFilterError, match="spark_principals: operators is the name of a group"):
        marathon_teams([{"name": "operators"}])


def test_hashes_are_those_that_marathon_knows(service: Any) -> None:
    passwords = service("server.passwords")
    line = "spark:" + scrypt_hash("correct-horse", "salt")
    assert line == "spark:" + scrypt_hash("correct-horse", "salt") != "spark:" + scrypt_hash("correct-horse", "other")
    passwords.check_accounts(line)

    async def user(password: str) -> str | None:
        header = "Basic " + base64.b64encode(f"spark:{password}".encode()).decode()
        return await passwords.Credentials(line).user(header)

    assert asyncio.run(user("correct-horse")) == "spark"
    assert asyncio.run(user("wrong")) is None
