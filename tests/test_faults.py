"""A kill, as a reviewer meets it: what was not answered arrives later. More: tests/faults/."""

from __future__ import annotations

import json
import os
import signal
from pathlib import Path

from playwright.sync_api import expect

from tests.processes import (
    postmaster,
    query_when_back,
    running_site,
)

SIGN_IN = "/accounts/sign-in/"
STORY = 1  # the demo story


def password(home: Path, name: str) -> str:
    people = (line.split() for line in (home / "sign-in.txt").read_text().splitlines() if line)
    return next(secret for who, secret, _ in people if who == name)


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
