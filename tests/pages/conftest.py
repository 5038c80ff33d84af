"""A browser at the site: one Chromium for all tests, a context of its own for each person.

The page says when its script is ready; no test waits for time to pass.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import pytest
from django.conf import settings
from django.test import Client
from playwright.sync_api import Browser, BrowserContext, Page, expect

from annotate.accounts.models import User
from tests.factories import make_article
from tests.pages.reading import Reading
from tests.pages.server import LiveServer, serving

DESKTOP = {"viewport": {"width": 1280, "height": 800}}
PHONE = {
    "viewport": {"width": 390, "height": 760},
    "device_scale_factor": 2,
    "has_touch": True,
    "is_mobile": True,
}

TITLE = "Mayor says taxes may fall"
FIRST = "The mayor said on Monday that taxes would fall."
SECOND = "“We have the money,” she said."
BODY = (
    f"{FIRST} {SECOND}\n\n"
    "A ledger shows a surplus of $1.2 million. Some expect the vote to be close. "
    "Nobody 🧑‍🤝‍🧑 asked Sam Doe.\n\n"
    "The council meets in May."
)

# As long as for an action. A page asks the more rarely the longer the server took (live.js).
expect.set_options(timeout=30_000)


@dataclass
class Watch:
    """What no page of ours may do, as it happens in one browser context."""

    origin: str
    wrong: list[str] = field(default_factory=list)
    expected: tuple[str, ...] = ()  # parts of messages that the test itself brings about

    def context(self, context: BrowserContext) -> None:
        context.on("console", lambda message: self.message(message.type, message.text))
        context.on("weberror", lambda error: self.wrong.append(str(error.error)))
        context.on("request", lambda request: self.request(request.url))

    def message(self, kind: str, text: str) -> None:
        if kind == "error" and not any(part in text for part in self.expected):
            self.wrong.append(text)

    def request(self, url: str) -> None:
        if not url.startswith((self.origin, "data:", "blob:")):
            self.wrong.append(f"asked another host: {url}")


@pytest.fixture(scope="session")
def live_server(django_db_setup) -> Iterator[LiveServer]:
    with serving() as server:
        yield server


@pytest.fixture
def watch(live_server) -> Iterator[Watch]:
    watch = Watch(live_server.url)
    yield watch
    assert watch.wrong == []


@pytest.fixture
def browse(browser: Browser, live_server, watch: Watch, labels) -> Iterator[Callable]:
    """Return a context in which a person, or nobody, is signed in."""
    contexts: list[BrowserContext] = []

    def begin(person: User | None = None, **options) -> BrowserContext:
        given = {**DESKTOP, "reduced_motion": "reduce", "base_url": live_server.url, **options}
        context = browser.new_context(**given)
        contexts.append(context)
        watch.context(context)
        if person:
            sign_in(context, person, live_server.url)
        return context

    yield begin
    for context in contexts:
        context.close()


def sign_in(context: BrowserContext, person: User, url: str) -> None:
    """Give the context a session of `person`, without the form."""
    client = Client()
    client.force_login(person)
    name = settings.SESSION_COOKIE_NAME
    context.add_cookies([{"name": name, "value": client.cookies[name].value, "url": url}])


@pytest.fixture
def article(labels):
    """Seven sentences that are beyond doubt, in three paragraphs under a headline."""
    return make_article(TITLE, BODY)


@pytest.fixture
def read(browse, article) -> Callable[..., Reading]:
    """Open a story as a person reads it: `read(ana)`, `read(ana, **PHONE)`."""

    def open_story(person: User, story=article, **options) -> Reading:
        page: Page = browse(person, **options).new_page()
        return Reading(page, story).open()

    return open_story
