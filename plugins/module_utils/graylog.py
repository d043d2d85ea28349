# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Graylog's REST API: one way to read, create, update and remove, and the look-ups by which modules name things."""

from __future__ import annotations

import re
import time
import typing as t
import urllib.parse
from dataclasses import replace

from .client import Client, Response
from .errors import ApiError, OptionError

Query = t.Sequence[tuple[str, str]]
Document = dict[str, t.Any]

# Graylog takes a write from a browser's own pages only; any value of this header says that it is none.
_HEADERS = {"X-Requested-By": "mesospark"}
# Graylog 3.3 walks over lists that it is changing, right after an input was made, and answers 500 once or twice.
_READ_ATTEMPTS = 4
_READ_PAUSE = 0.5
_PAGE = 100
_LISTS = {
    "streams": ("/streams", "streams"),
    "index sets": ("/system/indices/index_sets", "index_sets"),
    "inputs": ("/system/inputs", "inputs"),
    "roles": ("/roles", "roles"),
}


class Graylog:
    """Documents are decoded JSON in the shapes of Graylog's REST API. Paths are those below ``/api``.

    Errors are those of the client: ApiError, AccessDenied, ConnectionFailed.
    """

    def __init__(self, client: Client, sleep: t.Callable[[float], None] = time.sleep) -> None:
        self.client = client
        self._sleep = sleep
        self._version: t.Optional[tuple[int, ...]] = None

    @property
    def url(self) -> str:
        """The address that people open in a browser, without a trailing slash."""
        return self.client.url

    @property
    def version(self) -> tuple[int, ...]:
        """Such as ``(3, 3, 11)``."""
        if self._version is None:
            match = re.match(r"\d+(\.\d+)*", str(self.read("/system").get("version")))
            self._version = tuple(int(part) for part in match[0].split(".")) if match else (0,)
        return self._version

    def as_user(self, username: str, password: str) -> Graylog:
        """The same server, asked as another user."""
        connection = replace(self.client.connection, username=username, password=password)
        return Graylog(Client(connection, self.client.service, self.client.option), self._sleep)

    def read(self, path: str, query: Query = ()) -> t.Any:
        return self._read(path, query, ()).json()

    def find(self, path: str, query: Query = ()) -> t.Optional[t.Any]:
        """The document, or None when there is none (404)."""
        answer = self._read(path, query, (404,))
        return None if answer.status == 404 else answer.json()

    def create(self, path: str, body: t.Any = None, query: Query = ()) -> t.Any:
        return self.client.request("POST", "/api" + path, query, _document(body), _HEADERS).json()

    def update(self, path: str, body: t.Any = None, query: Query = ()) -> t.Any:
        return self.client.request("PUT", "/api" + path, query, _document(body), _HEADERS).json()

    def remove(self, path: str, query: Query = ()) -> bool:
        """Whether there was something to remove."""
        answer = self.client.request("DELETE", "/api" + path, query, headers=_HEADERS, accept_status=(404,))
        return answer.status != 404

    def open(
        self,
        method: str,
        path: str,
        query: Query = (),
        body: t.Any = None,
        accept: str = "application/json",
        timeout: t.Optional[float] = None,
    ) -> t.Any:
        """A request that changes nothing and has a long answer: an ``http.client.HTTPResponse`` to read from.

        ``timeout``: seconds of silence allowed while it is read.
        """
        headers = {**_HEADERS, "Accept": accept}
        return self.client.open(method, "/api" + path, query, body, headers, repeat=True, timeout=timeout)

    def streams(self) -> list[Document]:
        return self._list("streams")

    def index_sets(self) -> list[Document]:
        return self._list("index sets")

    def inputs(self) -> list[Document]:
        return self._list("inputs")

    def roles(self) -> list[Document]:
        return self._list("roles")

    def views(self) -> list[Document]:
        """Dashboards (``type`` DASHBOARD) and saved searches (SEARCH)."""
        return self.pages("/views", "views")

    def pages(self, path: str, key: str) -> list[Document]:
        """All elements of a list that Graylog gives in pages."""
        found: list[Document] = []
        while True:
            query = [("page", str(len(found) // _PAGE + 1)), ("per_page", str(_PAGE))]
            page = self.read(path, query)[key]
            found += page
            if len(page) < _PAGE:
                return found

    def user(self, username: str) -> t.Optional[Document]:
        return self.find(f"/users/{quoted(username)}")

    def stream_named(self, name: str) -> t.Optional[Document]:
        """The stream with this title or id. Raises OptionError when several have the title."""
        return only("stream", name, self.streams(), "title", "id")

    def _list(self, name: str) -> list[Document]:
        path, key = _LISTS[name]
        return self.read(path)[key]

    def _read(self, path: str, query: Query, accept_status: t.Sequence[int]) -> Response:
        for _attempt in range(1, _READ_ATTEMPTS):
            try:
                return self.client.request("GET", "/api" + path, query, accept_status=accept_status)
            except ApiError as error:
                if error.status != 500:
                    raise
                self._sleep(_READ_PAUSE)
        return self.client.request("GET", "/api" + path, query, accept_status=accept_status)


def only(option: str, name: str, documents: t.Iterable[Document], *keys: str) -> t.Optional[Document]:
    """The document which one of the keys names, or None; the first key that matches any decides.

    Raises OptionError, naming the option, when several have the name: titles need not be unique in Graylog.
    """
    candidates = list(documents)
    for key in keys:
        found = [document for document in candidates if document.get(key) == name]
        if len(found) > 1:
            ids = ", ".join(str(document.get("id")) for document in found)
            raise OptionError(option, name, f"is the {key} of several ({ids})", "rename or remove all but one")
        if found:
            return found[0]
    return None


def quoted(name: str) -> str:
    """A name as one part of a path."""
    return urllib.parse.quote(name, safe="")


def _document(body: t.Any) -> t.Any:
    # Without a body Graylog answers some writes with 415.
    return {} if body is None else body
