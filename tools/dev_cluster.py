#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""A Mesos master, two agents and the embedded Marathon on loopback, for authors of modules.

Plain HTTP, no authentication, no containers for the services. What it takes to use them is written to
`.dev-cluster/env`, to be read by a shell.
"""

import argparse
import fcntl
import json
import os
import shlex
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "services/mesos-runtime"))

from mesos_runtime.errors import BuildError
from mesos_runtime.local_cluster import AgentSpec, ClusterError, LocalCluster
from mesos_runtime.local_cluster.client import OperatorClient
from mesos_runtime.local_cluster.cluster import free_port
from mesos_runtime.local_cluster.leftovers import remove_leftovers
from mesos_runtime.local_cluster.process import ClusterProcess
from mesos_runtime.local_cluster.tiny_image import engine_answers, make_tiny_image, remove_image

REPOSITORY = Path(__file__).resolve().parent.parent
IMAGE = "x-tiny"
AGENTS = (
    AgentSpec("127.0.0.1", "rack:r1;zone:z1;gen:5", "cpus:4;mem:4096;disk:4096;ports:[31000-31499]"),
    AgentSpec("127.0.0.2", "rack:r2;zone:z1;gen:7", "cpus:4;mem:4096;disk:4096;ports:[31500-31999]"),
)
STORE = "marathon.sqlite"
STOP = "`make dev-cluster-stop`"


class UserError(Exception):
    """One sentence for the user."""


@dataclass(frozen=True)
class State:
    """What a started cluster leaves for `status` and `stop`."""

    master_url: str
    marathon_url: str
    agents: list[str]
    pids: dict[str, int]
    cgroups_root: str
    image_id: str | None  # of the image, if this cluster made it

    def running(self, folder: Path) -> dict[str, int]:
        """The processes that still live: their command lines name the cluster's folder."""
        return {name: pid for name, pid in self.pids.items() if _belongs_to(pid, folder)}

    def environment(self) -> dict[str, str]:
        """The variables of the file `env`."""
        agents = [str(pid) for name, pid in self.pids.items() if name.startswith("agent")]
        return {
            "MESOS_MASTER_URL": self.master_url,
            "MARATHON_URL": self.marathon_url,
            "AGENTS": ",".join(self.agents),
            "MESOS_MASTER_PID": str(self.pids["master"]),
            "MESOS_AGENT_PIDS": ",".join(agents),
            "MARATHON_PID": str(self.pids["marathon"]),
        }


def start(folder: Path) -> None:
    """Start everything and write `folder`/env; nothing is left if that fails."""
    state = _read_state(folder)
    if state and state.running(folder):
        raise UserError(f"the cluster runs already (Marathon at {state.marathon_url}): use it, or stop it with {STOP}")
    stop(folder)  # what a crash of this machine may have left
    python = _marathon_python()
    started = time.monotonic()
    cluster = LocalCluster(folder, AGENTS)
    marathon = _marathon(folder, cluster, python)
    image_id = None
    try:
        if engine_answers() and not _image_exists():
            image_id = make_tiny_image(IMAGE)
        cluster.start()
        marathon.start()
        client = OperatorClient(_marathon_url(marathon), None)
        cluster.wait_until(lambda: _is_registered(client), "Marathon to register", marathon)
        pids = {"master": cluster.master.pid, "marathon": marathon.pid}
        pids |= {agent.name: agent.pid for agent in cluster.agents}
        state = State(
            cluster.master_url,
            _marathon_url(marathon),
            [agent.host for agent in cluster.agents],
            pids,
            cluster.cgroups_root,
            image_id,
        )
        _write(folder, state)
    except BaseException:
        marathon.kill()
        cluster.stop()
        if image_id:
            remove_image(image_id)
        shutil.rmtree(folder, ignore_errors=True)
        raise
    print((folder / "env").read_text(encoding="utf-8"), end="")
    print(f"# up in {time.monotonic() - started:.1f} s; in a shell: . {folder / 'env'}; logs: {folder / 'logs'}")


def stop(folder: Path) -> bool:
    """End and remove everything; False if there was nothing."""
    if not folder.exists():
        return False
    deadline = time.monotonic() + 10
    # Not by the ids of the state: a start that was killed half-way has not written it.
    while (pids := _services(folder)) and time.monotonic() < deadline:
        for pid in pids:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        time.sleep(0.02)
    state = _read_state(folder)
    remove_leftovers(folder, state.cgroups_root if state else "")
    if state and state.image_id:
        remove_image(state.image_id)
    shutil.rmtree(folder)
    return True


