# SPDX-License-Identifier: GPL-3.0-or-later
"""The process: its command line, its TLS files, its destinations."""

import signal
import subprocess
import time
from pathlib import Path

import pytest
from log_shipper_certificates import Certificates
from log_shipper_process import COMMAND, SERVICE_FOLDER, ShipperProcess
from lumberjack_server import LumberjackServer

pytestmark = pytest.mark.system


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the program to its end."""
    return subprocess.run(
        [*COMMAND, *arguments], cwd=SERVICE_FOLDER, capture_output=True, text=True, check=False, timeout=20
    )


def write(path: Path, text: str) -> None:
    """Append a line to a log."""
    with path.open("a", encoding="utf-8") as file:
        file.write(f"{text}\n")


def test_check(shipper: ShipperProcess) -> None:
    """`--check` ends with 0 and changes nothing for a good file, with 2 and one sentence for a bad one."""
    path = shipper.folder / "c.toml"
    path.write_text(shipper.configuration(), encoding="utf-8")
    assert run("--check", "--config", str(path)).returncode == 0
    assert not (shipper.folder / "state").exists()
    path.write_text("[x]\n", encoding="utf-8")
    done = run("--check", "--config", str(path))
    assert done.returncode == 2
    assert done.stderr == "log-shipper: state_directory: it is missing; give a text\n"


@pytest.mark.parametrize("option", ["state_directory", "metrics"])
def test_start_that_can_not_be(option: str, shipper: ShipperProcess, server: LumberjackServer) -> None:
    """A state directory that can not be made, an address in use: one sentence."""
    if option == "metrics":
        shipper.metrics_port = server.port
    else:
        (shipper.folder / "state").write_text("in the way", encoding="utf-8")
    path = shipper.folder / "c.toml"
    path.write_text(shipper.configuration(), encoding="utf-8")
    done = run("--config", str(path))
    assert done.returncode == 2
    assert done.stderr.startswith(f"log-shipper: {option}: ")
    assert done.stderr.count("\n") == 1


def test_each_destination_gets_everything(
    shipper: ShipperProcess, server: LumberjackServer, certificates: Certificates
) -> None:
    """One that is away does not hold up another, and gets all of it later, removed files too."""
    with LumberjackServer(certificates) as other:
        other.stop()
        shipper.others = [other.port]
        log = shipper.logs / "a.log"
        write(log, "first")
        shipper.start()
        server.wait_for("first")
        write(log, "second")
        server.wait_for("second")
        held = shipper.state.parent / f"graylog-{other.port}/files"
        server.wait(lambda: any(held.glob("*.log")), "the other destination's link")
        log.unlink()
        shipper.kill()
        other.start()
        shipper.start()
        other.wait_for("first", "second")
        assert other.messages() == ["first", "second"]


def test_other_certificate_on_sighup(
    shipper: ShipperProcess, server: LumberjackServer, certificates: Certificates
) -> None:
    """A changed client certificate is used without a restart, and nothing is repeated for it."""
    shipper.start()
    write(shipper.logs / "a.log", "first")
    server.wait_for("first")
    shipper.use_client(certificates, "second-client")
    shipper.signal(signal.SIGHUP)
    server.wait(lambda: server.clients == ["client", "second-client"], "the new certificate")
    write(shipper.logs / "a.log", "second")
    server.wait_for("second")
    assert server.messages() == ["first", "second"]


def test_unusable_new_certificate(
    shipper: ShipperProcess, server: LumberjackServer, certificates: Certificates
) -> None:
    """Changed files are noticed without a signal; while they are unusable the old ones serve."""
    shipper.start()
    write(shipper.logs / "a.log", "first")
    server.wait_for("first")
    (shipper.tls / "client.pem").write_text("half a certificate", encoding="utf-8")
    server.wait(lambda: "the old ones stay in use" in shipper.log(), "the report")
    write(shipper.logs / "a.log", "second")
    server.wait_for("second")
    shipper.use_client(certificates, "second-client")
    server.wait(lambda: server.clients[-1] == "second-client", "the new certificate")


def test_stranger_is_refused(tmp_path: Path, server: LumberjackServer, certificates: Certificates) -> None:
    """A client certificate of another authority gets nothing through, and the log says why."""
    shipper = ShipperProcess(tmp_path, certificates, [server.port], client="stranger")
    try:
        write(shipper.logs / "a.log", "not for you")
        shipper.start()
        # In TLS 1.3 the server refuses after the client's handshake: its alert races with the end of the connection.
        refusals = ("alert", "reset by peer", "broken pipe", "eof")
        server.wait(lambda: any(refusal in shipper.log().lower() for refusal in refusals), "the refusal")
        assert not server.events
    finally:
        shipper.kill()


def test_server_of_another_authority_is_refused(
    shipper: ShipperProcess, server: LumberjackServer, certificates: Certificates
) -> None:
    """Nothing is sent to a server that the authority does not know."""
    (shipper.tls / "ca.pem").write_bytes(certificates.path("other-ca.pem").read_bytes())
    write(shipper.logs / "a.log", "not for you")
    shipper.start()
    server.wait(lambda: "CERTIFICATE_VERIFY_FAILED" in shipper.log(), "the refusal")
    assert not server.events


def test_lag_is_reported(shipper: ShipperProcess, server: LumberjackServer) -> None:
    """The shipper's own log has its figures, and an error once it is far behind; then that it no longer is."""
    shipper.limits.append('lag_alarm = "2s"')
    server.silent = True
    write(shipper.logs / "a.log", "first")
    shipper.start()
    server.wait(lambda: " ERROR mesospark_log_shipper.shipper: graylog: shipping is 2 s behind" in shipper.log())
    server.wait(lambda: "INFO mesospark_log_shipper.shipper: status destination=graylog lag_seconds=" in shipper.log())
    server.silent = False
    server.wait(lambda: " INFO mesospark_log_shipper.shipper: graylog: shipping is 0 s behind" in shipper.log())
    assert shipper.log().count(" s behind") == 2


def test_stop_while_no_answer_comes(shipper: ShipperProcess, server: LumberjackServer) -> None:
    """SIGTERM ends the process within seconds, and the window is sent again."""
    server.silent = True
    write(shipper.logs / "a.log", "unanswered")
    shipper.start()
    server.wait_for("unanswered")
    started = time.monotonic()
    assert shipper.stop() == 0
    assert time.monotonic() - started < 9
    server.silent = False
    shipper.start()
    server.wait(lambda: server.messages() == ["unanswered"] * 2)
