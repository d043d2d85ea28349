# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The one HTTP client: TLS, client certificates, basic authentication or Kerberos, bounded retries, careful redirects.

A service is one or several URLs of equal rank (masters of a quorum). A request is tried at the URL that answered
last; when a connection is lost, or no leader is known yet, the next one is tried until ``retry_seconds`` are over.
"""

from __future__ import annotations

import base64
import http.client
import json
import os
import re
import ssl
import time
import typing as t
import urllib.error
import urllib.parse
from dataclasses import dataclass

from ansible.module_utils.urls import Request, make_context

from .errors import AccessDenied, ApiError, ConnectionFailed, OptionError, PlatformError
from .spnego import KerberosIdentity, Proof

RETRY_PAUSE = 0.5
MAXIMUM_REDIRECTS = 5
_REDIRECTS = (301, 302, 303, 307, 308)
_NO_LEADER = (502, 503, 504)
_SAFE_TO_REPEAT = ("GET", "HEAD", "DELETE")


@dataclass(frozen=True)
class Connection:
    """Where a service is and how to reach it. ``urls`` have a scheme and no trailing slash; ``timeout`` is in
    seconds. With ``kerberos``, user name and password are not used.
    """

    urls: tuple[str, ...]
    username: t.Optional[str] = None
    password: t.Optional[str] = None
    ca_path: t.Optional[str] = None
    client_cert: t.Optional[str] = None
    client_key: t.Optional[str] = None
    validate_certs: bool = True
    timeout: float = 10.0
    kerberos: t.Optional[KerberosIdentity] = None

    @property
    def tls_files(self) -> dict[str, str]:
        """Those that are given, by their options."""
        files = {"ca_path": self.ca_path, "client_cert": self.client_cert, "client_key": self.client_key}
        return {option: path for option, path in files.items() if path}

    def tls_state(self) -> list[tuple[int, int]]:
        """Differs when one of them has been replaced."""
        found = [os.stat(path) for path in self.tls_files.values() if os.path.isfile(path)]
        return [(status.st_mtime_ns, status.st_ino) for status in found]

    @property
    def caller(self) -> str:
        """Who asks, for error messages."""
        if self.kerberos:
            return str(self.kerberos)
        return f"user {self.username!r}" if self.username else "a caller without a user name"

    def ssl_context(self) -> ssl.SSLContext:
        """Raises OptionError when a certificate or key file can not be used."""
        given = self.tls_files
        for option, path in given.items():
            if not os.path.isfile(path):
                raise OptionError(option, path, "is no file on this machine", "give the path of a PEM file")
        try:
            return make_context(
                cafile=self.ca_path,
                validate_certs=self.validate_certs,
                client_cert=self.client_cert,
                client_key=self.client_key,
            )
        except (OSError, ssl.SSLError) as error:
            raise OptionError(
                ", ".join(given),
                ", ".join(given.values()),
                f"can not be used ({error})",
                "give readable PEM files, the key belonging to the certificate",
            ) from error


@dataclass(frozen=True)
class Response:
    """A finished answer: ``url`` is the one that answered, after redirects."""

    status: int
    headers: t.Mapping[str, str]
    data: bytes
    url: str

    def json(self) -> t.Any:
        """Raises ConnectionFailed when the body is not JSON: something else than the API answered."""
        try:
            # Logs in an answer may be cut within a character.
            return json.loads(self.data.decode(errors="replace") or "{}")
        except ValueError as error:
            raise ConnectionFailed(
                f"{self.url} answered with something that is not JSON: is this the address of the right service?"
            ) from error


class _Unavailable(Exception):
    """This URL did not serve the request, another one or a later attempt may. ``sent`` says whether it may have been
    read.
    """

    def __init__(self, reason: str, sent: bool) -> None:
        super().__init__(reason)
        self.sent = sent


class Client:
    """Requests to one service. ``service`` and ``option`` name it and its URL option in error messages."""

    def __init__(
        self,
        connection: Connection,
        service: str,
        option: str,
        retry_seconds: float = 10.0,
        clock: t.Callable[[], float] = time.monotonic,
        sleep: t.Callable[[float], None] = time.sleep,
    ) -> None:
        self.connection = connection
        self.service = service
        self.option = option
        self.retry_seconds = retry_seconds
        self._clock = clock
        self._sleep = sleep
        self._current = 0
        for url in connection.urls:
            parts = urllib.parse.urlsplit(url)
            if parts.scheme not in ("http", "https") or not parts.hostname:
                raise OptionError(option, url, "is not an HTTP URL", "write it as https://host:port")
        if connection.kerberos:
            connection.kerberos.check()
        self._tls_state = connection.tls_state()
        self._opener = self._new_opener()

    def _new_opener(self) -> Request:
        return Request(
            use_proxy=False,
            timeout=self.connection.timeout,
            follow_redirects="none",
            context=self.connection.ssl_context(),
            http_agent="mesospark",
        )

    def _opener_now(self) -> Request:
        """With what the TLS files hold now: whoever waits for a run may outlive a certificate, or an authority."""
        state = self.connection.tls_state()
        if state != self._tls_state:
            try:
                self._opener = self._new_opener()
                self._tls_state = state
            except OptionError:
                pass  # one file is new and the other is not yet
        return self._opener

    @property
    def url(self) -> str:
        """The URL which is asked first: the one that answered last."""
        return self.connection.urls[self._current]

    def request(
        self,
        method: str,
        path: str,
        query: t.Optional[t.Sequence[tuple[str, str]]] = None,
        body: t.Any = None,
        headers: t.Optional[dict[str, str]] = None,
        repeat: t.Optional[bool] = None,
        accept_status: t.Sequence[int] = (),
        base_url: t.Optional[str] = None,
    ) -> Response:
        """Send one request and read the whole answer.

        ``body``: bytes as they are, anything else as JSON. ``repeat``: may a request whose connection broke be sent
        again? (default: only methods that are safe to repeat). Error statuses in ``accept_status`` are returned,
        others raise ApiError, AccessDenied or ConnectionFailed. ``base_url`` asks another server (an agent) with the
        same identity.
        """
        stream = self.open(method, path, query, body, headers, repeat, accept_status, base_url)
        try:
            with stream:
                return Response(stream.status, stream.headers, stream.read(), stream.url)
        except (OSError, http.client.HTTPException) as error:
            raise ConnectionFailed(f"{self.service} at {self.url} broke off its answer: {error}.") from error

    def open(
        self,
        method: str,
        path: str,
        query: t.Optional[t.Sequence[tuple[str, str]]] = None,
        body: t.Any = None,
        headers: t.Optional[dict[str, str]] = None,
        repeat: t.Optional[bool] = None,
        accept_status: t.Sequence[int] = (),
        base_url: t.Optional[str] = None,
        timeout: t.Optional[float] = None,
    ) -> t.Any:
        """As request(), but the answer's body is left to be read: an ``http.client.HTTPResponse``.

        ``timeout``: seconds of silence allowed while it is read (default: the connection's).
        """
        send_headers = {"Accept": "application/json", **(headers or {})}
        data = body
        if body is not None and not isinstance(body, bytes):
            data = json.dumps(body).encode()
            send_headers.setdefault("Content-Type", "application/json")
        suffix = path + ("?" + urllib.parse.urlencode(query) if query else "")
        may_repeat = method in _SAFE_TO_REPEAT if repeat is None else repeat
        deadline = self._clock() + self.retry_seconds
        while True:
            url = (base_url or self.url) + suffix
            try:
                return self._follow(method, url, data, send_headers, accept_status, timeout)
            except _Unavailable as problem:
                if self._clock() + RETRY_PAUSE > deadline or (problem.sent and not may_repeat):
                    raise ConnectionFailed(f"{self.service} at {base_url or self._all_urls()} {problem}") from problem
                self._current = (self._current + 1) % len(self.connection.urls)
                self._sleep(RETRY_PAUSE)

    def _all_urls(self) -> str:
        return ", ".join(self.connection.urls)

    def _follow(
        self,
        method: str,
        url: str,
        data: t.Optional[bytes],
        headers: dict[str, str],
        accept_status: t.Sequence[int],
        timeout: t.Optional[float],
    ) -> t.Any:
        """One attempt with its redirects; a redirect that comes back to where it started means: no leader yet."""
        seen = set()
        for _hop in range(MAXIMUM_REDIRECTS):
            seen.add(url)
            proof = self._proof(url)
            answer = self._send(method, url, data, {**headers, **self._authorization(url, proof)}, timeout)
            if answer.status not in _REDIRECTS or answer.status in accept_status:
                return self._checked(answer, method, url, accept_status, proof)
            target = urllib.parse.urljoin(url, answer.headers.get("Location", url))
            answer.close()
            if target in seen:
                raise _Unavailable("has no leader yet.", sent=False)
            url = target
        raise _Unavailable("redirects for ever.", sent=False)

    def _proof(self, url: str) -> t.Optional[Proof]:
        """A Kerberos token for the server of this URL, None if it is not to have one."""
        if not self.connection.kerberos or not self._may_know_caller(url):
            return None
        return self.connection.kerberos.proof(urllib.parse.urlsplit(url).hostname or "")

    def _authorization(self, url: str, proof: t.Optional[Proof] = None) -> dict[str, str]:
        if proof:
            return {"Authorization": f"Negotiate {proof.token}"}
        if self.connection.kerberos or not self.connection.username or not self._may_know_caller(url):
            return {}
        pair = f"{self.connection.username}:{self.connection.password or ''}"
        return {"Authorization": "Basic " + base64.b64encode(pair.encode()).decode()}

    def _may_know_caller(self, url: str) -> bool:
        """Credentials go to the configured servers, and to others only if the configured CA vouches for them over
        TLS.
        """
        target = urllib.parse.urlsplit(url)
        same_server = any(
            (target.scheme, target.netloc) == urllib.parse.urlsplit(known)[:2] for known in self.connection.urls
        )
        vouched_for = target.scheme == "https" and self.connection.validate_certs and bool(self.connection.ca_path)
        plain_from_the_start = all(known.startswith("http://") for known in self.connection.urls)
        return same_server or vouched_for or (plain_from_the_start and target.scheme == "http")

    def _send(
        self, method: str, url: str, data: t.Optional[bytes], headers: dict[str, str], timeout: t.Optional[float]
    ) -> t.Any:
        """One request to one URL; every HTTP status is an answer."""
        try:
            return self._opener_now().open(method, url, data=data, headers=headers, timeout=timeout)
        except urllib.error.HTTPError as answer:
            return answer
        except urllib.error.URLError as error:
            reason = error.reason
            if isinstance(reason, ssl.SSLError):
                raise self._tls_failure(url, reason) from error
            refused = isinstance(reason, ConnectionRefusedError)
            raise _Unavailable(
                f"does not answer ({_told(reason)}): is it running, and is {self.option} right?", not refused
            ) from error
        except ssl.SSLError as error:
            raise self._tls_failure(url, error) from error
        except (OSError, http.client.HTTPException) as error:
            raise _Unavailable(
                f"broke the connection ({_told(error)}): is {self.option} right (http or https)?", True
            ) from error

    def _tls_failure(self, url: str, error: ssl.SSLError) -> ConnectionFailed:
        text = str(error)
        if isinstance(error, ssl.SSLCertVerificationError):
            hint = f"its certificate is not trusted ({error.verify_message}): set ca_path to the platform's CA"
            if "mismatch" in text or "doesn't match" in text or "IP address" in text:
                hint = f"its certificate is for another name ({error.verify_message}): correct {self.option}"
        elif "CERTIFICATE_REQUIRED" in text or "HANDSHAKE_FAILURE" in text:
            hint = "it asks for a client certificate of the platform's CA: set client_cert and client_key"
        elif "WRONG_VERSION_NUMBER" in text or "HTTP_REQUEST" in text:
            hint = f"it does not speak TLS: correct the scheme in {self.option}"
        elif "UNKNOWN_CA" in text or "BAD_CERTIFICATE" in text:
            hint = "it refused the client certificate: set client_cert and client_key to a pair of the platform's CA"
        else:
            hint = f"the TLS handshake failed ({text})"
        server = "{0.scheme}://{0.netloc}".format(urllib.parse.urlsplit(url))
        return ConnectionFailed(f"{self.service} at {server} can not be used: {hint}.")

    def _checked(
        self, answer: t.Any, method: str, url: str, accept_status: t.Sequence[int], proof: t.Optional[Proof]
    ) -> t.Any:
        if answer.status < 400 or answer.status in accept_status:
            return answer
        parts = urllib.parse.urlsplit(url)
        server = f"{parts.scheme}://{parts.netloc}"
        body = answer.read(65536)
        if answer.status in (401, 403):
            raise self._refusal(answer, server, body, proof)
        message = error_message(body)
        if answer.status in _NO_LEADER:
            raise _Unavailable(f"is not ready (status {answer.status}: {message}).", sent=False)
        raise ApiError(answer.status, self.service, method, parts.path, message)

    def _refusal(self, answer: t.Any, server: str, body: bytes, proof: t.Optional[Proof]) -> PlatformError:
        """A server that knows the caller may say by which rule it refuses; one that does not, what is wrong with the
        ticket.
        """
        status = answer.status
        if proof and status == 401:
            for challenge in answer.headers.get_all("WWW-Authenticate", []):
                if challenge.startswith("Negotiate ") and (told := proof.refusal(challenge.split()[1])):
                    return told
        word = "does not know" if status == 401 else "does not allow this to"
        rule = error_message(body) if status == 403 and body.lstrip().startswith(b"{") else ""
        if proof and status == 401:
            fix = "it does not let this principal in, or its keytab has an old key"
        else:
            fix = rule or ("ask for the right" if self.connection.kerberos else "check user name and password")
        return AccessDenied(f"{self.service} at {server} {word} {self.connection.caller} (status {status}): {fix}.")


def _told(reason: object) -> str:
    """A failure in the operating system's words, without its number."""
    return str(getattr(reason, "strerror", None) or reason) or type(reason).__name__


def error_message(body: bytes) -> str:
    """What an error body says, in one line: the JSON forms of Marathon, Graylog and registries, or the text itself."""
    try:
        document = json.loads(body)
    except ValueError:
        text = body.decode(errors="replace")
        # A server in front of the service answers with a page.
        title = re.search(r"<title>(.*?)</title>", text, re.DOTALL | re.IGNORECASE)
        return " ".join((title[1] if title else text).split())[:500] or "no explanation"
    if isinstance(document, list) and all(isinstance(entry, dict) and "reason" in entry for entry in document):
        return "; ".join(f"line {entry.get('line')}: {entry['reason']}" for entry in document)
    if not isinstance(document, dict):
        return str(document)[:500]
    if isinstance(document.get("errors"), list):
        return "; ".join(str(entry.get("message", entry)) for entry in document["errors"] if isinstance(entry, dict))
    if isinstance(document.get("errors"), dict):
        return "; ".join(f"{field}: {', '.join(map(str, told))}" for field, told in document["errors"].items())
    details = document.get("details")
    text = str(document.get("message", "no explanation")).rstrip(".")
    if isinstance(details, list) and details:
        parts = [f"{entry.get('path')}: {', '.join(map(str, entry.get('errors', [])))}" for entry in details]
        text += " (" + "; ".join(parts) + ")"
    elif isinstance(details, str):
        text += f" ({details})"
    return text
