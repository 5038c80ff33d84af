"""Whether pages cost more in a large database than in a small one: `make large`.

Two sites run side by side on one PostgreSQL server, that of DATABASE_URL: one with 100 stories,
one with 100,000. What is missing of them is made by `generate_load`, which takes a while, and
kept for the next run. Each address is asked of both in turn; what is printed is the processor
time of the server and of its database connections, medians in milliseconds, and the ratio of
their sums. Exit code 1 if one is over the budget.

Small and large are compared where the work is alike: the same number of rows on the page, a
reviewer who has worked on about thirty stories, a story with about a hundred tags.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from itertools import islice
from statistics import median
from typing import TYPE_CHECKING, Any

import psycopg
from psycopg import sql
from psycopg.conninfo import make_conninfo

from tests.processes import ROOT, data_home, running_site

if TYPE_CHECKING:
    from .site import Cost, Meter, Person

BUDGET = 2.0
SENTENCES, TAGS = 30, 100  # of a story
SMALL = 100, 60  # stories, reviewers
BLOCKS = 5  # of each kind on each side, the first of which warms up
LONG = 1.0  # seconds: what takes longer is asked three times
TAGGED = 6  # tags, and undos, of a block
SECRET_KEY = "for the benchmark only"

# One word of nearly each story, one of few, a phrase of common words, one that none has.
SEARCHES = {"a common word": "people", "a phrase": '"the city"', "no hit": "zzyzxq"}

ADMIN = {
    "stories": "articles/article/",
    "sentences": "articles/sentence/",
    "tags": "annotations/annotation/",
    "tags, shown ones": "annotations/annotation/?state=shown",
    "readings": "annotations/reading/",
    "changes": "annotations/change/",
    "threads": "discussion/thread/",
    "comments": "discussion/comment/",
    "steps": "discussion/step/",
    "rounds": "reviews/round/",
    "parts": "reviews/assignment/",
    "moves": "reviews/move/",
    "cases": "moderation/case/",
    "flags": "moderation/flag/",
    "decisions": "moderation/decision/",
    "notices": "notices/notice/",
    "people": "accounts/user/",
}

# A reviewer with about thirty stories, one of them open and in review with a hundred tags.
CHOSEN = """
    WITH worked AS (
        SELECT reviewer_id, count(DISTINCT article_id) AS stories FROM annotations_annotation
         GROUP BY reviewer_id
    ), near AS (SELECT reviewer_id FROM worked ORDER BY abs(stories - 30), reviewer_id LIMIT 9)
    SELECT seat.reviewer_id, round.article_id FROM near
      JOIN reviews_assignment seat USING (reviewer_id)
      JOIN reviews_round round ON round.id = seat.round_id
      JOIN articles_article article ON article.id = round.article_id
     WHERE round.state = 'open' AND article.status = 'open' AND seat.submitted_at IS NULL
     ORDER BY abs((SELECT count(*) FROM annotations_annotation tag
                    WHERE tag.article_id = article.id) - 100), 1, 2 LIMIT 1
"""
BUSIEST = """
    SELECT reviewer_id FROM annotations_annotation GROUP BY reviewer_id
     ORDER BY count(*) DESC LIMIT 1
"""
MODERATOR = "SELECT id FROM accounts_user WHERE username = 'moderator-1'"
RARE = """
    SELECT split_part(title, ' in ', 2) FROM articles_article
     WHERE status = 'open' AND title NOT LIKE '%% in %% in %%' ORDER BY id DESC LIMIT 1
"""
LAST = "SELECT count(*) FROM articles_article WHERE status <> 'archived'"
CASES = "SELECT count(*) FROM moderation_case WHERE state = 'open'"
CASE = """
    SELECT min(id) FROM moderation_case
     WHERE state = 'open' AND kind = 'tag' AND flags_standing > 0
