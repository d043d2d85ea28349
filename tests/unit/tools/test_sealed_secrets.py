# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import sealed_secrets
from sealed_secrets import SealedFile, SealError, opened, vault_of

SECRET = "an-old-value-of-some-length"


class Place:
    """A sealed file with one secret, and a folder that stands for memory."""

    def __init__(self, folder: Path) -> None:
        self.file = folder / "secrets.vault"
        self.memory = folder / "memory"
        self.memory.mkdir()
        self.password = folder / "password"
        self.password.write_text("correct horse\n")
        plain = folder / "plain"
        (plain / "certificates").mkdir(parents=True)
        (plain / "certificates" / "one.csr").write_text("request")
        (plain / "mesos_agent_secret").write_text(f"{SECRET}\n")
        (plain / "mesos_agent_secret").chmod(0o600)
        self.plain = plain
        self.main("seal", str(plain), str(self.file))

    def main(self, *words: str) -> int:
        return sealed_secrets.main(["--vault-password-file", str(self.password), *words], self.memory)

    def shell(self, script: str) -> int:
        """Run a script that finds the folder; handlers of signals are put back afterwards."""
        numbers = (signal.SIGTERM, signal.SIGHUP, signal.SIGINT)
        before = [signal.getsignal(number) for number in numbers]
        try:
            return self.main("run", str(self.file), "--", "sh", "-c", script)
        finally:
            for number, handler in zip(numbers, before, strict=True):
                signal.signal(number, handler)

    def leftovers(self) -> list[Path]:
        return [path for path in self.memory.iterdir() if path.is_dir()]


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


def test_nothing_readable_is_on_the_disk(place: Place) -> None:
    assert place.file.read_bytes().startswith(b"$ANSIBLE_VAULT;1.1;AES256\n")
    assert place.file.stat().st_mode & 0o777 == 0o600


def test_a_command_finds_the_secrets(place: Place) -> None:
    before = place.file.read_bytes()
    assert place.shell(f'test "$(cat $PLATFORM_SECRETS_DIR/mesos_agent_secret)" = {SECRET}') == 0
    assert place.shell('test -f "$PLATFORM_SECRETS_DIR/certificates/one.csr"') == 0
    assert place.shell('test "$(stat -c %a $PLATFORM_SECRETS_DIR $PLATFORM_SECRETS_DIR/mesos*)" = "700\n600"') == 0
    assert place.shell("exit 3") == 3
    assert place.leftovers() == []
    assert place.file.read_bytes() == before, "nothing had changed, so nothing is encrypted anew"


def test_what_a_command_makes_is_kept(place: Place) -> None:
    # Also when it fails afterwards: the new value is in use somewhere.
    script = "umask 077; echo new > $PLATFORM_SECRETS_DIR/another; rm $PLATFORM_SECRETS_DIR/mesos_agent_secret; exit 1"
    assert place.shell(script) == 1
    assert place.shell('test "$(cat $PLATFORM_SECRETS_DIR/another)" = new') == 0
    assert place.shell("test ! -e $PLATFORM_SECRETS_DIR/mesos_agent_secret") == 0


def test_what_a_killed_command_has_left_is_taken_over(place: Place, capsys: pytest.CaptureFixture[str]) -> None:
    with opened(place.file, SealedFile(place.file, vault_of(str(place.password))), place.memory) as folder:
        name = folder
    name.mkdir(mode=0o700)
    (name / "mesos_agent_secret").write_text("newer\n")
    assert place.shell('test "$(cat $PLATFORM_SECRETS_DIR/mesos_agent_secret)" = newer') == 0
    assert "taking over" in capsys.readouterr().err
    assert place.leftovers() == []
    assert place.shell('test "$(cat $PLATFORM_SECRETS_DIR/mesos_agent_secret)" = newer') == 0


def test_a_folder_that_others_could_have_made_is_not_taken_over(place: Place) -> None:
    with opened(place.file, SealedFile(place.file, vault_of(str(place.password))), place.memory) as folder:
        name = folder
    name.mkdir()
    name.chmod(0o777)
    with pytest.raises(SealError, match="is not of this user alone"):
        place.shell("true")


def test_one_command_at_a_time(place: Place) -> None:
    sealed = SealedFile(place.file, vault_of(str(place.password)))
    with (
        opened(place.file, sealed, place.memory),
        pytest.raises(SealError, match="is in use by another command"),
        opened(place.file, sealed, place.memory),
    ):
        pass


def test_a_signal_ends_the_command_and_keeps_its_work(place: Place) -> None:
    script = "echo late > $PLATFORM_SECRETS_DIR/late; exec sleep 60"
    words = ["--vault-password-file", str(place.password), "run", str(place.file), "--", "sh", "-c", script]
    program = (
        "import sys, pathlib, sealed_secrets;"
        f" sys.exit(sealed_secrets.main({words!r}, pathlib.Path({str(place.memory)!r})))"
    )
    process = subprocess.Popen([sys.executable, "-c", program], cwd=Path(sealed_secrets.__file__).parent)
    for _attempt in range(400):
        if any((folder / "late").exists() for folder in place.leftovers()):
            break
        time.sleep(0.05)
    process.terminate()
    assert process.wait(20) != 0
    assert place.leftovers() == []
    assert place.shell('test "$(cat $PLATFORM_SECRETS_DIR/late)" = late') == 0


def test_a_wrong_password(place: Place) -> None:
    place.password.write_text("wrong\n")
    with pytest.raises(SealError, match="can not be decrypted with this password"):
        place.shell("true")
    assert place.leftovers() == []


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        (["run", "missing.vault", "--", "true"], "there is no missing.vault: make it with 'seal"),
        (["run", "{file}"], "say which command to run"),
        (["seal", "{plain}", "{file}"], "exists: its secrets would be lost"),
        (["seal", "missing", "new.vault"], "missing is no folder"),
    ],
)
def test_what_goes_wrong_is_said(place: Place, words: list[str], problem: str) -> None:
    with pytest.raises(SealError, match=problem):
        place.main(*(word.format(file=place.file, plain=place.plain) for word in words))


def test_a_password_is_needed() -> None:
    with pytest.raises(SealError, match="say where the password is"):
        vault_of("")
