"""`generate_load`: fill an empty database with a made-up site, to measure with.

People, stories, tags, readings, rounds, discussions, flags, decisions and the logs of all of it
are consistent: the database checks every constraint, the log replays, undo works. Left out,
because nothing that is measured reads it: corrections and reverts, work after a reveal, second
rounds, mentions, precedents, requests to erase, sessions, mail that waits. Reviewers submitted
without having covered every sentence, which the site lets them. What the made-up people had
done before others joined is not held to their dates of joining.
"""

from __future__ import annotations

import time
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connection, transaction

from annotate.accounts.models import User
from annotate.articles.models import Article
from annotate.operations.generating.site import Site, Size
from annotate.operations.generating.tables import without_indexes

BATCH = 500  # stories that are held in memory, with all their rows
SAID = 5_000  # stories from one line of progress to the next
MOST = 10  # tags for a sentence: more would not find a passage of their own
LEAST = {"articles": 1, "sentences_per_article": 1, "annotations": 0, "reviewers": 6, "seed": 0}


class Command(BaseCommand):
    help = (
        "Fill an empty database with a made-up site of any size, to measure with. The audit "
        "log keeps it for ever: use a database of its own."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        for name, number, what in (
            ("--articles", 100_000, "stories"),
            ("--sentences-per-article", 30, "sentences of each, without the headline"),
            ("--annotations", 10_000_000, "tags in all"),
            ("--reviewers", 5_000, "people who tag"),
            ("--seed", 1, "another number makes another site of that size"),
        ):
            parser.add_argument(name, type=int, default=number, help=f"{what} ({number:,})")

    def handle(self, *args: Any, verbosity: int, **options: Any) -> None:
        for name, least in LEAST.items():
            if options[name] < least:
                option = name.replace("_", "-")
                raise CommandError(f"Give --{option} as a number of {least} or more.")
        sentences = options["articles"] * options["sentences_per_article"]
        if options["annotations"] > MOST * sentences:
            raise CommandError(
                f"{sentences:,} sentences take {MOST * sentences:,} tags at most."
            )
        size = Size(
            articles=options["articles"],
            sentences=options["sentences_per_article"],
            annotations=options["annotations"],
            reviewers=options["reviewers"],
            seed=options["seed"],
        )
        self.says = bool(verbosity)
        self.began = time.monotonic()
        with transaction.atomic():
            if Article.objects.exists() or User.objects.exists():
                raise CommandError(
                    "The database holds stories or people: load is generated into an empty "
                    "one only."
                )
            site = Site(size)
            with without_indexes(site.tables):
                self.fill(site)
                self.say("Building indexes and checking constraints…")
            for table in site.tables:
                table.count_on()
        self.say("Counting, for the planner…")
        with connection.cursor() as cursor:
            # As autovacuum does later; inside the transaction of a test there is no VACUUM.
            cursor.execute("ANALYZE" if connection.in_atomic_block else "VACUUM (ANALYZE)")
        for table in site.tables:
            self.say(f"{table.stored:>12,} {table.name}")
        self.say(f"Done in {time.monotonic() - self.began:,.0f} s.")

    def fill(self, site: Site) -> None:
        site.make_people()
        articles = site.size.articles
        for number in range(1, articles + 1):
            site.make_story(number)
            if number % BATCH == 0 or number == articles:
                site.store()
            if number % SAID == 0 or number == articles:
                tags = site.tags.stored
                rate = tags / (time.monotonic() - self.began)
                self.say(
                    f"{number:,} of {articles:,} stories, {tags:,} tags, {rate:,.0f} a second"
                )

    def say(self, words: str) -> None:
        if self.says:
            self.stdout.write(words)
            self.stdout.flush()
