"""Reviewers at a running site, many at once, and what must be there of what it answered.

For everything that puts the site under load or takes parts of it away: each person is a
coroutine that keeps cookies, the CSRF token and the passage of each tag, as a browser does.
"""

from __future__ import annotations

import asyncio
import re
import time
import uuid
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from random import Random

import aiohttp
import psycopg

SIGN_IN = "/accounts/sign-in/"
PATIENCE = 0.2  # seconds between two attempts while the site is away
AWAY = (502, 503, 504)
OPEN = aiohttp.ClientTimeout(total=None, sock_connect=10, sock_read=40)  # a stream: beats
LABELS = ("claim", "evidence", "speculation")


@dataclass(frozen=True)
class Done:
    """A request that the site answered 2xx. `kind` is what was asked for, as in the log."""

    request: uuid.UUID
    kind: str
    seconds: float


@dataclass
class Ledger:
    """What was answered, and what went wrong, of everybody who writes in it."""

    done: list[Done] = field(default_factory=list)
    away: int = 0  # attempts that met a 503 or no answer at all
    wrong: list[str] = field(default_factory=list)  # answers that should never be

    def faults(self, database: str) -> list[str]:
        """Return, in words, what the database has otherwise than it was answered."""
        with psycopg.connect(database) as connection:
            logged = connection.execute(
                "SELECT request, count(*) FROM annotations_change "
                "WHERE request IS NOT NULL GROUP BY request"
            )
            counts = dict(logged.fetchall())
            found = [f"{name}: {number}" for name, number in _rows_at_fault(connection)]
        lost = [one for one in self.done if one.request not in counts]
        found += [f"answered and not there: {one.kind} {one.request}" for one in lost]
        found += [f"done {many} times: {one}" for one, many in counts.items() if many > 1]
        return self.wrong + found


# What must be empty whatever happened: its name, and the rows that are at fault.
AT_FAULT = {
    "passages that are not the text": """
        SELECT a.id FROM annotations_annotation a
          JOIN articles_article s ON s.id = a.article_id
         WHERE substr(s.text, a.start + 1, a."end" - a.start) <> a.exact""",
    "standing tags made twice": """
        SELECT min(id) FROM annotations_annotation WHERE withdrawn_at IS NULL
         GROUP BY article_id, reviewer_id, label_id, start, "end", round_id
        HAVING count(*) > 1""",
    "tags without a line in the log": """
        SELECT a.id FROM annotations_annotation a WHERE NOT EXISTS
               (SELECT 1 FROM annotations_change c WHERE c.annotation_id = a.id)""",
}


def _rows_at_fault(connection: psycopg.Connection) -> list[tuple[str, int]]:
    numbers = [
        (name, len(connection.execute(query).fetchall())) for name, query in AT_FAULT.items()
    ]
    return [(name, number) for name, number in numbers if number]


class Person:
    """Somebody at the site under `base`, as `http://127.0.0.1:8000`. Use `somebody()`."""

    def __init__(self, base: str, session: aiohttp.ClientSession, ledger: Ledger) -> None:
        self.base, self.session, self.ledger = base, session, ledger

    async def sign_in(self, name: str, password: str) -> None:
        await self.get(SIGN_IN)
        status, page = await self.post(SIGN_IN, username=name, password=password)
        assert status == 200, f"signing in was answered {status}"
        assert "id_password" not in page, f"{name} was not signed in"

    def token(self) -> str:
        cookies = (cookie for cookie in self.session.cookie_jar if cookie.key == "csrftoken")
        return next(cookies).value

    async def get(self, path: str, *, script: bool = False) -> tuple[int, str]:
        """Read a page, or what the page's script asks for."""
        headers = {"HX-Request": "true"} if script else {}
        async with self.session.get(self.base + path, headers=headers) as answer:
            return answer.status, await answer.text()

    async def post(self, path: str, **fields: object) -> tuple[int, str]:
        """Send what the page's script sends, once."""
        headers = {"HX-Request": "true", "X-CSRFToken": self.token()}
        data = {name: str(value) for name, value in fields.items()}
        async with self.session.post(self.base + path, data=data, headers=headers) as answer:
            return answer.status, await answer.text()

    async def insist(self, kind: str, path: str, **fields: object) -> str:
        """Send until the site has answered, as the page's outbox does: the same request.

        A 409 is an answer, too: nothing was done. It is not in the ledger.
        """
        number = uuid.uuid4()
        while True:
            began = time.monotonic()
            try:
                status, page = await self.post(path, request=number, **fields)
            except (aiohttp.ClientError, TimeoutError, OSError):
                status, page = 503, ""
            if status == 200:
                done = Done(number, kind, time.monotonic() - began)
                self.ledger.done.append(done)
                return page
            if status == 409:
                return page
            if status not in AWAY:
                self.ledger.wrong.append(f"{kind} {path} was answered {status}: {page[:300]}")
                return page
            self.ledger.away += 1
            await asyncio.sleep(PATIENCE)


