"""Putting an article in, and opening, locking, archiving it."""

import datetime
import unicodedata

import pytest
from django.core.exceptions import ValidationError
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from annotate.articles.actions import (
    StoryRefused,
    TextStands,
    create_article,
    set_status,
)
from annotate.articles.models import Article
from annotate.articles.text import TextRefused, canonical_body, canonical_title
from tests.articles.race import run_until_all_write
from tests.articles.test_sentences import NEWS
from tests.articles.test_text import TEXTS
from tests.factories import BODY, TITLE

pytestmark = pytest.mark.django_db


def put_in(**fields):
    return create_article(**{"title": "T", "body": "A b.", "submitted_by": None, **fields})


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    title=TEXTS, raw=st.one_of(TEXTS, NEWS, NEWS.map(lambda text: text * 40)), data=st.data()
)
def test_any_story_is_stored_with_sentences_that_tile_it(db, title, raw, data):
    body = canonical_body(raw)
    assume(canonical_title(title) and body)
    offsets = st.sets(st.integers(0, len(body)), max_size=6)
    with transaction.atomic():
        article = put_in(
            title=title, body=raw, joins=data.draw(offsets), cuts=data.draw(offsets)
        )
        article.refresh_from_db()
        rows = list(article.sentences.order_by("position"))
        transaction.set_rollback(True)
    text = article.text
    assert text == f"{canonical_title(title)}\n\n{body}"
    assert unicodedata.is_normalized("NFC", text)
    headline, *sentences = rows
    assert text[: headline.end] == article.title
    assert [row.position for row in rows] == list(range(len(rows)))
    numbers = [row.paragraph for row in sentences]
    assert sorted(set(numbers)) == list(range(1, body.count("\n\n") + 2))
    assert numbers == sorted(numbers)
    at = headline.end
    for row in sentences:
        passage = text[row.start : row.end]
        assert passage == passage.strip() != ""
        assert text[at : row.start].strip() == ""
        crossed = text[at : row.start].count("\n\n")
        assert crossed == row.paragraph - rows[row.position - 1].paragraph
        at = row.end
    assert text[at:].strip() == ""


def test_fields_are_stored_as_given():
    article = put_in(
        title=" A\n headline ",
        outlet=" The  Post ",
        byline="Jo\tDoe",
        url=" https://example.org/a ",
        published=datetime.date(2017, 11, 14),
        language="PT_br",
        status="draft",
    )
    article.refresh_from_db()
    assert article.title == "A headline"
    assert (article.outlet, article.byline) == ("The Post", "Jo Doe")
    assert article.url == "https://example.org/a"
    assert article.published == datetime.date(2017, 11, 14)
    assert article.language == "pt-BR"
    assert article.status == "draft"


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("title", " ", "The story has no headline. Write one."),
        ("title", "x" * 501, "Ensure this value has at most 500 characters (it has 501)."),
        (
            "title",
            "a\0",
            "Line 1: the text holds the control character NULL (U+0000) after “a”. "
            "Take it out, then try again.",
        ),
        (
            "outlet",
            "b\x07",
            "Line 1: the text holds the control character ALERT (U+0007) after “b”. "
            "Take it out, then try again.",
        ),
        (
            "byline",
            "\x1b",
            "Line 1: the text holds the control character ESCAPE (U+001B). "
            "Take it out, then try again.",
        ),
        ("outlet", "x" * 201, "Ensure this value has at most 200 characters (it has 201)."),
        (
            "url",
            "ftp://example.org/",
            "Write a web address that begins with http:// or https://.",
        ),
        ("url", "javascript:alert(1)", "Enter a valid URL."),
        (
            "language",
            "english!",
            "“english!” is not a language tag. Write one such as en, pt-BR or zh-Hant.",
        ),
        (
            "language",
            "en\n\u202e",
            "This is not a language tag. Write one such as en, pt-BR or zh-Hant.",
        ),
        ("status", "gone", "Value 'gone' is not a valid choice."),
    ],
)
def test_a_wrong_field_is_named(field, value, message):
    with pytest.raises(ValidationError) as refused:
        put_in(**{field: value})
    assert refused.value.message_dict == {field: [message]}
    assert not Article.objects.exists()


