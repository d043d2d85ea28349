# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import machine_settings
import pytest

DEBIAN = """\
http://mirror.test/debian/ bookworm main
http://mirror.test/debian/ bookworm contrib
http://mirror.test/debian/ bookworm-updates main
http://vendor.test/apt nodistro main
"""
CONFIGURATION = """\
APT::Architecture "amd64";
Acquire::http::Proxy "http://proxy.test:3128";
Acquire::https::CaInfo "";
Acquire::Languages "none";
"""
CERTIFICATES = [f"-----BEGIN CERTIFICATE-----\n{name}\n-----END CERTIFICATE-----" for name in ("usual", "own")]


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[[str], None]:
    """A machine with the given apt sources, a proxy, a CA of its own and a pip index."""
    monkeypatch.delenv("MESOSPARK_APT_SOURCES", raising=False)
    monkeypatch.setattr(machine_settings.os, "environ", {"PIP_INDEX_URL": "https://index.test/simple", "HOME": "/"})
    bundle, usual = tmp_path / "bundle.crt", tmp_path / "mozilla"
    usual.mkdir()
    (usual / "usual.crt").write_text(CERTIFICATES[0])
    bundle.write_text("\n".join(CERTIFICATES))
    monkeypatch.setattr(machine_settings, "SYSTEM_BUNDLE", bundle)
    monkeypatch.setattr(machine_settings, "MOZILLA_CERTIFICATES", usual)

    def prepare(sources: str) -> None:
        answers = {"apt-get": sources, "apt-config": CONFIGURATION, "python3": "global.timeout='60'\n"}
        monkeypatch.setattr(machine_settings, "_output", lambda *command: answers[command[0]])

    return prepare


def test_reads_what_the_machine_has(machine: Callable[[str], None]) -> None:
    machine(DEBIAN)
    settings = machine_settings.read_machine_settings()
    assert settings.apt_sources == (
        "deb http://mirror.test/debian/ bookworm main contrib\ndeb http://mirror.test/debian/ bookworm-updates main\n"
    )
    assert settings.apt_configuration == 'Acquire::http::Proxy "http://proxy.test:3128";\n'
    assert settings.ca_bundle == CERTIFICATES[1] + "\n"
    assert settings.pip_environment == {
        "PIP_INDEX_URL": "https://index.test/simple",
        "PIP_TIMEOUT": "60",
        "PIP_CERT": str(machine_settings.SYSTEM_BUNDLE),
    }


def test_machine_without_debian_says_what_to_do(machine: Callable[[str], None]) -> None:
    machine("http://mirror.test/ubuntu noble main\n")
    with pytest.raises(SystemExit, match="name it in the environment variable MESOSPARK_APT_SOURCES"):
        machine_settings.read_machine_settings()


def test_sources_that_are_given(
    machine: Callable[[str], None], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    machine("")
    given = tmp_path / "sources.list"
    given.write_text("deb http://other.test/debian bookworm main\n")
    monkeypatch.setitem(machine_settings.os.environ, "MESOSPARK_APT_SOURCES", str(given))
    assert machine_settings.read_machine_settings().apt_sources == given.read_text()


def test_writes_only_what_has_changed(tmp_path: Path) -> None:
    settings = machine_settings.MachineSettings("deb x bookworm main\n", "", "", {"PIP_PROXY": "http://proxy.test"})
    settings.write(tmp_path / "machine")
    assert json.loads((tmp_path / "machine" / "pip.json").read_text()) == {"PIP_PROXY": "http://proxy.test"}
    before = (tmp_path / "machine" / "sources.list").stat().st_mtime_ns
    settings.write(tmp_path / "machine")
    assert (tmp_path / "machine" / "sources.list").stat().st_mtime_ns == before
