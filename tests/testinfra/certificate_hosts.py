# SPDX-License-Identifier: GPL-3.0-or-later
"""What checks of certificates' life do to hosts: run the playbook, sign what has ended, look at restarts."""

import base64
import datetime
import re
import subprocess
import sys
import time
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from module_calls import REPOSITORY

FILE = "/etc/mesospark/tls/host.pem"
_STARTS = re.compile(r"^(\d+\.\d+) .*systemd\[1\]: (Stopping|Started|Starting) ", re.MULTILINE)


def run_playbook(platform, name: str, *options: str) -> subprocess.CompletedProcess[str]:
    """A playbook of the collection, however it ends; its output is in `stdout`."""
    command = [str(Path(sys.executable).with_name("ansible-playbook")), "--inventory", platform.inventory]
    command += [str(REPOSITORY / "playbooks" / name), *options]
    return subprocess.run(
        command, cwd=REPOSITORY, check=False, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )


def report_lines(output: str, name: str) -> list[str]:
    """Lines of the report about listeners and files of this name."""
    return [line for line in output.splitlines() if re.search(rf"^\s+\S+\s+{re.escape(name)}\s", line)]


def changed_hosts(output: str) -> set[str]:
    """Hosts on which a playbook has changed something."""
    return set(re.findall(r"^(\S+)\s+: ok=\d+\s+changed=[1-9]", output, re.MULTILINE))


def install_expired_certificate(platform, name: str) -> None:
    """Give a host a certificate of its own key, name and authority that ended yesterday."""
    (home,) = platform.members("certificate_authority")
    authority = platform.host(home)
    key = serialization.load_pem_private_key(authority.file("/etc/mesospark/ca/ca.key").content, None)
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    issuer = x509.load_pem_x509_certificate(authority.file("/etc/mesospark/ca/ca.pem").content)
    present = x509.load_pem_x509_certificate(platform.host(name).file(FILE).content)
    now = datetime.datetime.now(datetime.UTC)
    made = x509.CertificateBuilder().subject_name(present.subject).issuer_name(issuer.subject)
    made = made.public_key(present.public_key()).serial_number(x509.random_serial_number())
    made = made.not_valid_before(now - datetime.timedelta(days=10))
    made = made.not_valid_after(now - datetime.timedelta(days=1))
    for extension in present.extensions:
        made = made.add_extension(extension.value, extension.critical)
    text = made.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)
    platform.host(name).check_output(f"echo {base64.b64encode(text).decode()} | base64 -d > {FILE}.new")
    platform.host(name).check_output(f"chmod 0444 {FILE}.new && mv {FILE}.new {FILE}")


def restarts(platform, units: dict[str, str], since: float, ready: float) -> list[tuple[float, float]]:
    """When units were away: from the word that they stop until `ready` seconds after their start (of the epoch).

    units: unit by the group whose hosts have it.
    """
    found = []
    for group, unit in units.items():
        for name in platform.members(group):
            command = f"journalctl --unit={unit} --since=@{since:.0f} --output=short-unix --no-pager"
            events = _STARTS.findall(platform.host(name).check_output(command))
            stopped = [float(at) for at, event in events if event == "Stopping"]
            started = [float(at) for at, event in events if event == "Started"]
            found += [(at, next((s for s in started if s >= at), time.time()) + ready) for at in stopped]
    return sorted(found)
