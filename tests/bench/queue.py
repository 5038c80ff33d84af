"""A queue of 50,000 open cases beside 500,000 tags, and what its pages cost."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from statistics import median
from typing import Any

from django.db import connection
from django.db.models import Model

from annotate.accounts.models import User
from annotate.annotations.models import Annotation
from annotate.articles.models import Article, Sentence
from annotate.moderation.models import Case, Flag

from .site import Meter, Person
from .stories import make_story

STORIES, SENTENCES, REVIEWERS = 500, 25, 40  # each reviewer tags each sentence
CASES = 50_000
OPENINGS, DECISIONS = 20, 40
ASKED = {
    "": "",
    "of a person": "?person=crowd-7",
    "of a story": "?article=number+77+",
    "for a rare reason": "?reason=personal_data",
    "older than a week": "?age=7d",
    "answered": "?kind=answered",
    "waiting": "?kind=waiting",
    "decided": "?state=decided",
}

type Row = tuple[str, str, str, bool | None]


def queue_rows(server: int, moderator: Person, person: User) -> Iterator[Row]:
    """Yield lines of the table: the pages of the queue, and a case decided."""
    meter = Meter(server)
    costs = {}
    for name, query in ASKED.items():
        opened = [
            meter.cost(partial(_opened, moderator, f"/admin/queue/{query}"))
            for _ in range(OPENINGS if not name else 4)
        ][1:]
        database = [one.database or 0 for one in opened]
        costs[name] = 1000 * median(one.server for one in opened), 1000 * median(database)
    server_ms, database_ms = costs.pop("")
    what = f"queue of {CASES:,} open cases, {STORIES * SENTENCES * REVIEWERS:,} tags: server"
    yield what, f"{server_ms:.1f} ms", "≤ 150 ms", server_ms <= 150
    yield "    its database", f"{database_ms:.1f} ms", "", None
    worst = max(costs, key=lambda name: costs[name][1])
    yield f"    database, filtered, the slowest: {worst}", f"{costs[worst][1]:.1f} ms", "", None
    full, one = (_queries(person, query) for query in ("", "?person=crowd-7&reason=abusive"))
    # The second looks the person up, which is one more.
    yield "    queries, of 25 rows, of few", f"{full}, {one}", "the same, + 1", one <= full + 1
    spent = meter.cost(partial(_decide, moderator))
    database = f"{1000 * spent.database:.1f}" if spent.database is not None else "?"
    figure = f"{1000 * spent.server:.1f} + {database} ms"
    yield "a case shown and decided by key: server + database", figure, "", None


def _opened(moderator: Person, path: str) -> int:
    moderator.get(path)
    return 1


def _queries(person: User, query: str) -> int:
    """Count what a page of the list asks the database, session and person included."""
    from django.test import Client
    from django.test.utils import CaptureQueriesContext

    client = Client(headers={"host": "127.0.0.1", "HX-Request": "true"})
    client.force_login(person)
    with CaptureQueriesContext(connection) as asked:
        assert client.get(f"/admin/queue/{query}").status_code == 200
    return len(asked)


def _decide(moderator: Person) -> int:
    """Look at each of the first cases and hide it, as the page's script does."""
    first = Case.objects.open().in_order().values_list("pk", "version")[:DECISIONS]
    for pk, version in first:
        moderator.get(f"/admin/queue/{pk}/", script=True)
        sent = {"case": f"{pk}:{version}", "decision": "hide"}
        status, answer = moderator.post("/admin/queue/decide/", sent)
        assert status == 200, answer
    return DECISIONS


# --- Rows, made by the database --------------------------------------------------------------


def fill() -> None:
    """Store the stories, the tags and the cases."""
    story = make_story(SENTENCES, number=1_000)
    copied = f"FROM articles_article, generate_series(1, {STORIES}) n WHERE id = {story.pk}"
    _insert(
        Article,
        {
            **{name: name for name in ("text", "language", "status")},
            "title": "'A copy, number ' || n || ' of all'",
            "digest": "'copy ' || n",
        },
        copied,
    )
    stories = "JOIN articles_article story ON story.digest LIKE 'copy %%'"
    _insert(
        Sentence,
        {
            "article_id": "story.id",
            **{name: f'slice."{name}"' for name in ("position", "paragraph", "start", "end")},
        },
        f"FROM articles_sentence slice {stories} WHERE slice.article_id = {story.pk}",
    )
    crowd = "'crowd-' || n"
    _insert(
        User,
        {"username": crowd, "public_name": crowd, "password": "'!'"},
        f"FROM generate_series(1, {REVIEWERS}) n",
    )
    start, end = 'slice."start"', 'slice."end"'
    position = "slice.position"
    _insert(
        Annotation,
        {
            **{"article_id": "slice.article_id", "reviewer_id": "person.id"},
            "label_id": "(SELECT id FROM annotations_label WHERE slug = 'claim')",
            **{"start": start, "end": end},
            "exact": f"substr(story.text, {start} + 1, {end} - {start})",
            **{"first_position": position, "last_position": position},
        },
        """FROM articles_sentence slice
            JOIN articles_article story
                 ON story.id = slice.article_id AND story.digest LIKE 'copy %%'
            JOIN accounts_user person ON person.username LIKE 'crowd-%%'
           WHERE slice.position > 0""",
    )
    number = "row_number() OVER ()"
    reasons = (
        "CASE WHEN random() < 0.005 THEN ARRAY['personal_data'] "
        "WHEN random() < 0.3 THEN ARRAY['abusive', 'spam'] ELSE ARRAY['off_guideline'] END"
    )
    _insert(
        Case,
        {
            **{"kind": "'tag'", "person_id": "tag.reviewer_id", "article_id": "tag.article_id"},
            **{"annotation_id": "tag.id", "reasons": reasons, "flags_standing": "1"},
            "opened_at": "now() - random() * interval '8 days'",
            "risk": "(random() * random() * 30)::int",
            "risk_because": "'[[6, \"Abusive\"]]'",
        },
        f"""FROM (SELECT *, {number} AS n FROM annotations_annotation tag
                   WHERE guideline = 1 AND exact <> '') tag
            JOIN accounts_user person
                 ON person.id = tag.reviewer_id AND person.username LIKE 'crowd-%%'
           WHERE n %% {STORIES * SENTENCES * REVIEWERS // CASES} = 0 LIMIT {CASES}""",
    )
    _insert(
        Flag,
        {
            "case_id": "id",
            "by_id": "(SELECT id FROM accounts_user WHERE username = 'crowd-1')",
            "reason": "reasons[1]",
        },
        "FROM moderation_case WHERE annotation_id IS NOT NULL AND reasons <> '{}'",
    )


def _insert(model: type[Model], given: dict[str, str], source: str) -> None:
    """INSERT … SELECT with SQL for the columns `given`, the model's defaults for the others.

    Without the checks of foreign keys, which hold here and take as long as all the rest.
    """
    values, defaults = [], []
    fields = [one for one in model._meta.concrete_fields if not one.generated]
    fields = [one for one in fields if not one.primary_key]
    for field in fields:
        value: Any = given.get(field.attname, "%s")
        if value == "%s":
            defaults.append(field.get_db_prep_save(field.get_default(), connection))
        values.append(value)
    names = ", ".join(f'"{one.column}"' for one in fields)
    table = model._meta.db_table
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")
        cursor.execute(
            f"INSERT INTO {table} ({names}) SELECT {', '.join(values)} {source}",
            defaults,
        )
        cursor.execute("SET session_replication_role = DEFAULT")
