# SPDX-License-Identifier: GPL-3.0-or-later
"""What people see in a browser: the page of what is running, and from there the driver's own pages."""

from collections.abc import Iterator

import pytest
from gateway_access import Gateway
from gateway_browser import page_of
from graylog_browser import Site
from log_runs import NUMBERED_LINES, JobRun, start_numbered_lines, wait
from playwright.sync_api import Page, sync_playwright

pytestmark = [pytest.mark.hosts, pytest.mark.timeout(600)]

PRINCIPAL = "spark"


@pytest.fixture(scope="module")
def gateway(platform) -> Gateway:
    return Gateway(platform)


@pytest.fixture(scope="module")
def run(platform, gateway, tmp_path_factory: pytest.TempPathFactory) -> Iterator[JobRun]:
    """A run of the team that goes on while its pages are looked at, once its driver serves them."""
    started = start_numbered_lines(platform, tmp_path_factory.mktemp("run"), 2000, seconds=30, principal=PRINCIPAL)
    member = gateway.person(PRINCIPAL)
    # Before there are any, each path has a sentence that the driver is starting.
    jobs = f"/drivers/{started.run_id}/jobs/"
    wait(lambda: "Spark Jobs" in gateway.ask(member, jobs).text, "the driver's pages", 180)
    yield started
    started.wait_for_end()


@pytest.fixture(scope="module")
def page(platform, gateway) -> Iterator[Page]:
    """As a member of the team sees it, who gives a password: the browser of this machine has no ticket."""
    site = Site(gateway.url, platform.address(gateway.names[0]), platform.secrets_folder / "ca.pem")
    user = gateway.person(PRINCIPAL)
    with sync_playwright() as playwright, page_of(playwright, site, user, gateway.password(user)) as opened:
        yield opened


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
