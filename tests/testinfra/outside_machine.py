# SPDX-License-Identifier: GPL-3.0-or-later
"""A machine that is no host of the platform, as docs/gateway.md asks for: Ansible, this collection, and a ticket.

It is a container of the test hosts' base image on their network. Its own firewall lets it reach the name servers, the
Kerberos servers and the gateway, and nothing else, so that whatever works there needs no more.
"""

import importlib.metadata
import json
import shlex
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kerberos_hosts import realm_of
from machine_settings import MachineSettings, read_machine_settings
from module_calls import REPOSITORY
from test_host_image import ensure_image

PERSON = "person"
HOME = f"/home/{PERSON}"
CA = f"{HOME}/ca.pem"
ANSIBLE = "/opt/ansible"
_CLOCK = "/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1"

# python3-gssapi is Debian's, so Ansible's environment sees the system's packages. faketime is for these checks only.
_INSTALL = f"""
apt-get -q update
apt-get -qy install krb5-user python3-gssapi python3-venv faketime
python3 -m venv --system-site-packages {ANSIBLE}
{ANSIBLE}/bin/pip install --quiet --disable-pip-version-check "$1"
useradd --create-home {PERSON}
"""

# As docs/kerberos.md has it.
_KERBEROS = """\
[libdefaults]
  default_realm = {realm}
  dns_canonicalize_hostname = false
  renew_lifetime = 7d
"""

_FIREWALL = """\
table inet outside {{
  chain output {{
    type filter hook output priority filter; policy drop;
    oif lo accept
    ct state established,related accept
    ip daddr {{ {dns_servers} }} meta l4proto {{ tcp, udp }} th dport 53 accept
    ip daddr {{ {kerberos_servers} }} meta l4proto {{ tcp, udp }} th dport {{ 88, 464 }} accept
    ip daddr {{ {gateways} }} tcp dport 443 accept
    reject
  }}
}}
"""


@dataclass(frozen=True)
class Done:
    """How a command ended; `stdout` and `stderr` in English."""

    rc: int
    stdout: str
    stderr: str


@dataclass
class Outside:
    """`container` is its id. Commands are the person's, who is not root and can not change the firewall."""

    container: str
    gateway: str
    """URL"""

    def run(self, command: str, *, holder: str = "", clock: str = "", data: str = "") -> Done:
        """A shell command with the tickets of `holder` and, if `clock` is given (`+10m`), a clock that is off."""
        return _docker(*self._exec(holder, clock), "sh", "-c", command, data=data)

    def start(self, command: str, *, holder: str) -> subprocess.Popen[str]:
        """The same, without waiting for its end."""
        arguments = ["docker", *self._exec(holder, ""), "sh", "-c", command]
        return subprocess.Popen(arguments, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)

    def log_in(self, name: str, password: str, *options: str, holder: str = "") -> Done:
        """A ticket for `name`, by which the holder (default: `name`) is known from then on."""
        return self.run(shlex.join(["kinit", *options, name]), holder=holder or name, data=f"{password}\n")

    def ask(self, path: str, *options: str, holder: str = "") -> tuple[int, str]:
        """Status and body, as curl gets them with the holder's ticket; status 0 without any answer."""
        address = path if path.startswith("https://") else self.gateway + path
        command = ["curl", "--silent", "--noproxy", "*", "--max-time", "20", "--cacert", CA]
        command += ["--write-out", "\n%{http_code}", *options, address]
        body, _line, status = self.run(shlex.join(command), holder=holder).stdout.rpartition("\n")
        return int(status), body

    def module(self, name: str, /, *, holder: str = "", clock: str = "", **options: Any) -> dict[str, Any]:
        """The result of a module of the collection, called by Ansible; servers come from the environment."""
        command = [f"{ANSIBLE}/bin/ansible", "localhost", "--one-line", "--module-name", f"mesospark.platform.{name}"]
        command += ["--args", json.dumps(options)] if options else []
        done = self.run(shlex.join(command), holder=holder, clock=clock)
        status, _arrow, result = done.stdout.partition(" => ")
        assert result, done.stdout + done.stderr
        return {**json.loads(result), "failed": "FAILED" in status}

    def write(self, path: str, text: str) -> None:
        """A file in the person's home."""
        done = self.run(f"mkdir -p $(dirname {path}) && cat > {path}", data=text)
        assert done.rc == 0, done.stderr

    def _exec(self, holder: str, clock: str) -> list[str]:
        environment = {
            "LC_ALL": "C.UTF-8",
            "KRB5CCNAME": f"FILE:/tmp/tickets-{holder or 'nobody'}",
            "MARATHON_URL": f"{self.gateway}/marathon",
            "MESOS_MASTER_URL": f"{self.gateway}/mesos",
            "MESOSPARK_REGISTRY_URL": self.gateway,
            "MESOSPARK_CA_PATH": CA,
            "MESOSPARK_AUTH": "kerberos",
        }
        if clock:
            environment |= {"LD_PRELOAD": _CLOCK, "FAKETIME": clock}
        return [
            "exec",
            "--interactive",
            "--user",
            PERSON,
            "--workdir",
            HOME,
            *_environment(environment),
            self.container,
        ]