@pytest.mark.parametrize(
    "tag", ["en", "de-AT", "zh-Hant-TW", "sl-rozaj-biske", "es-419", "en-a-bbb-x-a-ccc", "x-ab"]
)
def test_language_tags_that_are_well_formed_stay(tag):
    if tag == "x-ab":  # private use alone names no language
        with pytest.raises(ValidationError):
            put_in(language=tag)
    else:
        assert put_in(language=tag.upper()).language == tag


def test_a_body_without_text_or_with_a_control_character_is_refused():
    with pytest.raises(StoryRefused, match=r"^The story has no text\. Paste it or choose"):
        put_in(body=" \n\n ")
    with pytest.raises(TextRefused, match=r"^Line 2: the text holds .* BACKSPACE \(U\+0008\)"):
        put_in(body="a\nb\b")


def test_limits_are_settings(settings):
    settings.STORY_MAX_BYTES = 12
    put_in(body="ä" * 6)
    with pytest.raises(StoryRefused) as refused:
        put_in(body="ä" * 7)
    assert str(refused.value) == (
        "The story has 14 bytes of text; 12 is the most. Put it in as several stories."
    )
    settings.STORY_MAX_BYTES, settings.STORY_MAX_SENTENCES = 2_000, 2
    put_in(body="A b. C d.")
    with pytest.raises(StoryRefused) as refused:
        put_in(body="Ab is. Cd is. Ef is.\n\nd")
    assert str(refused.value) == (
        "The story has 4 sentences; 2 is the most. Put it in as several stories."
    )


def test_the_same_text_again_names_the_standing_article(article):
    with pytest.raises(TextStands) as refused:
        put_in(title=TITLE + " ", body=BODY.replace("\n", "\r\n"))
    assert refused.value.article == article
    assert str(refused.value) == (
        f"This text already stands as article {article.pk}, “{TITLE}”."
    )
    set_status(article, "archived")
    assert put_in(title=TITLE, body=BODY) != article


def test_an_article_costs_the_same_queries_whatever_its_length():
    def queries(body):
        with CaptureQueriesContext(connection) as captured:
            put_in(body=body)
        return len(captured)

    assert queries("One is here.") == queries("Two is here. " * 400)


@pytest.mark.django_db(transaction=True)
def test_two_at_once_put_one_article_in():
    """Both have looked and found nothing when they save: the constraint decides."""
    outcomes = []

    def save():
        try:
            outcomes.append(put_in())
        except TextStands as error:
            outcomes.append(str(error))
        finally:
            connection.close()

    run_until_all_write(save, save)
    article = Article.objects.get()
    assert len(outcomes) == 2
    assert article in outcomes
    assert f"This text already stands as article {article.pk}, “T”." in outcomes
    assert article.sentences.count() == 2


MOVES = {
    "draft": {"open", "archived"},
    "open": {"locked", "archived"},
    "locked": {"open", "archived"},
    "archived": {"open", "locked"},
}


@pytest.mark.parametrize("old", MOVES)
@pytest.mark.parametrize("new", MOVES)
def test_statuses_that_may_follow(old, new):
    article = put_in(status=old)
    if old == new or new in MOVES[old]:
        set_status(article, new)
    else:
        with pytest.raises(ValidationError) as refused:
            set_status(article, new)
        kind = {"archived": "An archived", "open": "An open"}.get(old, f"A {old}")
        assert refused.value.messages == [f"{kind} article cannot become {new}."]
        new = old
    article.refresh_from_db()
    assert article.status == new


def test_an_archived_text_that_stands_again_cannot_be_opened():
    first = set_status(put_in(), "archived")
    put_in()
    with pytest.raises(ValidationError) as refused:
        set_status(first, "open")
    assert refused.value.messages == [
        "The same text stands as another article. Archive that one first."
    ]
