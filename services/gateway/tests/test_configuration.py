# SPDX-License-Identifier: GPL-3.0-or-later
"""What is said about configuration files that can not be used."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from gateway_certificates import Certificates
from gateway_platform import write_configuration
from mesospark_gateway.configuration import ConfigurationError, read_configuration


def service(**changes: Any) -> dict[str, Any]:
    return {"name": "Notebooks", "path": "notebooks", "url": "https://host:1", **changes}


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"address": "gateway"}, "address has 'gateway', write it as https://host:port"),
        ({"teams": [""]}, "teams must be a list of texts that are not empty"),
        ({"teams": ["operators"]}, "teams names operators, which is a group of its own"),
        ({"services": [service(path="mesos")]}, "services, Notebooks: the path 'mesos' must be one word"),
        ({"services": [service(), service()]}, "services has a path twice"),
        ({"services": [service(colour="red")]}, "services, Notebooks: colour is unknown"),
        ({"colour": "red"}, "colour is unknown"),
        ({"ca_file": ""}, "ca_file is empty"),
        ({"accounts_file": "/nowhere"}, "/nowhere: can not be read (No such file or directory)"),
    ],
)
def test_mistakes(tmp_path: Path, certificates: Certificates, changes: dict[str, Any], sentence: str) -> None:
    path = write_configuration(tmp_path, certificates, tmp_path / "socket", 1, **changes)
    with pytest.raises(ConfigurationError) as caught:
        read_configuration(path)
    assert sentence in str(caught.value)


def test_check(tmp_path: Path, certificates: Certificates) -> None:
    path = write_configuration(tmp_path, certificates, tmp_path / "socket", 1)
    command = [sys.executable, "-m", "mesospark_gateway", "--check", "--config", str(path)]
    folder = Path(__file__).resolve().parents[1]
    assert subprocess.run(command, cwd=folder, check=False).returncode == 0
    accounts = tmp_path / "accounts.json"
    accounts.write_text('{"mesos": {"username": "gateway", "password": "quiet"')
    ended = subprocess.run(command, cwd=folder, check=False, capture_output=True, text=True)
    assert (ended.returncode, ended.stderr) == (2, f"gateway: {accounts}: is not JSON\n")
