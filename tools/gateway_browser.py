# SPDX-License-Identifier: GPL-3.0-or-later
"""A headless Chromium at the gateway, for its tests and its screenshot: gateway_browser.py [INVENTORY [FILE]]

The picture shows what is running, so start a job before. The browser gives a password: it has no ticket.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from graylog_browser import QUIET_START, SIZE, Site, chromium
from graylog_screenshots import ROOT, hosts
from playwright.sync_api import Page, Playwright, sync_playwright

VIEWER = "carol"
HEIGHT = 430  # pixels


@contextmanager
def page_of(playwright: Playwright, site: Site, username: str, password: str) -> Iterator[Page]:
    """An empty page of a browser that logs in at the gateway whenever it is asked to."""
    with tempfile.TemporaryDirectory() as folder:
        context = playwright.chromium.launch_persistent_context(
            folder,
            executable_path=chromium(),
            headless=True,
            args=[
                *QUIET_START,
                f"--ignore-certificate-errors-spki-list={site.key_hash()}",
                f"--host-resolver-rules=MAP {site.name} {site.address}",
            ],
            http_credentials={"username": username, "password": password, "origin": site.url},
            viewport=SIZE,
        )
        try:
            yield context.new_page()
        finally:
            context.close()


def main() -> None:
    inventory = sys.argv[1] if len(sys.argv) > 1 else "inventories/demo"
    file = Path(sys.argv[2]) if len(sys.argv) > 2 else ROOT / "docs/gateway.png"
    known = hosts(inventory)
    variables = known["_meta"]["hostvars"][known["gateways"]["hosts"][0]]
    secrets = Path(inventory) / "../../.demo/secrets"
    site = Site(f"https://gateway.{variables['platform_domain']}", variables["platform_address"], secrets / "ca.pem")
    password = (secrets / f"{VIEWER}_kerberos_password").read_text().split()[0]
    with sync_playwright() as playwright, page_of(playwright, site, VIEWER, password) as page:
        page.set_viewport_size({"width": SIZE["width"], "height": HEIGHT})
        page.goto(site.url + "/")
        page.screenshot(path=file)


if __name__ == "__main__":
    main()
