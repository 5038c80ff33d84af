"""Beside the crowd: the worker that sends mail, and somebody with a real browser."""

from __future__ import annotations

import asyncio
import signal
import sys
from collections import Counter
from contextlib import suppress

from tests.browser import find_browser
from tests.faults.kinds import Play, database, web
from tests.faults.site import until
from tests.processes import query_when_back

WORDS = "Who says so, and where? I looked in the minutes, and they do not mention it."
QUIET = ("--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-quic")


# --- Mail ------------------------------------------------------------------------------------
class MailServer:
    """Takes mail, each after a moment, and counts who got how many."""

    def __init__(self) -> None:
        self.got: Counter[str] = Counter()

    async def start(self) -> int:
        server = await asyncio.start_server(self.talk, "127.0.0.1", 0)
        self.server = server
        return server.sockets[0].getsockname()[1]

    async def talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 here\r\n")
        with suppress(OSError):  # the worker was killed
            await self.take(reader, writer)
        writer.close()

    async def take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        to, text = "", False
        while line := await reader.readline():
            word = line.upper().split(b":")[0].split()[:1]
            if text:
                if line != b".\r\n":
                    continue
                text = False
                await asyncio.sleep(0.1)
                self.got[to] += 1
            elif word == [b"RCPT"]:
                to = line.split(b"<")[1].split(b">")[0].decode()
            text = word == [b"DATA"]
            writer.write(b"354 go on\r\n" if text else b"250 done\r\n")


async def kill_the_worker(play: Play) -> None:
    """Everybody is told something, and the worker that mails it is killed again and again."""
    people, kills = (6, 1) if play.short else (40, 5)
    server = MailServer()
    port = await server.start()
    worker = play.site.daemon("worker", [sys.executable, "manage.py", "db_worker"])
    worker.environment |= {
        **{"EMAIL_HOST": "127.0.0.1", "EMAIL_PORT": str(port), "EMAIL_USE_TLS": "0"},
        "DJANGO_SETTINGS_MODULE": "annotate.settings",
    }
    play.site.more.append(worker)
    await asyncio.to_thread(tell, people, play.crowd.world.desk)
    for _ in range(kills):
        known = server.got.total()
        await until(lambda known=known: server.got.total() > known or is_done(play))
        await asyncio.sleep(play.dice.uniform(0, 0.3))
        worker.send(signal.SIGKILL)
        # The next try is queued, for a quarter of an hour later.
        await until(lambda: play.site.ask(BRING_FORWARD))
    await until(lambda: play.site.ask(BRING_FORWARD) and is_done(play), 120)
    play.site.more.remove(worker)
    worker.send(signal.SIGTERM)
    without = people - len(server.got)
    again = server.got.total() - len(server.got)
    if without:
        play.wrong.append(f"{without} people got no mail")
    if again > kills:
        play.wrong.append(f"{again} mails were sent again after {kills} kills of the worker")


BRING_FORWARD = """
    WITH brought AS (UPDATE django_tasks_database_dbtaskresult SET run_after = now()
                      WHERE status = 'READY' RETURNING 1)
    SELECT count(*) FROM brought
"""


def is_done(play: Play) -> bool:
    [(left,)] = play.site.ask(
        "SELECT count(*) FROM notices_notice n JOIN accounts_user u ON u.id = n.person_id "
        "WHERE mailed_at IS NULL AND email <> ''"
    )
    return left == 0


def tell(people: int, article: int) -> None:
    """Tell so many people something, who want to be mailed at once."""
    from django.db import connection

    from annotate.articles.models import Article
    from annotate.notices.actions import notify
    from tests.factories import make_user

    connection.close()
    story = Article.objects.get(pk=article)
    for number in range(people):
        person = make_user(f"mailed-{number}")
        person.email = f"{person.username}@example.org"
        person.preferences = {"mail": {"reveal": "once"}}
        person.save()
        notify([person], "reveal", article=story, text=f"Note {number}", link="/work/")
    connection.close()


# --- A browser -------------------------------------------------------------------------------
async def in_a_browser(play: Play) -> None:
    """Somebody tags and types a note while the database, then the web process, is killed."""
    from playwright.async_api import async_playwright, expect

    world = play.crowd.world
    base = f"http://127.0.0.1:{play.site.front.port}"
    session = {"name": "sessionid", "value": world.typist["sessionid"], "url": base}
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=find_browser(), args=[*QUIET]
        )
        context = await browser.new_context()
        context.set_default_timeout(60_000)
        await context.add_cookies([session])
        page = await context.new_page()
        await page.goto(f"{base}/articles/{world.desk}/")
        await page.locator("html.script").wait_for()
        for key in ("j", "c"):
            await page.keyboard.press(key)
        await expect(page.locator("#state")).to_have_text("All saved", timeout=60_000)
        await page.locator("a.tag").first.click()
        note = page.locator("#panel").get_by_label("Note")
        first, second = WORDS[:30], WORDS[30:]
        await note.wait_for()  # what it says comes from the database
        await database(play)
        await note.press_sequentially(first)
        await web(play)
        await note.press_sequentially(second)
        await page.keyboard.press("Escape")
        for key in ("j", "e"):
            await page.keyboard.press(key)
        await expect(page.locator("#state")).to_have_text("All saved", timeout=60_000)
        await browser.close()
    found = await asyncio.to_thread(
        query_when_back,
        play.site.database,
        "SELECT l.slug, a.note FROM annotations_annotation a "
        "JOIN annotations_label l ON l.id = a.label_id "
        "JOIN accounts_user u ON u.id = a.reviewer_id "
        "WHERE u.username = 'typist-0' ORDER BY a.created_at",
    )
    if found != [("claim", WORDS), ("evidence", "")]:
        play.wrong.append(f"the browser's work became {found}")
