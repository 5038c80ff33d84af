"""What people do at the site, as their pages' scripts do it. Dice decide what comes next."""

from __future__ import annotations

import asyncio
import math
import re
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from random import Random
from typing import ClassVar

import aiohttp

from tests.traffic import Person, Reviewer

from .cast import Newsroom
from .meter import EVENT, Times

# As in static/js/reading/live.js, in seconds.
PACE = 1.0  # from one question for changes to the next, at the least
JITTER = 0.2
QUIET = 20.0  # at the most, and where no answer came
STEP = 2.0  # from one word about where the person is to the next
SILENCE = 45.0  # without a sign of life a stream is dead
COME_BACK = 2.0  # to a stream that ended
WORDS = ("minister", "court", "budget", "river", "ledger", "vote", "school", "harbour")
COMMENT = "Is this what the guideline means? It says who, and not how they know."


# What there is where no answer came.
AWAY = (aiohttp.ClientError, TimeoutError, OSError)


class Visitor(Person):
    """A person whose every request is timed."""

    times: ClassVar[Times]  # of everybody, set for the run

    async def get(self, path: str, *, script: bool = False) -> tuple[int, str]:
        """As a person's; status 0 where no answer came."""
        with suppress(*AWAY), self.timed("GET", path) as statuses:
            answer = await super().get(path, script=script)
            statuses.append(answer[0])
            return answer
        return 0, ""

    async def post(self, path: str, **fields: object) -> tuple[int, str]:
        with self.timed("POST", path) as statuses:
            answer = await super().post(path, **fields)
            statuses.append(answer[0])
            return answer

    async def send(self, path: str, **fields: object) -> tuple[int, str]:
        """Post what is not sent again; status 0 where no answer came."""
        with suppress(*AWAY):
            return await self.post(path, **fields)
        return 0, ""

    @contextmanager
    def timed(self, method: str, path: str) -> Iterator[list[int]]:
        statuses: list[int] = []
        began = time.monotonic()
        try:
            yield statuses
        except AWAY:
            self.times.note(method, path, 0, time.monotonic() - began)
            raise
        self.times.note(method, path, statuses[0], time.monotonic() - began)


async def rest(over: asyncio.Event, seconds: float) -> bool:
    """Wait so long, or until the run is over; return whether it is."""
    with suppress(TimeoutError):
        await asyncio.wait_for(over.wait(), max(seconds, 0))
    return over.is_set()


