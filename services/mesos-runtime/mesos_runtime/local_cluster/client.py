# SPDX-License-Identifier: GPL-3.0-or-later
"""A small HTTP client for the operator endpoints of a local cluster."""

import base64
import json
import ssl
import urllib.error
import urllib.request
from typing import Any


class OperatorClient:
    """GET and POST with basic credentials and a TLS context."""

    def __init__(self, url: str, context: ssl.SSLContext | None, credentials: tuple[str, str] | None = None) -> None:
        self.url = url
        handlers: list[urllib.request.BaseHandler] = [urllib.request.ProxyHandler({})]
        if context:
            handlers.append(urllib.request.HTTPSHandler(context=context))
        self._opener = urllib.request.build_opener(*handlers)
        self._headers = {"Accept": "application/json"}
        if credentials:
            token = base64.b64encode(":".join(credentials).encode()).decode()
            self._headers["Authorization"] = f"Basic {token}"

    def get(self, path: str) -> Any:
        """Decoded JSON, text where the answer is no JSON, "" for an empty answer; None if nobody answers."""
        try:
            return self.request(path)[1]
        except OSError:
            return None

    def status(self, path: str) -> int:
        """The HTTP status of a GET; OSError if nobody answers."""
        return self.request(path)[0]

    def request(self, path: str, body: Any = None) -> tuple[int, Any]:
        """GET, or POST of `body` as JSON: the status and the decoded answer. OSError if nobody answers."""
        data = None if body is None else json.dumps(body).encode()
        headers = self._headers | ({"Content-Type": "application/json"} if data is not None else {})
        request = urllib.request.Request(self.url + path, data, headers)
        try:
            with self._opener.open(request, timeout=5) as answer:
                return answer.status, _decode(answer.read())
        except urllib.error.HTTPError as error:
            with error:
                return error.code, _decode(error.read())


def _decode(data: bytes) -> Any:
    try:
        return json.loads(data)
    except ValueError:
        return data.decode(errors="replace")
