# SPDX-License-Identifier: GPL-3.0-or-later
"""Whoever brings a wrong secret or certificate is refused, and the reason stands where an operator looks first."""

from collections.abc import Iterator

import pytest
from testinfra.backend.base import CommandResult
from testinfra.host import Host

pytestmark = pytest.mark.hosts

FOLDER = "/run/testinfra"

# A second agent beside the real one: nothing of it touches the real one's folders, containers or control groups.
AGENT_SETTINGS = {
    "MESOS_PORT": "5999",
    "MESOS_WORK_DIR": f"{FOLDER}/work",
    "MESOS_RUNTIME_DIR": f"{FOLDER}/runtime",
    "MESOS_FETCHER_CACHE_DIR": f"{FOLDER}/cache",
    "MESOS_CONTAINERIZERS": "mesos",
    "MESOS_LAUNCHER": "posix",
    "MESOS_ISOLATION": "posix/cpu,posix/mem",
    "MESOS_RESOURCES": "cpus:0.1;mem:32;disk:32;ports:[40000-40001]",
}


@pytest.fixture
def agent_host(platform) -> Iterator[Host]:
    host = platform.host(platform.members("mesos_agents")[0])
    host.check_output(f"mkdir --mode=0700 {FOLDER}")
    yield host
    host.check_output(f"rm -r {FOLDER}")


def run_agent(host: Host, seconds: int, **settings: str) -> CommandResult:
    """What a second agent writes until it ends, `seconds` at the longest; its own exit status, or 124."""
    text = "\n".join(f"{name}={value}" for name, value in (AGENT_SETTINGS | settings).items())
    host.check_output(f"cat > {FOLDER}/environment <<'END'\n{text}\nEND")
    # Of several files, the last one holds.
    files = ["/etc/mesospark/mesos-agent/tls.environment", "/etc/mesospark/mesos-agent/environment", f"{FOLDER}/environment"]
    environment = " ".join(f"--property=EnvironmentFile={file}" for file in files)
    return host.run(
        f"systemd-run --quiet --wait --collect --unit=testinfra-agent {environment} --property=StandardOutput=file:{FOLDER}/log"
        f" --property=StandardError=file:{FOLDER}/log /usr/bin/timeout {seconds} /opt/mesos/sbin/mesos-agent;"
        f" status=$?; cat {FOLDER}/log; exit $status"
    )


def master_journal(platform, since: str) -> str:
    journals = [platform.host(name).check_output(f"journalctl --unit=mesos-master --output=cat --since='{since}'") for name in platform.members("mesos_masters")]
    return "\n".join(journals)


def test_wrong_agent_secret(platform, agent_host):
    since = agent_host.check_output("date '+%Y-%m-%d %H:%M:%S'")
    credential = f"{FOLDER}/credential.json"
    agent_host.check_output(f"""echo '{{"principal": "agent", "secret": "wrong"}}' > {credential}""")
    result = run_agent(agent_host, 30, MESOS_CREDENTIAL=f"file://{credential}")
    assert result.rc == 1
    assert "refused authentication" in result.stdout
    assert "was unsuccessful: Invalid credentials" in master_journal(platform, since)
