# SPDX-License-Identifier: GPL-3.0-or-later
"""Finds a file in the Python package index that pip is configured for.

pip itself refuses the file wanted here (its name and its metadata disagree about the version), so the index is asked
directly, with pip's own settings: index URL, CA bundle and proxy, from its configuration files and environment.
"""

import base64
import html.parser
import json
import os
import re
import ssl
import subprocess
import sys
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Mapping
from functools import cache
from http.client import HTTPResponse

from mesos_runtime.errors import BuildError

_ACCEPT = "application/vnd.pypi.simple.v1+json, application/vnd.pypi.simple.v1+html;q=0.2, text/html;q=0.1"
_TIMEOUT = 60


class PackageIndex:
    """The index pip would use."""

    def __init__(self) -> None:
        settings = _pip_settings()
        url = urllib.parse.urlsplit(settings.get("index-url") or _default_index_url())
        self._headers: dict[str, str] = {}
        if url.username:
            account = f"{urllib.parse.unquote(url.username)}:{urllib.parse.unquote(url.password or '')}"
            self._headers["Authorization"] = "Basic " + base64.b64encode(account.encode()).decode()
        host = url.netloc.rpartition("@")[2]
        self._host = host
        self._url = urllib.parse.urlunsplit((url.scheme, host, url.path.rstrip("/"), "", ""))
        handlers: list[urllib.request.BaseHandler] = [urllib.request.HTTPSHandler(context=_tls_context(settings))]
        if settings.get("proxy"):
            handlers.append(urllib.request.ProxyHandler({"http": settings["proxy"], "https": settings["proxy"]}))
        self._opener = urllib.request.build_opener(*handlers)

    def find(self, project: str, sha256: str, file_name: str) -> str:
        """URL of the project's file with that digest (or, where the index gives no digest, that name)."""
        page_url = f"{self._url}/{re.sub(r'[-_.]+', '-', project).lower()}/"
        with self.open(page_url, {"Accept": _ACCEPT}) as answer:
            data = answer.read()
            is_json = "json" in answer.headers.get("Content-Type", "")
        files = _files_of_json(data) if is_json else _files_of_html(data)
        by_name = None
        for name, url, digest in files:
            if digest == sha256:
                return urllib.parse.urljoin(page_url, url)
            if name == file_name and digest is None:
                by_name = urllib.parse.urljoin(page_url, url)
        if by_name is None:
            raise BuildError(
                f"the package index does not offer {file_name} of the project {project} (sha256 {sha256}); "
                "point pip at an index that does (PIP_INDEX_URL or `pip config set global.index-url`)"
            )
        return by_name

    def open(self, url: str, headers: Mapping[str, str]) -> HTTPResponse:
        """GET with pip's settings; BuildError that names the cause if there is no good answer."""
        sent = dict(headers)
        if urllib.parse.urlsplit(url).netloc == self._host:
            sent |= self._headers
        try:
            answer: HTTPResponse = self._opener.open(urllib.request.Request(url, headers=sent), timeout=_TIMEOUT)
        except urllib.error.HTTPError as error:
            with error:
                raise BuildError(f"the package index answered {error.code} {error.reason} for {url}") from None
        except OSError as error:
            reason = getattr(error, "reason", error)
            raise BuildError(
                f"the package index cannot be reached ({reason}); check pip's index-url, proxy and cert settings"
            ) from None
        return answer


def _pip_settings() -> dict[str, str]:
    """pip's global settings by name; environment over files, as pip has it."""
    settings: dict[str, str] = {}
    for scope in ("global", "install", "download"):
        for name, value in re.findall(rf"^{scope}\.([a-z-]+)='(.*)'$", _pip_configuration(), re.MULTILINE):
            settings[name] = value
    for name in ("index-url", "cert", "proxy"):
        value = os.environ.get("PIP_" + name.upper().replace("-", "_"))
        if value:
            settings[name] = value
    return settings


@cache
def _pip_configuration() -> str:
    """What pip's configuration files say; "" without pip."""
    command = [sys.executable, "-m", "pip", "config", "list"]
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout


def _default_index_url() -> str:
    try:
        from pip._internal.models.index import PyPI
    except ImportError:
        raise BuildError(
            f"{sys.executable} has no pip, whose settings say where packages come from: install pip (Debian: "
            "python3-pip) or set PIP_INDEX_URL"
        ) from None
    return str(PyPI.simple_url)


def _tls_context(settings: Mapping[str, str]) -> ssl.SSLContext:
    bundle = settings.get("cert") or os.environ.get("REQUESTS_CA_BUNDLE") or os.environ.get("SSL_CERT_FILE")
    if not bundle:
        return ssl.create_default_context()
    try:
        return ssl.create_default_context(cafile=bundle)
    except OSError as error:
        raise BuildError(f"the CA bundle {bundle} (pip's cert setting) cannot be used: {error}") from None


def _files_of_json(data: bytes) -> list[tuple[str, str, str | None]]:
    """(name, URL, sha256 or None) of each file on a page of the simple API in JSON."""
    try:
        files = json.loads(data)["files"]
        return [(file["filename"], file["url"], file.get("hashes", {}).get("sha256")) for file in files]
    except (ValueError, KeyError, TypeError):
        raise BuildError("the package index gave an answer that is not the simple API's JSON") from None


def _files_of_html(data: bytes) -> list[tuple[str, str, str | None]]:
    """The same of a page in HTML."""

    class Links(html.parser.HTMLParser):
        found: list[str]

        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            href = dict(attrs).get("href")
            if tag == "a" and href:
                self.found.append(href)

    links = Links()
    links.found = []
    links.feed(data.decode(errors="replace"))
    files: list[tuple[str, str, str | None]] = []
    for href in links.found:
        url, _mark, fragment = href.partition("#")
        name = urllib.parse.unquote(url.rpartition("/")[2])
        files.append((name, url, fragment.removeprefix("sha256=") if fragment.startswith("sha256=") else None))
    return files
