# SPDX-License-Identifier: GPL-3.0-or-later
"""Secrets that stand on the disk encrypted: one file of Ansible Vault, a folder in memory as long as a command runs.

    sealed_secrets.py seal FOLDER FILE               encrypt what a folder holds; the folder stays, remove it yourself
    sealed_secrets.py run FILE [--] COMMAND...       decrypt into memory, run the command, encrypt what it has changed

The command finds the folder in the environment variable PLATFORM_SECRETS_DIR, which the inventory reads:

    platform_secrets_dir: "{{ lookup('ansible.builtin.env', 'PLATFORM_SECRETS_DIR', default=undef()) }}"

The password is that of ``--vault-password-file`` (a file, or a program that prints it), without it that of the
environment variable ANSIBLE_VAULT_PASSWORD_FILE.
"""

from __future__ import annotations

import argparse
import fcntl
import hashlib
import io
import os
import shutil
import signal
import subprocess
import sys
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

from ansible.errors import AnsibleError
from ansible.parsing.dataloader import DataLoader
from ansible.parsing.vault import VaultLib, get_file_vault_secret

MEMORY = Path("/dev/shm")
FOLDER_VARIABLE = "PLATFORM_SECRETS_DIR"
PASSWORD_VARIABLE = "ANSIBLE_VAULT_PASSWORD_FILE"


class SealError(Exception):
    """Something is wrong that the user can put right; the message says what and how."""


class SealedFile:
    """A folder in one encrypted file."""

    def __init__(self, path: Path, vault: VaultLib) -> None:
        self._path = path
        self._vault = vault

    def write(self, folder: Path) -> None:
        """Encrypt what a folder holds, in one step: there is always a whole file."""
        content = io.BytesIO()
        with tarfile.open(fileobj=content, mode="w") as archive:
            archive.add(folder, arcname=".")
        new = self._path.with_name(self._path.name + ".new")
        with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as stream:
            stream.write(self._vault.encrypt(content.getvalue()))
            stream.flush()
            os.fsync(stream.fileno())
        new.replace(self._path)

    def read(self, folder: Path) -> None:
        """Fill a folder with what was encrypted.

        Raises:
            SealError: the file is not there, is none of ours, or the password is another one.
        """
        try:
            content = self._vault.decrypt(self._path.read_bytes())
            with tarfile.open(fileobj=io.BytesIO(content)) as archive:
                archive.extractall(folder, filter="data")
        except FileNotFoundError:
            raise SealError(f"there is no {self._path}: make it with 'seal FOLDER {self._path}'") from None
        except (AnsibleError, tarfile.TarError) as error:
            raise SealError(f"{self._path} can not be decrypted with this password: {error}") from None


def fingerprint(folder: Path) -> str:
    """Tells whether anything in a folder has changed."""
    digest = hashlib.sha256()
    for path in sorted(folder.rglob("*")):
        digest.update(f"{path.relative_to(folder)}\0{path.lstat().st_mode}\0".encode())
        if path.is_file():
            digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


@contextmanager
def opened(path: Path, sealed: SealedFile, memory: Path) -> Iterator[Path]:
    """The folder in memory, as long as the context lasts. What has changed in it is encrypted at the end.

    Raises:
        SealError: the file can not be read, or is in use.
    """
    name = hashlib.sha256(str(path.resolve()).encode()).hexdigest()[:16]
    folder = memory / f"mesospark-secrets-{os.getuid()}-{name}"
    with os.fdopen(os.open(f"{folder}.lock", os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600), "wb") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise SealError(f"{path} is in use by another command on this machine: wait for its end") from None
        before = ""
        if folder.exists():
            found = folder.lstat()
            if found.st_uid != os.getuid() or found.st_mode & 0o7777777 != 0o40700:
                raise SealError(f"{folder} is not of this user alone: somebody else has made it; remove it")
            # That command was killed: what it has made is used somewhere already.
            print(f"{path}: taking over what a command that was killed has left", file=sys.stderr)
        else:
            folder.mkdir(mode=0o700)
            try:
                sealed.read(folder)
            except SealError:
                shutil.rmtree(folder)
                raise
            before = fingerprint(folder)
        try:
            yield folder
        finally:
            if fingerprint(folder) != before:
                sealed.write(folder)
            shutil.rmtree(folder)


def vault_of(password_file: str) -> VaultLib:
    """Encrypts and decrypts with the password of a file or program.

    Raises:
        SealError: there is no password.
    """
    if not password_file:
        raise SealError(f"say where the password is: --vault-password-file FILE, or set {PASSWORD_VARIABLE}")
    try:
        secret = get_file_vault_secret(filename=password_file, loader=DataLoader())
        secret.load()
    except AnsibleError as error:
        raise SealError(f"{password_file} gives no password: {error}") from None
    return VaultLib([("default", secret)])


def run(command: list[str], folder: Path) -> int:
    """Exit status of the command. Signals reach it, and the folder is closed after it."""
    process = subprocess.Popen(command, env={**os.environ, FOLDER_VARIABLE: str(folder)})

    def pass_on(number: int, _frame: FrameType | None) -> None:
        process.send_signal(number)

    # The terminal sends SIGINT to both; here it only must not end this program first.
    for number, handler in ((signal.SIGTERM, pass_on), (signal.SIGHUP, pass_on), (signal.SIGINT, signal.SIG_IGN)):
        signal.signal(number, handler)
    return process.wait()


def arguments(words: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--vault-password-file", default=os.environ.get(PASSWORD_VARIABLE, ""), metavar="FILE")
    actions = parser.add_subparsers(dest="action", required=True)
    seal = actions.add_parser("seal", help="encrypt what a folder holds")
    seal.add_argument("folder", type=Path)
    seal.add_argument("file", type=Path)
    runner = actions.add_parser("run", help="run a command that finds the secrets decrypted")
    runner.add_argument("file", type=Path)
    runner.add_argument("command", nargs=argparse.REMAINDER)
    return parser.parse_args(words)


def main(words: list[str], memory: Path = MEMORY) -> int:
    options = arguments(words)
    sealed = SealedFile(options.file, vault_of(options.vault_password_file))
    if options.action == "seal":
        if not options.folder.is_dir():
            raise SealError(f"{options.folder} is no folder")
        if options.file.exists():
            raise SealError(f"{options.file} exists: its secrets would be lost; move it away first")
        sealed.write(options.folder)
        print(f"{options.file} holds what is in {options.folder}. Remove that folder when you have tried it.")
        return 0
    command = options.command[1:] if options.command[:1] == ["--"] else options.command
    if not command:
        raise SealError("say which command to run")
    with opened(options.file, sealed, memory) as folder:
        return run(command, folder)


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except SealError as problem:
        sys.exit(f"sealed_secrets: {problem}")
