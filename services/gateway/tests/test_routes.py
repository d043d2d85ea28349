# SPDX-License-Identifier: GPL-3.0-or-later
"""What reaches the services, and what comes back."""

import asyncio
import shutil
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from gateway_certificates import Certificates, make_certificates
from gateway_platform import ADDRESS, RUN, GatewayPlatform, gateway_platform
from mesospark_gateway.forward import own_location

Story = Callable[[GatewayPlatform], Awaitable[None]]


def play(folder: Path, certificates: Certificates, story: Story) -> None:
    async def told() -> None:
        async with gateway_platform(folder, certificates) as platform:
            await story(platform)

    asyncio.run(told())


def test_marathon_is_told_who_asks(tmp_path: Path, certificates: Certificates) -> None:
    async def story(platform: GatewayPlatform) -> None:
        answer = await platform.ask(
            "bob", "/marathon/v2/apps?force=true", "POST", b'{"id": "/x"}', Authorization="Negotiate x", Cookie="a=b"
        )
        assert answer.status == 201
        asked = platform.last("marathon")
        assert (asked.account, asked.query, asked.body) == ("marathon", "force=true", b'{"id": "/x"}')
        assert (asked.headers["X-Remote-User"], asked.headers["X-Remote-Groups"]) == ("bob", "spark")
        assert "Cookie" not in asked.headers

    play(tmp_path, certificates, story)


def test_unknown_groups_are_not_handed_on(tmp_path: Path, certificates: Certificates) -> None:
    async def story(platform: GatewayPlatform) -> None:
        answer = await platform.ask(
            "", "/marathon/v2/apps", X_Remote_User="bob", X_Remote_Groups="spark, wheel", Connection="X-Remote-User"
        )
        assert answer.status == 200
        assert platform.last("marathon").headers["X-Remote-Groups"] == "spark"

    play(tmp_path, certificates, story)


def test_masters_and_agents_get_the_gateways_account(tmp_path: Path, certificates: Certificates) -> None:
    async def story(platform: GatewayPlatform) -> None:
        await platform.ask("bob", "/mesos/version")
        asked = platform.last("mesos")
        assert (asked.path, asked.account) == ("/version", "mesos")
        assert "X-Remote-User" not in asked.headers
        path = "/frameworks/F-spark/executors/0/runs/latest/std err"
        await platform.ask("bob", "/agents/localhost/files/read?offset=0&path=" + path.replace(" ", "%20"))
        asked = platform.last("mesos")
        assert (asked.path, asked.query) == (
            "/files/read",
            "offset=0&path=" + path.replace("/", "%2F").replace(" ", "+"),
        )

    play(tmp_path, certificates, story)


def test_masters_are_told_for_drivers(tmp_path: Path, certificates: Certificates) -> None:
    async def story(platform: GatewayPlatform) -> None:
        answer = await platform.ask("bob", "/mesos/masters")
        assert answer.json() == {"masters": [f"https://localhost:{platform.port}"]}

    play(tmp_path, certificates, story)


def test_driver_pages(tmp_path: Path, certificates: Certificates) -> None:
    async def story(platform: GatewayPlatform) -> None:
        assert (await platform.ask("bob", f"/drivers/{RUN}")).headers["Location"] == f"/drivers/{RUN}/"
        answer = await platform.ask("bob", f"/drivers/{RUN}/")
        assert (answer.status, answer.headers["Location"]) == (302, f"/drivers/{RUN}/jobs/")
        answer = await platform.ask("bob", f"/drivers/{RUN}/jobs/?a=%2F")
        assert answer.body == b"<h1>Spark Jobs</h1>"
        asked = platform.last("driver")
        assert (asked.path, asked.query) == ("/jobs/", "a=%2F")
        assert asked.headers["X-Forwarded-Context"] == f"/drivers/{RUN}"
        assert not {"Authorization", "X-Remote-User"} & set(asked.headers)
        assert not {"Set-Cookie", "WWW-Authenticate"} & set(answer.headers)
        assert f"connect-src {ADDRESS}/drivers/{RUN}/;" in answer.headers["Content-Security-Policy"]

    play(tmp_path, certificates, story)


