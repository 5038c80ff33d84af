"""Load the running site, and say how it bore that: `python -m tests.load`, or `make load`.

The site is started by the command of `make run`, in a new data directory, with a database of
its own: the embedded one, or one made on the server of DATABASE_URL and dropped at the end.
Beside its web process stand others (`--processes` in all), as a site for others has one for
each core; each person stays with one of them. Everything runs on this machine and asks nothing
of another one. Exit code 1 if anything failed or a budget is missed.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
import time
from contextlib import AsyncExitStack, ExitStack, suppress
from dataclasses import dataclass, field
from io import StringIO
from itertools import cycle
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, cast

import psutil
import psycopg

from annotate import embedded
from tests.bench.__main__ import Row, close_django, database, open_django, table
from tests.processes import Site, Web, data_home, running_site
from tests.traffic import Ledger, somebody

if TYPE_CHECKING:
    from .cast import Cast
    from .meter import Times, Watch
    from .people import Moderator, Reading

TAG_P99 = 0.4  # seconds
ENOUGH = 1_000  # tags: of fewer, the slowest hundredth is a matter of chance
FLAT = 1.1  # times the memory of the third minute, at the end
SETTLED = 120  # seconds until everybody has come and every thread has worked
LOOK = 5  # seconds between two looks at memory and processors
EVERY = 10  # seconds from one story that is put in to the next
PAUSE, MODERATORS_PAUSE = 8, 5  # seconds from one thing that somebody does to the next, about


@dataclass
class Load:
    """What was measured in one run."""

    seconds: float
    times: Times
    watch: Watch
    server_seconds: float
    database_seconds: float
    own_seconds: float
    faults: list[str] = field(default_factory=list)


def main() -> int:
    options = arguments()
    try:
        loads = run(options)
    except embedded.EmbeddedError as error:
        print(error, file=sys.stderr)
        return 2
    if options.picture:
        options.picture.write_text(curve(loads))
        print(f"\nThe curve is in {options.picture}.")
    missed = [row for load in loads.values() for row in budgets(load) if row.held is False]
    return 1 if missed else 0


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.load", description=__doc__)
    parser.add_argument("--seconds", type=int, default=600)
    parser.add_argument("--processes", type=int, default=2, help="web processes")
    parser.add_argument("--reviewers", type=int, default=300)
    parser.add_argument("--moderators", type=int, default=10)
    parser.add_argument("--stories", type=int, default=30)
    parser.add_argument("--pause", type=float, default=PAUSE, help="seconds, of reviewers")
    parser.add_argument(
        "--still",
        type=int,
        default=0,
        help="in so many of the seconds, the last, people look only: stories stay as they are",
    )
    parser.add_argument(
        "--steps",
        type=lambda given: [int(one) for one in given.split(",")],
        help="one after the other these numbers of reviewers, as 50,100,200",
    )
    parser.add_argument("--picture", type=Path, help="where to draw the times of the steps")
    return parser.parse_args()


def say(what: str) -> None:
    print(f"… {what}", file=sys.stderr, flush=True)


def run(options: argparse.Namespace) -> dict[int, Load]:
    """Start a site and load it with each of the numbers of reviewers; print each report."""
    say("starting the site")
    with (
        data_home() as home,
        database(home, settings="annotate.settings") as variables,
        running_site(home, **variables) as site,
        ExitStack() as others,
    ):
        webs: list[Site | Web] = [site]
        for _ in range(options.processes - 1):
            given = {"DATABASE_URL": site.database(), **variables}
            webs.append(Web(home, ALLOWED_HOSTS="127.0.0.1", **given))
            others.callback(webs[-1].stop)
        open_django(home, variables)
        loads = {}
        try:
            for reviewers in options.steps or [options.reviewers]:
                loads[reviewers] = measure(webs, options, reviewers)
                print(report(loads[reviewers], options, reviewers), flush=True)
        finally:
            close_django()
        return loads


def measure(webs: list[Site | Web], options: argparse.Namespace, reviewers: int) -> Load:
    """Let so many work at the site, in stories of their own; look at what is there then."""
    from tests.bench.__main__ import analyse

    from .cast import make_cast
    from .meter import Times, Watch
    from .people import Visitor

    say("making people and stories")
    everybody = make_cast(
        reviewers=reviewers, moderators=options.moderators, stories=options.stories
    )
    analyse()
    say(f"{reviewers} reviewers work for {options.seconds} s")
    ledger = Ledger()
    Visitor.times = times = Times()
    with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as connection:
        processes = [psutil.Process(one.process.pid) for one in webs]
        watch = Watch(processes, connection)
        addresses = [f"http://127.0.0.1:{one.port}" for one in webs]
        comments = asyncio.run(work(addresses, everybody, ledger, times, watch, options))
        watch.look()
    load = Load(
        seconds=time.monotonic() - times.began,
        times=times,
        watch=watch,
        server_seconds=watch.server_seconds(),
        database_seconds=watch.database_seconds(),
        own_seconds=watch.own_seconds(),
    )
    say("looking at what is there")
    load.faults = [f"{many} × {what}" for what, many in times.failed.items()]
    if ledger.away:
        load.faults.append(f"{ledger.away} × what was done had to be sent again")
    load.faults += ledger.faults(os.environ["DATABASE_URL"])
    load.faults += lost_comments(comments) + what_the_log_says()
    return load


async def work(
    addresses: list[str],
    of: Cast,
    ledger: Ledger,
    times: Times,
    watch: Watch,
    options: argparse.Namespace,
) -> list[object]:
    """Let everybody come, work and go; return the requests of the comments they made."""
    from .people import Moderator, Reading, Visitor, put_stories_in

    bases = cycle(addresses)  # those who come one after the other stand on different ones
    over = asyncio.Event()
    async with AsyncExitStack() as stack:

        async def visitor(cookies: dict[str, str]) -> Visitor:
            person = somebody(next(bases), ledger, cookies, kind=Visitor)
            return cast(Visitor, await stack.enter_async_context(person))

        readers = [
            Reading(await visitor(cookies), story, Random(number))
            for number, (cookies, story) in enumerate(of.reviewers)
        ]
        moderators = [
            Moderator(await visitor(cookies), Random(-number))
            for number, cookies in enumerate(of.moderators, start=1)
        ]
        editor = await visitor(of.editor)
        if options.still:
            Reading.looks_from = time.monotonic() + options.seconds - options.still
        # Not all in the same second: in the first tenth of the time, half a minute at most.
        coming = min(options.seconds / 10, 30) / len(readers)
        shifts = [
            *(
                shift(one, number * coming, over, options.pause)
                for number, one in enumerate(readers)
            ),
            *(shift(one, 0, over, MODERATORS_PAUSE) for one in moderators),
            put_stories_in(editor, over, EVERY, of.first),
        ]
        asyncio.get_running_loop().call_later(options.seconds, over.set)
        watching = asyncio.create_task(keep_watch(times, watch))
        await asyncio.gather(*shifts)
        watching.cancel()
        with suppress(asyncio.CancelledError):
            await watching  # raises what stopped it earlier
    return [request for one in readers for request in one.comments]


async def shift(
    one: Reading | Moderator, begin: float, over: asyncio.Event, pause: float
) -> None:
    """Let somebody come after `begin` seconds and work; what stops them is noted."""
    await asyncio.sleep(begin)
    try:
        await one.shift(over, pause)
    except AssertionError as error:
        one.person.times.failed[f"somebody stopped: {error}"] += 1


async def keep_watch(times: Times, watch: Watch) -> None:
    """Look at the site every few seconds; say each minute how it is."""
    minute = 0
    while True:
        await asyncio.sleep(LOOK)
        watch.look()
        if (now := int((time.monotonic() - times.began) // 60)) > minute:
            say(minute_line(minute, times, watch))
            minute = now


def minute_line(minute: int, times: Times, watch: Watch) -> str:
    from .meter import percentile

    tags = times.tags_by_minute[minute] or [0.0]
    p50, p95, p99 = (1000 * percentile(tags, one) for one in (50, 95, 99))
    memory = watch.memory(60 * minute, 60 * minute + 60) / 1e6
    return (
        f"minute {minute + 1:2}: {len(tags):5,} tags, p50 {p50:4.0f}, p95 {p95:4.0f}, "
        f"p99 {p99:4.0f} ms; memory {memory:.0f} MB"
    )


# --- What must be there -----------------------------------------------------------------------


def lost_comments(requests: list[object]) -> list[str]:
    """Return, in words, which comments that were answered are not there exactly once."""
    with psycopg.connect(os.environ["DATABASE_URL"]) as connection:
        found = connection.execute(
            "SELECT count(*), count(DISTINCT request) FROM discussion_comment"
            " WHERE request = ANY(%s)",
            [requests],
        )
        stored = found.fetchone()
    if stored == (len(requests), len(requests)):
        return []
    return [f"of {len(requests)} comments (stored, different) are there: {stored}"]


def what_the_log_says() -> list[str]:
    """Return what `manage.py check_log` finds that is not as the logs say."""
    from django.core.management import CommandError, call_command

    said = StringIO()
    try:
        call_command("check_log", stdout=said)
    except CommandError as error:
        return [f"{error} {said.getvalue()[:500]}"]
    return []


# --- The report -----------------------------------------------------------------------------


def report(load: Load, options: argparse.Namespace, reviewers: int) -> str:
    heading = (
        f"{reviewers} reviewers in {options.stories} stories, {options.moderators} moderators, "
        f"a story put in every {EVERY} s; {load.seconds:.0f} s"
    )
    lines = [f"\n{heading}\n", kinds_table(load), "", "tags by minute"]
    minutes = sorted(load.times.tags_by_minute)
    lines += [f"  {minute_line(one, load.times, load.watch)}" for one in minutes]
    lines += ["", table([*figures(load), *budgets(load)])]
    if load.faults:
        lines += ["", "What failed:", *(f"  {one}" for one in load.faults[:40])]
    return "\n".join(lines)


def kinds_table(load: Load) -> str:
    """Return how often each thing was asked for, and how long it took, in milliseconds."""
    from .meter import percentile

    lines = [
        f"{'kind':22}{'number':>8}{'a second':>10}{'p50':>8}{'p95':>8}{'p99':>8}{'most':>8}"
    ]
    for kind, taken in sorted(load.times.taken.items(), key=lambda one: -len(one[1])):
        percentiles = [percentile(taken, one) for one in (50, 95, 99, 100)]
        cells = "".join(f"{1000 * one:8.0f}" for one in percentiles)
        lines.append(f"{kind:22}{len(taken):8,}{len(taken) / load.seconds:10.1f}{cells}")
    lines.append("Times in ms; of an event from when it was stored.")
    return "\n".join(lines)


def figures(load: Load) -> list[Row]:
    """Return what has no budget of its own."""
    from .meter import EVENT

    taken = load.times.taken
    requests = sum(len(times) for kind, times in taken.items() if kind != EVENT)
    tags = max(len(taken["tag"]), 1)
    memory = load.watch.samples

    def cores(seconds: float) -> str:
        return f"{100 * seconds / load.seconds:.0f} % of a core"

    return [
        Row("requests a second", f"{requests / load.seconds:.0f}"),
        Row("server, all requests", cores(load.server_seconds)),
        Row("database, its background included", cores(load.database_seconds)),
        Row("who makes the load", cores(load.own_seconds)),
        Row(
            "server for 1,000 tags and all that goes with them",
            f"{1000 * load.server_seconds / tags:.1f} s",
        ),
        Row("database for the same", f"{1000 * load.database_seconds / tags:.1f} s"),
        Row(
            "memory of the server: at the start, at the end",
            f"{memory[0].memory / 1e6:.0f}, {memory[-1].memory / 1e6:.0f} MB",
        ),
    ]


def budgets(load: Load) -> list[Row]:
    from .meter import percentile

    tags = load.times.taken["tag"]
    what = "p99 of a tag"
    latency = Row(what, f"of {len(tags)} tags only, too few to tell")
    if len(tags) >= ENOUGH:
        p99 = percentile(tags, 99)
        budget = f"≤ {1000 * TAG_P99:.0f} ms"
        latency = Row(what, f"{1000 * p99:.0f} ms", budget, p99 <= TAG_P99)
    return [
        Row("what failed", f"{len(load.faults)}", "0", not load.faults),
        latency,
        memory_row(load),
    ]


def memory_row(load: Load) -> Row:
    """Judge whether memory is flat: the last minute against the third."""
    what = "memory, the last minute / the third"
    if load.seconds < SETTLED + 120:
        return Row(what, "too short to tell")
    before = load.watch.memory(SETTLED, SETTLED + 60)
    grown = load.watch.memory(load.seconds - 60, load.seconds) / before
    return Row(what, f"{grown:.2f} ×", f"≤ {FLAT} ×", grown <= FLAT)


def curve(loads: dict[int, Load]) -> str:
    from tests.bench.picture import Curve, draw

    from .meter import percentile

    lines = [
        Curve(
            f"p{percent}",
            [
                (reviewers, 1000 * percentile(load.times.taken["tag"], percent))
                for reviewers, load in loads.items()
            ],
        )
        for percent in (50, 95, 99)
    ]
    return draw("A tag, from the request to its answer", "reviewers at work", "ms", lines)


if __name__ == "__main__":
    sys.exit(main())
