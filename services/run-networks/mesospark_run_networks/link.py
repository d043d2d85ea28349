# SPDX-License-Identifier: GPL-3.0-or-later
"""The way to containers on other agents: one tunnel device, and one route for each agent's part of the pool.

Hosts between agents see UDP between agents only, so that their routes know nothing of the pool.
"""

import json
import subprocess
from collections.abc import Sequence
from ipaddress import IPv4Network
from pathlib import Path

from mesospark_run_networks import Refusal
from mesospark_run_networks.ruleset import LINK
from mesospark_run_networks.settings import Settings

_TUNNEL = "5049"  # the tunnels' id
_OVERHEAD = 50  # bytes of headers around a packet
_FILTER = ["-i", LINK, "-j", "ACCEPT"]


def is_up() -> bool:
    """Whether the device is there."""
    return Path(f"/sys/class/net/{LINK}").exists()


def mtu() -> str:
    """Bytes of the largest packet that fits through."""
    return Path(f"/sys/class/net/{LINK}/mtu").read_text(encoding="ascii").strip()


def is_ready() -> bool:
    """Whether device and Docker's rule are there."""
    return is_up() and _has_rule()


def bring_up(settings: Settings) -> None:
    """Make device and routes what the settings say; raises Refusal with what the command said."""
    devices = json.loads(run(["ip", "-json", "-details", "link", "show", "type", "vxlan"]) or "[]")
    present = next((device for device in devices if device.get("ifname") == LINK), None)
    if present and present["linkinfo"]["info_data"].get("port") != settings.tunnel_port:
        run(["ip", "link", "delete", LINK])
        present = None
    if not present:
        # Without frames of Ethernet inside there are no neighbours to be found.
        options = ["external", "gpe", "dstport", str(settings.tunnel_port)]
        run(["ip", "link", "add", LINK, "type", "vxlan", *options])
    run(["ip", "link", "set", LINK, "mtu", str(_outer_mtu(settings.agent.address) - _OVERHEAD), "up"])
    wanted = {str(settings.plan.part_of_agent(peer.number)): peer.address for peer in settings.peers}
    commands = [f"route delete {part} dev {LINK}" for part in _routes() if part not in wanted]
    commands += [
        f"route replace {part} encap ip id {_TUNNEL} dst {address} dev {LINK}" for part, address in wanted.items()
    ]
    run(["ip", "-batch", "-"], "".join(f"{command}\n" for command in commands))
    # Docker forwards from outside to published ports only; DOCKER-USER is its place for the rules of others.
    if not _has_rule():
        run(["iptables", "-w", "-I", "DOCKER-USER", *_FILTER])


def take_down() -> None:
    """Remove device, routes and Docker's rule, as far as they are there."""
    subprocess.run(["iptables", "-w", "-D", "DOCKER-USER", *_FILTER], capture_output=True, check=False)
    if is_up():
        run(["ip", "link", "delete", LINK])


def forget_connections(subnet: IPv4Network) -> None:
    """Have the kernel forget connections of ended containers: the next ones may get the same addresses."""
    for side in ("--orig-src", "--orig-dst", "--reply-src", "--reply-dst"):
        # It ends with 1 when there are none.
        subprocess.run(["conntrack", "--delete", side, str(subnet)], capture_output=True, check=False)


def run(command: Sequence[str], text: str = "") -> str:
    """Output of a command; raises Refusal with what it said."""
    result = subprocess.run(command, input=text, capture_output=True, text=True, check=False)
    if result.returncode:
        raise Refusal(f"{' '.join(command)}: {result.stderr.strip()}")
    return result.stdout


def _has_rule() -> bool:
    command = ["iptables", "-w", "-C", "DOCKER-USER", *_FILTER]
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


def _routes() -> list[str]:
    # As JSON a route has two values called dst.
    return [line.split()[0] for line in run(["ip", "route", "show", "dev", LINK]).splitlines() if line.strip()]


def _outer_mtu(address: str) -> int:
    devices = json.loads(run(["ip", "-json", "address", "show", "to", address]) or "[]")
    return next((int(device["mtu"]) for device in devices if device), 1500)
