# SPDX-License-Identifier: GPL-3.0-or-later
"""Test hosts: containers with systemd on this machine's own engine, as an inventory describes them.

    test_hosts.py up INVENTORY        make what is missing, start what is stopped; a second call changes nothing
    test_hosts.py down INVENTORY      remove the hosts, their volumes, their network and what they left in cgroups
    test_hosts.py status INVENTORY    one line for each host

Variables read from the inventory: ``test_hosts_network`` (name of the network, and prefix of all container names, so
that several sets can stand side by side), ``test_hosts_subnet`` (CIDR), and for each host ``ansible_host`` (name of the
container), ``platform_address`` (an IPv4 address in that subnet), ``platform_domain`` and ``test_host_engine`` (true:
the host can run a container engine).
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from machine_settings import read_machine_settings
from test_host_image import ensure_image, image_name

BOOT_TIMEOUT = 60.0  # seconds
CGROUPS = Path("/sys/fs/cgroup")
SETTINGS_LABEL = "mesospark.test-host"

# Not --privileged: it fails where the machine's own bounding set lacks a capability, and gives all devices.
RUN_OPTIONS = [
    "--cap-add",
    "ALL",
    "--cap-drop",
    "SYS_RESOURCE",
    "--security-opt",
    "seccomp=unconfined",
    "--security-opt",
    "apparmor=unconfined",
    "--security-opt",
    "systempaths=unconfined",
    "--tmpfs",
    "/run",
    "--tmpfs",
    "/tmp:exec",
    "--stop-signal",
    "SIGRTMIN+3",
]


@dataclass(frozen=True)
class TestHost:
    """One host of a set."""

    __test__ = False  # not a test class, whatever its name looks like to pytest

    name: str
    container: str
    fqdn: str
    address: str
    engine: bool

    @property
    def volume(self) -> str:
        return f"{self.container}-engine"

    def run_arguments(self, network: str, image: str) -> list[str]:
        """Arguments of ``docker run``, without the label that records them."""
        # An engine inside needs the real cgroup tree; without one the engine's default (the host's namespace on
        # cgroup v1) would keep systemd from starting.
        cgroup = ["--cgroupns=private"]
        if self.engine:
            cgroup = ["--cgroupns=host", "-v", f"{CGROUPS}:{CGROUPS}:rw", "-v", f"{self.volume}:/var/lib/docker"]
        identity = ["--name", self.container, "--hostname", self.fqdn, "--network", network, "--ip", self.address]
        return [*identity, *RUN_OPTIONS, *cgroup, image]


@dataclass(frozen=True)
class HostSet:
    """All hosts of one inventory and the network between them."""

    network: str
    subnet: str
    hosts: tuple[TestHost, ...]


def say(text: str) -> None:
    print(f"[test hosts] {text}", flush=True)


def docker(*arguments: str, check: bool = True) -> subprocess.CompletedProcess[str]:
    """Run the docker command.

    Raises:
        SystemExit: the command failed and ``check`` is set; the message is the engine's own.
    """
    result = subprocess.run(["docker", *arguments], capture_output=True, text=True)
    if check and result.returncode:
        raise SystemExit(f"docker {arguments[0]} failed: {result.stderr.strip()}")
    return result


def load_inventory(inventory: Path) -> HostSet:
    """Read the hosts to make from an Ansible inventory.

    Raises:
        SystemExit: the inventory can not be read, or does not describe test hosts; the message names the variable.
    """
    beside = Path(sys.executable).with_name("ansible-inventory")
    program = str(beside) if beside.exists() else shutil.which("ansible-inventory")
    if program is None:
        raise SystemExit("ansible-inventory is not in PATH: use the Python environment of the repository (.venv)")
    if not inventory.exists():
        raise SystemExit(f"there is no inventory {inventory}")
    listed = subprocess.run([program, "-i", str(inventory), "--list"], capture_output=True, text=True)
    if listed.returncode:
        raise SystemExit(f"the inventory {inventory} can not be read: {listed.stderr.strip()}")
    return parse_hosts(json.loads(listed.stdout)["_meta"]["hostvars"], inventory)


def parse_hosts(hostvars: dict[str, dict[str, Any]], inventory: Path) -> HostSet:
    """Make the host set from each host's variables; raises SystemExit naming the first variable that is missing."""
    required = ("test_hosts_network", "test_hosts_subnet", "ansible_host", "platform_address", "platform_domain")
    networks, hosts = set(), []
    for name, variables in sorted(hostvars.items()):
        for variable in required:
            if variable not in variables:
                raise SystemExit(f"host {name} of {inventory} has no variable {variable}: it is not a test host")
        network, container = variables["test_hosts_network"], variables["ansible_host"]
        if not container.startswith(f"{network}-"):
            raise SystemExit(f"ansible_host of {name} in {inventory} is {container}: it must begin with {network}-")
        networks.add((network, variables["test_hosts_subnet"]))
        hosts.append(
            TestHost(
                name=name,
                container=container,
                fqdn=f"{name}.{variables['platform_domain']}",
                address=variables["platform_address"],
                engine=bool(variables.get("test_host_engine", False)),
            )
        )
    if len(networks) != 1:
        raise SystemExit(f"all hosts of {inventory} must have the same test_hosts_network and test_hosts_subnet")
    network, subnet = networks.pop()
    return HostSet(network, subnet, tuple(hosts))