@contextmanager
def outside_machine(platform, network: str) -> Iterator[Outside]:
    """The machine, ready for use; it is removed afterwards."""
    settings = read_machine_settings()
    image = ensure_image(settings, print)
    # It goes by itself when nobody is left to remove it.
    options = ["--detach", "--rm", "--network", network, "--cap-add", "NET_ADMIN"]
    started = _docker("run", *options, image, "sleep", "1800")
    assert started.rc == 0, started.stderr
    container = started.stdout.strip()
    try:
        _prepare(platform, container, settings)
        yield Outside(container, f"https://gateway.{platform.variables['platform_domain']}")
    finally:
        _docker("rm", "--force", container)


def _prepare(platform, container: str, settings: MachineSettings) -> None:
    """Everything is installed before the firewall closes: the package mirrors are not of the platform."""

    def as_root(command: str, *arguments: str, data: str = "") -> None:
        environment = _environment({"DEBIAN_FRONTEND": "noninteractive", **settings.pip_environment})
        call = ["exec", "--interactive", *environment, container, "sh", "-euc", command, "sh", *arguments]
        done = _docker(*call, data=data)
        assert done.rc == 0, f"{command}: {done.stdout}{done.stderr}"

    def addresses(group: str) -> str:
        return ", ".join(platform.address(name) for name in platform.members(group))

    servers = [f"nameserver {platform.address(name)}\n" for name in platform.members("dns_servers")]
    as_root("cat > /etc/resolv.conf", data="".join(servers))
    as_root("cat > /etc/krb5.conf", data=_KERBEROS.format(realm=realm_of(platform)))
    as_root(_INSTALL, f"ansible-core=={importlib.metadata.version('ansible-core')}")
    as_root(f"cat > {CA}", data=(platform.secrets_folder / "ca.pem").read_text())
    _install_collection(container)
    groups = ("dns_servers", "kerberos_servers", "gateways")
    as_root("nft --file -", data=_FIREWALL.format(**{group: addresses(group) for group in groups}))


def _install_collection(container: str) -> None:
    """As its users have it: built here, installed there from the archive."""
    with tempfile.TemporaryDirectory() as folder:
        galaxy = str(Path(sys.executable).with_name("ansible-galaxy"))
        build = [galaxy, "collection", "build", "--output-path", folder, str(REPOSITORY)]
        subprocess.run(build, check=True, capture_output=True)
        (archive,) = Path(folder).glob("*.tar.gz")
        copied = _docker("cp", str(archive), f"{container}:/tmp/collection.tar.gz")
        assert copied.rc == 0, copied.stderr
    install = f"{ANSIBLE}/bin/ansible-galaxy collection install --offline --no-deps /tmp/collection.tar.gz"
    done = _docker("exec", "--user", PERSON, "--workdir", HOME, container, *install.split())
    assert done.rc == 0, done.stdout + done.stderr


def _environment(variables: dict[str, str]) -> list[str]:
    return [f"--env={name}={value}" for name, value in variables.items()]


def _docker(*arguments: str, data: str = "") -> Done:
    done = subprocess.run(["docker", *arguments], input=data, capture_output=True, text=True, check=False)
    return Done(done.returncode, done.stdout, done.stderr)
