# SPDX-License-Identifier: GPL-3.0-or-later
"""mesos-fetcher, as an agent starts it: by the agent for real tasks, and by hand for the many kinds of files."""

import gzip
import json
import os
import pwd
import ssl
import subprocess
import threading
import zipfile
from collections.abc import Callable, Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from mesos_executors.fetcher import file_name_of, local_path
from mesos_runtime.local_cluster.certificates import CertificateAuthority
from mesos_runtime.local_cluster.framework import Framework
from runtime_helpers import Json, MakeTask

FETCHER = Path(__file__).resolve().parent.parent / "executors/mesos-fetcher"


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        """Nothing on the test's output."""


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a script and archives that hold the file folder/inside."""
    folder = tmp_path_factory.mktemp("files")
    (folder / "script").write_text("#!/bin/sh\necho script-ran\n")
    inside = folder / "folder/inside"
    inside.parent.mkdir()
    inside.write_text("inside\n")
    inside.chmod(0o750)
    for name in ("a.tar", "a.tgz", "a.tar.bz2", "a.tar.xz"):
        subprocess.run(["tar", "-C", folder, "-caf", folder / name, "folder/inside"], check=True)
    with zipfile.ZipFile(folder / "a.zip", "w") as archive:
        archive.write(inside, "folder/inside")
    (folder / "plain.txt.gz").write_bytes(gzip.compress(b"plain\n"))
    (folder / "damaged.zip").write_bytes(b"no zip")
    return folder


@pytest.fixture(scope="module")
def site(files: Path) -> Iterator[str]:
    """URL of a server for those files."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=str(files)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


Fetch = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def sandbox(tmp_path: Path) -> Path:
    """An empty sandbox."""
    folder = tmp_path / "sandbox"
    folder.mkdir()
    return folder


@pytest.fixture
def fetch(sandbox: Path) -> Fetch:
    """`fetch(uri, ...)` runs the fetcher for one item."""

    def run(
        value: str,
        *,
        item: Json | None = None,
        info: Json | None = None,
        environment: dict[str, str] | None = None,
        **uri: object,
    ) -> "subprocess.CompletedProcess[str]":
        items = [{"uri": {"value": value, **uri}, "action": "BYPASS_CACHE", **(item or {})}]
        document = {"sandbox_directory": str(sandbox), "items": items, **(info or {})}
        variables = {"PATH": os.environ["PATH"], "MESOS_FETCHER_INFO": json.dumps(document), **(environment or {})}
        return subprocess.run(
            ["/usr/bin/python3", "-ES", FETCHER], env=variables, capture_output=True, text=True, check=False
        )

    return run


def test_plain_file_by_http(fetch: Fetch, sandbox: Path, site: str) -> None:
    assert fetch(f"{site}/script").returncode == 0
    assert (sandbox / "script").read_text().startswith("#!/bin/sh")
    assert not (sandbox / "script").stat().st_mode & 0o111


def test_executable(fetch: Fetch, sandbox: Path, site: str) -> None:
    assert fetch(f"{site}/script", executable=True).returncode == 0
    assert subprocess.run([sandbox / "script"], capture_output=True, check=True).stdout == b"script-ran\n"


@pytest.mark.parametrize("name", ["a.tar", "a.tgz", "a.tar.bz2", "a.tar.xz", "a.zip"])
def test_archives_are_unpacked(fetch: Fetch, sandbox: Path, files: Path, name: str) -> None:
    assert fetch(f"file://{files}/{name}", extract=True).returncode == 0
    assert (sandbox / "folder/inside").read_text() == "inside\n"
    assert (sandbox / "folder/inside").stat().st_mode & 0o777 == 0o750
    assert (sandbox / name).exists()


def test_archive_that_stays_packed(fetch: Fetch, sandbox: Path, files: Path) -> None:
    assert fetch(f"{files}/a.zip", extract=False).returncode == 0
    assert [path.name for path in sandbox.iterdir()] == ["a.zip"]


def test_compressed_file(fetch: Fetch, sandbox: Path, site: str) -> None:
    assert fetch(f"{site}/plain.txt.gz").returncode == 0
    assert (sandbox / "plain.txt").read_text() == "plain\n"


def test_output_file(fetch: Fetch, sandbox: Path, site: str) -> None:
    assert fetch(f"{site}/script", output_file="a/b/c", extract=False).returncode == 0
    assert (sandbox / "a/b/c").exists()


