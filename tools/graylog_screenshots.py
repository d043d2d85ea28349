# SPDX-License-Identifier: GPL-3.0-or-later
"""Take the screenshots of docs/logs.md from a platform that runs: graylog_screenshots.py [INVENTORY [FOLDER]]

They show what is there, so run the demo's jobs before (playbooks/demo_jobs.yml). Needs Chromium.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from graylog_browser import GraylogBrowser, Site, signed_in
from playwright.sync_api import sync_playwright

ROOT = Path(__file__).resolve().parent.parent
TEAM = "spark"
JOB = "failing"
LARGEST = 150 * 1024  # bytes


def search(browser: GraylogBrowser) -> None:
    browser.search(f"job:{JOB}", 3600)


def message(browser: GraylogBrowser) -> None:
    browser.search(f"job:{JOB} AND level:<=3", 3600)
    browser.page.get_by_text("ERROR Executor").first.click()
    browser.settle()


def run(browser: GraylogBrowser) -> None:
    browser.open_saved_search("A run")
    browser.show_menu(JOB + "-2")


def slow(browser: GraylogBrowser) -> None:
    browser.open_saved_search("Slow executors")


def jobs(browser: GraylogBrowser) -> None:
    browser.open_dashboard("Jobs")
    browser.look_back("1 hour")


def platform(browser: GraylogBrowser) -> None:
    browser.open_dashboard("Platform")
    browser.look_back("1 hour")


def alerts(browser: GraylogBrowser) -> None:
    browser.open("/alerts")


# By account: file, height in pixels, what to do.
Picture = tuple[str, int, Callable[[GraylogBrowser], None]]
PICTURES: dict[str, list[Picture]] = {
    TEAM: [
        ("logs-search.png", 800, search),
        ("logs-message.png", 900, message),
        ("logs-run.png", 620, run),
        ("logs-slow-executors.png", 760, slow),
        ("logs-jobs.png", 1420, jobs),
    ],
    "admin": [("logs-platform.png", 1080, platform), ("logs-alerts.png", 700, alerts)],
}


def hosts(inventory: str) -> dict[str, Any]:
    """The inventory as ansible-inventory tells it."""
    command = ["ansible-inventory", "--inventory", inventory, "--list"]
    return json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def main() -> None:
    inventory = sys.argv[1] if len(sys.argv) > 1 else "inventories/demo"
    folder = Path(sys.argv[2]) if len(sys.argv) > 2 else ROOT / "docs"
    known = hosts(inventory)
    variables = known["_meta"]["hostvars"][known["graylogs"]["hosts"][0]]
    secrets = Path(inventory) / "../../.demo/secrets"
    site = Site(
        f"https://graylog.{variables['platform_domain']}:9000", variables["platform_address"], secrets / "ca.pem"
    )
    with sync_playwright() as playwright:
        for username, pictures in PICTURES.items():
            password = (secrets / f"graylog_{username}_password").read_text().split()[0]
            with signed_in(playwright, site, username, password) as browser:
                for name, height, show in pictures:
                    browser.height(height)
                    show(browser)
                    path = folder / name
                    browser.page.screenshot(path=path)
                    size = path.stat().st_size
                    print(f"{name}: {size // 1024} KiB", flush=True)
                    if size > LARGEST:
                        sys.exit(f"{name} is larger than {LARGEST // 1024} KiB: lessen its height.")


if __name__ == "__main__":
    main()