class Reading(Reviewer):
    """A reviewer whose page stays open: the stream tells of others' work, the page asks for it.

    What they do comes from `do`; the page waits with its questions while that is under way.
    """

    person: Visitor
    looks_from: ClassVar[float] = math.inf  # when everybody begins to look only

    def __init__(self, person: Visitor, article: int, dice: Random) -> None:
        super().__init__(person, article, dice)
        self.sending = asyncio.Lock()
        self.behind = asyncio.Event()
        self.newest = 0  # the last event that the stream told of
        self.company = False  # whether somebody else is here
        self.stepped = 0.0  # when they last said where they are
        self.made: int | None = None  # the tag made last, until something else is done
        self.seen = ""  # the last answer
        self.comments: list[uuid.UUID] = []

    # --- What the person does ----------------------------------------------------------------

    async def shift(self, over: asyncio.Event, pause: float) -> None:
        """Work until it is over; `pause` seconds between two things, more or less."""
        looking = {self.look: 8, self.search: 2, self.open: 2}
        working = looking | {
            self.tag: 50,
            self.edit: 10,
            self.undo: 6,
            self.redo: 3,
            self.read_sentence: 12,
            self.comment: 4,
            self.flag: 3,
        }
        await self.open()
        page = [asyncio.create_task(one) for one in (self.listen(), self.follow())]
        try:
            while not await rest(over, self.dice.uniform(0.5, 1.5) * pause):
                weights = working if time.monotonic() < self.looks_from else looking
                [do] = self.dice.choices(list(weights), weights=[*weights.values()])
                await do()
        finally:
            for task in page:
                task.cancel()
            await asyncio.gather(*page, return_exceptions=True)

    async def do(self, kind: str, path: str, **fields: object) -> None:
        self.made = None
        async with self.sending:
            await super().do(kind, path, view="", **fields)
        if kind == "tag" and (found := re.search(r'data-annotation="(\d+)"', self.seen)):
            self.made = int(found[1])
        await self.step()

    def learn(self, answer: str) -> None:
        super().learn(answer)
        self.seen = answer
        self.newest = max(self.newest, self.latest)

    async def edit(self) -> None:
        """Write a note to the tag that was just made: once, for what is typed is one step."""
        if self.made:
            self.did()
            note = f"They say so themselves, {self.dice.randrange(1_000)}."
            await self.do(
                "edit",
                f"/annotations/{self.made}/",
                note=note,
                confidence=self.dice.randint(1, 5),
            )
            self.made = None

    async def look(self) -> None:
        if tags := self.tags_of_others():
            await self.person.get(f"/annotations/{self.dice.choice(tags)}/", script=True)

    async def flag(self) -> None:
        if tags := self.tags_of_others():
            path = f"/annotations/{self.dice.choice(tags)}/flag/"
            reason = self.dice.choice(("off_guideline", "wrong_passage", "bad_faith"))
            await self.person.send(path, reason=reason, text="")

    def tags_of_others(self) -> list[int]:
        """Return the tags of others in what the page showed last."""
        links = re.findall(r'<a class="tag" href="/annotations/(\d+)/"([^>]*)>', self.seen)
        return [int(number) for number, attributes in links if "data-mine" not in attributes]

    async def comment(self) -> None:
        """Begin a thread at a sentence."""
        path = (
            f"/articles/{self.article}/threads/new/?sentence={self.dice.choice(self.sentences)}"
        )
        await self.person.get(path, script=True)
        request = uuid.uuid4()
        status, _ = await self.person.send(path, text=COMMENT, request=request)
        if status == 200:
            self.comments.append(request)

    async def search(self) -> None:
        """Look for another story, and come back."""
        await self.person.get("/")
        await self.person.get(f"/?q={self.dice.choice(WORDS)}", script=True)

    # --- What the page does ------------------------------------------------------------------

    async def listen(self) -> None:
        """Keep the event stream open."""
        url = f"{self.person.base}/articles/{self.article}/live/"
        while True:
            try:
                async with self.person.session.get(
                    url,
                    headers={"Accept": "text/event-stream"},
                    timeout=aiohttp.ClientTimeout(total=None, sock_read=SILENCE),
                ) as answer:
                    assert answer.status == 200, answer.status
                    await self.hear(answer.content)
                why = "it ended"
            except (*AWAY, AssertionError) as error:
                why = repr(error)
            self.person.times.failed[f"a stream: {why}"] += 1
            await asyncio.sleep(COME_BACK)

    async def hear(self, lines: aiohttp.StreamReader) -> None:
        name = ""
        first = True
        async for line in lines:
            if line.startswith(b"event: "):
                name = line[7:].strip().decode()
            elif line.startswith(b"data: ") and name == "seen":
                number = int(line[6:])
                if not first:
                    self.person.times.taken[EVENT].append(max(time.time() - number / 1e6, 0))
                first = False
                self.newest = max(self.newest, number)
                self.behind.set()
            elif line.startswith(b"data: ") and name == "here":
                self.company = line[6:].strip() not in (b"null", b"[]")

    async def follow(self) -> None:
        """Ask for what changed, now and then: less often where the server takes long."""
        asked, pace = 0.0, PACE
        while True:
            await self.behind.wait()
            self.behind.clear()
            while self.newest > self.latest:
                wait = max(asked + pace - time.monotonic(), 0)
                await asyncio.sleep(wait + self.dice.random() * JITTER)
                if self.newest > self.latest:
                    began = time.monotonic()
                    await self.ask()
                    asked = time.monotonic()
                    pace = min(max(PACE, 20 * (asked - began)), QUIET)

    async def ask(self) -> None:
        """Ask what happened since the last event that the page shows."""
        async with self.sending:
            since, newest = self.latest, self.newest
        path = f"/articles/{self.article}/changes/?since={since}&view="
        status, answer = await self.person.get(path, script=True)
        async with self.sending:
            # What the person did meanwhile is newer than this answer.
            if status == 200 and self.latest == since:
                self.learn(answer)
                if "data-stale" in answer:
                    await self.open()
                if self.newest == newest:
                    self.newest = self.latest

    async def step(self) -> None:
        """Say where one is, if anybody is here to see it."""
        if self.company and time.monotonic() - self.stepped > STEP:
            self.stepped = time.monotonic()
            path = f"/articles/{self.article}/presence/"
            await self.person.send(path, sentence=self.dice.choice(self.sentences))


class Moderator:
    """Looks at one case after the other, and decides."""

    def __init__(self, person: Visitor, dice: Random) -> None:
        self.person, self.dice = person, dice
        self.cases: list[tuple[str, str]] = []  # number, and number with version

    async def shift(self, over: asyncio.Event, pause: float) -> None:
        await self.read("/admin/queue/", script=False)
        while not await rest(over, self.dice.uniform(0.5, 1.5) * pause):
            if not self.cases or self.dice.random() < 0.1:
                await self.read("/admin/queue/", script=True)
            elif self.dice.random() < 0.05:
                await self.person.send("/admin/queue/take-back/")
            else:
                await self.decide()

    async def read(self, path: str, *, script: bool) -> None:
        _, page = await self.person.get(path, script=script)
        self.cases = re.findall(r'id="row-(\d+)" class="row" data-case="(\d+:\d+)"', page)

    async def decide(self) -> None:
        number, case = self.cases.pop(self.dice.randrange(len(self.cases)))
        await self.person.get(f"/admin/queue/{number}/", script=True)
        decision = self.dice.choice(("keep", "keep", "hide"))
        await self.person.send("/admin/queue/decide/", case=case, decision=decision)


async def put_stories_in(
    person: Visitor, over: asyncio.Event, every: float, edition: int
) -> None:
    """Paste a story, look at what was read, and save it, every so many seconds."""
    newsroom = Newsroom(edition)
    due = time.monotonic()
    while not await rest(over, due - time.monotonic()):
        title, body = newsroom.write()
        await person.get("/articles/new/")
        await person.send("/articles/new/", step="read", title="", text=f"{title}\n\n{body}")
        await person.send("/articles/new/", step="save", title=title, text=body)
        due += every
