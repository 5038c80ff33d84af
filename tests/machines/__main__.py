"""Prove that the site runs on many machines: `python -m tests.machines`, `make machines`.

On 127.0.0.1: a primary and a streaming replica, PgBouncer, two web processes (one over
PgBouncer, one straight to the two servers), nginx before them. While reviewers work through it,
a web process is killed, then the primary, and the replica takes its place. Exit code 1 if
anything is not as it was answered.

The replica is a synchronous one. Without that, this fails: what was answered while the primary
could send it nothing is lost.
"""

from __future__ import annotations

import asyncio
import os
import re
import secrets
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack
from functools import partial
from pathlib import Path
from random import Random

from annotate import embedded, replica
from tests.processes import data_home, wait_until
from tests.traffic import Ledger, Person, Reviewer, Stream, somebody

from .cast import Cast, Cookies, make_cast
from .servers import (
    HOST,
    Nginx,
    PgBouncer,
    Postgres,
    Web,
    killing,
    new_folder,
    program,
    telling,
)

REVIEWERS, STORIES = 24, 3
PAUSE = 0.25  # seconds between two things that a reviewer does
PATIENCE = 90  # seconds for what must come; the machine may have other things to do
NEEDED = {"nginx": "nginx-light", "pgbouncer": "pgbouncer"}  # program: Debian's package

# Seconds for six pages: each process waits one, and for a new connection two, once.
SILENT = 10
SYNCHRONOUS = "SELECT pid FROM pg_stat_replication WHERE sync_state = 'sync'"
TAGS = "SELECT count(*) FROM annotations_annotation"
READ_THERE = 'FROM "annotations_annotation"'  # in the replica's log, which has each statement
STATIC = re.compile(r'"(/static/[^"]+\.(?:css|js|svg))"')


def main() -> int:
    if missing := install():
        print(f"Missing: apt-get install {' '.join(missing)}", file=sys.stderr)
        return 2
    # So that nothing is left running then either.
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))
    try:
        with data_home() as home:
            Machines(home).prove()
    except AssertionError as error:
        print(f"Not so: {error}", file=sys.stderr)
        return 1
    say("all of it holds")
    return 0


def install() -> list[str]:
    """Install what is missing if we may; return the packages that are missing still."""

    def missing() -> list[str]:
        return [package for name, package in NEEDED.items() if not program(name)]

    if missing() and os.geteuid() == 0 and program("apt-get"):
        quiet = {"env": {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}, "check": False}
        subprocess.run(["apt-get", "update", "-qq"], **quiet)
        options = ["-y", "-qq", "--no-install-recommends"]
        subprocess.run(["apt-get", "install", *options, *missing()], **quiet)
    return missing()


BEGAN = time.monotonic()


def say(what: str) -> None:
    print(f"{time.monotonic() - BEGAN:5.1f} s  {what}", flush=True)