def test_registry(tmp_path: Path, certificates: Certificates) -> None:
    async def story(platform: GatewayPlatform) -> None:
        await platform.ask("bob", "/v2/mesospark/spark/manifests/3.5.8")
        assert platform.last("registry").account == "registry_pull"
        begun = await platform.ask("bob", "/v2/mesospark/spark/blobs/uploads/", "POST")
        assert begun.headers["Location"] == "/v2/mesospark/spark/blobs/uploads/1?_state=x"
        data = bytes(3_000_000)
        await platform.ask("bob", begun.headers["Location"] + "&digest=sha256%3Aab", "PUT", data)
        asked = platform.last("registry")
        assert (asked.account, asked.query) == ("registry_push", "_state=x&digest=sha256%3Aab")
        assert len(asked.body) == len(data)
        page = await platform.ask("carol", "/registry/", Accept="text/html")
        assert "mesospark/spark" in page.body.decode()

    play(tmp_path, certificates, story)


def test_graylog_accounts(tmp_path: Path, certificates: Certificates) -> None:
    async def story(platform: GatewayPlatform) -> None:
        await platform.ask("bob", "/graylog/api/views/search", "POST", b"{}", X_Requested_By="test")
        asked = platform.last("graylog")
        assert (asked.account, asked.path) == ("graylog_team_spark", "/graylog-of-test/api/views/search")
        assert asked.headers["X-Requested-By"] == "test"
        await platform.ask("alice", "/graylog/api/system")
        assert platform.last("graylog").account == "graylog_operators"

    play(tmp_path, certificates, story)


def test_landing_page(tmp_path: Path, certificates: Certificates) -> None:
    async def story(platform: GatewayPlatform) -> None:
        page = (await platform.ask("alice", "/", Accept="text/html")).body.decode()
        assert f'href="/drivers/{RUN}/"' in page
        assert f"q=run%3A%22{RUN}%22" in page
        assert f"localhost:{platform.port}" in page
        assert "1.5 of 4" in page
        assert "<script" not in page

    play(tmp_path, certificates, story)


def test_refusals_are_pages_for_browsers(tmp_path: Path, certificates: Certificates) -> None:
    async def story(platform: GatewayPlatform) -> None:
        answer = await platform.ask("dave", f"/drivers/{RUN}/", Accept="text/html")
        assert answer.status == 403
        assert "belongs to spark" in answer.body.decode()
        assert (await platform.ask("dave", f"/drivers/{RUN}/")).message.startswith("teams: ")

    play(tmp_path, certificates, story)


def test_renewed_certificates_are_used(tmp_path: Path) -> None:
    (tmp_path / "old").mkdir()
    (tmp_path / "new").mkdir()
    old = make_certificates(tmp_path / "old")

    async def story(platform: GatewayPlatform) -> None:
        assert (await platform.ask("alice", "/mesos/version")).status == 200
        make_certificates(tmp_path / "new")
        for name in ("ca.pem", "host.pem", "host.key", "crl.pem"):
            shutil.copy(tmp_path / "new" / name, tmp_path / "old" / name)
        # Services still have the former authority's certificates: with the new one alone, none is trusted.
        answer = await platform.ask("alice", "/mesos/version")
        assert answer.status == 503
        assert "certificate verify failed" in answer.message

    play(tmp_path, old, story)


def test_a_master_that_does_not_lead_is_no_answer(tmp_path: Path, certificates: Certificates) -> None:
    async def story(platform: GatewayPlatform) -> None:
        platform.master_leads = False
        answer = await platform.ask("alice", "/mesos/version")
        assert (answer.status, answer.message) == (503, "the Mesos master does not lead, or not yet")
        assert (await platform.ask("alice", "/mesos/redirect")).status == 307

    play(tmp_path, certificates, story)


def test_services_with_revoked_certificates_are_not_spoken_to(tmp_path: Path) -> None:
    certificates = make_certificates(tmp_path)

    async def story(platform: GatewayPlatform) -> None:
        assert (await platform.ask("alice", "/mesos/version")).status == 200
        certificates.revoke(certificates.certificate)
        answer = await platform.ask("alice", "/mesos/version")
        assert answer.status == 503
        assert "certificate revoked" in answer.message
        certificates.revoke()
        assert (await platform.ask("alice", "/mesos/version")).status == 200

    play(tmp_path, certificates, story)


@pytest.mark.parametrize(
    ("location", "expected"),
    [
        ("https://agent1:31002/jobs/", "/drivers/x/jobs/"),
        ("/jobs/?a=b", "/drivers/x/jobs/?a=b"),
        ("/drivers/x/jobs/", "/drivers/x/jobs/"),
        ("https://agent1:31002/drivers/x/jobs/", "/drivers/x/jobs/"),
        ("https://elsewhere/jobs/", "https://elsewhere/jobs/"),
        ("//elsewhere/jobs/", "//elsewhere/jobs/"),
        ("stages/", "stages/"),
    ],
)
def test_redirects(location: str, expected: str) -> None:
    assert own_location(location, "https://agent1:31002/", "/drivers/x") == expected
