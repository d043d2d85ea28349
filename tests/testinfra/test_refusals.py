# SPDX-License-Identifier: GPL-3.0-or-later
"""Whoever brings a wrong secret or certificate is refused, and the reason stands where an operator looks first."""

import base64
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
MARATHON_SETTINGS = {
    "MARATHON_STORE": f"{FOLDER}/store.sqlite",
    "MARATHON_HTTPS_PORT": "18443",
    "MARATHON_FRAMEWORK_NAME": "testinfra",
}


def with_folder(host: Host) -> Iterator[Host]:
    """The host with an empty folder of ours, as long as a test runs."""
    host.check_output(f"mkdir --mode=0700 {FOLDER}")
    yield host
    host.check_output(f"rm -r {FOLDER}")


@pytest.fixture
def agent_host(platform) -> Iterator[Host]:
    """An agent's host; the firewall lets masters speak to the second agent as well, as long as a test runs."""
    host = platform.host(platform.members("mesos_agents")[0])
    chain = "rule inet mesospark input"
    rule = f"tcp dport {AGENT_SETTINGS['MESOS_PORT']} accept comment testinfra"
    handle = host.check_output(f"nft --echo --handle insert {chain} {rule} | sed -n 's/.*# handle //p'")
    yield from with_folder(host)
    host.check_output(f"nft delete {chain} handle {handle}")


@pytest.fixture
def marathon_host(platform) -> Iterator[Host]:
    yield from with_folder(platform.host(platform.members("marathons")[0]))


def write(host: Host, name: str, text: str) -> str:
    """Path of a new file in our folder."""
    host.check_output(f"cat > {FOLDER}/{name} <<'END'\n{text}\nEND")
    return f"{FOLDER}/{name}"


def run_beside(
    host: Host, program: str, environments: list[str], settings: dict[str, str], seconds: int
) -> CommandResult:
    """A second copy of a service, some settings changed: its output and exit status, 124 when `seconds` were over."""
    # Of several files, the last one holds.
    files = [
        *environments,
        write(host, "environment", "\n".join(f"{name}={value}" for name, value in settings.items())),
    ]
    properties = [f"EnvironmentFile={file}" for file in files]
    properties += [f"StandardOutput=file:{FOLDER}/log", f"StandardError=file:{FOLDER}/log"]
    options = " ".join(f"--property={setting}" for setting in properties)
    unit = f"systemd-run --quiet --wait --collect --unit=testinfra {options} /usr/bin/timeout {seconds} {program}"
    return host.run(f"{unit}; status=$?; cat {FOLDER}/log; exit $status")


def run_agent(host: Host, seconds: int, **settings: str) -> CommandResult:
    environments = [f"/etc/mesospark/mesos-agent/{name}" for name in ("tls.environment", "environment")]
    return run_beside(host, "/opt/mesos/sbin/mesos-agent", environments, AGENT_SETTINGS | settings, seconds)


def now(host: Host) -> str:
    return host.check_output("date '+%Y-%m-%d %H:%M:%S'")


def master_journal(platform, since: str) -> str:
    command = f"journalctl --unit=mesos-master --output=cat --since='{since}'"
    return "\n".join(platform.host(name).check_output(command) for name in platform.members("mesos_masters"))


def test_wrong_agent_secret(platform, agent_host):
    since = now(agent_host)
    credential = write(agent_host, "credential.json", '{"principal": "agent", "secret": "wrong"}')
    result = run_agent(agent_host, 30, MESOS_CREDENTIAL=f"file://{credential}")
    assert result.rc == 1
    assert "refused authentication" in result.stdout
    assert "was unsuccessful: Invalid credentials" in master_journal(platform, since)


def test_agent_of_another_certificate_authority(platform, agent_host):
    since = now(agent_host)
    agent_host.check_output(
        f"openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 1 -subj /CN=stranger"
        f" -addext subjectAltName=IP:$(hostname --ip-address) -keyout {FOLDER}/stranger.key -out {FOLDER}/stranger.pem"
    )
    stranger = {
        "LIBPROCESS_SSL_CERT_FILE": f"{FOLDER}/stranger.pem",
        "LIBPROCESS_SSL_KEY_FILE": f"{FOLDER}/stranger.key",
    }
    result = run_agent(agent_host, 8, **stranger)
    assert result.rc == 124
    assert "Registered with master" not in result.stdout
    assert "Registered agent" not in master_journal(platform, since)
    assert "certificate" in master_journal(platform, since)


def test_wrong_secret_of_marathon(marathon_host):
    secret = write(marathon_host, "secret", "wrong")
    settings = MARATHON_SETTINGS | {"MARATHON_MESOS_AUTHENTICATION_SECRET_FILE": secret}
    environments = ["/etc/mesospark/marathon/environment"]
    result = run_beside(marathon_host, "/opt/marathon/venv/bin/marathon", environments, settings, 15)
    assert "secret" in result.stdout
    assert "Subscribed" not in result.stdout


@pytest.mark.parametrize(("account", "reason"), [("pull:wrong", "unauthorized"), ("", "no basic auth credentials")])
def test_wrong_registry_password(platform, agent_host, account, reason):
    registry = platform.variables["platform_registry"]
    secret = base64.b64encode(account.encode()).decode()
    write(agent_host, "config.json", f'{{"auths": {{"{registry}": {{"auth": "{secret}"}}}}}}' if account else "{}")
    result = agent_host.run(f"docker --config {FOLDER} pull {registry}/mesospark/spark:3.5.8")
    assert result.rc == 1
    assert reason in result.stderr


def test_agents_account_cannot_push(platform, agent_host):
    registry = platform.variables["platform_registry"]
    stolen = f"{registry}/testinfra/stolen:1"
    docker = "docker --config /etc/mesospark/mesos-agent/docker"
    image = f"{registry}/mesospark/spark:3.5.8"
    agent_host.check_output(f"{docker} pull --quiet {image} && {docker} tag {image} {stolen}")
    result = agent_host.run(f"{docker} push {stolen}; status=$?; {docker} rmi {stolen} > {FOLDER}/log; exit $status")
    assert result.rc == 1
    assert any(word in result.stderr.lower() for word in ("denied", "unauthorized", "forbidden", "403"))
