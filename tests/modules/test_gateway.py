# SPDX-License-Identifier: GPL-3.0-or-later
"""Modules through the gateway: real Mesos and Marathon with TLS, client certificates, accounts and rules behind it."""

import json
import urllib.error
import urllib.request
from base64 import b64encode
from collections.abc import Iterator
from typing import Any

import pytest
from gateway_process import GatewayProcess
from marathon_process import COMMAND_AGENTS, MarathonProcess, wait_for
from mesos_runtime.local_cluster import Authentication, LocalCluster, Tls
from module_process import run_module

pytestmark = pytest.mark.system

RUN = "count-20261121t120000-ab12"
GROUPS = {"alice": "operators", "bob": "spark", "carol": "viewers", "dave": "analytics"}
TEAMS = ("spark", "analytics")


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalCluster]:
    folder = tmp_path_factory.mktemp("guarded-mesos")
    with LocalCluster(folder, COMMAND_AGENTS[:1], tls=Tls(), authentication=Authentication()) as running:
        yield running


@pytest.fixture(scope="module")
def ruled_marathon(cluster: LocalCluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[MarathonProcess]:
    """Its rules know the gateway as a proxy, by its certificate."""
    folder = tmp_path_factory.mktemp("ruled-marathon")
    assert cluster.authority and cluster.client_certificate
    host = cluster.authority.issue("marathon", ["127.0.0.1"], ["localhost"])
    teams = {team: {"app_ids": ["/runs/"], "labels": {"principal": team}} for team in TEAMS}
    (folder / "rules.json").write_text(json.dumps({"operators": ["operator"], "teams": teams}))
    (folder / "accounts").write_text("operator:own-word\ngateway:proxy-word\n")
    (folder / "secret").write_text(cluster.credentials["marathon"])
    flags = [
        *("--min_revive_offers_interval", "500", "--decline_offer_duration", "1000"),
        *("--mesos_authentication", "--mesos_authentication_principal", "marathon"),
        *("--mesos_authentication_secret_file", str(folder / "secret")),
        *("--http_credentials_file", str(folder / "accounts"), "--rules_file", str(folder / "rules.json")),
        *("--trusted_proxies", "client"),
        *("--ssl_certificate_file", str(host.certificate), "--ssl_key_file", str(host.key)),
        *("--ssl_ca_file", str(cluster.authority.certificate), "--ssl_client_authentication", "optional"),
    ]
    tls = {
        "LIBPROCESS_SSL_ENABLED": "true",
        "LIBPROCESS_SSL_CA_FILE": str(cluster.authority.certificate),
        "LIBPROCESS_SSL_CERT_FILE": str(cluster.client_certificate.certificate),
        "LIBPROCESS_SSL_KEY_FILE": str(cluster.client_certificate.key),
        "LIBPROCESS_SSL_VERIFY_SERVER_CERT": "true",
    }
    context = cluster.authority.client_context()
    with MarathonProcess(folder, cluster.master_address, flags, tls, context) as running:
        yield running


@pytest.fixture(scope="module")
def gateway(
    cluster: LocalCluster, ruled_marathon: MarathonProcess, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[GatewayProcess]:
    assert cluster.authority and cluster.client_certificate
    settings = {
        "ca_file": str(cluster.authority.certificate),
        "certificate_file": str(cluster.client_certificate.certificate),
        "key_file": str(cluster.client_certificate.key),
        "revocation_list": "",
        "teams": list(TEAMS),
        "marathon_urls": [ruled_marathon.url],
        "mesos_urls": [cluster.master_url],
        "graylog_url": "",
        "registry_url": "",
        "services": [],
    }
    accounts = {
        "marathon": {"username": "gateway", "password": "proxy-word"},
        "mesos": {"username": "operator", "password": cluster.credentials["operator"]},
    }
    with GatewayProcess(tmp_path_factory.mktemp("gateway"), settings, accounts, GROUPS) as running:
        yield running


def access(gateway: GatewayProcess, user: str) -> dict[str, Any]:
    """Connection options of modules; mesos_username is not needed."""
    urls = {"marathon_url": f"{gateway.url}/marathon", "mesos_url": f"{gateway.url}/mesos"}
    return {**urls, "url_username": user, "url_password": "believed"}


def ask(gateway: GatewayProcess, user: str, path: str, method: str = "GET") -> tuple[int, str]:
    headers = {"Authorization": "Basic " + b64encode(f"{user}:believed".encode()).decode()}
    try:
        request = urllib.request.Request(gateway.url + path, headers=headers, method=method)
        with urllib.request.urlopen(request, timeout=10) as answer:
            return int(answer.status), answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


@pytest.fixture(scope="module")
def going(gateway: GatewayProcess) -> dict[str, Any]:
    """A run of the team spark, which an operator has started; its task as Marathon shows it."""
    app = {
        **{"cmd": "echo 'hello outside'; sleep 600", "cpus": 0.1, "mem": 32, "instances": 1},
        "labels": {"run_id": RUN, "job": "count", "principal": "spark"},
    }
    result = run_module("marathon_app", **access(gateway, "alice"), id=f"/runs/{RUN}", definition=app)
    assert not result.get("failed"), result

    def task() -> dict[str, Any] | None:
        tasks = json.loads(ask(gateway, "bob", f"/marathon/v2/apps//runs/{RUN}")[1])["app"]["tasks"]
        return next((found for found in tasks if found["state"] == "TASK_RUNNING"), None)

    return dict(wait_for(task, "the task"))


def test_a_team_sees_its_own_app(gateway: GatewayProcess, going: dict[str, Any]) -> None:
    def ids(user: str) -> list[str]:
        return [app["id"] for app in run_module("marathon_app_info", **access(gateway, user))["apps"]]

    assert ids("bob") == ids("carol") == ids("alice") == [f"/runs/{RUN}"]
    assert ids("dave") == []
    status, body = ask(gateway, "dave", f"/marathon/v2/apps//runs/{RUN}", "DELETE")
    assert (status, json.loads(body)["message"].partition(":")[0]) == (403, "teams")


def test_viewers_change_nothing(gateway: GatewayProcess, going: dict[str, Any]) -> None:
    result = run_module("marathon_app", **access(gateway, "carol"), id=f"/runs/{RUN}", state="absent")
    assert result["failed"]
    assert "viewers: carol may look" in result["msg"]


def test_sandboxes_are_reached_through_the_gateway(gateway: GatewayProcess, going: dict[str, Any]) -> None:
    framework = json.loads(ask(gateway, "alice", "/marathon/v2/info")[1])["frameworkId"]
    folder = f"/frameworks/{framework}/executors/{going['id']}/runs/latest"
    path = f"/agents/{going['host']}/files/read?offset=0&path={folder}/stdout"
    for user in ("bob", "carol", "alice"):
        status, body = ask(gateway, user, path)
        assert (status, "hello outside" in body) == (200, True), body
    status, body = ask(gateway, "dave", path)
    assert (status, json.loads(body)["message"]) == (
        403,
        "teams: this sandbox belongs to spark, and dave is in analytics",
    )
    # The agent's own spelling of the same folder.
    state = json.loads(ask(gateway, "alice", f"/agents/{going['host']}/state")[1])
    directory = next(
        executor["directory"]
        for item in state["frameworks"]
        for executor in item["executors"]
        if executor["id"] == going["id"]
    )
    path = f"/agents/{going['host']}/files/browse?path={directory}"
    assert [ask(gateway, user, path)[0] for user in ("bob", "dave")] == [200, 403]


def test_mesos_shows_a_team_its_own(gateway: GatewayProcess, cluster: LocalCluster, going: dict[str, Any]) -> None:
    def tasks(user: str) -> list[str]:
        return [task["id"] for task in json.loads(ask(gateway, user, "/mesos/tasks")[1])["tasks"]]

    assert tasks("bob") == tasks("carol") == [going["id"]]
    assert tasks("dave") == []
    result = run_module("mesos_info", **access(gateway, "bob"))
    assert not result.get("failed"), result
    assert json.loads(ask(gateway, "bob", "/mesos/masters")[1]) == {"masters": [cluster.master_url]}
    assert ask(gateway, "bob", "/mesos/teardown", "POST")[0] == 403


def test_the_level_of_logs_is_set_through_the_gateway(gateway: GatewayProcess, going: dict[str, Any]) -> None:
    options = {"masters": "leader", "agents": "all", "level": 1, "duration": "5s"}
    result = run_module("mesos_logging", **access(gateway, "alice"), **options)
    assert not result.get("failed"), result
    assert [host["level"] for host in result["hosts"]] == [1, 1]
    assert "operators: " in str(run_module("mesos_logging", **access(gateway, "bob"), **options))


def test_the_page(gateway: GatewayProcess, going: dict[str, Any]) -> None:
    assert f'data-run="{RUN}"' in ask(gateway, "bob", "/")[1]
    assert RUN not in ask(gateway, "dave", "/")[1]
    assert '<dd id="leader">' in ask(gateway, "carol", "/")[1]
