"""An upgrade while people tag: the next version's migrations run beside the old version."""

from __future__ import annotations

import asyncio
import sys
from asyncio.subprocess import PIPE, STDOUT, Process
from contextlib import AsyncExitStack
from pathlib import Path
from random import Random

import psycopg

from tests.processes import ROOT, Site, environment, query, running_site
from tests.traffic import Ledger, Reviewer, somebody

# Who has no tag yet in which of the sample stories.
REVIEWERS = [("mo", 1), ("ana", 4)]
APPLIED = "SELECT count(*) FROM django_migrations WHERE name LIKE 'upgrade%'"
STORED = """
    SELECT count(*) FILTER (WHERE source IS NULL AND weight = 1), count(*)
      FROM annotations_annotation"""
READY = """
    SELECT (SELECT indisvalid FROM pg_index WHERE indexrelid = 'annotation_source'::regclass),
           (SELECT convalidated FROM pg_constraint
             WHERE conname = 'annotation_weight_is_positive')"""


async def migrate(site: Site, *options: str) -> Process:
    """Bring the database of `site` to the next version."""
    variables = {
        "DATABASE_URL": site.database(),
        "DJANGO_SETTINGS_MODULE": "tests.upgrade.settings",
        "SECRET_KEY": "for tests only",
    }
    return await asyncio.create_subprocess_exec(
        *(sys.executable, "manage.py", "migrate", "--no-color", *options),
        cwd=ROOT,
        env=environment(site.home, **variables),
        stdout=PIPE,
        stderr=STDOUT,
    )


async def told(process: Process, words: str) -> str:
    """Read what a command says until a line has `words` in it; return that line."""
    said = []
    async for line in process.stdout:
        said.append(line.decode())
        if words in said[-1]:
            return said[-1].strip()
    raise AssertionError(f"It did not say “{words}” but: {''.join(said)}")


def passwords(home: Path) -> dict[str, str]:
    lines = (line.split() for line in (home / "sign-in.txt").read_text().splitlines() if line)
    return {name: password for name, password, _ in lines}


class Traffic:
    """Reviewers who tag and tag, as long as the block lasts."""

    def __init__(self, site: Site, ledger: Ledger) -> None:
        self.site, self.ledger = site, ledger
        self.over = False

    async def __aenter__(self) -> Traffic:
        self.stack = AsyncExitStack()
        secrets = passwords(self.site.home)
        tasks = []
        for number, (name, article) in enumerate(REVIEWERS):
            base = f"http://127.0.0.1:{self.site.port}"
            person = await self.stack.enter_async_context(somebody(base, self.ledger))
            await person.sign_in(name, secrets[name])
            reviewer = Reviewer(person, article, Random(number))
            await reviewer.open()
            tasks.append(reviewer.work(lambda: self.over, pause=0.02))
        self.work = asyncio.gather(*tasks)
        return self

    async def __aexit__(self, *error: object) -> None:
        self.over = True
        await self.work
        await self.stack.aclose()

    async def answered(self, more: int) -> None:
        """Wait until so many more requests were answered than until now."""
        enough = len(self.ledger.done) + more
        async with asyncio.timeout(60):
            while len(self.ledger.done) < enough:
                await asyncio.sleep(0.02)


async def upgrade(site: Site, ledger: Ledger) -> None:
    async with Traffic(site, ledger) as traffic:
        await traffic.answered(10)
        slow = await psycopg.AsyncConnection.connect(site.database())
        async with slow, asyncio.timeout(120):
            # As a backup or a long report holds it, until the block ends.
            await slow.execute("SELECT 1 FROM annotations_annotation LIMIT 1")

            hasty = await migrate(site, "--lock-timeout=0.05", "--attempts=2")
            assert await told(hasty, "CommandError") == (
                "CommandError: No lock was to be had in 2 attempts: a transaction holds the "
                "table that the migration changes. Nothing of that migration is applied. "
                "End the transaction (docs/operations.md says how to find it) and run migrate "
                "again."
            )
            assert await hasty.wait() == 1
            assert query(site.database(), APPLIED) == [(0,)]

            first = await migrate(site, "--lock-timeout=0.5", "--attempts=200")
            assert await told(first, "others pass") == (
                "A transaction holds the table: others pass, then attempt 2 of 200."
            )
            second = await migrate(site)
            assert await told(second, "Another") == (
                "Another migrate is at work in this database: waiting for its end."
            )
            await traffic.answered(30)
            assert first.returncode is None
            assert query(site.database(), APPLIED) == [(0,)]
        await told(first, "Applying annotations.upgrade_4_validate_weight... OK")
        await told(second, "No migrations to apply.")
        assert (await first.wait(), await second.wait()) == (0, 0)
        # The old version goes on with the new tables.
        await traffic.answered(10)
        assert site.healthy()


def test_nobody_who_tags_notices_an_upgrade(used_home):
    ledger = Ledger()
    with running_site(used_home) as site:
        asyncio.run(upgrade(site, ledger))
        assert ledger.away == 0, "a tag was answered 503, or not at all"
        assert ledger.faults(site.database()) == []
        assert query(site.database(), APPLIED) == [(4,)]
        assert query(site.database(), READY) == [(True, True)]
        [(new, all_tags)] = query(site.database(), STORED)
        assert new == all_tags
