# SPDX-License-Identifier: GPL-3.0-or-later
"""A Marathon that asks who calls, and refuses strangers in one sentence."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from marathon_process import MarathonProcess
from mesos_runtime.local_cluster import LocalCluster
from module_process import run_module

pytestmark = pytest.mark.system


@pytest.fixture(scope="module")
def guarded(mesos: LocalCluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    """Connection options of a Marathon with an account, without the account."""
    folder: Path = tmp_path_factory.mktemp("guarded")
    (folder / "credentials").write_text("operator:a-word\n", encoding="ascii")
    flags = ["--http_credentials_file", str(folder / "credentials"), "--framework_name", "guarded"]
    with MarathonProcess(folder, mesos.master_address, flags) as running:
        yield {"marathon_url": running.url, "mesos_url": mesos.master_url}


def test_the_right_password(guarded: dict[str, Any]) -> None:
    assert run_module("marathon_app_info", **guarded, url_username="operator", url_password="a-word")["apps"] == []


def test_a_wrong_password(guarded: dict[str, Any]) -> None:
    result = run_module("marathon_app_info", **guarded, url_username="operator", url_password="another-word")
    told = "does not know user 'operator' (status 401): check user name and password."
    assert result["msg"] == f"Marathon at {guarded['marathon_url']} {told}"
    assert "another-word" not in str(result)


def test_no_password(guarded: dict[str, Any]) -> None:
    assert "does not know a caller without a user name" in run_module("marathon_app_info", **guarded)["msg"]
