# SPDX-License-Identifier: GPL-3.0-or-later
"""What a configuration may say; a state directory that is broken."""

import shutil
from pathlib import Path

import pytest
from mesospark_log_shipper.checkpoint import Checkpoint, Position
from mesospark_log_shipper.configuration import read_configuration
from mesospark_log_shipper.holding import HeldFiles, Note
from mesospark_log_shipper.toml_table import ConfigurationError


def test_broken_checkpoint_is_put_aside(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """It does not stop the shipper; it is kept and reported."""
    path = tmp_path / "positions.json"
    checkpoint = Checkpoint(path)
    checkpoint.save({"a-1": Position(5, 1, 2, "6162", [7])})
    assert Checkpoint(path).load() == {"a-1": Position(5, 1, 2, "6162", [7])}
    path.write_text("{", encoding="utf-8")
    assert Checkpoint(path).load() == {}
    assert path.with_suffix(".broken").exists()
    assert "unreadable" in caplog.text


def test_notes_that_can_not_be_kept(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """A disk that takes nothing, and a note that is half there, are reported and stop nothing."""
    held = HeldFiles(tmp_path / "files")
    assert held.write("a-1", Note("/a", "a", 0, {}))
    (tmp_path / "files/b-2.json").write_text('{"path', encoding="utf-8")
    assert [key for key, _note in held.notes()] == ["a-1"]
    assert not (tmp_path / "files/b-2.json").exists()
    shutil.rmtree(tmp_path / "files")
    assert not held.write("a-1", Note("/a", "a", 0, {}))
    assert "can not be written" in caplog.text


MINIMUM = """
state_directory = "/var/lib/log-shipper"
[sandboxes]
work_directory = "/var/lib/mesos-agent"
[[destinations]]
name = "graylog"
servers = ["graylog1:5044", "[::1]:5044"]
ca_file = "/a"
certificate_file = "/b"
key_file = "/c"
"""


def test_configuration(tmp_path: Path) -> None:
    """Sizes and durations have units; what is not given has a default."""
    path = tmp_path / "c.toml"
    path.write_text(MINIMUM + '[limits]\nheld = "1.5g"\nrewind = "250ms"\nwindow_records = 10\n', encoding="utf-8")
    configuration = read_configuration(path)
    assert configuration.destinations[0].servers == (("graylog1", 5044), ("::1", 5044))
    assert configuration.limits.held_bytes == 1536 * 1024**2
    assert (configuration.limits.rewind_seconds, configuration.limits.window_records) == (0.25, 10)
    assert configuration.metrics_port is None


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("state_directory", "state_folder", "state_directory: it is missing; give a text"),
        ('"/var/lib/log-shipper"', '"lib"', "state_directory: 'lib' is no absolute path; begin it with /"),
        ("graylog1:5044", "graylog1", r"destinations\[0\].servers: 'graylog1' is no address; write host:port"),
        ("name =", "nam =", r"destinations\[0\].name: it is missing"),
        (
            "[sandboxes]",
            "[sandboxes]\nx = 1",
            "sandboxes.x: there is no such option; known here: agent, work_directory",
        ),
        ("[[destinations]]", "[limits]\nheld = 5\n[[destinations]]", "limits.held: 5 is not a text"),
        (
            "[[destinations]]",
            '[limits]\nheld = "5"\n[[destinations]]',
            "limits.held: '5' is no quantity; give a number",
        ),
        ("[[destinations]]", "[metrics]\nport = 0\n[[destinations]]", "metrics.port: 0 is out of bounds"),
        ("[[destinations]]", "[[destination]]", "destination: there is no such option"),
        ("[sandboxes]", "[sandboxes", "is no TOML"),
    ],
)
def test_faults_of_a_configuration(tmp_path: Path, old: str, new: str, message: str) -> None:
    """One sentence that names the option, the value and the fix."""
    path = tmp_path / "c.toml"
    assert old in MINIMUM
    path.write_text(MINIMUM.replace(old, new), encoding="utf-8")
    with pytest.raises(ConfigurationError, match=message):
        read_configuration(path)


def test_missing_configuration(tmp_path: Path) -> None:
    """The file itself is named."""
    with pytest.raises(ConfigurationError, match=r"--config: cannot read .*c\.toml: No such file"):
        read_configuration(tmp_path / "c.toml")
