# SPDX-License-Identifier: GPL-3.0-or-later
"""executor_logs and graylog_messages on a real Mesos cluster, a real Graylog and the real log shipper."""

import json
import secrets
import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from log_cluster import ship_everything, write_logs
from mesos_runtime.local_cluster import LocalCluster
from mesos_runtime.local_cluster.cluster import free_port
from module_process import run_module

pytestmark = pytest.mark.system
LINES = 2000


@pytest.fixture(scope="module")
def beats(small_cluster: LocalCluster, graylog: dict[str, Any]) -> Iterator[str]:
    """The address of a Beats input that wants a certificate of the cluster's authority."""
    assert small_cluster.authority
    certificate = small_cluster.authority.issue("beats", addresses=["127.0.0.1"])
    port = free_port("127.0.0.1")
    title = f"test of executor_logs {secrets.token_hex(4)}"
    configuration = {
        "bind_address": "127.0.0.1",
        "port": port,
        "no_beats_prefix": True,
        "tls_enable": True,
        "tls_cert_file": str(certificate.certificate),
        "tls_key_file": str(certificate.key),
        "tls_client_auth": "required",
        "tls_client_auth_cert_file": str(small_cluster.authority.certificate),
    }
    options = {"title": title, "type": "org.graylog.plugins.beats.Beats2Input", "configuration": configuration}
    made = run_module("graylog_input", **graylog, **options)
    assert "failed" not in made, made["msg"]
    yield f"127.0.0.1:{port}"
    run_module("graylog_input", **graylog, title=title, state="absent")


@pytest.fixture
def run_id() -> str:
    return f"logs-{time.strftime('%Y%m%dt%H%M%S', time.gmtime())}-{secrets.token_hex(2)}"


@pytest.fixture
def both(operator: dict[str, Any], graylog: dict[str, Any]) -> dict[str, Any]:
    """The connection options to Mesos and Graylog."""
    access = {"graylog_username": graylog["url_username"], "graylog_password": graylog["url_password"]}
    return {**operator, "graylog_url": graylog["graylog_url"], **access}


def texts(written: dict[str, dict[str, bytes]]) -> dict[tuple[str, str], list[str]]:
    """The lines that are not blank of every file, without white space at their ends: Graylog trims messages."""
    return {
        (name, stream): [line.strip() for line in data.decode("utf-8", "backslashreplace").split("\n") if line.strip()]
        for name, streams in written.items()
        for stream, data in streams.items()
    }


def told(messages: list[dict[str, Any]]) -> dict[tuple[str, str], list[str]]:
    """The same of messages; pieces of a cut line are put together."""
    found: dict[tuple[str, str], list[str]] = {}
    cut = ""
    for message in messages:
        name = "driver" if message["task_id"].startswith("runs_") else message["task_id"]
        lines = found.setdefault((name, message["stream"]), [])
        if message.get("cut"):
            cut += message["message"]
            continue
        lines += [line.strip() for line in (cut + message["message"]).split("\n") if line.strip()]
        cut = ""
    return found


def test_from_the_sandboxes_to_graylog_and_back(
    small_cluster: LocalCluster,
    operator: dict[str, Any],
    both: dict[str, Any],
    graylog: dict[str, Any],
    beats: str,
    run_id: str,
    tmp_path: Path,
) -> None:
    """What the sandboxes have is read, sent once, and is then what the log shipper sends too."""
    written = texts(write_logs(small_cluster, run_id, LINES))
    read = run_module("executor_logs", **operator, run_id=run_id, fields=["principal"])
    assert "failed" not in read, read["msg"]
    assert not read["changed"] and read["complete"] and told(read["messages"]) == written
    assert read["count"] == read["matched"] == len(read["messages"])
    (trace,) = [item for item in read["messages"] if item.get("level") == 3 and item["executor"] == "0"]
    assert trace["message"].count("\n") == 203 and trace["logger"] == "Executor" and trace["principal"] == "team"

    newest = run_module("executor_logs", **both, name="logs", executors=["driver"], limit=1)
    assert "failed" not in newest, newest["msg"]
    assert (newest["run_id"], newest["count"], newest["matched"] > LINES) == (run_id, 1, True)

    shipping = {**both, "run_id": run_id, "ship": True, "ship_to": [beats]}
    target = tmp_path / "run.json"
    foreseen = run_module("executor_logs", **shipping, _ansible_check_mode=True, dest=str(target), dest_format="json")
    assert foreseen["changed"] and foreseen["shipped"] == read["matched"] and not target.exists()
    sent = run_module("executor_logs", **shipping, dest=str(target), dest_format="json")
    assert "failed" not in sent, sent["msg"]
    assert sent["changed"] and sent["shipped"] == read["matched"] and sent["diff"] == foreseen["diff"]
    documents = [json.loads(line) for line in target.read_text(encoding="utf-8").splitlines()]
    assert told(documents) == written and target.stat().st_mode & 0o777 == 0o600
    again = run_module("executor_logs", **shipping, limit=1)
    assert not again["changed"] and again["shipped"] == 0

    ids = [item["record_id"] for item in read["messages"]]
    shipper = ship_everything(tmp_path, small_cluster, operator, beats)
    try:
        found = run_module("graylog_messages", **graylog, run=run_id, wait_for={"quiet": "4s"}, wait_timeout="60s")
        log = (tmp_path / "log-shipper.log").read_text(encoding="utf-8")
        assert found["duplicates"] == len(ids), log
    finally:
        shipper.terminate()
        shipper.wait(10)
    assert sorted(item["record_id"] for item in found["messages"]) == sorted(ids) and told(found["messages"]) == written

    for folder in small_cluster.agents[0].work_folder.glob("slaves/*/frameworks/*/executors/*/runs/*-*"):
        shutil.rmtree(folder)
    kept = run_module("executor_logs", **both, run_id=run_id)
    assert "failed" not in kept, kept["msg"]
    assert not kept["complete"] and told(kept["messages"]) == written
    lost = run_module("executor_logs", **operator, run_id=run_id)
    assert lost["failed"] and "its sandbox is gone, and Graylog has none of its lines." in lost["msg"]
