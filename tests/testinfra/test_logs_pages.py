# SPDX-License-Identifier: GPL-3.0-or-later
"""What people see in Graylog's pages: a headless browser signs in, searches, and opens the dashboards."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from graylog_browser import GraylogBrowser, Site, signed_in
from log_runs import NUMBERED_LINES, JobRun, start_numbered_lines, wait
from log_store import LogStore
from playwright.sync_api import Playwright, sync_playwright

pytestmark = [pytest.mark.hosts, pytest.mark.timeout(600)]

PRINCIPAL = "spark"
LINES = 200
# The time at the head of each message in a list.
LISTED = r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d \+00:00"


@pytest.fixture(scope="module")
def logs(platform) -> LogStore:
    return LogStore(platform)


@pytest.fixture(scope="module")
def run(platform, logs, tmp_path_factory: pytest.TempPathFactory) -> JobRun:
    """A short run of the team, all of whose lines have arrived."""
    folder: Path = tmp_path_factory.mktemp("run")
    started = start_numbered_lines(platform, folder, LINES, seconds=1, principal=PRINCIPAL)
    started.wait_for_end()
    logs.numbered(started.run_id, LINES, folder, "60s")
    return started


@pytest.fixture(scope="module")
def site(platform, logs) -> Site:
    url = f"https://graylog.{platform.variables['platform_domain']}:9000"
    return Site(url, logs.address, platform.secrets_folder / "ca.pem")


@pytest.fixture(scope="module")
def playwright() -> Iterator[Playwright]:
    with sync_playwright() as running:
        yield running


@pytest.fixture(scope="module")
def browser(playwright, site, logs) -> Iterator[GraylogBrowser]:
    """As a member of the team sees it."""
    with signed_in(playwright, site, *logs.team(PRINCIPAL)) as browser:
        yield browser


def _numbers(text: str) -> dict[str, int]:
    """The single numbers of a dashboard, by the titles above them."""
    return {title: int(value) for title, value in re.findall(r"\b(Messages|Errors)\s+(\d+)$", text, re.MULTILINE)}


def test_a_search_for_a_run_shows_its_lines(browser, run):
    browser.search(f'run:"{run.run_id}" AND message:"executor-2 stdout"')
    assert re.search(r"line \d+ executor-2 stdout", browser.text())


def test_the_saved_search_leads_to_a_run(browser, run):
    browser.open_saved_search("A run")
    assert NUMBERED_LINES in browser.text()
    browser.add_to_query(run.run_id)
    assert browser.query().replace("\\", "") == f"_exists_:run AND run:{run.run_id}"
    assert run.run_id in browser.text()


def test_the_dashboard_of_jobs_shows_numbers(browser, run):
    def shown() -> bool:
        browser.open_dashboard("Jobs")
        numbers = _numbers(browser.text())
        return numbers.get("Messages", 0) >= LINES and numbers.get("Errors", 0) > 0

    wait(shown, "numbers in the dashboard of jobs", 60)
    text = browser.text()
    for word in ("Messages per job", "Errors per job", "Messages per agent", "Slowest executors", "Quietest executors"):
        assert word in text
    assert run.run_id in text and NUMBERED_LINES in text


def test_a_team_sees_nothing_of_the_platform(browser, run):
    browser.open("/dashboards")
    assert browser.page.get_by_role("link", name="Jobs", exact=True).count() == 1
    assert browser.page.get_by_role("link", name="Platform", exact=True).count() == 0
    browser.search("service:mesos-agent")
    assert not re.search(LISTED, browser.text())
    browser.search("_exists_:run")
    assert re.search(LISTED, browser.text())


def test_the_dashboard_of_the_platform_shows_every_host(platform, playwright, site, logs):
    with signed_in(playwright, site, *logs.administrator) as browser:
        browser.open_dashboard("Platform")
        text = browser.text()
    for name in platform.members("platform"):
        assert f"{name}.{platform.variables['platform_domain']}" in text
