"""Play faults under load, round for round, and look after each whether all is there."""

from __future__ import annotations

import argparse
import asyncio
import io
import os
import statistics
import subprocess
import sys
import time
import traceback
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random

from tests.faults import beside, kinds
from tests.faults.crowd import Crowd, World
from tests.faults.kinds import BACK, KILLS, WEIGHTS, Play
from tests.faults.site import FAKETIME, Site, until, use
from tests.processes import answers, data_home

FEW = 10  # rounds; with fewer, everything is short, unless it is to be long
# Of a web process at the end; the connections of two, with nine threads and one that listens.
MOST = {"threads": 20, "files": 150, "MB": 300, "connections": 24}
DISK_MB = 900  # of a small disk, most of which is free


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.faults", description=__doc__)
    parser.add_argument("--rounds", type=int, default=50, help="how many kills")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--long", action="store_true", help="also with few rounds")
    parser.add_argument("--only", help="of the faults that are no kills: those with this word")
    options = parser.parse_args()
    with data_home() as home, small_disk(home) as is_small:
        found = asyncio.run(play(home, options, is_small))
    for one in found:
        print(f"FAULT: {one}")
    print("No fault was found." if not found else f"{len(found)} faults were found.")
    return 1 if found else 0


@contextmanager
def small_disk(home: Path) -> Iterator[bool]:
    """Put a disk of its own under the data; False where that is not allowed."""
    mount = ["mount", "-t", "tmpfs", "-o", f"size={DISK_MB}m,mode=755", "tmpfs", str(home)]
    if os.geteuid() or subprocess.run(mount, capture_output=True).returncode:
        yield False
        return
    try:
        yield True
    finally:
        subprocess.run(["umount", "--lazy", str(home)], check=True)


async def play(home: Path, options: argparse.Namespace, is_small: bool) -> list[str]:
    """Play all; return what was found wrong, in words."""
    dice, short = Random(options.seed), options.rounds < FEW and not options.long
    patience = 2 if short else 15
    site = Site(home, webs=2, DATABASE_TIMEOUT=str(patience))
    async with site.running():
        await until(lambda: answers(site.database))
        use(site.database, home)
        people = (8, 1, 4) if short else (20, 3, 10)
        world = await asyncio.to_thread(World, *people, home)
        await site.serve()
        crowd = Crowd(f"http://127.0.0.1:{site.front.port}", world, dice)
        await crowd.start()
        stage = Play(site, crowd, dice, short, world.moderators[0], patience)
        rounds = Rounds(stage)
        try:
            for _ in range(options.rounds):
                [name] = dice.choices(list(KILLS), weights=WEIGHTS)
                await rounds.play(f"{name} killed", KILLS[name])
            for name, fault in others(is_small, short, options.only):
                await rounds.play(name, fault)
        except TimeoutError:
            rounds.found.append(f"not back within {BACK} s")
            print(traceback.format_exc(), *site.last_words(), sep="\n")
        finally:
            await crowd.stop()
        rounds.summary()
        if rounds.found:
            print(*site.errors()[:5], sep="\n")
    return rounds.found


def others(
    is_small: bool, short: bool, only: str | None
) -> Iterator[tuple[str, Callable[[Play], Awaitable[None]]]]:
    """What else is done, once; what cannot be done here is said."""
    named = {
        "a killed worker": beside.kill_the_worker,
        "kills before a browser": beside.in_a_browser,
        "a network that drops": kinds.cut_answers,
        "a silent database": kinds.silent_database,
        "a silent network": kinds.silent_network,
        "a full disk": kinds.full_disk,
        "a clock that jumps": kinds.clock,
    }
    if short and not only:  # what the suite of tests has a little of anyway
        del named["a killed worker"], named["kills before a browser"]
    if not is_small:
        print("Not done: a full disk. It takes root, who may mount one.")
        del named["a full disk"]
    if not FAKETIME:
        print("Not done: a clock that jumps. It takes libfaketime (apt install libfaketime).")
        del named["a clock that jumps"]
    yield from ((name, does) for name, does in named.items() if not only or only in name)


class Rounds:
    """Plays one fault after the other, and looks at what came of each."""

    def __init__(self, stage: Play) -> None:
        self.stage = stage
        self.number = 0
        self.found: list[str] = []
        self.first: list[float] = []
        self.everybody: list[float] = []
        heads = ("took", "first tag", "everybody", "healthy", "streams", "answered")
        heading = "".join(f"{head:>11}" for head in heads)
        print(f"{'round':>5}  {'what':26}{heading}   faults", flush=True)

    async def play(self, name: str, fault: Callable[[Play], Awaitable[None]]) -> None:
        stage = self.stage
        self.number += 1
        await asyncio.sleep(stage.dice.uniform(0.2, 1.2))
        began = time.monotonic()
        await fault(stage)
        moment = time.monotonic()
        took = moment - began
        first, everybody = await stage.crowd.at_work(moment, BACK)
        await stage.site.healthy(BACK)
        healthy = time.monotonic() - moment
        streams = await stage.crowd.told(BACK)
        stage.site.network.forget()
        found = [one for one in await self.look() if one not in self.found]
        self.found += found
        self.first.append(first)
        self.everybody.append(everybody)
        seconds = "".join(f"{one:9.2f} s" for one in (took, first, everybody, healthy, streams))
        answered = len(stage.crowd.ledger().done)
        print(f"{self.number:5}  {name:26}{seconds}{answered:11,}{len(found):9}", flush=True)

    async def look(self) -> list[str]:
        """Return what is wrong now: in the answers, the database, the logs."""
        stage = self.stage
        ledger = stage.crowd.ledger()
        found = await asyncio.to_thread(ledger.faults, stage.site.database)
        return found + stage.wrong + await asyncio.to_thread(what_the_log_says)

    def summary(self) -> None:
        ledger, usage = self.stage.crowd.ledger(), self.stage.site.usage()
        print(
            f"{len(ledger.done):,} answers, {ledger.away:,} attempts that met nobody, "
            f"{sum(one.decided for one in self.stage.crowd.moderators)} decisions, "
            f"{sum(one.opened for one in self.stage.crowd.streams)} streams opened."
        )
        for name, times in (("first", self.first), ("everybody", self.everybody)):
            if not times:
                continue
            middle, worst = statistics.median(times), max(times)
            print(f"Until the {name} was answered: median {middle:.2f} s, worst {worst:.2f} s.")
        print("At the end: " + ", ".join(f"{many} {name}" for name, many in usage.items()))
        leaks = {name: many for name, many in usage.items() if many > MOST[name]}
        self.found += [f"{many} {name} are in use at the end" for name, many in leaks.items()]


def what_the_log_says() -> list[str]:
    """Return what `manage.py check_log` finds."""
    from django.core.management import CommandError, call_command
    from django.db import connection

    said = io.StringIO()
    connection.close()  # the database may have been away since
    try:
        call_command("check_log", stdout=said)
    except CommandError as error:
        return [*said.getvalue().splitlines(), str(error)]
    finally:
        connection.close()
    return []


if __name__ == "__main__":
    sys.exit(main())
