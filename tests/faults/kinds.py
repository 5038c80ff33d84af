"""What is done to the site. Each returns once it has stopped, and leaves the rest to it."""

from __future__ import annotations

import asyncio
import os
import signal
import time
import urllib.error
import urllib.request
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

from tests.faults.crowd import Crowd
from tests.faults.site import Site, status

BACK = 60  # seconds in which everything has to be back
# Until /healthz/ answers, whatever happens: three, and others are busy on the same machine.
HEALTH_SECONDS = 10
PAGE_SECONDS = 15  # what a page may take beyond the patience of a thread, for the same reason


@dataclass
class Play:
    """A running site with a crowd. `wrong` is what the faults themselves found, in words."""

    site: Site
    crowd: Crowd
    dice: Random
    short: bool
    cookies: dict[str, str]
    patience: float
    wrong: list[str] = field(default_factory=list)

    def look(self, path: str, port: int) -> tuple[int, str | None, float]:
        """Return how a person's page is answered: status, when to come back, seconds."""
        cookies = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        request = urllib.request.Request(
            f"http://127.0.0.1:{port}{path}", headers={"Cookie": cookies}
        )
        began = time.monotonic()
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                answer.read()
                found = answer.status, answer.headers["Retry-After"]
        except urllib.error.HTTPError as error:
            found = error.code, error.headers["Retry-After"]
        except OSError:
            found = 0, None
        return *found, time.monotonic() - began


# --- Kills -----------------------------------------------------------------------------------
async def web(play: Play) -> None:
    play.dice.choice(play.site.webs).send(signal.SIGKILL)


async def all_webs(play: Play) -> None:
    for one in play.site.webs:
        one.send(signal.SIGKILL)


async def database(play: Play) -> None:
    if found := play.site.postmaster():
        os.kill(found, signal.SIGKILL)


async def backend(play: Play) -> None:
    """One process of the database, of a connection or its own: all of it recovers then."""
    if found := play.site.backend(play.dice):
        found.send_signal(signal.SIGKILL)


async def everything(play: Play) -> None:
    await database(play)
    play.site.keeper.send(signal.SIGKILL)
    await all_webs(play)


KILLS = {
    "a web process": web,
    "all web processes": all_webs,
    "the database": database,
    "a process of it": backend,
    "everything": everything,
}
WEIGHTS = [30, 15, 25, 20, 10]


# --- Silence ---------------------------------------------------------------------------------
async def silent_database(play: Play) -> None:
    """The database's processes are stopped where they stand, and go on later."""
    play.site.pause()
    try:
        await politely(play, 5 if play.short else 30)
    finally:
        play.site.resume()


async def silent_network(play: Play) -> None:
    """What goes to the database and what comes back is swallowed; nothing is closed."""
    play.site.network.hush()
    try:
        await politely(play, 5 if play.short else 30)
    finally:
        play.site.network.speak()


async def politely(play: Play, seconds: float) -> None:
    """Watch for so long that what is asked for is answered 503, in time, by each process."""
    before = [one.pid() for one in play.site.webs]
    end = time.monotonic() + seconds
    pages = [
        asyncio.create_task(asyncio.to_thread(play.look, path, port))
        for path in ("/", f"/articles/{play.crowd.world.articles[0]}/")
        for port in play.site.ports
    ]
    while time.monotonic() < end:
        for port in play.site.ports:
            began = time.monotonic()
            answered = await asyncio.to_thread(status, port)
            took = time.monotonic() - began
            if answered != 503 or took > HEALTH_SECONDS:
                play.wrong.append(
                    f"/healthz/ answered {answered} after {took:.1f} s of silence"
                )
        await asyncio.sleep(0.5)
    for answered, back, took in await asyncio.gather(*pages):
        if (answered, back) != (503, "2") or took > play.patience + PAGE_SECONDS:
            play.wrong.append(f"a page: {answered}, Retry-After {back}, after {took:.1f} s")
    if [one.pid() for one in play.site.webs] != before:
        play.wrong.append("a web process was started anew over the silence")


# --- The network between people and the site -------------------------------------------------
async def cut_answers(play: Play) -> None:
    """Each connection breaks in the middle of some answer, or of some request."""
    front = play.site.front

    def limit() -> int:
        return play.dice.choice([play.dice.randrange(1, 6_000), -play.dice.randrange(1, 3_000)])

    before = front.cuts
    front.limit = limit
    for link in front.links:
        link.left = limit()
    await asyncio.sleep(4 if play.short else 20)
    front.limit = lambda: None
    for link in front.links:
        link.left = None
    if front.cuts - before < 5:
        play.wrong.append(f"only {front.cuts - before} answers and requests were cut")


# --- The clock -------------------------------------------------------------------------------
async def clock(play: Play) -> None:
    """The clock of the web processes and of the database jumps: an hour on, a day back."""
    for offset in ("+1h", "-1d", "+0"):
        play.site.set_clock(offset)
        await asyncio.sleep(2 if play.short else 10)
        await play.crowd.at_work(time.monotonic(), BACK)
        await play.crowd.told(BACK)


# --- The disk --------------------------------------------------------------------------------
async def full_disk(play: Play) -> None:
    """Nothing is left of the disk that has the database and all other data."""
    file = play.site.home / "full"
    path = f"/articles/{play.crowd.world.articles[0]}/"
    before = play.crowd.ledger().away
    reads = []
    try:
        fill(file)
        for _ in range(5 if play.short else 20):
            await asyncio.sleep(0.5)
            fill(file)
            reads.append(await asyncio.to_thread(play.look, path, play.site.ports[0]))
    finally:
        file.unlink()
    if play.crowd.ledger().away == before:
        play.wrong.append("the disk was full and everything could be written")
    answered = [one for one, _, _ in reads]
    if set(answered) - {200, 503}:
        play.wrong.append(f"pages were answered {answered} while the disk was full")


def fill(file: Path) -> None:
    with file.open("ab") as full, suppress(OSError):
        while True:
            full.write(bytes(1_000_000))
            full.flush()
    with file.open("ab", buffering=0) as full, suppress(OSError):
        while True:
            full.write(bytes(4096))
