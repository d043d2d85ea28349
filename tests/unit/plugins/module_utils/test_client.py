# SPDX-License-Identifier: GPL-3.0-or-later
import shutil
import socket
import ssl
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread
from typing import Any

import pytest
from ansible_collections.mesospark.platform.plugins.module_utils.client import Client, Connection, error_message
from ansible_collections.mesospark.platform.plugins.module_utils.errors import (
    AccessDenied,
    ApiError,
    ConnectionFailed,
    OptionError,
)
from mesos_runtime.local_cluster.certificates import CertificateAuthority


def client(*urls: str, retry_seconds: float = 2.0, **connection: Any) -> Client:
    return Client(
        Connection(urls=urls, **connection), "Marathon", "marathon_url", retry_seconds, sleep=lambda seconds: None
    )


def unused_url() -> str:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{probe.getsockname()[1]}"


def test_sends_json_with_credentials(server: Any) -> None:
    server.routes["PUT /v2/apps/a"] = (200, {"version": "1"})
    answer = client(server.url, username="operator", password="word").request(
        "PUT", "/v2/apps/a", [("force", "true")], {"cpus": 1}
    )
    assert answer.json() == {"version": "1"}
    request = server.requests[0]
    assert (request.body, request.query) == ({"cpus": 1}, {"force": "true"})
    assert request.headers["Authorization"] == "Basic b3BlcmF0b3I6d29yZA=="
    assert request.headers["Content-Type"] == "application/json"


def test_goes_to_the_next_server_when_one_is_down(server: Any) -> None:
    server.routes["GET /x"] = (200, {"ok": True})
    service = client(unused_url(), server.url)
    assert service.request("GET", "/x").json() == {"ok": True}
    assert service.url == server.url


def test_a_server_that_is_down_is_named_with_its_option() -> None:
    url = unused_url()
    with pytest.raises(
        ConnectionFailed, match=rf"^Marathon at {url} does not answer .* is marathon_url right\?"
    ) as caught:
        client(url, retry_seconds=0).request("GET", "/x")
    assert "Traceback" not in caught.value.message


def test_waits_for_a_leader(server: Any) -> None:
    answers = iter([(503, {"message": "no leader"}), (307, b"", {"Location": server.url + "/x"}), (200, {"ok": True})])
    server.routes["GET /x"] = lambda request: next(answers)
    assert client(server.url).request("GET", "/x").json() == {"ok": True}


def test_follows_a_scheme_relative_redirect_to_the_leader(server: Any, other_server: Any) -> None:
    server.routes["GET /tasks"] = (307, b"", {"Location": f"//{other_server.address}/master/tasks"})
    other_server.routes["GET /master/tasks"] = (200, {"tasks": []})
    answer = client(server.url, username="operator", password="word").request("GET", "/tasks")
    assert answer.json() == {"tasks": []}
    assert "Authorization" in other_server.requests[0].headers


def test_credentials_never_leave_tls_for_plain_text() -> None:
    secured = client("https://127.0.0.1:1", username="operator", password="word", validate_certs=False)
    assert secured._authorization("https://127.0.0.1:1/x")
    assert not secured._authorization("http://127.0.0.1:1/x")
    assert not secured._authorization("https://elsewhere.example:443/x")


def test_a_broken_write_is_not_sent_twice(server: Any) -> None:
    attempts = []

    def breaks(request: Any) -> Any:
        attempts.append(request)
        raise ConnectionResetError

    server.routes["POST /x"] = breaks
    with pytest.raises(ConnectionFailed, match="broke the connection"):
        client(server.url).request("POST", "/x", body={})
    assert len(attempts) == 1


def test_refused_credentials(server: Any) -> None:
    server.routes["GET /x"] = (401, b"<html>no</html>")
    with pytest.raises(
        AccessDenied, match=r"does not know user 'operator' \(status 401\): check user name and password"
    ):
        client(server.url, username="operator", password="wrong").request("GET", "/x")


