# SPDX-License-Identifier: GPL-3.0-or-later
"""ZooKeeper: certificates for other hosts, a tunnel on each of them, nothing else open."""

import re

import pytest

pytestmark = pytest.mark.hosts

ASK = """python3 -c '
import socket
with socket.create_connection(("127.0.0.1", 2181), 5) as stream:
    stream.sendall(b"srvr")
    print(stream.recv(4096).decode())
'"""


def test_listens_on_two_ports_only(platform):
    for name in platform.members("zookeepers"):
        host = platform.host(name)
        process = host.check_output("systemctl show --property=MainPID --value zookeeper")
        sockets = host.check_output("ss -H -n -l -t -p").splitlines()
        found = sorted(re.split(r"\s+", line)[3] for line in sockets if f"pid={process}," in line)
        assert found == sorted([f"{platform.address(name)}:2281", "127.0.0.1:2181"])


def test_answers_through_the_tunnel_of_every_mesos_host(platform):
    mesos = {*platform.members("mesos_masters"), *platform.members("mesos_agents")}
    for name in sorted(mesos | set(platform.members("zookeepers"))):
        assert "Mode: standalone" in platform.host(name).check_output(ASK), name


def test_tunnel_has_no_privileges(platform):
    for name in set(platform.members("mesos_agents")) - set(platform.members("zookeepers")):
        process = platform.host(name).check_output(
            "systemctl show --property=MainPID --value mesospark-zookeeper-tunnel"
        )
        assert platform.host(name).check_output(f"ps -o uid= -p {process}").strip() != "0", name


def test_refuses_clients_without_certificate(platform):
    for name in platform.members("zookeepers"):
        target = f"{platform.address(name)}:2281"
        refused = platform.host(name).run(f"echo ruok | timeout 5 openssl s_client -connect {target} -quiet")
        assert "imok" not in refused.stdout
        assert "alert" in refused.stderr
        keys = "-cert /etc/mesospark/tls/host.pem -key /etc/mesospark/tls/host.key"
        accepted = platform.host(name).run(
            f"(printf ruok; sleep 1) | timeout 5 openssl s_client -connect {target} -quiet {keys}"
        )
        assert accepted.stdout == "imok"


def test_restarts_when_it_dies(platform):
    for name in platform.members("zookeepers"):
        assert platform.host(name).check_output("systemctl show --property=Restart --value zookeeper") == "always"
