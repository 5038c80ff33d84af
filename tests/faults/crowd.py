"""Who works at the site while it is hurt: reviewers with their streams, and moderators."""

from __future__ import annotations

import asyncio
import re
import time
from contextlib import AsyncExitStack
from pathlib import Path
from random import Random

import aiohttp

from tests.traffic import Done, Ledger, Person, Reviewer, Stream, somebody

SENTENCES = 120  # of a story
PAUSE = 0.1  # seconds between two things that a reviewer does


class Logbook(Ledger):
    """The ledger of one person, which also knows when something was asked for and answered."""

    def __init__(self) -> None:
        super().__init__()
        self.done = Times()

    def answered_since(self, moment: float) -> float | None:
        """Return when something was answered first that was asked for after `moment`."""
        began_later = (
            ended
            for one, ended in zip(self.done, self.done.ended, strict=True)
            if ended - one.seconds >= moment
        )
        return next(began_later, None)


class Times(list[Done]):
    """A list that notes when each thing was put in."""

    def __init__(self) -> None:
        super().__init__()
        self.ended: list[float] = []

    def append(self, done: Done) -> None:
        self.ended.append(time.monotonic())
        super().append(done)


class Moderator:
    """Flags tags, and decides what is in the queue."""

    def __init__(self, person: Person, article: int, dice: Random) -> None:
        self.person, self.article, self.dice = person, article, dice
        self.decided = 0

    async def work(self) -> None:
        while True:
            try:
                await self.look_and_decide()
            except (aiohttp.ClientError, TimeoutError, OSError):
                self.person.ledger.away += 1
            await asyncio.sleep(self.dice.uniform(0.3, 1))

    async def look_and_decide(self) -> None:
        page = await self.asked("get", f"/articles/{self.article}/")
        tags = re.findall(r'data-annotations="(\d+)', page)
        if tags:
            tag = self.dice.choice(tags)
            await self.asked("post", f"/annotations/{tag}/flag/", reason="spam")
        queue = await self.asked("get", "/admin/queue/")
        cases = re.findall(r'name="case" value="(\d+:\d+)"', queue)
        if cases:
            case, decision = self.dice.choice(cases), self.dice.choice(["keep", "hide"])
            fields = {"case": case, "decision": decision, "reason": "spam"}
            await self.asked("post", "/admin/queue/decide/", **fields)
            self.decided += 1

    async def asked(self, method: str, path: str, **fields: object) -> str:
        """Ask once. 409: somebody else was quicker."""
        status, page = await getattr(self.person, method)(path, **fields)
        if status in (502, 503):
            self.person.ledger.away += 1
        elif status not in (200, 409):
            said = re.sub(r"\s+", " ", page)[:200]
            self.person.ledger.wrong.append(f"{method} {path} was answered {status}: {said}")
        return page if status == 200 else ""


class Crowd:
    """Everybody at once, from `start` to `stop`."""

    def __init__(self, base: str, world: World, dice: Random) -> None:
        self.base, self.world, self.dice = base, world, dice
        self.books: list[Logbook] = []
        self.reviewers: list[Reviewer] = []
        self.streams: list[Stream] = []
        self.moderators: list[Moderator] = []
        self.stack = AsyncExitStack()
        self.tasks: list[asyncio.Task[None]] = []
        self.stopped = False

    async def start(self) -> None:
        for number, cookies in enumerate(self.world.reviewers):
            article = self.world.articles[number % len(self.world.articles)]
            person = await self.somebody(cookies)
            reviewer = Reviewer(person, article, Random(self.dice.random()))
            await reviewer.open()
            stream = Stream(person, article)
            self.reviewers.append(reviewer)
            self.streams.append(stream)
            self.begin(reviewer.work(lambda: self.stopped, PAUSE))
            self.begin(stream.listen())
        for number, cookies in enumerate(self.world.moderators):
            person = await self.somebody(cookies)
            moderator = Moderator(
                person, self.world.articles[number], Random(self.dice.random())
            )
            self.moderators.append(moderator)
            self.begin(moderator.work())

    def begin(self, work) -> None:
        self.tasks.append(asyncio.create_task(work))

    async def somebody(self, cookies: dict[str, str]) -> Person:
        self.books.append(Logbook())
        entered = somebody(self.base, self.books[-1], cookies)
        return await self.stack.enter_async_context(entered)

    async def stop(self) -> None:
        self.stopped = True
        await asyncio.sleep(1)
        for task in self.tasks:
            task.cancel()
        await self.stack.aclose()

    # --- What came of it ---------------------------------------------------------------------
    def ledger(self) -> Ledger:
        """Return what all were answered so far, in one ledger."""
        return Ledger(
            done=[one for book in self.books for one in book.done],
            away=sum(book.away for book in self.books),
            wrong=[
                *(one for book in self.books for one in book.wrong),
                *(
                    repr(task.exception())
                    for task in self.tasks
                    if task.done() and not task.cancelled()
                ),
            ],
        )

    async def at_work(self, moment: float, seconds: float) -> tuple[float, float]:
        """Return how long after `moment` the first was answered again, and everybody.

        Of what was asked for after that moment. Raises TimeoutError.
        """
        books = self.books[: len(self.reviewers)]
        async with asyncio.timeout(seconds):
            while True:
                times = [book.answered_since(moment) for book in books]
                if all(times):
                    return min(times) - moment, max(times) - moment
                await asyncio.sleep(0.02)

    async def told(self, seconds: float) -> float:
        """Return how long it takes until each stream told what its person did until now."""
        began = time.monotonic()
        wanted = [one.latest for one in self.reviewers]
        async with asyncio.timeout(seconds):
            while any(
                stream.seen < latest
                for stream, latest in zip(self.streams, wanted, strict=True)
            ):
                await asyncio.sleep(0.02)
        return time.monotonic() - began


class World:
    """Stories and people of these tests. `reviewers`, `moderators`: the cookies of each."""

    def __init__(self, reviewers: int, moderators: int, articles: int, home: Path) -> None:
        from annotate import runner

        runner.prepare_database()
        runner.collect_static_files(home / "static.stamp")
        self.articles = [self.article(number) for number in range(articles)]
        # A story that somebody has for themselves, in a browser.
        self.desk = self.article(articles)
        self.typist = self.person("reviewer", 0, "typist")
        self.reviewers = [self.person("reviewer", number) for number in range(reviewers)]
        self.moderators = [self.person("moderator", number) for number in range(moderators)]

    def article(self, number: int) -> int:
        from tests.factories import make_article

        said = [
            f"In story {number}, somebody said sentence {n} 🧑‍🤝‍🧑." for n in range(SENTENCES)
        ]
        return make_article(f"A story of faults, {number}", "\n\n".join(said)).pk

    def person(self, role: str, number: int, name: str = "") -> dict[str, str]:
        from django.test import Client

        from tests.factories import make_user

        client = Client()
        client.force_login(make_user(f"{name or role}-{number}", role))
        return {"sessionid": client.cookies["sessionid"].value}
