# SPDX-License-Identifier: GPL-3.0-or-later
"""How this machine reaches its package mirrors, in files that test hosts and image builds are given.

A company with internal mirrors sets apt sources, an apt configuration, a CA bundle and pip settings on its machines.
Test hosts and images need the same, so they are read here once and written as four files that the variables
``platform_apt_sources``, ``platform_apt_configuration``, ``platform_ca_bundle`` and ``platform_pip_environment`` name.

A machine that is no Debian of this release names its sources in a file: environment variable MESOSPARK_APT_SOURCES.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

RELEASE = "bookworm"
SYSTEM_BUNDLE = Path("/etc/ssl/certs/ca-certificates.crt")
MOZILLA_CERTIFICATES = Path("/usr/share/ca-certificates/mozilla")
CERTIFICATE = re.compile(r"-----BEGIN CERTIFICATE-----.+?-----END CERTIFICATE-----", re.DOTALL)
APT_SETTING = re.compile(r"^Acquire::(?:https?::|Check-|Retries)")
PIP_SETTINGS = ("INDEX_URL", "EXTRA_INDEX_URL", "TRUSTED_HOST", "PROXY", "TIMEOUT", "DEFAULT_TIMEOUT")


@dataclass(frozen=True)
class MachineSettings:
    """The text of each file; empty where the machine has nothing of its own."""

    apt_sources: str
    apt_configuration: str
    ca_bundle: str
    pip_environment: dict[str, str]

    def write(self, directory: Path) -> None:
        """Write the four files, leaving alone those that hold the right text already."""
        directory.mkdir(parents=True, exist_ok=True)
        for name, text in (
            ("sources.list", self.apt_sources),
            ("apt.conf", self.apt_configuration),
            ("ca-bundle.pem", self.ca_bundle),
            ("pip.json", json.dumps(self.pip_environment, indent=2, sort_keys=True) + "\n"),
        ):
            path = directory / name
            if not path.is_file() or path.read_text() != text:
                path.write_text(text)


def read_machine_settings() -> MachineSettings:
    """Read the settings of the machine this runs on.

    Raises:
        SystemExit: its apt sources have no Debian of the release that test hosts run.
    """
    return MachineSettings(
        apt_sources=_apt_sources(),
        apt_configuration=_apt_configuration(),
        ca_bundle=_ca_bundle(),
        pip_environment=_pip_environment(),
    )


def _output(*command: str) -> str:
    """Standard output of a command, empty where the machine does not have it (it may not be a Debian)."""
    try:
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout
    except (FileNotFoundError, subprocess.CalledProcessError):
        return ""


def _apt_sources() -> str:
    if given := os.environ.get("MESOSPARK_APT_SOURCES"):
        return Path(given).read_text()
    targets = _output(
        "apt-get", "indextargets", "--format", "$(REPO_URI) $(RELEASE) $(COMPONENT)", "Created-By: Packages"
    )
    entries: dict[str, list[str]] = {}
    for line in targets.splitlines():
        uri, release, component = line.split()
        if release.split("-")[0] == RELEASE:
            components = entries.setdefault(f"deb {uri} {release}", [])
            if component not in components:
                components.append(component)
    if RELEASE not in (entry.split()[2] for entry in entries):
        raise SystemExit(
            f"this machine's apt sources have no Debian {RELEASE}, which test hosts run:"
            " write such sources into a file and name it in the environment variable MESOSPARK_APT_SOURCES"
        )
    return "".join(f"{entry} {' '.join(components)}\n" for entry, components in entries.items())


def _apt_configuration() -> str:
    lines = [line for line in _output("apt-config", "dump").splitlines() if APT_SETTING.match(line)]
    return "".join(f"{line}\n" for line in lines if '""' not in line)


def _certificates(text: str) -> list[str]:
    return [match.group(0) for match in CERTIFICATE.finditer(text)]


def _ca_bundle() -> str:
    """Certificates that this machine trusts and a fresh Debian does not."""
    if not SYSTEM_BUNDLE.is_file():
        return ""
    usual = {
        certificate for path in MOZILLA_CERTIFICATES.glob("*.crt") for certificate in _certificates(path.read_text())
    }
    own = [certificate for certificate in _certificates(SYSTEM_BUNDLE.read_text()) if certificate not in usual]
    return "".join(f"{certificate}\n" for certificate in own)


def _pip_environment() -> dict[str, str]:
    settings: dict[str, str] = {}
    for line in _output("python3", "-m", "pip", "config", "list").splitlines():
        key, _, value = line.partition("=")
        settings[key.rpartition(".")[2].replace("-", "_").upper()] = value.strip("'\"")
    settings.update({key[4:]: value for key, value in os.environ.items() if key.startswith("PIP_")})
    chosen = {f"PIP_{key}": settings[key] for key in PIP_SETTINGS if settings.get(key)}
    if _ca_bundle():
        chosen["PIP_CERT"] = str(SYSTEM_BUNDLE)
    return chosen
