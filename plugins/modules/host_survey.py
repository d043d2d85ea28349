#!/usr/bin/python
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: host_survey
short_description: Look at what a host must bring along for the platform
version_added: 0.1.0
author:
  - The mesospark maintainers (@mesospark)
description:
  - Tells the host's operating system, memory, clock, addresses, listening ports and which names it can resolve.
  - It changes nothing.
  - The preflight of the playbooks compares it with the inventory.
extends_documentation_fragment:
  - ansible.builtin.action_common_attributes
attributes:
  check_mode:
    support: full
  diff_mode:
    support: none
  platform:
    platforms: posix
options:
  controller_time:
    description: Seconds since the epoch by the controller's clock, at the moment of the call.
    type: float
    required: true
  names:
    description: DNS names to resolve.
    type: list
    elements: str
    default: []
  certificates:
    description: Certificate files whose end of validity is told, if they exist.
    type: list
    elements: path
    default: []
  secret_files:
    description: Files, as patterns of a shell, that only their owner and their group may use.
    type: list
    elements: str
    default: []
"""

EXAMPLES = r"""
- name: Look at every host
  mesospark.platform.host_survey:
    controller_time: "{{ now(utc=true).timestamp() }}"
    names:
      - mirror.example.org
  register: survey
"""

RETURN = r"""
operating_system:
  description: Identifier and version of the distribution, as /etc/os-release has them.
  returned: success
  type: str
  sample: debian 12
systemd:
  description: Whether systemd runs the host.
  returned: success
  type: bool
memory:
  description: Memory of the host in MiB.
  returned: success
  type: int
  sample: 16018
clock:
  description: Seconds since the epoch by the host's clock.
  returned: success
  type: float
  sample: 1795265000.4
controller_time:
  description: Seconds since the epoch by the controller's clock when the module was called, as it was given.
  returned: success
  type: float
  sample: 1795265000.1
addresses:
  description: IPv4 addresses of the host.
  returned: success
  type: list
  elements: str
  sample: ["127.0.0.1", "10.0.0.11"]
listeners:
  description: TCP ports in use.
  returned: success
  type: list
  elements: dict
  contains:
    address:
      description: Address listened on.
      type: str
      sample: 0.0.0.0
    port:
      description: Port number.
      type: int
      sample: 5050
    program:
      description: Name of the program, empty if it is not to be seen.
      type: str
      sample: mesos-master
unresolved:
  description: The names that the host can not resolve.
  returned: success
  type: list
  elements: str
  sample: []
certificates:
  description: End of validity of each certificate that exists, in seconds since the epoch, by its path.
  returned: success
  type: dict
  sample: {"/etc/mesospark/ca/ca.pem": 1924991999}
exposed_files:
  description: Mode of each file of O(secret_files) that others can use, by its path.
  returned: success
  type: dict
  sample: {"/etc/krb5.keytab": "0644"}
"""

import glob
import os
import shlex
import socket
import ssl
import stat
import struct
import time

from ansible.module_utils.basic import AnsibleModule

LISTEN = "0A"  # state of a socket in /proc/net/tcp


def operating_system() -> str:
    fields = {}
    with open("/etc/os-release", encoding="utf-8") as stream:
        for line in stream:
            key, separator, value = line.strip().partition("=")
            if separator:
                fields[key] = "".join(shlex.split(value))
    return f"{fields.get('ID', 'unknown')} {fields.get('VERSION_ID', '')}".strip()


def memory() -> int:
    with open("/proc/meminfo", encoding="ascii") as stream:
        for line in stream:
            if line.startswith("MemTotal:"):
                return int(line.split()[1]) // 1024
    return 0


def readable(address: str) -> str:
    """Turn an address of /proc/net into the usual notation; its 32-bit words are in the host's byte order."""
    words = [int(address[index : index + 8], 16) for index in range(0, len(address), 8)]
    packed = b"".join(struct.pack("=I", word) for word in words)
    return socket.inet_ntop(socket.AF_INET if len(packed) == 4 else socket.AF_INET6, packed)


def programs() -> dict[str, str]:
    """Name of the program that holds each socket, by the socket's inode."""
    found: dict[str, str] = {}
    for process in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{process}/comm", encoding="utf-8") as stream:
                name = stream.read().strip()
            for descriptor in os.listdir(f"/proc/{process}/fd"):
                target = os.readlink(f"/proc/{process}/fd/{descriptor}")
                if target.startswith("socket:["):
                    found.setdefault(target[8:-1], name)
        except OSError:  # it has ended meanwhile, or belongs to somebody else
            continue
    return found


def listeners() -> list[dict[str, object]]:
    found: list[dict[str, object]] = []
    names = programs()
    for path in ("/proc/net/tcp", "/proc/net/tcp6"):
        if not os.path.exists(path):
            continue
        with open(path, encoding="ascii") as stream:
            for line in list(stream)[1:]:
                fields = line.split()
                if fields[3] == LISTEN:
                    address, port = fields[1].split(":")
                    program = names.get(fields[9], "")
                    found.append({"address": readable(address), "port": int(port, 16), "program": program})
    return found


def resolves(name: str) -> bool:
    try:
        socket.getaddrinfo(name, None)
    except OSError:
        return False
    return True


def addresses(module: AnsibleModule) -> list[str]:
    lines = module.run_command(["ip", "-o", "-4", "address", "show"], check_rc=True)[1].splitlines()
    return [line.split()[3].split("/")[0] for line in lines]


def certificate_end(module: AnsibleModule, path: str) -> int:
    out = module.run_command(["openssl", "x509", "-noout", "-enddate", "-in", path], check_rc=True)[1]
    return int(ssl.cert_time_to_seconds(out.strip().partition("=")[2]))


def exposed_files(patterns: list[str]) -> dict[str, str]:
    """What a folder keeps from others is not exposed, whatever its own mode is."""
    found = {}
    for path in sorted({path for pattern in patterns for path in glob.glob(pattern)}):
        mode = stat.S_IMODE(os.stat(path).st_mode)
        hidden = not os.stat(os.path.dirname(path)).st_mode & 0o001
        if os.path.isfile(path) and mode & 0o007 and not hidden:
            found[path] = f"{mode:04o}"
    return found


def main() -> None:
    module = AnsibleModule(
        argument_spec={
            "controller_time": {"type": "float", "required": True},
            "names": {"type": "list", "elements": "str", "default": []},
            "certificates": {"type": "list", "elements": "path", "default": []},
            "secret_files": {"type": "list", "elements": "str", "default": [], "no_log": False},
        },
        supports_check_mode=True,
    )
    clock = time.time()
    module.exit_json(
        changed=False,
        operating_system=operating_system(),
        systemd=os.path.isdir("/run/systemd/system"),
        memory=memory(),
        clock=clock,
        controller_time=module.params["controller_time"],
        addresses=addresses(module),
        listeners=listeners(),
        unresolved=[name for name in module.params["names"] if not resolves(name)],
        certificates={
            path: certificate_end(module, path) for path in module.params["certificates"] if os.path.exists(path)
        },
        exposed_files=exposed_files(module.params["secret_files"]),
    )


if __name__ == "__main__":
    main()
