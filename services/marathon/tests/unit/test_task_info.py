# SPDX-License-Identifier: GPL-3.0-or-later
"""What Mesos is asked to run."""

from typing import Any

from mesospark_marathon.model.app import App
from mesospark_marathon.model.app_input import InputRules, build_app, read_app
from mesospark_marathon.scheduler.environment import task_environment
from mesospark_marathon.scheduler.task_info import Launch, build_task


def _app(app_id: str = "/group/app", **fields: Any) -> App:
    document = read_app({"id": app_id, "cpus": 0.1, "mem": 16} | fields)
    return build_app(document, app_id, "2026-01-01T00:00:00.000Z", InputRules())


def _task(app: App, ports: list[int | None]) -> dict[str, Any]:
    return build_task(app, Launch("task", "agent", "host", ports, []))


def _environment(app: App, ports: list[int | None], prefix: str = "") -> dict[str, str]:
    return task_environment(app, task_id="task", host="host", ports=ports, prefix=prefix)


def test_environment_of_the_host_network() -> None:
    app = _app(
        cmd="env",
        env={"MINE": "1", "PORT1": "override"},
        labels={"a.b": "c"},
        portDefinitions=[{"port": 10000, "name": "http"}, {"port": 10001, "name": "web-ui"}],
    )
    found = _environment(app, [31000, 31001])
    assert found == {
        "MARATHON_APP_ID": "/group/app",
        "MARATHON_APP_VERSION": "2026-01-01T00:00:00.000Z",
        "MARATHON_APP_RESOURCE_CPUS": "0.1",
        "MARATHON_APP_RESOURCE_MEM": "16.0",
        "MARATHON_APP_RESOURCE_DISK": "0.0",
        "MARATHON_APP_RESOURCE_GPUS": "0",
        "MARATHON_APP_ENFORCE_GROUP_ROLE": "FALSE",
        "MARATHON_APP_LABELS": "A_B",
        "MARATHON_APP_LABEL_A_B": "c",
        "MESOS_TASK_ID": "task",
        "HOST": "host",
        "PORT": "31000",
        "PORTS": "31000,31001",
        "PORT0": "31000",
        "PORT1": "override",
        "PORT_HTTP": "31000",
        "PORT_WEB-UI": "31001",
        "PORT_10000": "31000",
        "PORT_10001": "31001",
        "MINE": "1",
    }


def test_environment_of_a_bridge_names_container_ports() -> None:
    app = _app(
        networks=[{"mode": "container/bridge"}],
        container={"docker": {"image": "i"}, "portMappings": [{"containerPort": 80, "name": "web"}, {}]},
    )
    found = _environment(app, [31000, 31001])
    assert found["PORT_80"] == found["PORT_WEB"] == found["PORT0"] == "31000"
    assert found["PORT_31001"] == found["PORT1"] == "31001"
    assert found["MARATHON_APP_DOCKER_IMAGE"] == "i"


def test_a_prefix_goes_before_host_and_ports_only() -> None:
    found = _environment(_app(cmd="run", portDefinitions=[{"port": 0}]), [31000], prefix="PRE_")
    assert found["PRE_PORT0"] == "31000"
    assert found["PRE_HOST"] == "host"
    assert "PRE_MARATHON_APP_ID" not in found


def test_no_ports_no_port_variables() -> None:
    found = _environment(_app(cmd="run", portDefinitions=[]), [])
    assert not [name for name in found if name.startswith("PORT")]


def test_a_command() -> None:
    task = _task(_app(cmd="sleep 1", user="nobody", taskKillGracePeriodSeconds=3), [31000])
    assert task["name"] == "app.group"
    assert task["command"]["shell"] is True
    assert task["command"]["value"] == "sleep 1"
    assert task["command"]["user"] == "nobody"
    assert task["kill_policy"] == {"grace_period": {"nanoseconds": 3_000_000_000}}
    assert "container" not in task


def test_arguments_without_an_image_name_the_program() -> None:
    command = _task(_app(args=["/bin/sleep", "5"]), [31000])["command"]
    assert command["shell"] is False
    assert command["value"] == "/bin/sleep"
    assert command["arguments"] == ["/bin/sleep", "5"]


def test_arguments_of_an_image_go_to_its_entrypoint() -> None:
    command = _task(_app(args=["a"], container={"docker": {"image": "i"}}), [31000])["command"]
    assert command["shell"] is False
    assert command["arguments"] == ["a"]
    assert "value" not in command


