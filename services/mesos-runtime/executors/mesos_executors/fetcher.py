# SPDX-License-Identifier: GPL-3.0-or-later
"""mesos-fetcher: brings the files of a task into its sandbox, through the agent's cache where asked."""

import json
import os
import pwd
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from mesos_executors.extraction import extract
from mesos_executors.log import log
from mesos_executors.values import Json, seconds_of_info

_HELP = """Usage: MESOS_FETCHER_INFO=JSON mesos-fetcher
Started by a Mesos agent for tasks with files to fetch (http, https, ftp, file, paths; others by `hadoop fs`)."""
_STALL_TIMEOUT = 60.0
_DIRECT = "BYPASS_CACHE"


class FetchError(Exception):
    """A file cannot be had; the message says which and why."""


class Fetcher:
    """`info` is a FetcherInfo message."""

    def __init__(self, info: Json) -> None:
        self._sandbox = Path(info["sandbox_directory"])
        self._cache = Path(info["cache_directory"]) if info.get("cache_directory") else None
        self._home: str | None = info.get("frameworks_home")
        self._user: str | None = info.get("user")
        self._timeout = seconds_of_info(info.get("stall_timeout")) or _STALL_TIMEOUT
        self._items: list[Json] = info.get("items", [])

    def run(self) -> None:
        """Fetch everything, as the task's user; FetchError for the first item that fails."""
        cached = any(item.get("action", _DIRECT) != _DIRECT for item in self._items)
        account = pwd.getpwnam(self._user) if self._user else None
        if self._cache and cached:
            self._cache.mkdir(parents=True, exist_ok=True)
            if account:
                os.chown(self._cache, account.pw_uid, account.pw_gid)
        if account and os.getuid() != account.pw_uid:
            os.initgroups(account.pw_name, account.pw_gid)
            os.setgid(account.pw_gid)
            os.setuid(account.pw_uid)
        for item in self._items:
            location = item["uri"]["value"].strip()
            try:
                self._fetch(item, location)
            except (OSError, ValueError, EOFError, subprocess.CalledProcessError) as error:
                raise FetchError(f"{location}: {error}") from error

    def _fetch(self, item: Json, location: str) -> None:
        uri = item["uri"]
        target = self._sandbox / (uri.get("output_file") or file_name_of(location))
        target.parent.mkdir(parents=True, exist_ok=True)
        action = item.get("action", _DIRECT)
        if action == _DIRECT or not self._cache:
            source = target
            self._download(location, target)
        else:
            source = self._cache / item["cache_filename"]
            if action == "DOWNLOAD_AND_CACHE" and not source.exists():
                self._download(location, source)
        if uri.get("executable"):
            _copy_unless_same(source, target)
            target.chmod(0o755)
        elif not (uri.get("extract", True) and extract(source, self._sandbox)):
            _copy_unless_same(source, target)
        log("fetched", location, "to", target)

    def _download(self, location: str, target: Path) -> None:
        path = local_path(location, self._home)
        if path is not None:
            _copy(path, target)
        elif location.partition("://")[0].lower() in ("http", "https", "ftp"):
            self._download_url(location, target)
        else:
            _copy_with_hadoop(location, target)

    def _download_url(self, url: str, target: Path) -> None:
        import urllib.request  # with ssl 9 MB, and many fetches copy only

        request = urllib.request.Request(url, headers={"User-Agent": "mesos-fetcher", "Accept": "*/*"})
        # The default TLS context trusts what the host trusts.
        with urllib.request.urlopen(request, timeout=self._timeout) as answer, target.open("wb") as file:
            shutil.copyfileobj(answer, file, 1 << 20)
            length = answer.headers.get("Content-Length")
            if length is not None and file.tell() != int(length):
                raise ValueError(f"only {file.tell()} of {length} bytes came")


def file_name_of(location: str) -> str:
    """The name under which a location is kept; ValueError if it names no file."""
    scheme, separator, rest = location.partition("://")
    path = rest if separator else scheme
    name = path.rstrip("/") if not separator else path
    name = name.rpartition("/")[2]
    if not name or (separator and "/" not in rest):
        raise ValueError("the location names no file")
    return name


def local_path(location: str, home: str | None) -> Path | None:
    """The path of a file:// location or of a plain path (relative to `home`); None for the others."""
    if location.startswith("file://"):
        path = location.removeprefix("file://")
        path = path.removeprefix("localhost") if path.startswith("localhost/") else path
        if not path.startswith("/"):
            raise ValueError("a file:// location cannot name a host")
        return Path(path)
    if "://" in location:
        return None
    if location.startswith("/"):
        return Path(location)
    if not home:
        raise ValueError("a relative path needs the agent's --frameworks_home")
    return Path(home, location)


def _copy(source: Path, target: Path) -> None:
    if source.is_dir():
        subprocess.run(["cp", "-R", str(source), str(target)], check=True)
    else:
        shutil.copyfile(source, target)
        shutil.copymode(source, target)


def _copy_unless_same(source: Path, target: Path) -> None:
    if source != target:
        _copy(source, target)


def _copy_with_hadoop(location: str, target: Path) -> None:
    home = os.environ.get("HADOOP_HOME")
    program = str(Path(home, "bin/hadoop")) if home else "hadoop"
    target.unlink(missing_ok=True)
    subprocess.run([program, "fs", "-copyToLocal", location, str(target)], check=True)


def main(arguments: Sequence[str]) -> None:
    """Fetch what the environment says; status 1 after one line on stderr if that fails."""
    if "--help" in arguments:
        print(_HELP)
        return
    try:
        info = json.loads(os.environ["MESOS_FETCHER_INFO"])
    except (KeyError, ValueError):
        sys.exit("mesos-fetcher: MESOS_FETCHER_INFO is missing: this program is started by a Mesos agent")
    try:
        Fetcher(info).run()
    except (FetchError, KeyError, OSError) as error:
        log("failed to fetch", error)
        sys.exit(1)