def test_error_bodies_are_told_in_one_line(server: Any) -> None:
    body = {"message": "Object is not valid", "details": [{"path": "/cpus", "errors": ["error.min"]}]}
    server.routes["PUT /x"] = (422, body)
    with pytest.raises(ApiError, match=r"Marathon answered PUT /x with 422: Object is not valid \(/cpus: error.min\)"):
        client(server.url).request("PUT", "/x", body={})
    assert error_message(b'{"errors":[{"code":"DENIED","message":"not allowed"}]}') == "not allowed"
    assert error_message(b"") == "no explanation"


def test_a_page_of_a_server_in_front_is_told_by_its_title() -> None:
    page = b"<html>\n<head><title>502 Bad\nGateway</title></head><body><h1>502 Bad Gateway</h1></body></html>"
    assert error_message(page) == "502 Bad Gateway"


def test_something_else_answers(server: Any) -> None:
    server.routes["GET /x"] = (200, b"<html>welcome</html>")
    with pytest.raises(ConnectionFailed, match="not JSON: is this the address of the right service"):
        client(server.url).request("GET", "/x").json()


@pytest.mark.parametrize("url", ["edge1:8443", "ftp://edge1", ""])
def test_what_is_no_url(url: str) -> None:
    with pytest.raises(OptionError, match="write it as https://host:port"):
        client(url)


def test_certificate_files_that_can_not_be_used(tmp_path: Any) -> None:
    missing, wrong = tmp_path / "none.pem", tmp_path / "wrong.pem"
    wrong.write_text("no certificate")
    with pytest.raises(OptionError, match=f"^ca_path: '{missing}' is no file on this machine; "):
        client("https://127.0.0.1:1", ca_path=str(missing))
    with pytest.raises(OptionError, match=f"^client_cert: '{wrong}' can not be used .*; give readable PEM files"):
        client("https://127.0.0.1:1", client_cert=str(wrong))


def test_files_are_read_again_when_they_are_replaced(tmp_path: Any) -> None:
    """Modules that wait for a run go on when certificates are renewed, also by another authority."""
    authorities = [CertificateAuthority(tmp_path / name) for name in ("former", "next")]
    trusted, replacement = tmp_path / "ca.pem", tmp_path / "ca.pem.new"
    shutil.copy(authorities[0].certificate, trusted)
    served = authorities[1].issue("server", addresses=["127.0.0.1"])
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(served.certificate, served.key)
    with HTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler) as listening:
        listening.socket = context.wrap_socket(listening.socket, server_side=True)
        Thread(target=listening.serve_forever, daemon=True).start()
        waiting = client(f"https://127.0.0.1:{listening.server_port}", ca_path=str(trusted), retry_seconds=0)
        with pytest.raises(ConnectionFailed, match="its certificate is not trusted"):
            waiting.request("GET", "/x")
        trusted.unlink()  # for a moment there may be none
        with pytest.raises(ConnectionFailed, match="its certificate is not trusted"):
            waiting.request("GET", "/x")
        shutil.copy(authorities[1].certificate, replacement)
        replacement.replace(trusted)
        assert waiting.request("GET", "/x", accept_status=[501]).status == 501
        listening.shutdown()


def test_plain_text_at_a_tls_url(server: Any) -> None:
    with pytest.raises(ConnectionFailed, match="does not speak TLS: correct the scheme in marathon_url"):
        client(server.url.replace("http", "https"), retry_seconds=0).request("GET", "/x")


def test_tls_errors_say_what_to_set() -> None:
    service = client("https://127.0.0.1:1", validate_certs=False)
    needed = ssl.SSLError(1, "[SSL: TLSV13_ALERT_CERTIFICATE_REQUIRED] tlsv13 alert certificate required")
    assert "set client_cert and client_key" in service._tls_failure("https://127.0.0.1:1/x", needed).message
