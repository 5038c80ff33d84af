"""Measure the budgets on the running site, and print each: `python -m tests.bench`.

The site is started by the command of `make run`, in a new data directory, with a database of
its own: the embedded one, or one made on the server of DATABASE_URL and dropped at the end.
Exit code 1 if a budget is missed.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from itertools import islice
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

import psycopg
from psycopg import sql
from psycopg.conninfo import make_conninfo

from annotate import embedded
from tests import browser as browsers
from tests.bench.picture import Curve, draw
from tests.processes import Site, data_home, running_site

if TYPE_CHECKING:
    from annotate.articles.models import Article

    from .site import Cost, Person

SIZES = [(25, 0), (250, 200), (1_000, 800), (2_500, 2_000)]  # sentences, tags
REVIEWERS = 10
# Requests of a block follow each other; the kinds of blocks alternate, so often that what else
# the machine does hits all kinds alike.
BLOCKS, BLOCK = 5, 10  # of each kind and for each reviewer
OPENINGS = 25
LONG_TEXT = 2_000_000  # bytes
SECRET_KEY = "for the benchmark only"


@dataclass
class Row:
    """A line of the table. `held` is None where the design sets no budget."""

    what: str
    figure: str
    budget: str = ""
    held: bool | None = None


def main() -> int:
    options = arguments()
    started = time.monotonic()
    try:
        browsers.install()
        with data_home() as home, database(home) as variables:
            rows = measure(home, variables, options)
    except (LookupError, embedded.EmbeddedError) as error:
        print(error, file=sys.stderr)
        return 2
    print(table(rows))
    print(f"\nTook {time.monotonic() - started:.0f} s.")
    return 1 if any(row.held is False for row in rows) else 0


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--files", action="store_true", help="list what a page loads")
    parser.add_argument("--picture", type=Path, help="where to draw what a page costs")
    return parser.parse_args()


def say(what: str) -> None:
    print(f"… {what}", file=sys.stderr, flush=True)


@contextmanager
def database(home: Path, settings: str = "tests.bench.settings") -> Iterator[dict[str, str]]:
    """Give what the site's environment needs for a new database; drop it afterwards."""
    variables = {"DJANGO_SETTINGS_MODULE": settings, "SECRET_KEY": SECRET_KEY}
    given = os.environ.get("DATABASE_URL")
    if not given:
        yield variables  # the embedded one goes with `home`
        return
    name = f"annotate_bench_{os.getpid()}"
    with psycopg.connect(given, autocommit=True) as server:
        server.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        try:
            yield {**variables, "DATABASE_URL": make_conninfo(given, dbname=name)}
        finally:
            drop = sql.SQL("DROP DATABASE {} WITH (FORCE)")
            server.execute(drop.format(sql.Identifier(name)))


def measure(home: Path, variables: dict[str, str], options: argparse.Namespace) -> list[Row]:
    say("starting the site twice")
    first = time.monotonic()
    with running_site(home, **variables):
        first = time.monotonic() - first
    second = time.monotonic()
    with running_site(home, **variables) as site:
        second = time.monotonic() - second
        open_django(home, variables)
        try:
            make_table_of_bare_view()
            rows = [*measure_site(site, options)]
        finally:
            close_django()
    return [
        Row("first start, to the first answer", f"{first:.1f} s"),
        Row("second start", f"{second:.1f} s", "< 5 s", second < 5),
        *rows,
    ]


def open_django(home: Path, variables: dict[str, str]) -> None:
    """Let this process use the site's code and its database."""
    os.environ.pop("DATABASE_URL", None)
    os.environ.update(variables, ANNOTATE_DATA_DIR=str(home), DEBUG="0")
    embedded.prepare_environment()
    import django

    django.setup()


def make_table_of_bare_view() -> None:
    from django.db import connection

    from .models import Line

    with connection.schema_editor() as editor:
        editor.create_model(Line)


def close_django() -> None:
    from django.db import connections

    connections.close_all()
    embedded.stop()


def measure_site(site: Site, options: argparse.Namespace) -> Iterator[Row]:
    from tests.factories import make_user

    from . import stories
    from .hostile import hostile_rows
    from .queue import fill, queue_rows
    from .site import Person
    from .streams import stream_rows

    say("making the stories")
    names = [f"reviewer-{number}" for number in range(REVIEWERS)]
    people = [make_user(name) for name in names]
    articles = []
    for sentences, tags in SIZES:
        articles.append(stories.make_story(sentences))
        stories.tag_story(articles[-1], people[0], tags)
    say("signing in")
    signed_in = [Person(site.port, name) for name in names]

    analyse()
    say("opening pages")
    yield from opening_rows(site, signed_in[0], articles, options.picture)
    yield from page_rows(site, signed_in[0], articles, list_files=options.files)
    say("tagging")
    yield from tag_rows(site, signed_in, articles)
    yield queries_row(people[1], articles)
    say("telling open streams")
    yield from (Row(*one) for one in stream_rows(site.port, site.process.pid, signed_in))
    say("importing 2 MB")
    yield from import_rows()
    say("putting hostile texts in")
    yield from (Row(*one) for one in hostile_rows())
    say("filling the queue")
    moderator = make_user("moderator", "moderator")
    fill()
    analyse()
    say("moderating")
    desk = Person(site.port, "moderator")
    yield from (Row(*one) for one in queue_rows(site.process.pid, desk, moderator))


