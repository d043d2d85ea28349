# SPDX-License-Identifier: GPL-3.0-or-later
"""A headless Chromium in Graylog's pages, for screenshots and for the test of the browser's view.

Chromium knows neither the platform's names nor its certificate authority. So the server's certificate is verified
here, and Chromium is told to take that one key and no other.
"""

from __future__ import annotations

import base64
import hashlib
import shutil
import socket
import ssl
import tempfile
import urllib.parse
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from playwright.sync_api import BrowserContext, Page, Playwright, ViewportSize

SIZE: ViewportSize = {"width": 1280, "height": 900}
PATIENCE = 60.0  # seconds for a page to be complete
QUIET_START = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@dataclass(frozen=True)
class Site:
    """Graylog as a browser finds it: ``url`` without a trailing slash, the address that its name has, the CA's file."""

    url: str
    address: str
    ca_file: Path

    @property
    def name(self) -> str:
        return urllib.parse.urlsplit(self.url).hostname or ""

    def key_hash(self) -> str:
        """Base64 of the SHA-256 of the server's public key. Raises OSError when its certificate is not the CA's."""
        port = urllib.parse.urlsplit(self.url).port or 443
        context = ssl.create_default_context(cafile=str(self.ca_file))
        with (
            socket.create_connection((self.address, port), timeout=10) as plain,
            context.wrap_socket(plain, server_hostname=self.name) as connection,
        ):
            certificate = connection.getpeercert(binary_form=True) or b""
        key = x509.load_der_x509_certificate(certificate).public_key()
        info = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        return base64.b64encode(hashlib.sha256(info).digest()).decode()


def chromium() -> str | None:
    """Path of the system's Chromium, None if there is none."""
    return shutil.which("chromium") or shutil.which("chromium-browser")


@contextmanager
def signed_in(playwright: Playwright, site: Site, username: str, password: str) -> Iterator[GraylogBrowser]:
    """A browser of its own, with the user's session."""
    program = chromium()
    if program is None:
        raise FileNotFoundError("there is no Chromium on this machine: install the package chromium")
    pinned = f"--ignore-certificate-errors-spki-list={site.key_hash()}"
    known = f"--host-resolver-rules=MAP {site.name} {site.address}"
    with tempfile.TemporaryDirectory() as folder:
        context: BrowserContext = playwright.chromium.launch_persistent_context(
            folder, executable_path=program, headless=True, args=[*QUIET_START, pinned, known], viewport=SIZE
        )
        try:
            browser = GraylogBrowser(context.new_page(), site)
            browser.sign_in(username, password)
            yield browser
        finally:
            context.close()


class GraylogBrowser:
    """What a person does in Graylog's pages. ``page`` is Playwright's."""

    def __init__(self, page: Page, site: Site) -> None:
        self.page = page
        self.site = site
        page.set_default_timeout(PATIENCE * 1000)

    def sign_in(self, username: str, password: str) -> None:
        self.page.goto(self.site.url + "/")
        self.page.fill("input#username", username)
        self.page.fill("input#password", password)
        self.page.click("button[type=submit]")
        self.page.wait_for_selector("nav")

    def open(self, path: str) -> None:
        """Show a page of Graylog, and wait until everything on it has its data."""
        self.page.goto(self.site.url + path)
        self.settle()

    def settle(self) -> None:
        """Wait until nothing is asked any more, nothing on the page turns, and charts are drawn."""
        self.page.wait_for_load_state("networkidle")
        self.page.wait_for_function("document.querySelectorAll('.fa-spin, .fa-spinner').length === 0")
        seen = -1
        for _look in range(20):
            drawn = self.page.evaluate("document.querySelectorAll('*').length")
            if drawn == seen:
                return
            seen = drawn
            self.page.wait_for_timeout(1500)

    def open_dashboard(self, title: str) -> None:
        self.open("/dashboards")
        self.page.get_by_role("link", name=title, exact=True).click()
        self.settle()

    def open_saved_search(self, title: str) -> None:
        self.open("/search")
        self.page.get_by_role("button", name="Load").first.click()
        self.page.locator(".modal-dialog").get_by_text(title, exact=True).click()
        self.page.locator(".modal-footer button", has_text="Load").click()
        self.settle()
        # Graylog 3.3 shows the saved search's span of time, and the page's former one is still in force.
        self.page.locator("button:has(.fa-search)").first.click()
        self.settle()

    def look_back(self, words: str) -> None:
        """Give all widgets of a dashboard one span of time, such as ``1 hour``."""
        self.page.locator(".fa-clock").first.click()
        self.page.get_by_role("menuitem", name="Relative").click()
        self.page.select_option("select", label=f"Search in the last {words}")
        self.page.locator("button:has(.fa-filter)").first.click()
        self.settle()

    def add_to_query(self, value: str) -> None:
        """Take a value of a table into the query, as the menu at it does."""
        self.show_menu(value)
        self.page.get_by_text("Add to query").first.click()
        self.settle()

    def show_menu(self, value: str) -> None:
        self.page.locator("tbody").get_by_text(value).first.click()
        self.page.get_by_text("Add to query").first.wait_for()

    def query(self) -> str:
        """What stands in the search box."""
        return self.page.locator(".ace_content").first.inner_text().strip()

    def search(self, query: str, seconds: int = 0) -> None:
        """Search all that the user may read; ``seconds`` back, 0 for everything that is kept."""
        asked = urllib.parse.urlencode({"q": query, "rangetype": "relative", "relative": seconds})
        self.open(f"/search?{asked}")

    def text(self) -> str:
        return self.page.inner_text("body")

    def height(self, pixels: int) -> None:
        """Make the window so high."""
        self.page.set_viewport_size({"width": SIZE["width"], "height": pixels})
