# SPDX-License-Identifier: GPL-3.0-or-later
"""Removes what agents leave behind when they are killed: executors, tasks, containers, cgroups and mounts."""

import contextlib
import os
import shutil
import signal
import subprocess
import time
from pathlib import Path

_CGROUP_ROOT = Path("/sys/fs/cgroup")


def remove_leftovers(work_folder: Path, cgroups_root: str) -> None:
    """Remove everything that belongs to agents whose work directories lie below `work_folder`; end the agents first.

    `cgroups_root` is the agents' --cgroups_root ("": not known, the control groups stay).
    """
    _kill_processes(work_folder)
    _remove_containers(work_folder)
    _unmount(work_folder)
    if cgroups_root:
        _remove_cgroups(cgroups_root)


def processes_of(work_folder: Path) -> set[int]:
    """Processes with a sandbox below `work_folder` (by environment or arguments), and all their descendants."""
    needle = os.fsencode(f"{work_folder}/")
    found: set[int] = set()
    children: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        pid = int(entry.name)
        try:
            parent = int((entry / "stat").read_bytes().rpartition(b")")[2].split()[1])
            children.setdefault(parent, []).append(pid)
            if _mentions(entry, needle):
                found.add(pid)
        except OSError:
            continue
    todo = list(found)
    while todo:
        for child in children.get(todo.pop(), []):
            if child not in found:
                found.add(child)
                todo.append(child)
    return found - {os.getpid()}


def _mentions(process: Path, needle: bytes) -> bool:
    # Only programs of Mesos and their tasks: a shell or test that was merely given the folder is not ours to end.
    environment = (process / "environ").read_bytes()
    if any(name + needle in environment for name in (b"MESOS_DIRECTORY=", b"MESOS_SANDBOX=")):
        return True
    return any(
        argument.startswith(b"--sandbox_directory=" + needle)
        for argument in (process / "cmdline").read_bytes().split(b"\0")
    )


def _kill_processes(work_folder: Path) -> None:
    deadline = time.monotonic() + 10
    while (pids := processes_of(work_folder)) and time.monotonic() < deadline:
        for pid in pids:
            with contextlib.suppress(OSError):
                os.kill(pid, signal.SIGKILL)
        time.sleep(0.05)


def _remove_containers(work_folder: Path) -> None:
    """The agent names a container mesos-<container id>, and a run's directory is called by that id."""
    ids = {path.name for path in work_folder.glob("**/frameworks/*/executors/*/runs/*") if path.name != "latest"}
    docker = shutil.which("docker")
    if not ids or not docker:
        return
    listed = subprocess.run([docker, "ps", "-a", "--format", "{{.Names}}"], capture_output=True, text=True, check=False)
    names = [name for name in listed.stdout.split() if name.removeprefix("mesos-") in ids]
    if names:
        subprocess.run([docker, "rm", "-f", "-v", *names], capture_output=True, check=False)


def _unmount(work_folder: Path) -> None:
    mounts = [line.split()[1] for line in Path("/proc/self/mounts").read_text(encoding="utf-8").splitlines()]
    for mount in sorted((m for m in mounts if m.startswith(f"{work_folder}/")), reverse=True):
        subprocess.run(["umount", "-l", mount], capture_output=True, check=False)


def _remove_cgroups(name: str) -> None:
    for top in (*_CGROUP_ROOT.glob(f"*/{name}"), _CGROUP_ROOT / name):
        for folder, _folders, _files in os.walk(top, topdown=False):
            with contextlib.suppress(OSError):
                Path(folder).rmdir()