"""


@dataclass
class Side:
    """One of the two sites, with what is asked for there."""

    number: int  # stories
    url: str
    database: psycopg.Connection
    meter: Meter
    reviewer: Person
    moderator: Person
    busiest: Person
    story: int
    case: int
    last: int  # page of the list
    far: int  # page of the queue
    who: int
    rare: str


@dataclass
class Measured:
    """What one kind of request cost on each side, in seconds."""

    costs: list[list[Cost]] = field(default_factory=lambda: [[], []])
    first: list[float] = field(default_factory=list)  # on the clock
    failed: str = ""

    @property
    def is_long(self) -> bool:
        return any(cost.server + (cost.database or 0) > LONG for cost in self.costs[1])

    def milliseconds(self, side: int) -> tuple[float, float]:
        counted = self.costs[side][1:] or self.costs[side]
        server = median(one.server for one in counted)
        return 1000 * server, 1000 * median(one.database or 0 for one in counted)

    @property
    def ratio(self) -> float:
        return sum(self.milliseconds(1)) / sum(self.milliseconds(0))


def main() -> int:
    asked = arguments()
    given = os.environ.get("DATABASE_URL")
    if not given:
        print(
            "Set DATABASE_URL to a PostgreSQL server with 40 GB to spare, as "
            "docs/performance.md says.",
            file=sys.stderr,
        )
        return 2
    urls = [ensure(given, *SMALL), ensure(given, asked.articles, asked.reviewers)]
    prepare_django(urls[0])
    with ExitStack() as running:
        sides = [start(url, running) for url in urls]
        measured = measure(sides, asked.only)
    over = show(measured)
    return 1 if over else 0


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--articles", type=int, default=100_000, help="of the large site")
    parser.add_argument("--reviewers", type=int, default=5_000, help="of the large site")
    parser.add_argument("--only", default="", help="kinds whose names hold this")
    return parser.parse_args()


def say(what: str) -> None:
    print(f"… {what}", file=sys.stderr, flush=True)


# --- Two sites -------------------------------------------------------------------------------


def ensure(server: str, articles: int, reviewers: int) -> str:
    """Return the address of the database with so many stories; make it if it is missing."""
    name = f"annotate_load_{articles}"
    url = make_conninfo(server, dbname=name)
    with psycopg.connect(server, autocommit=True) as connection:
        found = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name])
        if missing := not found.fetchone():
            connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    manage(url, "migrate", "-v0")
    if missing:
        say(f"filling {name}")
        manage(
            *(url, "generate_load", "--articles", str(articles)),
            *("--sentences-per-article", str(SENTENCES)),
            *("--annotations", str(TAGS * articles), "--reviewers", str(reviewers)),
        )
    return url


def manage(url: str, *command: str) -> None:
    variables = {**os.environ, "DATABASE_URL": url, "SECRET_KEY": SECRET_KEY}
    subprocess.run([sys.executable, "manage.py", *command], cwd=ROOT, env=variables, check=True)


def prepare_django(url: str) -> None:
    """Let this process use what makes people and asks pages."""
    os.environ.update(
        DATABASE_URL=url, SECRET_KEY=SECRET_KEY, DJANGO_SETTINGS_MODULE="annotate.settings"
    )
    import django

    django.setup()


def start(url: str, running: ExitStack) -> Side:
    """Run the site of a database, and sign in those who will ask it."""
    from .site import Meter, Person

    database = running.enter_context(psycopg.connect(url, autocommit=True))
    # Workers of one statement would do work that no connection's clock has.
    database.execute(
        sql.SQL("ALTER DATABASE {} SET max_parallel_workers_per_gather = 0").format(
            sql.Identifier(database.info.dbname)
        )
    )
    home = running.enter_context(data_home())
    site = running.enter_context(running_site(home, DATABASE_URL=url, SECRET_KEY=SECRET_KEY))

    def one(statement: str) -> Any:
        row = database.execute(statement).fetchone()
        assert row, statement
        return row[0] if len(row) == 1 else row

    who, story = one(CHOSEN)
    names = [let_in(database, pk) for pk in (who, one(MODERATOR), one(BUSIEST))]
    return Side(
        number=one("SELECT count(*) FROM articles_article"),
        url=url,
        database=database,
        meter=Meter(site.process.pid, database),
        reviewer=Person(site.port, names[0]),
        moderator=Person(site.port, names[1]),
        busiest=Person(site.port, names[2]),
        story=story,
        case=one(CASE),
        last=-(-one(LAST) // 20),
        far=min(one(CASES) // 25, 40),
        who=who,
        rare=one(RARE),
    )


def let_in(database: psycopg.Connection, pk: int) -> str:
    """Give a made-up person a password, and let their tags be seen at once."""
    from django.contrib.auth.hashers import make_password

    from tests.factories import PASSWORD

    changed = database.execute(
        "UPDATE accounts_user SET password = %s, premoderated = 0 WHERE id = %s"
        " RETURNING username",
        [make_password(PASSWORD), pk],
    )
    row = changed.fetchone()
    assert row
    return row[0]


# --- What is asked ---------------------------------------------------------------------------

type Work = Callable[[Side], Callable[[], int]]


def kinds() -> Iterator[tuple[str, Work]]:
    """Yield a name and what is done for it at a side; that returns its number of requests."""
    yield "list, reviewer", page("reviewer", "/")
    yield "list, moderator", page("moderator", "/")
    yield "list, last page", page("reviewer", "/?page={last}")
    yield "list, begun", page("reviewer", "/?mine=begun")
    yield "list, not begun", page("reviewer", "/?mine=unread")
    for status in ("open", "locked", "archived"):
        yield f"list, {status}", page("reviewer", f"/?status={status}")
    yield "search, a rare word", page("reviewer", "/?q={rare}")
    for name, words in SEARCHES.items():
        yield f"search, {name}", page("reviewer", f"/?q={words}")
    yield "search, locked, a common word", page("moderator", "/?q=people&status=locked")
    yield "story, reviewer", page("reviewer", "/articles/{story}/")
    yield "story, moderator", page("moderator", "/articles/{story}/")
    yield "a tag", tagging
    yield "an undo", undoing
    yield "history of a story", page("reviewer", "/articles/{story}/history/")
    yield "threads of a story", page("moderator", "/articles/{story}/threads/")
    yield "review of a story", page("moderator", "/articles/{story}/review/")
    yield "export of a story", page("moderator", "/articles/{story}/export/jsonl/")
    yield "own work", page("reviewer", "/work/")
    yield "own flags", page("reviewer", "/flags/")
    yield "own decisions", page("reviewer", "/decisions/")
    yield "guideline", page("reviewer", "/guideline/")
    yield "reviews", page("moderator", "/reviews/")
    yield "reviews, late", page("moderator", "/reviews/?show=late")
    yield "reviews, short", page("moderator", "/reviews/?show=short")
    yield "reviews, of a person", page("moderator", "/reviews/?reviewer={who}")
    yield "reviews, searched", page("moderator", "/reviews/?q={rare}")
    yield "queue", page("moderator", "/admin/queue/")
    yield "queue, far page", page("moderator", "/admin/queue/?page={far}")
    yield "queue, a reason", page("moderator", "/admin/queue/?reason=abusive")
    yield "queue, waiting", page("moderator", "/admin/queue/?kind=waiting")
    yield "queue, decided", page("moderator", "/admin/queue/?state=decided")
    yield "queue, of a story", page("moderator", "/admin/queue/?article={rare}")
    yield "a case", page("moderator", "/admin/queue/{case}/")
    yield "overview", page("moderator", "/admin/")
    yield "people", page("moderator", "/admin/people/")
    yield "people, searched", page("moderator", "/admin/people/?q=reviewer-1")
    yield "a person", page("moderator", "/admin/people/{who}/")
    yield "audit log", page("moderator", "/admin/audit/")
    yield "audit log, searched", page("moderator", "/admin/audit/?q={rare}")
    yield "audit log, of a kind", page("moderator", "/admin/audit/?kind=round")
    for name, path in ADMIN.items():
        yield f"admin, {name}", page("moderator", f"/admin/{path}")
    yield "admin, tags searched", page("moderator", "/admin/annotations/annotation/?q={rare}")
    yield "admin, stories searched", page("moderator", "/admin/articles/article/?q={rare}")
    yield "(the busiest reviewer) list", page("busiest", "/")
    yield "(the busiest reviewer) own work", page("busiest", "/work/")


def page(person: str, path: str) -> Work:
    def opening(side: Side) -> Callable[[], int]:
        address = path.format_map(vars(side)).replace(" ", "+").replace('"', "%22")

        def once() -> int:
            getattr(side, person).get(address)
            return 1

        return once

    return opening


def tagging(side: Side) -> Callable[[], int]:
    from annotate.annotations.models import Label

    from .site import Tagger
    from .stories import Wanted

    tagger = Tagger(side.reviewer, side.story)
    rows = side.database.execute(
        'SELECT "start", "end" FROM articles_sentence WHERE article_id = %s AND position > 0',
        [side.story],
    ).fetchall()
    labels = list(Label.objects.values_list("slug", flat=True))
    # Words of sentences, so that hardly one was tagged before.
    wanted = (
        Wanted(start + first, start + first + 7, label)
        for first in range(11, 19)
        for start, end in rows
        for label in labels
        if start + first + 7 < end
    )

    def some() -> int:
        for one in islice(wanted, TAGGED):
            tagger.tag(one)
        return TAGGED

    return some


def undoing(side: Side) -> Callable[[], int]:
    """What the block of tags did just before is taken back."""

    def some() -> int:
        for _ in range(TAGGED):
            status, answer = side.reviewer.post(f"/articles/{side.story}/undo/", {})
            assert status == 200, answer
        return TAGGED

    return some


# --- Measuring -------------------------------------------------------------------------------


def measure(sides: list[Side], only: str) -> dict[str, Measured]:
    """Ask both sides in turn for each kind, as often as it takes to know."""
    found: dict[str, Measured] = {}
    work = {name: what for name, what in kinds() if only in name}
    done = {name: [what(side) for side in sides] for name, what in work.items()}
    for block in range(BLOCKS):
        say(f"block {block + 1} of {BLOCKS}")
        for name, asks in done.items():
            one = found.setdefault(name, Measured())
            if one.failed or (block > 2 and one.is_long):
                continue
            for side, ask, costs in zip(sides, asks, one.costs, strict=True):
                began = time.monotonic()
                try:
                    costs.append(side.meter.cost(ask))
                except AssertionError as error:
                    one.failed = str(error)
                    break
                if not block:
                    one.first.append(time.monotonic() - began)
    return found


def show(measured: dict[str, Measured]) -> list[str]:
    """Print the table; return what is over the budget."""
    over = []
    width = max(map(len, measured))
    print(f"{'server + database, ms':<{width}}  {'small':>14}  {'large':>16}  ratio   first")
    for name, one in measured.items():
        if one.failed:
            over.append(name)
            print(f"{name:<{width}}  {one.failed}")
            continue
        small, large = (one.milliseconds(side) for side in range(2))
        missed = round(one.ratio, 1) > BUDGET
        if missed and not name.startswith("("):
            over.append(name)
        print(
            f"{name:<{width}}  {small[0]:6.1f} + {small[1]:5.1f}  {large[0]:7.1f} + "
            f"{large[1]:6.1f}  {one.ratio:5.2f}  {1000 * one.first[1]:6.0f}"
            f"{'  over' if missed else ''}"
        )
    print(
        f"\n{len(over)} of {len(measured)} over {BUDGET:g} ×. “first”: the large site's first"
    )
    print("answer, on the clock: cold if the server was just started.")
    return over


if __name__ == "__main__":
    sys.exit(main())