def status(folder: Path) -> bool:
    """Print what runs; whether all of it does."""
    state = _read_state(folder)
    if not state:
        print("not running")
        return False
    running = state.running(folder)
    for name, pid in state.pids.items():
        print(f"{name}: {f'process {pid}' if name in running else 'ended'}, log {folder / 'logs' / name}.log")
    print((folder / "env").read_text(encoding="utf-8"), end="")
    return len(running) == len(state.pids)


def _marathon(folder: Path, cluster: LocalCluster, python: Path) -> ClusterProcess:
    flags = {
        "master": cluster.master_address,
        "hostname": cluster.master_host,
        "http_address": cluster.master_host,
        "http_port": str(free_port(cluster.master_host)),
        "store": str(folder / STORE),
        "min_revive_offers_interval": "500",
        "decline_offer_duration": "2000",
    }
    command = [str(python), "-m", "mesospark_marathon.main"]
    for name, value in flags.items():
        command += [f"--{name}", value]
    environment = {"PYTHONPATH": str(REPOSITORY / "services/marathon")}
    return ClusterProcess("marathon", command, environment, folder / "logs/marathon.log")


def _marathon_url(marathon: ClusterProcess) -> str:
    flags = dict(zip(marathon.command, marathon.command[1:], strict=False))
    return f"http://{flags['--http_address']}:{flags['--http_port']}"


def _marathon_python() -> Path:
    """A Python that has what Marathon needs."""
    python = REPOSITORY / ".venv/bin/python"
    probe = [str(python), "-c", "import aiohttp, prometheus_client"]
    if not python.exists() or subprocess.run(probe, capture_output=True, check=False).returncode:
        raise UserError(
            "Marathon needs the project's Python environment (.venv): start the cluster by `make dev-cluster`"
        )
    return python


def _is_registered(client: OperatorClient) -> bool:
    info = client.get("/v2/info")
    return isinstance(info, dict) and bool(info.get("frameworkId"))


def _image_exists() -> bool:
    return subprocess.run(["docker", "image", "inspect", IMAGE], capture_output=True, check=False).returncode == 0


def _services(folder: Path) -> list[int]:
    """The processes of the cluster's services."""
    return [
        int(path.name) for path in Path("/proc").iterdir() if path.name.isdigit() and _belongs_to(path.name, folder)
    ]


def _belongs_to(pid: int | str, folder: Path) -> bool:
    """Whether a process is a service of the cluster in `folder`: its work directory or store lies there."""
    try:
        words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    except OSError:
        return False
    flags = (os.fsencode(f"--work_dir={folder}/"), os.fsencode(f"{folder}/{STORE}"))
    return any(word.startswith(flags) for word in words)


def _write(folder: Path, state: State) -> None:
    lines = [f"export {name}={shlex.quote(value)}\n" for name, value in state.environment().items()]
    (folder / "env").write_text("".join(lines), encoding="utf-8")
    (folder / "state.json").write_text(json.dumps(asdict(state)), encoding="utf-8")


def _read_state(folder: Path) -> State | None:
    try:
        return State(**json.loads((folder / "state.json").read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return None


@contextmanager
def _alone() -> Iterator[None]:
    """Keeps a second command of this file out; the lock is on this file, so that it leaves nothing."""
    with Path(__file__).open(encoding="utf-8") as this_file:
        try:
            fcntl.flock(this_file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise UserError("another dev_cluster.py command is under way: wait for its end") from None
        # Not inherited by the cluster's processes: descriptors of Python are closed on exec.
        yield


def main() -> int:
    """Run one command: 0, or 1 after one sentence on stderr."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("command", choices=["start", "stop", "status"])
    parser.add_argument("--folder", type=Path, default=REPOSITORY / ".dev-cluster", help="default: %(default)s")
    options = parser.parse_args()
    folder = options.folder.resolve()
    try:
        if options.command == "status":
            return 0 if status(folder) else 1
        with _alone():
            if options.command == "start":
                start(folder)
            else:
                print("stopped" if stop(folder) else "not running")
    except (UserError, BuildError, ClusterError) as error:
        print(f"dev_cluster: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
