"""Kills, as a reviewer meets them: what was answered stays, what was not arrives later."""

from __future__ import annotations

import http.cookiejar
import json
import os
import random
import signal
import uuid
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from urllib.error import HTTPError, URLError
from urllib.parse import urlencode
from urllib.request import HTTPCookieProcessor, Request, build_opener

from playwright.sync_api import expect

from tests.processes import (
    Site,
    postmaster,
    query,
    query_when_back,
    running_site,
    wait_until,
)

SIGN_IN = "/accounts/sign-in/"
STORY = 1  # the demo story


def password(home: Path, name: str) -> str:
    people = (line.split() for line in (home / "sign-in.txt").read_text().splitlines() if line)
    return next(secret for who, secret, _ in people if who == name)


class Browser:
    """As much of a browser as a tag takes: cookies, the CSRF token, patience."""

    def __init__(self, home: Path, name: str) -> None:
        self.jar = http.cookiejar.CookieJar()
        self.opener = build_opener(HTTPCookieProcessor(self.jar))
        self.home, self.name = home, name

    def sign_in(self, site: Site) -> None:
        self.opener.open(f"http://127.0.0.1:{site.port}{SIGN_IN}", timeout=20).read()
        self.send(site, SIGN_IN, username=self.name, password=password(self.home, self.name))

    def send(self, site: Site, path: str, **fields: object) -> int:
        token = next(cookie.value for cookie in self.jar if cookie.name == "csrftoken")
        headers = {"HX-Request": "true", "X-CSRFToken": token or ""}
        body = urlencode(fields).encode()
        request = Request(f"http://127.0.0.1:{site.port}{path}", body, headers)
        with self.opener.open(request, timeout=20) as answer:
            answer.read()
            return answer.status

    def arrives(self, site: Site, path: str, **fields: object) -> bool:
        """Send once; True if it was answered, False if the site or its database was away."""
        try:
            return self.send(site, path, **fields) == 200
        except HTTPError as error:
            if error.code == 503:
                return False
            raise
        except (URLError, OSError):
            return False


def test_killed_at_random_no_answered_tag_is_lost_and_none_is_doubled(used_home):
    chance = random.Random(2)
    kills = {
        place: chance.choice(["database", "site"]) for place in chance.sample(range(24), 5)
    }
    with ExitStack() as stack:
        site = stack.enter_context(running_site(used_home))
        browser = Browser(used_home, "mo")
        browser.sign_in(site)
        places = query(
            site.database(),
            f'SELECT start, "end" FROM articles_sentence WHERE article_id = {STORY} '
            "ORDER BY position LIMIT 24",
        )
        for number, (start, end) in enumerate(places):
            if kills.get(number) == "database":
                os.kill(postmaster(used_home), signal.SIGKILL)
            elif kills.get(number) == "site":
                site.end(signal.SIGKILL)
                site = stack.enter_context(running_site(used_home))
            tag = {"start": start, "end": end, "label": "claim", "request": uuid.uuid4()}
            address = f"/articles/{STORY}/annotations/"
            wait_until(partial(browser.arrives, site, address, **tag), 60)
            # The answer got lost: the browser sends the same again.
            if chance.random() < 0.3:
                assert browser.arrives(site, address, **tag)
        found = query_when_back(
            site.database(),
            'SELECT a.start, a."end" FROM annotations_annotation a '
            "JOIN accounts_user u ON u.id = a.reviewer_id "
            f"WHERE u.username = 'mo' AND a.article_id = {STORY} ORDER BY a.start",
        )
        assert found == places
        wrong = query_when_back(
            site.database(),
            "SELECT a.id FROM annotations_annotation a "
            "JOIN articles_article s ON s.id = a.article_id "
            'WHERE substr(s.text, a.start + 1, a."end" - a.start) <> a.exact',
        )
        assert wrong == []


def test_unsent_work_of_a_browser_arrives_when_the_database_is_back(used_home, browser):
    with running_site(used_home) as site:
        page = browser.new_page()
        page.goto(f"http://127.0.0.1:{site.port}{SIGN_IN}?next=/articles/{STORY}/")
        page.get_by_label("Username").fill("mo")
        page.get_by_label("Password").fill(password(used_home, "mo"))
        page.get_by_role("button", name="Sign in").click()
        page.locator("html.script").wait_for()
        page.keyboard.press("j")

        os.kill(postmaster(used_home), signal.SIGKILL)
        for key in ("c", "j", "e", "j", "n", "u"):
            page.keyboard.press(key)

        expect(page.locator("#state")).to_have_text("All saved", timeout=60_000)
        page.close()
        kinds = query_when_back(
            site.database(),
            "SELECT kind FROM annotations_change c JOIN accounts_user u ON u.id = c.by_id "
            "WHERE u.username = 'mo' ORDER BY c.id",
        )
        assert json.dumps([kind for (kind,) in kinds]) == json.dumps(
            ["created", "created", "read", "undone"]
        )