def test_cache(fetch: Fetch, sandbox: Path, site: str, tmp_path: Path) -> None:
    info = {"cache_directory": str(tmp_path / "cache")}
    item = {"action": "DOWNLOAD_AND_CACHE", "cache_filename": "c1-a.tgz"}
    assert fetch(f"{site}/a.tgz", item=item, info=info).returncode == 0
    assert (tmp_path / "cache/c1-a.tgz").exists()
    (sandbox / "folder/inside").unlink()
    item["action"] = "RETRIEVE_FROM_CACHE"
    assert fetch("http://192.0.2.1/a.tgz", item=item, info=info).returncode == 0
    assert (sandbox / "folder/inside").exists()


def test_as_another_user(fetch: Fetch, sandbox: Path, site: str) -> None:
    nobody = pwd.getpwnam("nobody")
    os.chown(sandbox, nobody.pw_uid, nobody.pw_gid)
    for folder in (sandbox, *sandbox.parents):
        if folder.owner() == "root" and folder.name.startswith(("pytest-", "test_")):
            folder.chmod(0o755)
    assert fetch(f"{site}/script", info={"user": "nobody"}).returncode == 0
    assert (sandbox / "script").owner() == "nobody"


@pytest.mark.parametrize(
    ("location", "reason"),
    [
        ("{site}/none", "404"),
        ("http://127.0.0.1:9/file", "refused"),
        ("{site}/", "names no file"),
        ("file://host/file", "cannot name a host"),
        ("/no/such/file", "No such file"),
        ("relative/file", "--frameworks_home"),
        ("{site}/damaged.zip", "not a zip file"),
    ],
)
def test_reason_of_a_failure(fetch: Fetch, site: str, location: str, reason: str) -> None:
    done = fetch(location.format(site=site))
    assert done.returncode == 1
    assert reason in done.stderr
    assert "Traceback" not in done.stderr


def test_https_trusts_what_the_host_trusts(fetch: Fetch, sandbox: Path, files: Path, tmp_path: Path) -> None:
    """SSL_CERT_FILE stands for the host's store here: OpenSSL looks there, and only the agent can set it."""
    authority = CertificateAuthority(tmp_path / "tls")
    certificate = authority.issue("server", ["127.0.0.1"])
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=str(files)))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate.certificate, certificate.key)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        url = f"https://127.0.0.1:{server.server_port}/script"
        refused = fetch(url)
        assert refused.returncode == 1
        assert "CERTIFICATE_VERIFY_FAILED" in refused.stderr
        trusted = {"SSL_CERT_FILE": str(authority.certificate)}
        assert fetch(url, environment=trusted).returncode == 0
        assert (sandbox / "script").exists()
    finally:
        server.shutdown()
        server.server_close()


def test_names_of_locations() -> None:
    assert file_name_of("http://host/a/b.tgz") == "b.tgz"
    assert file_name_of("/a/b/") == "b"
    assert local_path("file://localhost/a", None) == Path("/a")
    assert local_path("a", "/home") == Path("/home/a")
    assert local_path("hdfs://host/a", None) is None


@pytest.mark.system
def test_by_the_agent(
    framework: Framework, make_task: MakeTask, site: str, sandbox_file: Callable[[str, str], str]
) -> None:
    command = "cat $MESOS_SANDBOX/folder/inside; $MESOS_SANDBOX/script"
    task = make_task(command)
    task["command"]["uris"] = [
        {"value": f"{site}/a.tgz", "extract": True},
        {"value": f"{site}/script", "executable": True, "cache": True},
    ]
    framework.wait_for(framework.launch(task), "TASK_FINISHED")
    output = sandbox_file(task["task_id"]["value"], "stdout")
    assert "inside\n" in output
    assert "script-ran\n" in output


@pytest.mark.system
def test_failure_is_seen_in_the_task(
    framework: Framework, make_task: MakeTask, site: str, sandbox_file: Callable[[str, str], str]
) -> None:
    task = make_task("true")
    task["command"]["uris"] = [{"value": f"{site}/none"}]
    ended = framework.wait_for(framework.launch(task), "TASK_FAILED")
    assert "fetch" in ended["message"].lower()
    assert "404" in sandbox_file(task["task_id"]["value"], "stderr")
