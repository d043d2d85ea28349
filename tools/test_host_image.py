# SPDX-License-Identifier: GPL-3.0-or-later
"""The base image of test hosts: a minimal Debian with systemd, made by debootstrap and imported into the engine."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path

from machine_settings import CERTIFICATE, RELEASE, MachineSettings

REPOSITORY = "mesospark-test-host"

# What a freshly installed Debian server has ...
BOOTSTRAPPED = ["systemd", "systemd-sysv", "dbus", "python3", "ca-certificates", "iproute2", "procps", "sudo"]

# ... and what every role needs at once (by apt: debootstrap does not order such dependencies).
INSTALLED = ["python3-apt", "python3-cryptography", "openssl", "iputils-ping", "curl", "nftables", "bind9-host", "less"]

# Only downloaded into the image's apt cache: the roles still install them, but no host fetches them again.
DOWNLOADED = [
    "bind9",
    "bind9-utils",
    "apparmor",
    "docker.io",
    "docker-registry",
    "nginx-light",
    "libzookeeper-java",
    "stunnel4",
    "debootstrap",
    "default-jre-headless",
    "python3-venv",
    "python3-pip",
    "python3-docker",
    "xz-utils",
]

APT_CONFIGURATION = """\
APT::Install-Recommends "false";
Acquire::Languages "none";
Binary::apt::APT::Keep-Downloaded-Packages "true";
"""
DPKG_CONFIGURATION = "force-unsafe-io\npath-exclude=/usr/share/doc/*\npath-exclude=/usr/share/man/*\n"


def image_name(settings: MachineSettings) -> str:
    """Name and tag of the image; the tag changes with everything that goes into it."""
    recipe = Path(__file__).read_text() + str(settings)
    return f"{REPOSITORY}:{hashlib.sha256(recipe.encode()).hexdigest()[:12]}"


def ensure_image(settings: MachineSettings, say: Callable[[str], None]) -> str:
    """Make the image if the engine does not have it, and return its name.

    Raises:
        SystemExit: debootstrap is missing or a step failed; the message holds the command and its last lines.
    """
    name = image_name(settings)
    if subprocess.run(["docker", "image", "inspect", name], capture_output=True).returncode == 0:
        return name
    if not _tool("debootstrap"):
        raise SystemExit("debootstrap is not installed: run tools/prepare_machine.sh first")
    work = tempfile.mkdtemp(prefix="mesospark-image-", dir="/var/tmp")
    root = Path(work) / "root"
    try:
        say(f"base image {name}: Debian {RELEASE} by debootstrap (about a minute)")
        _bootstrap(root, settings)
        say("base image: downloading the packages that the roles install")
        _prepare(root, settings)
        say("base image: importing it into the engine")
        _import(root, name)
        _remove_older(name)
    finally:
        _run([*_as_root(), "rm", "-rf", "--one-file-system", work])
    return name


def _tool(name: str) -> str | None:
    return shutil.which(name, path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin")


def _as_root() -> list[str]:
    return [] if os.geteuid() == 0 else ["sudo", "-n"]


def _run(command: list[str], text: str | None = None) -> None:
    result = subprocess.run(
        command, input=text, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace"
    )
    if result.returncode:
        last = "\n".join(result.stdout.splitlines()[-15:])
        raise SystemExit(f"failed with status {result.returncode}: {' '.join(command)}\n{last}")


def _bootstrap(root: Path, settings: MachineSettings) -> None:
    mirror = next(line.split()[1] for line in settings.apt_sources.splitlines() if line.split()[2] == RELEASE)
    packages = ",".join(BOOTSTRAPPED)
    command = [str(_tool("debootstrap")), "--variant=minbase", f"--include={packages}", RELEASE, str(root), mirror]
    _run([*_as_root(), *command])


def _prepare(root: Path, settings: MachineSettings) -> None:
    for path, text in (
        ("etc/dpkg/dpkg.cfg.d/test-host", DPKG_CONFIGURATION),
        ("etc/apt/apt.conf.d/10test-host", APT_CONFIGURATION),
        ("etc/apt/apt.conf.d/90mesospark", settings.apt_configuration),
        ("etc/apt/sources.list", settings.apt_sources),
    ):
        _write(root, path, text)
    for index, match in enumerate(CERTIFICATE.finditer(settings.ca_bundle)):
        _write(root, f"usr/local/share/ca-certificates/machine-{index}.crt", match.group(0) + "\n")
    _run([*_as_root(), "cp", "/etc/resolv.conf", f"{root}/etc/resolv.conf"])
    _inside(root, "update-ca-certificates")
    _inside(root, "apt-get", "-q", "update")
    _inside(root, "apt-get", "-qy", "dist-upgrade")
    _inside(root, "apt-get", "-qy", "install", *INSTALLED)
    _inside(root, "apt-get", "-qy", "--download-only", "install", *DOWNLOADED)
    # Empty, every host makes its own at its first boot; missing, systemd would ask first-boot questions.
    _write(root, "etc/machine-id", "")

    # A container has no consoles and no kernel of its own.
    for unit in (
        "getty.target",
        "console-getty.service",
        "systemd-logind.service",
        "systemd-udevd.service",
        "systemd-firstboot.service",
    ):
        _inside(root, "systemctl", "mask", unit)


def _write(root: Path, path: str, text: str) -> None:
    _run([*_as_root(), "tee", f"{root}/{path}"], text)


def _inside(root: Path, *command: str) -> None:
    environment = ["/usr/bin/env", "DEBIAN_FRONTEND=noninteractive", "LC_ALL=C.UTF-8"]
    _run([*_as_root(), str(_tool("chroot")), str(root), *environment, *command])


def _import(root: Path, name: str) -> None:
    archive = subprocess.Popen([*_as_root(), "tar", "-C", str(root), "-c", "."], stdout=subprocess.PIPE)
    changes = ["-c", 'CMD ["/sbin/init"]', "-c", "ENV container=docker"]
    imported = subprocess.run(["docker", "import", *changes, "-", name], stdin=archive.stdout, capture_output=True)
    if archive.wait() or imported.returncode:
        raise SystemExit(f"the engine did not take the base image: {imported.stderr.decode().strip()}")


def _remove_older(name: str) -> None:
    """Remove images of earlier recipes; the engine keeps those that a host still runs from."""
    listed = subprocess.run(
        ["docker", "image", "ls", "--format", "{{.Repository}}:{{.Tag}}", REPOSITORY], capture_output=True, text=True
    )
    for image in listed.stdout.split():
        if image != name:
            subprocess.run(["docker", "image", "rm", image], capture_output=True)
