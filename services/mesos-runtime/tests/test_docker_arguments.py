# SPDX-License-Identifier: GPL-3.0-or-later
"""TaskInfo to `docker create`: a pure function."""

import json
from typing import Any

import pytest
from mesos_executors.docker_arguments import CreateCommand, Place, TaskError, create_command
from runtime_helpers import Json

PLACE = Place(container="mesos-1", sandbox="/sandbox", mapped_sandbox="/mnt/mesos/sandbox")


def task(docker: Json | None = None, *, info: Json | None = None, command: Json | None = None, **more: Any) -> Json:
    """A task of the image `image`."""
    container = {"type": "DOCKER", "docker": {"image": "image", **(docker or {})}, **(info or {})}
    resources = [
        {"name": "cpus", "scalar": {"value": 0.5}, "allocation_info": {"role": "spark"}},
        {"name": "mem", "scalar": {"value": 128}},
        {"name": "ports", "ranges": {"range": [{"begin": 31000, "end": 31002}]}},
    ]
    return {"container": container, "command": command or {"value": "run"}, "resources": resources, **more}


def options(made: CreateCommand) -> list[str]:
    """Options with their values, and those in one word, sorted."""
    words = iter(made.options)
    return sorted(word if "=" in word or word == "--privileged" else f"{word} {next(words)}" for word in words)


def test_plain_task() -> None:
    made = create_command(task(), PLACE)
    assert options(made) == [
        "--cpu-shares 512",
        "--entrypoint /bin/sh",
        "--memory 134217728",
        "--name mesos-1",
        "--network host",
        "-v /sandbox:/mnt/mesos/sandbox",
    ]
    assert made.image_and_command == ["image", "-c", "run"]
    assert made.environment == {
        "MESOS_SANDBOX": "/mnt/mesos/sandbox",
        "MESOS_CONTAINER_NAME": "mesos-1",
        "MESOS_ALLOCATION_ROLE": "spark",
    }


@pytest.mark.parametrize(
    ("command", "words"),
    [
        ({"shell": False}, []),
        ({"shell": False, "arguments": ["--conf", "a=b"]}, ["--conf", "a=b"]),
        ({"shell": False, "value": "run", "arguments": ["x"]}, ["run", "x"]),
    ],
)
def test_commands_without_shell(command: Json, words: list[str]) -> None:
    made = create_command(task(command=command), PLACE)
    assert made.image_and_command == ["image", *words]
    assert "--entrypoint" not in made.options


def test_environment_and_secrets() -> None:
    variables = [
        {"name": "PLAIN", "value": "a b"},
        {"name": "SECRET", "type": "SECRET", "secret": {"type": "VALUE", "value": {"data": "c2VjcmV0"}}},
    ]
    made = create_command(task(command={"value": "run", "environment": {"variables": variables}}), PLACE)
    assert made.environment["PLAIN"] == "a b"
    assert made.environment["SECRET"] == "secret"
    assert "secret" not in " ".join(made.options)


def test_volumes() -> None:
    volumes = [
        {"container_path": "/data", "host_path": "/srv", "mode": "RO"},
        {"container_path": "inner", "host_path": "/srv", "mode": "RW"},
        {"container_path": "/logs", "host_path": "logs", "mode": "RW"},
        {
            "container_path": "/named",
            "mode": "RW",
            "source": {"type": "DOCKER_VOLUME", "docker_volume": {"name": "vol", "driver": "nfs"}},
        },
    ]
    found = options(create_command(task(info={"volumes": volumes}), PLACE))
    for option in (
        "-v /srv:/data:ro",
        "-v /srv:/mnt/mesos/sandbox/inner:rw",
        "-v /sandbox/logs:/logs:rw",
        "-v vol:/named:rw",
        "--volume-driver=nfs",
    ):
        assert option in found


def test_networks_and_ports() -> None:
    mappings = [
        {"host_port": 31001, "container_port": 80, "protocol": "udp"},
        {"host_port": 31002, "container_port": 81},
    ]
    bridge = create_command(task({"network": "BRIDGE", "port_mappings": mappings}, info={"hostname": "web"}), PLACE)
    for option in ("--network bridge", "-p 31001:80/udp", "-p 31002:81", "--hostname web"):
        assert option in options(bridge)
    user = create_command(task({"network": "USER"}, info={"network_infos": [{"name": "spark"}]}), PLACE)
    assert "--network spark" in options(user)
    other = create_command(task({"parameters": [{"key": "net", "value": "mine"}]}), PLACE)
    assert "--network mine" in options(other)
    assert not [word for word in other.options if word.startswith("--net=")]


def test_parameters_limits_and_privileges() -> None:
    parameters = [{"key": "user", "value": "1850"}, {"key": "label", "value": "a=b"}]
    made = options(create_command(task({"parameters": parameters, "privileged": True}), PLACE))
    assert {"--user=1850", "--label=a=b", "--privileged"} <= set(made)
    limits = {"cpus": {"value": 2}, "mem": {"value": "Infinity"}}
    limited = options(create_command(task(limits=limits), PLACE))
    assert "--cpu-quota 200000" in limited
    assert "--memory-reservation 134217728" in limited
    assert not [option for option in limited if option.startswith("--memory ")]
    assert [option for option in limited if option.startswith("--oom-score-adj ")]
    quota = Place("mesos-1", "/sandbox", "/mnt/mesos/sandbox", enforce_cpu_quota=True)
    assert "--cpu-quota 50000" in options(create_command(task(), quota))


def test_default_dns() -> None:
    dns = {
        "docker": [
            {"network_mode": "BRIDGE", "dns": {"nameservers": ["192.0.2.1"], "search": ["a.test"]}},
            {"network_mode": "USER", "dns": {"nameservers": ["192.0.2.2"]}},
            {"network_mode": "USER", "network_name": "spark", "dns": {"nameservers": ["192.0.2.3"]}},
        ]
    }
    place = Place("mesos-1", "/sandbox", "/mnt/mesos/sandbox", default_dns=json.dumps(dns))
    assert {"--dns 192.0.2.1", "--dns-search a.test"} <= set(
        options(create_command(task({"network": "BRIDGE"}), place))
    )
    for name, server in (("spark", "192.0.2.3"), ("other", "192.0.2.2")):
        user = task({"network": "USER"}, info={"network_infos": [{"name": name}]})
        assert f"--dns {server}" in options(create_command(user, place))
    own = task({"network": "BRIDGE", "parameters": [{"key": "dns", "value": "192.0.2.9"}]})
    assert "--dns=192.0.2.9" in options(create_command(own, place))
    assert "--dns 192.0.2.1" not in options(create_command(own, place))
    assert "--dns" not in create_command(task(), place).options


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        (task(info={"docker": None}), "no docker part"),
        (task(command={"shell": True}), "has no value"),
        (task(info={"hostname": "web"}), "host name of its own"),
        (task({"port_mappings": [{"host_port": 31000, "container_port": 80}]}), "bridge or user network"),
        (
            task({"network": "BRIDGE", "port_mappings": [{"host_port": 80, "container_port": 80}]}),
            "port 80 is not among",
        ),
        (task({"network": "USER"}), "exactly one network information"),
        (task(info={"volumes": [{"container_path": "a", "host_path": "b"}]}), "are relative"),
        (task(info={"volumes": [{"container_path": "/a"}]}), "neither a host path nor a source"),
    ],
)
def test_contradictions_are_named(bad: Json, reason: str) -> None:
    with pytest.raises(TaskError, match=reason):
        create_command(bad, PLACE)
