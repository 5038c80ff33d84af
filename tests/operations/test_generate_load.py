"""`generate_load`: what it makes keeps every rule that the site's own actions keep."""

from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.db.models import F, Max
from django.db.models.functions import Substr

from annotate.accounts.models import User
from annotate.annotations.actions import annotate, redo, undo
from annotate.annotations.models import Annotation, Change, Label, Reading
from annotate.articles.models import Article, Sentence
from annotate.articles.sentences import split_body
from annotate.articles.text import canonical_body
from annotate.moderation.models import Case, Decision
from annotate.reviews.models import Assignment

pytestmark = pytest.mark.django_db
CATALOGUE = """
    SELECT conrelid::regclass::text, conname::text, convalidated FROM pg_constraint
     UNION ALL SELECT tablename::text, indexname::text, true FROM pg_indexes ORDER BY 1, 2
"""


def generate(**size) -> str:
    said = StringIO()
    wanted = {"articles": 24, "sentences_per_article": 6, "annotations": 700, "reviewers": 8}
    call_command("generate_load", **{**wanted, **size}, stdout=said)
    return said.getvalue()


def catalogue() -> list[tuple]:
    with connection.cursor() as cursor:
        cursor.execute(CATALOGUE)
        return cursor.fetchall()


def test_a_made_up_site_keeps_the_rules_and_works(client):
    rules = catalogue()

    said = generate(seed=3)

    assert "24 of 24 stories, 700 tags" in said
    # Every constraint and index is there again; made anew, they have checked every row.
    assert catalogue() == rules
    assert Annotation.objects.count() == 700
    article = Substr("article__text", F("start") + 1, F("end") - F("start"))
    assert not Annotation.objects.annotate(here=article).exclude(exact=F("here")).exists()
    for one in Article.objects.all():
        _, _, body = one.text.partition("\n\n")
        assert canonical_body(body) == body
        shift = len(one.title) + 2
        spans = [(a + shift, b + shift) for part in split_body(body) for a, b in part]
        stored = one.sentences.exclude(position=0).values_list("start", "end")
        assert list(stored) == spans
        assert len(spans) == 6
    # Whoever has a tag in a round has a part in it.
    seats = set(Assignment.objects.values_list("round", "reviewer"))
    tagged = Annotation.objects.exclude(round=None).values_list("round", "reviewer")
    assert set(tagged) <= seats
    # Something of everything.
    for found in (Reading, Case, Decision):
        assert found.objects.exists()
    assert set(Change.objects.values_list("kind", flat=True)) >= {"created", "edited", "read"}
    check = StringIO()
    call_command("check_log", stdout=check)
    assert "700 × tag" in check.getvalue()

    # The counters go on after what was stored, and the pages open.
    moderator = User.objects.with_roles().get(username="moderator-1")
    client.force_login(moderator)
    story = Article.objects.filter(status="open").latest("pk")
    for path in ("/", story.get_absolute_url(), "/admin/", "/admin/queue/", "/reviews/"):
        assert client.get(path).status_code == 200, path
    last = Change.objects.aggregate(last=Max("pk"))["last"]
    open_story = Article.objects.filter(status="open", rounds=None).latest("pk")
    done = annotate(
        article=open_story, reviewer=moderator, label=Label.objects.first(), start=0, end=3
    )
    assert done.change.pk == last + 1


def test_undo_and_redo_go_on_where_a_made_up_reviewer_stopped():
    generate(articles=8, annotations=160, reviewers=6)
    lines = Change.objects.filter(round=None, article__status="open").exclude(kind="hidden")
    latest = lines.latest("pk")
    state = Annotation.objects.order_by("pk").values("pk", "withdrawn_at", "note")
    before = list(state)

    undone = undo(latest.article, by=latest.by)
    redone = redo(latest.article, by=latest.by)

    assert undone.change.target_id == latest.undo_top_id
    assert redone.change.target_id == latest.undo_top_id
    assert list(state) == before


def test_a_database_with_people_is_refused():
    User.objects.create(username="ana")

    with pytest.raises(CommandError) as refused:
        generate()

    assert str(refused.value) == (
        "The database holds stories or people: load is generated into an empty one only."
    )
    assert not Sentence.objects.exists()


@pytest.mark.parametrize(
    ("size", "words"),
    [
        ({"articles": 0}, "Give --articles as a number of 1 or more."),
        ({"reviewers": 5}, "Give --reviewers as a number of 6 or more."),
        ({"annotations": 1_441}, "144 sentences take 1,440 tags at most."),
    ],
)
def test_a_size_that_cannot_be_is_one_line(size, words):
    with pytest.raises(CommandError) as refused:
        generate(**size)
    assert str(refused.value) == words