def test_docker_on_the_host_network() -> None:
    app = _app(
        cmd="run",
        container={
            "docker": {"image": "i", "forcePullImage": True, "parameters": [{"key": "k", "value": "v"}]},
            "volumes": [{"containerPath": "/c", "hostPath": "/h", "mode": "RO"}],
        },
    )
    container = _task(app, [31000])["container"]
    assert container["type"] == "DOCKER"
    assert container["docker"]["network"] == "HOST"
    assert container["docker"]["force_pull_image"] is True
    assert container["docker"]["parameters"] == [
        {"key": "k", "value": "v"},
        {"key": "label", "value": "MESOS_TASK_ID=task"},
    ]
    assert container["volumes"] == [{"container_path": "/c", "host_path": "/h", "mode": "RO"}]


def test_docker_port_mappings() -> None:
    mappings = [{"containerPort": 80, "protocol": "udp,tcp"}, {"containerPort": 0}]
    app = _app(networks=[{"mode": "container/bridge"}], container={"docker": {"image": "i"}, "portMappings": mappings})
    docker = _task(app, [31000, 31001])["container"]["docker"]
    assert docker["network"] == "BRIDGE"
    assert docker["port_mappings"] == [
        {"host_port": 31000, "container_port": 80, "protocol": "udp"},
        {"host_port": 31000, "container_port": 80, "protocol": "tcp"},
        {"host_port": 31001, "container_port": 31001, "protocol": "tcp"},
    ]


def test_docker_on_a_named_network() -> None:
    networks = [{"mode": "container", "name": "net", "labels": {"a": "b"}}]
    app = _app(networks=networks, container={"docker": {"image": "i"}, "portMappings": []})
    container = _task(app, [])["container"]
    assert container["docker"]["network"] == "USER"
    assert container["network_infos"][0]["name"] == "net"


def test_files_to_fetch() -> None:
    app = _app(cmd="run", fetch=[{"uri": "http://h/f.tgz", "destPath": "d"}], uris=None)
    assert _task(app, [31000])["command"]["uris"] == [
        {"value": "http://h/f.tgz", "extract": True, "executable": False, "cache": False, "output_file": "d"}
    ]


def test_checks_by_the_executor() -> None:
    command = {"protocol": "COMMAND", "command": {"value": "true"}, "intervalSeconds": 2, "maxConsecutiveFailures": 1}
    check = _task(_app(cmd="run", healthChecks=[command]), [31000])["health_check"]
    assert check["type"] == "COMMAND"
    assert check["command"] == {"shell": True, "value": "true"}
    assert (check["interval_seconds"], check["consecutive_failures"]) == (2.0, 1)
    http = {"protocol": "MESOS_HTTP", "path": "/h", "portIndex": 0}
    app = _app(cmd="run", portDefinitions=[{"port": 0}], healthChecks=[http])
    assert _task(app, [31000])["health_check"]["http"] == {"scheme": "http", "port": 31000, "path": "/h"}


def test_checks_by_marathon_are_not_given_to_mesos() -> None:
    app = _app(cmd="run", portDefinitions=[{"port": 0}], healthChecks=[{"protocol": "HTTP"}])
    assert "health_check" not in _task(app, [31000])


def test_discovery_and_labels() -> None:
    app = _app(cmd="run", labels={"k": "v"}, portDefinitions=[{"port": 0, "name": "web", "labels": {"VIP": "1"}}])
    task = _task(app, [31000])
    assert task["labels"] == {"labels": [{"key": "k", "value": "v"}]}
    assert task["discovery"]["visibility"] == "FRAMEWORK"
    assert task["discovery"]["ports"]["ports"] == [
        {"number": 31000, "protocol": "tcp", "name": "web", "labels": {"labels": [{"key": "VIP", "value": "1"}]}}
    ]


def test_discovery_tells_in_which_network_a_port_is() -> None:
    mappings = [{"containerPort": 80, "hostPort": 0}, {"containerPort": 81}]
    app = _app(
        networks=[{"mode": "container", "name": "net"}],
        container={"docker": {"image": "i"}, "portMappings": mappings},
    )
    task = _task(app, [31000, None])
    labels = [
        {entry["key"]: entry["value"] for entry in port["labels"]["labels"]}
        for port in task["discovery"]["ports"]["ports"]
    ]
    assert labels == [{"network-scope": "host"}, {"network-scope": "container", "network-name": "net"}]
    environment = _environment(app, [31000, None])
    assert (environment["PORT1"], environment["PORTS"]) == ("81", "31000")


def test_an_own_executor() -> None:
    executor = _task(_app(cmd="run it", executor="/opt/executor"), [31000])["executor"]
    assert executor["executor_id"] == {"value": "marathon-task"}
    assert executor["command"]["value"] == "chmod ug+rx '/opt/executor' && exec '/opt/executor' run it"