class Machines:
    """Everything that runs, in `home`."""

    def __init__(self, home: Path) -> None:
        if os.geteuid() == 0:
            embedded.open_programs()
            embedded.open_way_to(home / "any")
        self.home = home
        self.primary = Postgres(new_folder(home, "primary"))
        self.replica = Postgres(new_folder(home, "replica"))
        self.pooler = PgBouncer(new_folder(home, "pooler"))
        self.proxy = Nginx(new_folder(home, "proxy"))
        ports = [self.primary.port, self.replica.port]
        either = self.primary.url().replace(
            f"{HOST}:{ports[0]}", ",".join(f"{HOST}:{port}" for port in ports)
        )
        either += "?target_session_attrs=read-write"
        common = {
            "SECRET_KEY": secrets.token_urlsafe(64),
            "DATABASE_REPLICA_URL": self.replica.url(),
            "TRUSTED_PROXIES": "1",
        }
        pooled = {"DATABASE_URL": self.pooler.url(), "DATABASE_DIRECT_URL": either}
        self.first = Web(new_folder(home, "first", ours=True), **common, **pooled)
        self.second = Web(new_folder(home, "second", ours=True), **common, DATABASE_URL=either)
        self.webs = [self.first, self.second]
        self.base = f"http://{HOST}:{self.proxy.port}"
        self.ledger = Ledger()

    def prove(self) -> None:
        everything = self.proxy, *self.webs, self.pooler, self.replica, self.primary
        with killing(*everything), telling(*everything):
            say("starting a primary, its replica, PgBouncer, two web processes and nginx")
            cast = self.start()
            asyncio.run(self.work(cast))
            say(
                f"looking for the {len(self.ledger.done):,} requests that were answered; "
                f"{self.ledger.away} attempts met nobody, or a 503"
            )
            faults = self.ledger.faults(self.replica.url())
            assert not faults, "\n".join(faults[:10])
            for web in self.webs:
                assert "Internal Server Error" not in web.log.read_text()
            self.first.manage("check_log")
            self.first.manage("backup", str(self.home / "first" / "backup"))

    def start(self) -> Cast:
        """Start all of it, with people and stories in the database."""
        self.primary.make()
        self.primary.start()
        with ThreadPoolExecutor() as threads:
            static = [threads.submit(web.manage, "collectstatic", "-v0") for web in self.webs]
            self.primary.ask("CREATE DATABASE annotate")
            self.replica.copy(self.primary)
            self.replica.start("log_min_duration_statement=0")
            # What is answered is on both: only then nothing is lost with the primary. Set
            # after the copy, or the promoted replica would wait for one of its own.
            self.primary.ask("ALTER SYSTEM SET synchronous_standby_names = 'replica'")
            self.primary.ask("SELECT pg_reload_conf()")
            wait_until(partial(self.primary.ask, SYNCHRONOUS))
            # No pooler runs yet: commands go past it.
            self.first.manage("migrate", "-v0")
            self.pooler.lead_to(self.primary)
            self.pooler.start()
            for one in static:
                one.result()
        for web in self.webs:
            web.start()
        cast = make_cast(
            self.primary.url(), self.first.variables["SECRET_KEY"], REVIEWERS, STORIES
        )
        for web in self.webs:
            wait_until(web.ready, PATIENCE)
        self.proxy.start(self.webs)
        return cast

    # --- What is proven -------------------------------------------------------------------
    async def work(self, cast: Cast) -> None:
        await self.see_everything_at_once(cast)
        async with AsyncExitStack() as stack:

            async def enter(cookies: Cookies) -> Person:
                return await stack.enter_async_context(
                    somebody(self.base, self.ledger, cookies)
                )

            people = [await enter(cookies) for cookies in cast.reviewers]
            reviewers = [
                Reviewer(one, cast.stories[number % STORIES], Random(number))
                for number, one in enumerate(people)
            ]
            for reviewer in reviewers:
                await reviewer.open()
            streams = [Stream(*both) for both in zip(people, cast.stories, strict=False)]
            ended = asyncio.Event()
            async with asyncio.TaskGroup() as tasks:
                listening = [tasks.create_task(one.listen()) for one in streams]
                for one in reviewers:
                    tasks.create_task(one.work(ended.is_set, PAUSE))
                await asyncio.sleep(4)
                await self.lose_a_web_process()
                await self.lose_the_primary()
                await asyncio.sleep(6)
                ended.set()
                await self.tell_streams(reviewers, streams)
                for task in listening:
                    task.cancel()
            await self.be_the_same(reviewers[0])

    async def see_everything_at_once(self, cast: Cast) -> None:
        """A page that may be read from the replica shows what it has not, and then is."""
        say("pages from the replica: not while it is behind")
        export = f"/articles/{cast.stories[0]}/export/jsonl/"

        async def tags(cookies: Cookies) -> int:
            async with somebody(self.base, self.ledger, cookies) as person:
                status, page = await person.get(export)
                assert status == 200, f"an export was answered {status}"
                return page.count('"type": "annotation"')

        await asyncio.to_thread(self.replica.ask, "SELECT pg_wal_replay_pause()")
        async with somebody(self.base, self.ledger, cast.devices[0]) as person:
            reviewer = Reviewer(person, cast.stories[0], Random(0))
            await reviewer.open()
            await reviewer.tag()
        seen = [await tags(one) for one in (*cast.devices, cast.moderator)]
        there = await asyncio.to_thread(self.replica.ask, TAGS, "annotate")
        assert (seen, there) == ([1, 1, 1], 0), f"seen {seen}, in the replica {there}"

        await asyncio.to_thread(self.replica.ask, "SELECT pg_wal_replay_resume()")
        before = self.replica.log.read_text().count(READ_THERE)

        async with asyncio.timeout(PATIENCE):
            while self.replica.log.read_text().count(READ_THERE) == before:
                assert await tags(cast.devices[1]) == 1
                # Not sooner: it is not asked before, and exports are counted (RATE_LIMITS).
                await asyncio.sleep(replica.BEHIND)

        say("nor while it says nothing")
        with self.replica.standing_still():
            began = time.monotonic()
            for _ in range(6):
                assert await tags(cast.devices[0]) == 1
            took = time.monotonic() - began
        assert took < SILENT, f"six pages waited {took:.1f} s for a silent replica"

    async def lose_a_web_process(self) -> None:
        say("killing a web process")
        await asyncio.to_thread(self.second.kill)
        await self.go_on(50)
        await asyncio.to_thread(self.second.start)
        await until(self.second.ready)
        await asyncio.sleep(2)

    async def lose_the_primary(self) -> None:
        await asyncio.to_thread(self.primary.stop_sending)
        await asyncio.sleep(1)  # in which it may answer nothing that it alone has
        before = len(self.ledger.done)
        killed = time.monotonic()
        await asyncio.to_thread(self.primary.kill)
        await asyncio.sleep(1)
        await asyncio.to_thread(self.replica.ask, "SELECT pg_promote()")
        self.pooler.lead_to(self.replica)
        promoted = time.monotonic()
        await self.go_on(1)
        again = time.monotonic()
        say(
            f"killing the primary: {before:,} requests were answered before; the replica was "
            f"promoted after {promoted - killed:.1f} s, the first answered "
            f"{again - promoted:.1f} s later"
        )
        for web in self.webs:
            await until(web.ready)
        say("both web processes are ready again")
        await self.go_on(100)

    async def tell_streams(self, reviewers: list[Reviewer], streams: list[Stream]) -> None:
        """Each stream is told of a tag that is made now, on the promoted server."""
        say("a tag now reaches the streams that were open all the time")
        for number, stream in enumerate(streams):
            await reviewers[number + STORIES].tag()
            latest = reviewers[number + STORIES].latest
            await until(partial(knows, stream, latest))
        say(f"they were opened {[one.opened for one in streams]} times")

    async def be_the_same(self, reviewer: Reviewer) -> None:
        say("one session, the same files and pages on both")
        cookies = {one.key: one.value for one in reviewer.person.session.cookie_jar}
        found = []
        for web in self.webs:
            async with somebody(web.base, self.ledger, cookies) as person:
                status, page = await person.get(f"/articles/{reviewer.article}/history/")
                assert status == 200, f"{web.base} answered {status}"
                files = sorted(set(STATIC.findall(page)))
                found.append([(file, await person.get(file)) for file in files])
        assert found[0] == found[1], "the static files differ"
        assert found[0], "a page without static files"
        assert all(status == 200 for _, (status, _) in found[0])

    async def go_on(self, number: int) -> None:
        """Wait until so many more requests were answered."""
        wanted = len(self.ledger.done) + number
        await until(lambda: len(self.ledger.done) >= wanted)


def knows(stream: Stream, event: int) -> bool:
    return stream.seen >= event


async def until(condition: Callable[[], bool]) -> None:
    await asyncio.to_thread(wait_until, condition, PATIENCE)


if __name__ == "__main__":
    sys.exit(main())