def analyse() -> None:
    """Give the planner its statistics, as autovacuum does a minute after the rows came."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


# --- A tag -----------------------------------------------------------------------------------


def tag_rows(site: Site, people: list[Person], articles: list[Article]) -> Iterator[Row]:
    """A tag against the bare view: blocks of each in turn, the median of their ratios.

    Each reviewer makes 50 tags on the small story, so that they lie there as closely as in
    real work; those on the large one are all the first reviewer's, who has 2,000.
    """
    from .site import Meter, Tagger
    from .stories import wanted_tags

    meter = Meter(site.process.pid)
    small, *_, large = articles
    in_large = Tagger(people[0], large.pk)
    more = wanted_tags(large, skip=2_000)
    plain_costs, bare_costs, small_costs, large_costs = [], [], [], []
    for person in people:
        in_small = Tagger(person, small.pk)
        tags = wanted_tags(small)
        for _ in range(BLOCKS):
            plain_costs.append(meter.cost(partial(bare_block, person, "/plain/")))
            small_costs.append(meter.cost(partial(block, in_small.tag, tags)))
            large_costs.append(meter.cost(partial(block, in_large.tag, more)))
            bare_costs.append(meter.cost(partial(bare_block, person, "/bare/")))
    yield Row("a bare Django view: server + database", milliseconds(plain_costs))
    yield Row("the same, with the site's session and person", milliseconds(bare_costs))
    names = ["25 sentences", "2,500 sentences, 2,000 tags"]
    for name, costs in zip(names, [small_costs, large_costs], strict=True):
        ratio = ratio_of(costs, plain_costs)
        figure = f"{ratio:.2f} ×"
        yield Row(f"a tag / the bare view, {name}", figure, "≤ 1.6 ×", round(ratio, 2) <= 1.6)
        figure = f"{ratio_of(costs, bare_costs):.2f} ×"
        yield Row("    with the site's session and person", figure)
        yield Row("    server + database", milliseconds(costs))


def ratio_of(costs: list[Cost], others: list[Cost]) -> float:
    """Return the median of the ratios of blocks that stood side by side."""
    return median(one.server / other.server for one, other in zip(costs, others, strict=True))


def bare_block(person: Person, path: str) -> int:
    for number in range(BLOCK):
        status, _ = person.post(path, {"text": f"Line {number}"})
        assert status == 200, f"the bare view answered {status}"
    return BLOCK


def block[T](send: Callable[[T], None], things: Iterator[T]) -> int:
    for thing in islice(things, BLOCK):
        send(thing)
    return BLOCK


def milliseconds(costs: list[Cost]) -> str:
    server = 1000 * median(cost.server for cost in costs)
    used = [cost.database for cost in costs if cost.database is not None]
    database = f"{1000 * median(used):.2f}" if used else "?"
    return f"{server:.2f} + {database} ms"


def queries_row(reviewer, articles: list[Article]) -> Row:
    """Count what one tag asks the database, through all of the site's middleware."""
    from django.db import connection
    from django.test import Client
    from django.test.utils import CaptureQueriesContext
    from django.urls import reverse

    from annotate.live.actions import latest_event

    from .stories import wanted_tags

    client = Client(headers={"host": "127.0.0.1", "HX-Request": "true"})
    client.force_login(reviewer)
    counts = []
    for article in articles:
        for tag in islice(wanted_tags(article, skip=BLOCKS * BLOCK), 2):
            since = latest_event(article, reviewer, sees_all=False)  # as the page knows it
            fields = {**tag._asdict(), "since": since}
            with CaptureQueriesContext(
                connection,
            ) as asked:
                answer = client.post(reverse("annotate", args=[article.pk]), fields)
            assert answer.status_code == 200, answer.content
            # Django logs the transaction's own statements, too.
            counts.append(sum(one["sql"] not in ("BEGIN", "COMMIT") for one in asked))
    most = max(counts)
    return Row("queries of a tag, session and person included", str(most), "≤ 8", most <= 8)


# --- Opening a story -----------------------------------------------------------------------