@asynccontextmanager
async def somebody(
    base: str,
    ledger: Ledger,
    cookies: dict[str, str] | None = None,
    seconds: float = 30,
    kind: type[Person] = Person,
) -> AsyncIterator[Person]:
    """Give a person with a browser of their own, signed in if `cookies` are of a session.

    An answer that takes longer than `seconds` counts as none.
    """
    async with aiohttp.ClientSession(
        # The server ends those that were idle for 5 s, which may meet a request on its way.
        connector=aiohttp.TCPConnector(keepalive_timeout=3),
        cookie_jar=aiohttp.CookieJar(unsafe=True),  # keeps those of numbers, as 127.0.0.1
        cookies=cookies,
        timeout=aiohttp.ClientTimeout(total=seconds),
    ) as session:
        yield kind(base, session, ledger)


class Reviewer:
    """Works through one story: tags, second thoughts, undo. The dice decide what comes next.

    Of somebody who has no tag in it yet, and works in one place: each thing that is done
    changes something, so that the log must have a line of it.
    """

    def __init__(self, person: Person, article: int, dice: Random) -> None:
        self.person, self.article, self.dice = person, article, dice
        self.spans: list[tuple[int, int]] = []
        self.sentences: list[int] = []
        self.latest = 0
        self.tagged: set[tuple[int, int, str]] = set()
        self.undoable = self.redoable = 0

    async def open(self) -> None:
        status, page = await self.person.get(f"/articles/{self.article}/")
        assert status == 200, f"the story {self.article} was answered {status}"
        self.read(page)

    def read(self, page: str) -> None:
        """Learn from a page where its sentences are, and what it knows last."""
        found = re.findall(
            r'id="sentence-(\d+)"[^>]*?data-start="(\d+)"[^>]*?data-end="(\d+)"', page
        )
        self.sentences = [int(number) for number, _, _ in found]
        self.spans = [(int(start), int(end)) for _, start, end in found]
        self.learn(page)

    def learn(self, answer: str) -> None:
        if found := re.search(r'data-latest="(\d+)"', answer):
            self.latest = int(found[1])

    async def tag(self) -> None:
        """Label a sentence, or some code points of it; never the same again.

        That would be answered as done, and have no line in the log.
        """
        tag = None
        while tag is None or tag in self.tagged:
            start, end = self.dice.choice(self.spans)
            if self.dice.random() < 0.4:
                start = self.dice.randrange(start, end)
                end = self.dice.randint(start + 1, end)
            tag = start, end, self.dice.choice(LABELS)
        self.tagged.add(tag)
        self.did()
        await self.send("tag", "annotations/", start=start, end=end, label=tag[2])

    def did(self) -> None:
        self.undoable, self.redoable = self.undoable + 1, 0

    async def undo(self) -> None:
        if self.undoable:
            self.undoable, self.redoable = self.undoable - 1, self.redoable + 1
            await self.send("undo", "undo/")

    async def redo(self) -> None:
        if self.redoable:
            self.undoable, self.redoable = self.undoable + 1, self.redoable - 1
            await self.send("redo", "redo/")

    async def read_sentence(self) -> None:
        path = f"/sentences/{self.dice.choice(self.sentences)}/reading/"
        self.did()
        await self.do("reading", path)

    async def send(self, kind: str, place: str, **fields: object) -> None:
        await self.do(kind, f"/articles/{self.article}/{place}", **fields)

    async def do(self, kind: str, path: str, **fields: object) -> None:
        self.learn(await self.person.insist(kind, path, since=self.latest, **fields))

    async def work(self, until: Callable[[], bool], pause: float = 0.0) -> None:
        """Do one thing after the other; `pause` seconds between them, more or less."""
        doing = [self.tag, self.undo, self.redo, self.read_sentence]
        while not until():
            [do] = self.dice.choices(doing, weights=[10, 2, 1, 2])
            await do()
            if pause:
                await asyncio.sleep(self.dice.uniform(0.5, 1.5) * pause)


class Stream:
    """The event stream of a page: opened again whenever it ends, as the page does."""

    def __init__(self, person: Person, article: int) -> None:
        self.person, self.article = person, article
        self.seen = 0
        self.opened = 0

    async def listen(self) -> None:
        path = f"{self.person.base}/articles/{self.article}/live/"
        headers = {"Accept": "text/event-stream"}
        while True:
            try:
                get = self.person.session.get(path, headers=headers, timeout=OPEN)
                async with get as answer:
                    if answer.status == 200:
                        self.opened += 1
                        await self.read(answer)
                    elif answer.status not in AWAY:
                        self.person.ledger.wrong.append(f"a stream: {answer.status}")
            except (aiohttp.ClientError, TimeoutError, OSError):
                pass
            await asyncio.sleep(PATIENCE)

    async def read(self, answer: aiohttp.ClientResponse) -> None:
        name = ""
        async for line in answer.content:
            field, _, value = line.decode().strip().partition(": ")
            if field == "event":
                name = value
            elif field == "data" and name == "seen":
                if int(value) < self.seen:
                    told = f"a stream told {value} after {self.seen}"
                    self.person.ledger.wrong.append(told)
                self.seen = max(self.seen, int(value))