def up(hosts: HostSet) -> None:
    """Bring every host to the state ``running``."""
    began = time.monotonic()
    settings = read_machine_settings()
    settings.write(cache_directory() / "machine")
    missing = any(docker("inspect", host.container, check=False).returncode for host in hosts.hosts)
    image = ensure_image(settings, say) if missing else image_name(settings)
    if docker("network", "inspect", hosts.network, check=False).returncode:
        say(f"network {hosts.network} ({hosts.subnet})")
        docker("network", "create", "--subnet", hosts.subnet, hosts.network)
    for host in hosts.hosts:
        start(host, hosts.network, image)
    deadline = time.monotonic() + BOOT_TIMEOUT
    for host in hosts.hosts:
        wait_for_systemd(host, deadline)
    say(f"{len(hosts.hosts)} hosts are up ({time.monotonic() - began:.1f} s)")


def start(host: TestHost, network: str, image: str) -> None:
    """Create or start one container; one made with other settings is reported, never silently kept or replaced."""
    arguments = host.run_arguments(network, image)
    digest = hashlib.sha256(" ".join(arguments[:-1]).encode()).hexdigest()[:16]
    found = docker("inspect", host.container, check=False)
    if found.returncode:
        say(f"{host.container} ({host.fqdn}, {host.address}): creating")
        docker("run", "--detach", "--label", f"{SETTINGS_LABEL}={digest}", *arguments)
        return
    state = json.loads(found.stdout)[0]
    if state["Config"]["Labels"].get(SETTINGS_LABEL) != digest:
        raise SystemExit(f"{host.container} was made with other settings: remove the set with 'down', then 'up' again")
    if state["Config"]["Image"] != image:
        say(f"{host.container}: made from an older base image ('down' and 'up' renew it)")
    if not state["State"]["Running"]:
        say(f"{host.container}: starting")
        docker("start", host.container)


def wait_for_systemd(host: TestHost, deadline: float) -> None:
    """Wait until systemd has finished booting; ``degraded`` is up, the roles say what is wrong with a unit."""
    while time.monotonic() < deadline:
        state = docker("exec", host.container, "systemctl", "is-system-running", check=False).stdout.strip()
        if state in ("running", "degraded"):
            return
        time.sleep(0.2)
    raise SystemExit(f"systemd in {host.container} is not up after {BOOT_TIMEOUT:.0f} s: docker logs {host.container}")


def down(hosts: HostSet) -> None:
    """Remove everything that ``up`` made, and the cgroups of containers that ran inside."""
    for host in hosts.hosts:
        if docker("inspect", host.container, check=False).returncode == 0:
            say(f"{host.container}: removing")
            docker("rm", "--force", "--volumes", host.container)
        if docker("volume", "inspect", host.volume, check=False).returncode == 0:
            docker("volume", "rm", host.volume)
        remove_cgroups(host)
    if docker("network", "inspect", hosts.network, check=False).returncode == 0:
        docker("network", "rm", hosts.network)


def remove_cgroups(host: TestHost) -> None:
    """Remove the empty cgroups of a host that was killed: those of its own engine and of its Mesos agent.

    Both are told to live below a directory named after the host, so nobody else's are touched.
    """
    for name in (host.container, f"{host.container}-mesos"):
        for top in [CGROUPS / name, *CGROUPS.glob(f"*/{name}")]:
            folders = [Path(folder) for folder, _, _ in os.walk(top, topdown=False)]
            try:
                for folder in folders:
                    folder.rmdir()
            except OSError as problem:
                say(f"cgroup {problem.filename} could not be removed: {problem.strerror}")


def status(hosts: HostSet) -> int:
    """Print each host's state; the result is the number of hosts that are not running."""
    absent = 0
    for host in hosts.hosts:
        found = docker("inspect", "--format", "{{.State.Status}}", host.container, check=False)
        state = found.stdout.strip() or "absent"
        absent += state != "running"
        print(f"{host.container:32} {host.address:16} {host.fqdn:32} {state}")
    return absent


def cache_directory() -> Path:
    return Path(os.environ.get("MESOSPARK_CACHE") or "~/.cache/mesospark").expanduser()


def main() -> None:
    parser = argparse.ArgumentParser(description="Container hosts with systemd, as an inventory describes them.")
    parser.add_argument("action", choices=("up", "down", "status"))
    parser.add_argument("inventory", type=Path, help="Ansible inventory file or folder")
    arguments = parser.parse_args()
    if docker("version", check=False).returncode:
        raise SystemExit("no Docker engine answers: run tools/prepare_machine.sh, or start the engine")
    hosts = load_inventory(arguments.inventory)
    if arguments.action == "up":
        up(hosts)
    elif arguments.action == "down":
        down(hosts)
    else:
        sys.exit(min(status(hosts), 1))


if __name__ == "__main__":
    main()
