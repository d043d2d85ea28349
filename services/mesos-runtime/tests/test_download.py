# SPDX-License-Identifier: GPL-3.0-or-later
"""Downloads from a package index that this test serves itself."""

import hashlib
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from mesos_runtime.download import fetch
from mesos_runtime.errors import BuildError

CONTENT = bytes(range(256)) * 4096
DIGEST = hashlib.sha256(CONTENT).hexdigest()
NAME = "some.project-1.0.tar.gz"


class Index(ThreadingHTTPServer):
    """A package index with one file, and a record of the requests. `content` is what it really sends."""

    def __init__(self, answer: str) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.answer = answer  # json, html or html-without-digest
        self.content = CONTENT
        self.cut_after: int | None = None
        self.requests: list[tuple[str, dict[str, str]]] = []

    @property
    def url(self) -> str:
        """What pip's index-url would be."""
        return f"http://127.0.0.1:{self.server_port}/simple"

    def page(self) -> tuple[str, str]:
        """Content type and text of the project's page."""
        if self.answer == "json":
            files = [{"filename": NAME, "url": f"../../files/{NAME}", "hashes": {"sha256": DIGEST}}]
            return "application/vnd.pypi.simple.v1+json", json.dumps({"files": files})
        fragment = f"#sha256={DIGEST}" if self.answer == "html" else ""
        return "text/html", f'<a href="../other">x</a><a href="../../files/{NAME}{fragment}">{NAME}</a>'


class _Handler(BaseHTTPRequestHandler):
    server: Index

    def do_GET(self) -> None:
        self.server.requests.append((self.path, dict(self.headers.items())))
        if self.path == "/simple/some-project/":
            kind, text = self.server.page()
            self._send(200, text.encode(), {"Content-Type": kind})
        elif self.path == f"/files/{NAME}":
            self._send_file()
        else:
            self._send(404, b"", {})

    def _send_file(self) -> None:
        content, status, first = self.server.content, 200, 0
        wanted = self.headers.get("Range")
        if wanted:
            first = int(wanted.removeprefix("bytes=").rstrip("-"))
            if first >= len(content):
                self._send(416, b"", {})
                return
            status = 206
        rest = content[first:]
        if self.server.cut_after is not None:
            cut, self.server.cut_after = self.server.cut_after, None
            self._send(status, rest[:cut], {"Content-Length": str(len(rest))})
            return
        self._send(status, rest, {})

    def _send(self, status: int, body: bytes, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Nothing on the test's output."""


@pytest.fixture(params=["json", "html", "html-without-digest"])
def index(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Index]:
    """The index that pip's settings name."""
    server = Index(request.param)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    monkeypatch.setenv("PIP_INDEX_URL", server.url)
    monkeypatch.setenv("no_proxy", "*")
    yield server
    server.shutdown()
    server.server_close()


def test_file_is_found_fetched_and_kept(index: Index, tmp_path: Path) -> None:
    path = fetch("some.project", NAME, DIGEST, tmp_path)
    assert path.read_bytes() == CONTENT
    asked = len(index.requests)
    assert fetch("some.project", NAME, DIGEST, tmp_path) == path
    assert len(index.requests) == asked


def test_other_contents_are_refused(index: Index, tmp_path: Path) -> None:
    index.content = CONTENT[:-1] + b"!"
    with pytest.raises(BuildError, match=f"not {DIGEST}: it was not used"):
        fetch("some.project", NAME, DIGEST, tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_damaged_file_in_the_cache_is_replaced(index: Index, tmp_path: Path) -> None:
    (tmp_path / NAME).write_bytes(b"damaged")
    assert fetch("some.project", NAME, DIGEST, tmp_path).read_bytes() == CONTENT


def test_broken_download_is_continued(index: Index, tmp_path: Path) -> None:
    index.cut_after = 300_000
    with pytest.raises(BuildError, match="run the build again to continue it"):
        fetch("some.project", NAME, DIGEST, tmp_path)
    assert fetch("some.project", NAME, DIGEST, tmp_path).read_bytes() == CONTENT
    assert index.requests[-1][1]["Range"] == "bytes=300000-"


def test_complete_partial_file_does_not_confuse(index: Index, tmp_path: Path) -> None:
    (tmp_path / f"{NAME}.part").write_bytes(CONTENT)
    assert fetch("some.project", NAME, DIGEST, tmp_path).read_bytes() == CONTENT


def test_project_that_is_not_there(index: Index, tmp_path: Path) -> None:
    with pytest.raises(BuildError, match="answered 404"):
        fetch("other.project", NAME, DIGEST, tmp_path)


def test_file_that_is_not_there(index: Index, tmp_path: Path) -> None:
    with pytest.raises(BuildError, match="point pip at an index that does"):
        fetch("some.project", "other-2.0.tar.gz", "0" * 64, tmp_path)


def test_account_in_the_index_url(index: Index, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PIP_INDEX_URL", index.url.replace("http://", "http://reader:s%40cret@"))
    fetch("some.project", NAME, DIGEST, tmp_path)
    assert {headers["Authorization"] for _, headers in index.requests} == {"Basic cmVhZGVyOnNAY3JldA=="}


def test_index_that_does_not_answer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:9/simple")
    monkeypatch.setenv("no_proxy", "*")
    with pytest.raises(BuildError, match="check pip's index-url, proxy and cert settings"):
        fetch("some.project", NAME, DIGEST, tmp_path)


def test_bad_ca_bundle_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:9/simple")
    monkeypatch.setenv("PIP_CERT", str(tmp_path / "none.pem"))
    with pytest.raises(BuildError, match=r"none\.pem"):
        fetch("some.project", NAME, DIGEST, tmp_path)
