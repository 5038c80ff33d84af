"""What a browser with an empty cache loads for a page, and whether the page jumps."""

from __future__ import annotations

from typing import NamedTuple
from urllib.parse import urlsplit

from playwright.sync_api import Browser, sync_playwright

from tests.browser import find_browser

# How far things moved after they were first drawn, as the browser itself scores it.
WATCH_SHIFTS = """
window.shifted = 0;
new PerformanceObserver((list) => {
  for (const entry of list.getEntries()) window.shifted += entry.value;
}).observe({ type: "layout-shift", buffered: true });
"""


class Load(NamedTuple):
    """Bytes as sent, headers included; layout shift as Chromium scores it."""

    bytes: int
    requests: int
    shift: float
    files: dict[str, int]


def load_pages(site: str, cookies: dict[str, str], paths: list[str]) -> list[Load]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=find_browser(),
            args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
        )
        try:
            return [_load(browser, site, cookies, path) for path in paths]
        finally:
            browser.close()


def _load(browser: Browser, site: str, cookies: dict[str, str], path: str) -> Load:
    context = browser.new_context(viewport={"width": 1280, "height": 800})
    context.add_cookies(
        [{"name": name, "value": value, "url": site} for name, value in cookies.items()]
    )
    page = context.new_page()
    page.add_init_script(WATCH_SHIFTS)
    names: dict[str, str] = {}
    files: dict[str, int] = {}
    network = context.new_cdp_session(page)
    network.send("Network.enable")
    network.on(
        "Network.requestWillBeSent",
        lambda event: names.update(
            {event["requestId"]: urlsplit(event["request"]["url"]).path}
        ),
    )
    network.on(
        "Network.loadingFinished",
        lambda event: files.update(
            {names.get(event["requestId"], event["requestId"]): int(event["encodedDataLength"])}
        ),
    )
    page.goto(f"{site}{path}", wait_until="networkidle")
    shift = page.evaluate("window.shifted")
    context.close()
    return Load(sum(files.values()), len(files), shift, files)