def opening_rows(
    site: Site, person: Person, articles: list[Article], picture: Path | None = None
) -> Iterator[Row]:
    from .site import Meter

    meter = Meter(site.process.pid)

    def once(article: Article) -> int:
        person.get(f"/articles/{article.pk}/")
        return 1

    costs: list[list[float]] = [[] for _ in articles]
    # In turn, as the tags are; the first of each warms up what the server keeps.
    for opening in range(OPENINGS + 1):
        for article, spent in zip(articles, costs, strict=True):
            cost = 1000 * meter.cost(partial(once, article)).server
            if opening:
                spent.append(cost)
    times = [median(spent) for spent in costs]
    for (sentences, tags), spent in zip(SIZES, times, strict=True):
        budget, held = ("≤ 250 ms", spent <= 250) if sentences == 2_500 else ("", None)
        yield Row(
            f"opening {sentences:,} sentences, {tags:,} tags: server",
            f"{spent:.1f} ms",
            budget,
            held,
        )
    things = [(sum(size), spent) for size, spent in zip(SIZES, times, strict=True)]
    least, some, *_, most = things
    each = [1000 * (one[1] - least[1]) / (one[0] - least[0]) for one in (some, most)]
    # Times that grew with the square would give 9.
    growth = each[1] / each[0]
    yield Row(
        "    each sentence or tag more: of 450, of 4,500", f"{each[0]:.0f}, {each[1]:.0f} µs"
    )
    yield Row("    the latter / the former: linear", f"{growth:.2f} ×", "≤ 2 ×", growth <= 2)
    if picture:
        title = "Opening a story: the server’s processor time"
        curve = Curve("", things)
        picture.write_text(draw(title, "sentences and tags", "ms", [curve]))


def page_rows(
    site: Site, person: Person, articles: list[Article], *, list_files: bool = False
) -> Iterator[Row]:
    from .browser import load_pages

    address = f"http://127.0.0.1:{site.port}"
    paths = [f"/articles/{article.pk}/" for article in articles]
    loads = load_pages(address, person.cookies, paths)
    if list_files:
        for load in loads:
            print(*(f"{size:8,} {name}" for name, size in load.files.items()), sep="\n")
    budgets = [60, None, None, 300]
    for (sentences, _), load, budget in zip(SIZES, loads, budgets, strict=True):
        yield Row(
            f"page of {sentences:,} sentences, empty cache: {load.requests} requests",
            f"{load.bytes / 1000:.1f} kB",
            f"≤ {budget} kB" if budget else "",
            load.bytes <= budget * 1000 if budget else None,
        )
    shift = max(load.shift for load in loads)
    yield Row("    layout shift while it loads, the most", f"{shift:.3f}", "0", shift == 0)


# --- Importing -----------------------------------------------------------------------------


def import_rows() -> Iterator[Row]:
    """Import the longest text that may be, in this process: time on the clock."""
    from django.db import connection

    from annotate.articles import reading, sentences
    from annotate.articles.actions import create_article

    from . import stories

    data = f"A story of two megabytes\n\n{stories.long_text(LONG_TEXT)}".encode()

    def timed[T](work: Callable[[], T]) -> tuple[float, T]:
        start = time.perf_counter()
        result = work()
        return time.perf_counter() - start, result

    read, story = timed(lambda: reading.read_file("long.txt", data))
    cpu = time.process_time()
    split, paragraphs = timed(lambda: sentences.split_body(story.body))
    cpu = time.process_time() - cpu
    number = sum(map(len, paragraphs))
    whole, article = timed(
        lambda: create_article(title=story.title, body=story.body, submitted_by=None)
    )
    assert article.sentences.count() == number + 1
    speed = number / cpu
    connection.close()
    yield Row(
        f"import of {len(data) / 1e6:.1f} MB, {number:,} sentences",
        f"{read + whole:.1f} s",
        "≤ 5 s",
        read + whole <= 5,
    )
    yield Row("    read, split, store", f"{read:.2f} + {split:.2f} + {whole - split:.2f} s")
    yield Row(
        "    splitter, sentences a second of CPU", f"{speed:,.0f}", "≥ 20,000", speed >= 20_000
    )


# --- The table ------------------------------------------------------------------------------


def table(rows: list[Row]) -> str:
    lines = [
        ("what", "figure", "budget", ""),
        *(
            (
                row.what,
                row.figure,
                row.budget,
                {True: "held", False: "missed", None: ""}[row.held],
            )
            for row in rows
        ),
    ]
    widths = [max(len(line[column]) for line in lines) for column in range(4)]
    return "\n".join(
        f"{what:<{widths[0]}}  {figure:>{widths[1]}}  {budget:>{widths[2]}}  {held}".rstrip()
        for what, figure, budget, held in lines
    )


if __name__ == "__main__":
    sys.exit(main())
