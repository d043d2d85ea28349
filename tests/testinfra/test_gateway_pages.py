# SPDX-License-Identifier: GPL-3.0-or-later
"""What people see in a browser: the page of what is running, and from there the driver's own pages."""

import tempfile
from collections.abc import Iterator

import pytest
from gateway_access import Gateway
from graylog_browser import QUIET_START, SIZE, Site, chromium
from log_runs import NUMBERED_LINES, JobRun, start_numbered_lines
from playwright.sync_api import Page, sync_playwright

pytestmark = [pytest.mark.hosts, pytest.mark.timeout(600)]

PRINCIPAL = "spark"


@pytest.fixture(scope="module")
def gateway(platform) -> Gateway:
    return Gateway(platform)


@pytest.fixture(scope="module")
def run(platform, tmp_path_factory: pytest.TempPathFactory) -> Iterator[JobRun]:
    """A run of the team that goes on while its pages are looked at."""
    started = start_numbered_lines(platform, tmp_path_factory.mktemp("run"), 2000, seconds=60, principal=PRINCIPAL)
    yield started
    started.wait_for_end()


@pytest.fixture(scope="module")
def page(platform, gateway) -> Iterator[Page]:
    """As a member of the team sees it, who gives a password: the browser of this machine has no ticket."""
    site = Site(gateway.url, platform.address(gateway.names[0]), platform.secrets_folder / "ca.pem")
    user = gateway.person(PRINCIPAL)
    with sync_playwright() as playwright, tempfile.TemporaryDirectory() as folder:
        context = playwright.chromium.launch_persistent_context(
            folder,
            executable_path=chromium(),
            headless=True,
            args=[
                *QUIET_START,
                f"--ignore-certificate-errors-spki-list={site.key_hash()}",
                f"--host-resolver-rules=MAP {site.name} {site.address}",
            ],
            http_credentials={"username": user, "password": gateway.password(user), "origin": gateway.url},
            viewport=SIZE,
        )
        yield context.new_page()
        context.close()


def test_a_run_leads_to_its_driver(gateway, page, run):
    problems: list[str] = []
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.on("requestfailed", lambda request: problems.append(request.url))
    page.goto(gateway.url + "/")
    row = page.locator(f"tr[data-run='{run.run_id}']")
    assert NUMBERED_LINES in row.inner_text()
    assert "running" in row.inner_text()
    row.get_by_role("link", name="driver").click()
    page.wait_for_url(f"**/drivers/{run.run_id}/jobs/")
    assert "Spark Jobs" in page.inner_text("body")
    # This page is filled by a script that asks the driver's API.
    page.get_by_role("link", name="Executors").click()
    page.wait_for_url(f"**/drivers/{run.run_id}/executors/")
    page.locator("#active-executors-table tbody tr").first.wait_for()
    assert problems == []


def test_a_drivers_page_reaches_nothing_else(gateway, page, run):
    page.goto(f"{gateway.url}/drivers/{run.run_id}/jobs/")
    asked = "fetch('/marathon/v2/apps').then(answer => answer.status, error => 'refused')"
    assert page.evaluate(asked) == "refused"
