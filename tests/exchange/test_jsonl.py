"""The native export and its import: the same bytes again, a sentence for a wrong line."""

from __future__ import annotations

import datetime
import io
import json
import unicodedata
from zoneinfo import ZoneInfo

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from annotate.accounts.models import User
from annotate.annotations import actions
from annotate.annotations.models import (
    Annotation,
    Change,
    Guideline,
    Label,
    Precedent,
    Reading,
)
from annotate.articles.actions import TextStands, set_status
from annotate.articles.models import Article, Sentence
from annotate.articles.text import TextRefused, canonical_body, canonical_title
from annotate.discussion import actions as discussion
from annotate.discussion.models import Comment, Step, Thread
from annotate.exchange import formats
from annotate.exchange.fields import ImportRefused
from annotate.exchange.importing import import_file
from annotate.notices.models import Notice
from annotate.reviews import actions as reviews
from annotate.reviews.models import Assignment, Move, Round
from tests.factories import make_article, make_user, set_hidden

pytestmark = pytest.mark.django_db


def export(article: Article, user: User | None = None) -> bytes:
    return b"".join(formats.find("jsonl").encode(article, user))


def lines(data: bytes) -> list[dict]:
    return [json.loads(line) for line in data.split(b"\n")[:-1]]


def imported(data: bytes) -> Article:
    return import_file(io.BytesIO(data)).article


def empty() -> None:
    """Take away what no person may: an empty database to import into."""
    with connection.cursor() as cursor:  # nothing less empties the audit log
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE; TRUNCATE moderation_auditentry")
    groups = User.groups.through
    mentions = Comment.mentions.through
    for model in (
        *(Notice, Step, mentions, Comment, Thread, Precedent),
        *(Change, Annotation, Reading, Assignment, Move, Round),
        *(Sentence, Article, Guideline, Label, groups, User),
    ):
        # Without asking what points at a row: the log points at itself.
        model.objects.all()._raw_delete("default")


@pytest.fixture
def tagged(article, ana, ben, claim, evidence):
    """An article with tags, nested, noted, withdrawn and hidden, and with readings."""

    def tag(reviewer, label, start, end, **fields):
        return actions.annotate(
            article=article, reviewer=reviewer, label=label, start=start, end=end, **fields
        ).annotation

    tag(ana, claim, 27, 75, note="Line one\r\nline two\u2028 three", confidence=4)
    tag(ana, evidence, 27, 31)
    actions.withdraw(tag(ben, claim, 27, 75), by=ben)
    set_hidden(tag(ben, evidence, 0, 40, note="'=1+1"), by=ana, hidden=True)
    first, second = article.sentences.all()[1:3]
    actions.set_reading(first, by=ana)
    actions.set_reading(second, by=ben)
    actions.set_reading(second, by=ben)
    return article


# --- Out ----------------------------------------------------------------------------------


def test_every_field_is_where_the_page_on_exports_says(tagged):
    article, *rest = lines(export(tagged))
    assert list(article) == sorted(article)
    assert article["type"] == "article"
    assert article["text"] == tagged.text
    assert article["sentences"][0] == {"end": 25, "paragraph": 0, "position": 0, "start": 0}
    assert [one["type"] for one in rest] == ["label"] * 3 + ["annotation"] * 4 + ["reading"] * 2
    annotation = rest[4]
    assert annotation == {
        "changed": annotation["changed"],
        "confidence": 4,
        "created": annotation["created"],
        "end": 75,
        "exact": tagged.text[27:75],
        "guideline": 1,
        "hidden": None,
        "label": "claim",
        "note": "Line one\r\nline two\u2028 three",
        "reviewer": "ana",
        "round": None,
        "start": 27,
        "type": "annotation",
        "withdrawn": None,
    }
    time = datetime.datetime.strptime(annotation["created"], "%Y-%m-%dT%H:%M:%S.%fZ")
    assert time.year >= 2024


def test_no_reader_of_lines_finds_more_lines_than_there_are(tagged):
    data = export(tagged)
    assert len(data.decode().splitlines()) == data.count(b"\n")
    assert "🧑‍🤝‍🧑".encode() in data


def test_a_reviewer_exports_their_own(tagged, ana, ben, mo):
    own = [one for one in lines(export(tagged, ben)) if "reviewer" in one]
    assert [(one["type"], one["reviewer"]) for one in own] == [
        ("annotation", "ben"),
        ("annotation", "ben"),
        ("reading", "ben"),
    ]
    assert own[0]["hidden"]
    assert own[1]["withdrawn"]
    assert export(tagged, mo) == export(tagged)


def test_an_export_costs_the_same_queries_for_more_tags(tagged, ana, claim):
    with CaptureQueriesContext(connection) as few:
        export(tagged)
    for start in range(76, 110):
        actions.annotate(article=tagged, reviewer=ana, label=claim, start=start, end=start + 9)
    with CaptureQueriesContext(connection) as many:
        export(tagged)
    assert len(few) == len(many) == 6


# --- A review and its discussions -------------------------------------------------------


@pytest.fixture
def reviewed(tagged, ana, ben, mo, claim):
    """A round under pseudonyms, revealed after some tags, and one after it; with threads."""
    first = reviews.open_round(tagged, by=mo, pseudonyms=True, due=datetime.date(2017, 11, 20))
    thread = discussion.begin_thread(tagged, by=ana, start=27, end=75, text="As @mo said: #1")
    reviews.submit(tagged, by=ana)
    reviews.reveal(first, by=mo)
    gone = discussion.comment(thread, by=ben, text="Never mind")
    discussion.withdraw_comment(gone, by=ben)
    discussion.comment(thread, by=mo, text="@ben, yes")
    discussion.resolve(thread, by=mo, outcome="gap", label=claim, text="A quotation is one.")
    reviews.close(first, by=mo)
    reviews.open_round(tagged, by=mo, reviewers=[ana])
    claim.refresh_from_db()
    actions.annotate(article=tagged, reviewer=ana, label=claim, start=27, end=75)
    actions.set_reading(tagged.sentences.get(position=1), by=ana)
    discussion.begin_thread(tagged, by=ana, start=0, end=5, text="And the title?")
    return first


def of_kind(data: bytes, kind: str) -> list[dict]:
    return [one for one in lines(data) if one["type"] == kind]


def test_a_review_and_its_discussions_are_in_the_export(tagged, reviewed, ana):
    data = export(tagged)
    first, second = of_kind(data, "round")
    assert (first["number"], first["state"], first["due"]) == (1, "closed", "2017-11-20")
    assert (second["mode"], second["state"], second["closed"]) == ("blind", "blind", None)
    seats = {one["reviewer"]: bool(one["submitted"]) for one in first["reviewers"]}
    assert seats == {"ana": True, "ben": False}
    assert {one["round"] for one in of_kind(data, "annotation")} == {1, 2}
    assert {one["guideline"] for one in of_kind(data, "annotation")} == {1, 2}
    assert {one["round"] for one in of_kind(data, "reading")} == {1, 2}
    opened, resolved = of_kind(data, "thread")
    assert (opened["outcome"], opened["resolved_by"], opened["round"]) == ("", "", 2)
    assert (resolved["outcome"], resolved["resolved_by"], resolved["by"]) == (
        "gap",
        "mo",
        "ana",
    )
    assert resolved["exact"] == tagged.text[27:75]
    comments = [one for one in of_kind(data, "comment") if one["thread"] == 2]
    called = Assignment.objects.get(round=reviewed, reviewer__username="ben").pseudonym
    assert [(one["author"], one["text"], one["mentions"]) for one in comments] == [
        ("ana", "As @mo said: #1", ["mo"]),
        ("ben", "Never mind", []),
        ("mo", f"@{called}, yes", ["ben"]),
    ]
    assert [bool(one["withdrawn"]) for one in comments] == [False, True, False]


def test_it_comes_back_as_the_same_bytes(tagged, reviewed):
    data = export(tagged)
    empty()
    again = imported(data)
    assert export(again) == data
    assert list(again.rounds.values_list("latest", flat=True)) == [False, True]
    assert Label.objects.get(slug="claim").version == 2
    assert Thread.objects.get(outcome="gap").first_position == 1


def test_a_hidden_comment_stays_hidden(tagged, reviewed, ana):
    Comment.objects.filter(author=ana).update(hidden_at=timezone.now())
    data = export(tagged)
    empty()
    imported(data)
    assert Comment.objects.filter(author__public_name="ana", hidden_at=None).count() == 0
    assert Comment.objects.exclude(hidden_at=None).exists()


def test_a_file_of_before_comments_were_hidden_is_imported(tagged, reviewed):
    before = lines(export(tagged))
    for line in before:
        if line["type"] == "comment":
            del line["hidden"]
    empty()
    imported("\n".join(map(json.dumps, before)).encode())
    assert Comment.objects.filter(hidden_at=None).count() == Comment.objects.count() > 0


def test_a_file_of_before_there_were_rounds_is_imported(tagged):
    rows = lines(export(tagged))
    for row in rows:
        for name in ("round", "guideline", "version"):
            if row["type"] != "label" or name != "guideline":
                row.pop(name, None)
    empty()
    article = imported("\n".join(map(json.dumps, rows)).encode())
    assert set(article.annotations.values_list("round", "guideline")) == {(None, 1)}


def test_a_reviewers_export_has_what_they_see_under_pseudonyms(tagged, reviewed, ana, ben, mo):
    seats = reviewed.assignments.select_related("reviewer")
    called = {one.reviewer.username: one.pseudonym for one in seats}
    data = export(tagged, ben)
    assert b'"ana"' not in data
    assert b'"ben"' not in data
    assert {one["reviewer"] for one in of_kind(data, "annotation")} == set(called.values())
    first, second = of_kind(data, "round")
    assert {one["reviewer"] for one in first["reviewers"]} == set(called.values())
    assert second["reviewers"] == []  # blind, and ben has no part in it
    (thread,) = of_kind(data, "thread")
    assert (thread["by"], thread["resolved_by"]) == (called["ana"], "mo")
    written = {one["author"]: one["text"] for one in of_kind(data, "comment")}
    assert written[called["ben"]] == "Never mind"  # their own
    assert "Never mind" not in export(tagged, ana).decode()
    assert export(tagged, mo) == export(tagged)


def test_a_blind_round_exports_nothing_of_others(article, ana, ben, mo, claim):
    reviews.open_round(article, by=mo, reviewers=[ana, ben])
    discussion.begin_thread(article, by=ana, start=0, end=5, text="A question")
    actions.annotate(article=article, reviewer=ana, label=claim, start=0, end=5)
    actions.set_reading(article.sentences.get(position=1), by=ana)
    reviews.submit(article, by=ana)
    data = export(article, ben)
    assert b'"ana"' not in data
    assert [one["type"] for one in lines(data)] == ["article", *["label"] * 3, "round"]
    (round,) = of_kind(data, "round")
    assert [one["reviewer"] for one in round["reviewers"]] == ["ben"]
    nobody = export(article, make_user("cleo"))
    assert of_kind(nobody, "round")[0]["reviewers"] == []


def test_an_export_costs_the_same_queries_for_more_comments(tagged, reviewed, ana):
    with CaptureQueriesContext(connection) as few:
        export(tagged, ana)
    for number in range(5):
        discussion.begin_thread(tagged, by=ana, start=0, end=5, text=f"@mo {number}")
    with CaptureQueriesContext(connection) as many:
        export(tagged, ana)
    assert len(few) == len(many)


END = " Nothing was imported."
WRONG_TEAM = {
    "a round left out": ("round", {"number": 3}, "expected “number” to be 1, got 3."),
    "a state of the other mode": (
        "round",
        {"mode": "open", "state": "blind"},
        "expected “state” to be one of open, closed, got “blind”.",
    ),
    "two rounds not closed": (
        "round",
        {"state": "revealed"},
        "expected one round after the other, got two that are not closed.",
    ),
    "pseudonyms": (
        "round",
        {"pseudonyms": 1},
        "expected “pseudonyms” to be true or false, got 1.",
    ),
    "an unknown round": ("annotation", {"round": 9}, "expected a round of this file, got 9."),
    "another text": (
        "thread",
        {"exact": "Mayos"},
        "expected “Mayor”, the text from 0 to 5, got “Mayos”.",
    ),
    "half an outcome": (
        "thread",
        {"outcome": "both"},
        "expected “outcome”, “resolved” and “resolved_by” together, got one without another.",
    ),
    "an unknown thread": (
        "comment",
        {"thread": 8},
        "expected “thread” to be a whole number, 1 to 2, got 8.",
    ),
    "an empty comment": (
        "comment",
        {"text": ""},
        "expected “text” to be a text that is not empty, got an empty text.",
    ),
    "a mention that is no name": (
        "comment",
        {"mentions": [3]},
        "mentions: expected “name” to be text, got 3.",
    ),
    "a name that cannot be kept": (
        "comment",
        {"mentions": ["a\0"]},
        "mentions: expected “name” to be text, got NULL (U+0000) at character 1.",
    ),
    "a mention twice": (
        "comment",
        {"mentions": ["mo", "mo"]},
        "expected each name once in “mentions”, got one again.",
    ),
}


@pytest.mark.parametrize(("kind", "fields", "message"), WRONG_TEAM.values(), ids=WRONG_TEAM)
def test_a_wrong_field_of_a_review_is_told_with_its_line(
    tagged, reviewed, kind, fields, message
):
    data = export(tagged)
    number = [one["type"] for one in lines(data)].index(kind) + 1
    wrong = change(data, number, **fields)
    empty()
    with pytest.raises(ImportRefused) as refused:
        imported(wrong)
    told = {f"Line {at}: {message}{END}" for at in (number, number + 1)}
    assert str(refused.value) in told
    assert not Article.objects.exists()


# --- There and back -----------------------------------------------------------------------


def test_import_into_an_empty_database_gives_the_same_bytes(tagged):
    data = export(tagged)
    empty()
    again = imported(data)
    assert export(again) == data
    assert again.digest == Article.digest_of(again.text)
    one = Annotation.objects.get(note="'=1+1")
    assert (one.first_position, one.last_position) == (0, 1)
    assert (one.prefix, one.suffix) == ("", again.text[40:72])


def test_what_an_import_works_out_is_what_tagging_stores(tagged, ana, claim):
    """Near the start of the text, from the space between two sentences, on their border."""
    first, second = tagged.sentences.all()[1:3]
    spans = [(3, 9), (first.end, second.end), (first.start, first.end), (second.start, 200)]
    for start, end in spans:
        actions.annotate(article=tagged, reviewer=ana, label=claim, start=start, end=end)
    names = ("start", "end", "prefix", "suffix", "first_position", "last_position", "exact")
    stored = sorted(Annotation.objects.values_list(*names))
    data = export(tagged)
    empty()
    imported(data)
    assert sorted(Annotation.objects.values_list(*names)) == stored


def test_a_time_on_the_second_has_its_microseconds_too(tagged):
    time = datetime.datetime(2017, 11, 13, 23, 4, 5, tzinfo=ZoneInfo("Pacific/Kiritimati"))
    Annotation.objects.update(withdrawn_at=time)
    written = {one["withdrawn"] for one in lines(export(tagged)) if one["type"] == "annotation"}
    assert written == {"2017-11-13T09:04:05.000000Z"}


def test_an_import_leaves_nothing_to_undo(tagged):
    data = export(tagged)
    empty()
    article = imported(data)
    ana = User.objects.get(public_name="ana")
    assert not Change.objects.exists()
    assert actions.undo(article, by=ana).change is None


AWKWARD = st.one_of(
    st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=30),
    st.sampled_from(
        [
            *("🧑‍🤝‍🧑", "👩🏽‍🚀", "e\u0301\u0323", "\u0301", "שלום עולם.", "مرحبا\u200f بك!"),
            *("\u202eabc\u202c", "\u200b", "\ufeff", "\u2028", "\u2029", "𝒳𝒴", "\U0010fffd"),
            *(
                "Dr. Who said so. ",
                "\n",
                "\n\n",
                " ",
                "\t",
                '"',
                "\\",
                "\\u2028",
                "{",
                "x" * 3000,
            ),
        ]
    ),
)
TEXTS = st.lists(AWKWARD, min_size=1, max_size=12).map("".join)
NOTES = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=80)
TIMES = st.datetimes(
    min_value=datetime.datetime(1, 1, 2),
    max_value=datetime.datetime(9999, 12, 30),
    timezones=st.just(datetime.UTC),
)
QUIET = settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


@st.composite
def filled_articles(draw) -> Article:
    """An article of awkward text with tags and readings of two people, stored."""
    title, body = draw(TEXTS), draw(TEXTS)
    try:
        title, body = canonical_title(title)[:500], canonical_body(body)
    except TextRefused:
        assume(False)
    assume(title.strip() and body and unicodedata.is_normalized("NFC", title))
    assume(canonical_title(title) == title)
    empty()
    claim = Label.objects.create(slug="claim", name="Claim", colour="#27479a", key="c")
    article = make_article(title, body)
    names = "ana", draw(NOTES)[:20].strip() or "Bén"
    people = [
        User.objects.create(username=f"user{number}", public_name=name)
        for number, name in enumerate(names)
    ]
    sentences = list(article.sentences.all())
    for person in people:
        for sentence in draw(st.lists(st.sampled_from(sentences), max_size=4, unique=True)):
            actions.set_reading(sentence, by=person)
        for _ in range(draw(st.integers(0, 4))):
            places = st.integers(0, len(sentences) - 1)
            first, last = sorted((draw(places), draw(places)))
            start = draw(st.integers(sentences[first].start, sentences[first].end - 1))
            end = draw(st.integers(start + 1, sentences[last].end))
            actions.annotate(
                article=article,
                reviewer=person,
                label=claim,
                start=start,
                end=end,
                note=draw(NOTES),
                confidence=draw(st.sampled_from([None, 1, 5])),
            )
    for annotation in Annotation.objects.all():
        annotation.created_at, annotation.changed_at = draw(TIMES), draw(TIMES)
        annotation.withdrawn_at = draw(st.none() | TIMES)
        annotation.hidden_at = draw(st.none() | TIMES)
        annotation.guideline = draw(st.integers(1, 5))
        annotation.save()
    review(draw, article, people)
    return article


def review(draw, article: Article, people: list[User]) -> None:
    """Let what was tagged belong to rounds, and the two discuss it."""
    rounds: list[Round | None] = [None]
    for number in range(1, draw(st.integers(0, 2)) + 1):
        article.rounds.update(latest=False, state="closed")
        mode, state = draw(st.sampled_from([("open", "open"), ("blind", "revealed")]))
        needed = draw(st.integers(1, 9))
        round = Round.objects.create(
            article=article, number=number, mode=mode, state=state, needed=needed
        )
        for seat, person in enumerate(people[: draw(st.integers(0, 2))], start=1):
            submitted = draw(st.none() | TIMES)
            round.assignments.create(reviewer=person, number=seat, submitted_at=submitted)
        rounds.append(round)
    for thing in (*Annotation.objects.all(), *Reading.objects.all()):
        thing.round = draw(st.sampled_from(rounds))
        thing.save()
    sentences = list(article.sentences.all())
    for _ in range(draw(st.integers(0, 3))):
        sentence, person = draw(st.sampled_from(sentences)), draw(st.sampled_from(people))
        outcome = draw(st.sampled_from(["", "both"]))
        thread = Thread.objects.create(
            **{"article": article, "round": draw(st.sampled_from(rounds)), "outcome": outcome},
            **{"start": sentence.start, "end": sentence.end},
            exact=article.text[sentence.start : sentence.end],
            **{"first_position": sentence.position, "last_position": sentence.position},
            **{"created_by": person, "created_at": draw(TIMES)},
            resolved_at=draw(TIMES) if outcome else None,
            resolved_by=person if outcome else None,
        )
        for text in draw(st.lists(NOTES.filter(str.strip), max_size=3)):
            author, withdrawn = draw(st.sampled_from(people)), draw(st.none() | TIMES)
            comment = thread.comments.create(
                author=author,
                text=text,
                withdrawn_at=withdrawn,
                hidden_at=draw(st.none() | TIMES),
            )
            comment.mentions.set(draw(st.lists(st.sampled_from(people), unique=True)))


@QUIET
@given(data=st.data())
def test_any_article_comes_back_as_the_same_bytes(db, data):
    article = data.draw(filled_articles())
    first = export(article)
    empty()
    again = imported(first)
    assert export(again) == first
    text = again.text
    for one in Annotation.objects.all():
        assert text[one.start : one.end] == one.exact
        touched = again.sentences.filter(start__lt=one.end, end__gt=one.start)
        assert touched.first().position == one.first_position
        assert touched.last().position == one.last_position


# --- People and labels --------------------------------------------------------------------


def test_reviewers_are_found_by_public_name_or_made_without_a_way_in(tagged, ana):
    data = export(tagged)
    set_status(tagged, "archived")
    ben = User.objects.get(public_name="ben")
    ben.public_name = "Ben Okri"
    ben.save()
    article = imported(data)
    assert Annotation.objects.filter(article=article, reviewer=ana).count() == 2
    made = User.objects.get(public_name="ben")
    assert made.username.startswith("imported-")  # ben is a user name already
    assert (made.is_active, made.has_usable_password(), made.is_staff) == (False, False, False)
    assert list(made.groups.values_list("name", flat=True)) == ["reviewer"]


def test_a_name_imported_before_and_changed_since_is_made_again(tagged):
    data = export(tagged).replace(b'"ben"', '"Bén Ó"'.encode())
    empty()
    first = imported(data)
    set_status(first, "archived")
    User.objects.filter(public_name="Bén Ó").update(public_name="Somebody")
    imported(data)
    assert User.objects.get(public_name="Bén Ó").username.endswith("-2")


def test_a_label_that_stands_is_used_as_it_stands(tagged):
    data = export(tagged)
    set_status(tagged, "archived")
    Label.objects.filter(slug="claim").update(colour="#000000", guideline="Ours")
    article = imported(data)
    assert Label.objects.get(slug="claim").guideline == "Ours"
    assert article.annotations.filter(label__slug="claim").count() == 2


def test_a_new_label_whose_key_is_taken_is_told(tagged):
    data = export(tagged)
    empty()
    Label.objects.create(slug="doubt", name="Doubt", colour="#000000", key="e")
    with pytest.raises(ImportRefused) as refused:
        imported(data)
    assert str(refused.value) == (
        "Line 3: the key “e” of the label “evidence” is that of the label “doubt” here. "
        "Change one of them. Nothing was imported."
    )
    assert not Article.objects.exists()


def test_a_text_that_stands_already_is_refused(tagged):
    with pytest.raises(TextStands) as stands:
        imported(export(tagged))
    assert stands.value.article == tagged


def test_an_archived_text_makes_way_but_not_for_itself(tagged):
    data = export(tagged)
    set_status(tagged, "archived")
    archived = export(Article.objects.get())
    assert imported(data).pk != tagged.pk
    with pytest.raises(TextStands):
        imported(archived)


# --- Wrong files --------------------------------------------------------------------------


def change(data: bytes, number: int, /, **fields: object) -> bytes:
    """Return a file with other fields in a line, which counts from 1; `...` takes one away."""
    rows = data.split(b"\n")
    row = json.loads(rows[number - 1]) | fields
    row = {name: value for name, value in row.items() if value is not ...}
    rows[number - 1] = json.dumps(row).encode()
    return b"\n".join(rows)


SENTENCES = [
    {"position": 0, "paragraph": 0, "start": 0, "end": 25},
    {"position": 1, "paragraph": 1, "start": 27, "end": 70},
]
# Of the fixture's file: line 1 is the article, 2 to 4 labels, 5 to 8 annotations, 9 and 10
# readings.
WRONG = {
    "no text": (1, {"text": ...}, "expected the key “text”, got none."),
    "text not a text": (1, {"text": 5}, "expected “text” to be text, got 5."),
    "unknown key": (1, {"colour": 1}, "expected no other keys, got “colour”."),
    "unknown type": (
        7,
        {"type": "change"},
        "expected “type” to be one of article, label, annotation, reading, "
        "round, thread, comment, got “change”.",
    ),
    "two articles": (
        9,
        {"type": "article"},
        "expected one article, got a second one. Put each into a file of its own.",
    ),
    "title too long": (
        1,
        {"title": "x" * 501},
        "expected “title” to have at most 500 characters, got 501.",
    ),
    "note too long": (
        5,
        {"note": "x" * 10_001},
        "expected “note” to have at most 10,000 characters, got 10,001.",
    ),
    "NUL": (
        1,
        {"outlet": "a\0b"},
        "expected “outlet” to be text, got NULL (U+0000) at character 1.",
    ),
    "half a surrogate": (
        5,
        {"note": "ab\ud800"},
        "expected “note” to be text, got half of a surrogate pair (U+D800) at character 2.",
    ),
    "address": (1, {"url": "javascript:alert(1)"}, "“url”: Enter a valid URL."),
    "status": (
        1,
        {"status": "shut"},
        "expected “status” to be one of draft, open, locked, archived, got “shut”.",
    ),
    "published": (
        1,
        {"published": "13 Nov"},
        "expected “published” to be a date such as 2017-11-13 or null, got “13 Nov”.",
    ),
    "time without offset": (
        5,
        {"created": "2017-11-13T10:00:00"},
        "expected “created” to be a time such as 2017-11-13T21:04:05.000000Z, "
        "got “2017-11-13T10:00:00”.",
    ),
    "time before time": (
        5,
        {"withdrawn": "0001-01-01T00:00:00+23:00"},
        "expected “withdrawn” to be a time such as 2017-11-13T21:04:05.000000Z or null, "
        "got “0001-01-01T00:00:00+23:00”.",
    ),
    "sentences not a list": (
        1,
        {"sentences": {}},
        "expected “sentences” to be a list that is not empty, got an object.",
    ),
    "sentence not an object": (
        1,
        {"sentences": [3]},
        "sentence 0: expected an object, got 3.",
    ),
    "a word in no sentence": (
        1,
        {"sentences": SENTENCES},
        "expected every word in a sentence, got “all. “We have the money,” she said.\\n\\n…” "
        "in none.",
    ),
    "sentence over two paragraphs": (
        1,
        {"sentences": [SENTENCES[0], SENTENCES[1] | {"end": 120}]},
        "sentence 1: expected it inside paragraph 1, from 27 to 105, got 27 to 120.",
    ),
    "sentences overlap": (
        1,
        {"sentences": [*SENTENCES, SENTENCES[1] | {"position": 2, "start": 69}]},
        "sentence 2: expected “start” to be a whole number, 70 to 268, got 69.",
    ),
    "two sentences in the headline": (
        1,
        {
            "sentences": [
                SENTENCES[0] | {"end": 5},
                SENTENCES[0] | {"position": 1, "start": 6},
                SENTENCES[1] | {"position": 2},
            ]
        },
        "sentence 1: expected one sentence in the headline, got a second one.",
    ),
    "half the headline": (
        1,
        {"sentences": [SENTENCES[0] | {"end": 5}, SENTENCES[1]]},
        "sentence 1: expected every word in a sentence, got “says taxes may fall” in none.",
    ),
    "a passage between two sentences": (
        5,
        {"start": 25, "end": 27, "exact": "\n\n"},
        "expected a passage in a sentence, got “\\n\\n” between two.",
    ),
    "huge number": (
        5,
        {"end": 10**30},
        "expected “end” to be a whole number, 1 to 269, got 1000000000000000000000000000000.",
    ),
    "true is no number": (
        5,
        {"confidence": True},
        "expected “confidence” to be a whole number, 1 to 5 or null, got true.",
    ),
    "another text": (
        6,
        {"exact": "That"},
        "expected “The mayor said on Monday that taxes wou…”, the text from 27 to 75, "
        "got “That”.",
    ),
    "colour": (2, {"colour": "red;}"}, "“colour”: Write a colour as #rrggbb."),
    "slug": (
        2,
        {"slug": "a b"},
        "“slug”: Enter a valid “slug” consisting of letters, numbers, underscores or hyphens.",
    ),
    "key twice": (4, {"key": "c"}, "the key “c” is that of line 2 too."),
    "unknown label": (
        6,
        {"label": "doubt"},
        "expected a label of this file or of this site, got “doubt”.",
    ),
    "no reviewer": (
        6,
        {"reviewer": " "},
        "expected “reviewer” to be a text that is not empty, got “ ”.",
    ),
    "sentence that is not": (
        9,
        {"sentence": 7},
        "expected “sentence” to be a whole number, 0 to 6, got 7.",
    ),
    "direction is not turned": (
        9,
        {"sentence": "\u202eevil\n"},
        "expected “sentence” to be a whole number, 0 to 6, got “\\u202eevil\\n”.",
    ),
}


@pytest.mark.parametrize(("line", "fields", "message"), WRONG.values(), ids=WRONG)
def test_a_wrong_field_is_told_with_its_line(tagged, line, fields, message):
    data = change(export(tagged), line, **fields)
    empty()
    with pytest.raises(ImportRefused) as refused:
        imported(data)
    assert str(refused.value) == f"Line {line}: {message}{END}"
    assert not Article.objects.exists()
    assert not User.objects.exists()
    assert not Label.objects.exists()


RAW = {
    "empty": (b"", "The file is empty."),
    "blank": (b"\n \r\n", "The file is empty."),
    "no JSON": (b"Dear all", "Line 1: expected JSON, got “Dear all” at character 1."),
    "cut off": (b'{"type": ', "Line 1: expected JSON, got its end at character 9."),
    "not UTF-8": (b'{"\xff"}', "Line 1: expected UTF-8, got the byte 0xff at character 3."),
    "a list": (b"[]", "Line 1: expected an object, got a list."),
    "NaN": (b'{"a": NaN}', "Line 1: expected JSON, got NaN, which is no number in JSON."),
    "a key twice": (
        b'{"a": 1, "a": 2}',
        "Line 1: expected JSON, got the key “a” twice in one object.",
    ),
    "deep": (b"[" * 100_000, "Line 1: expected an object, got lists nested too deep."),
    "endless number": (
        b'{"a": ' + b"9" * 5_000 + b"}",
        "Line 1: expected JSON, got a number far too long.",
    ),
    "a label first": (
        b'{"type": "label"}',
        "Line 1: expected the article first, got a label.",
    ),
}


@pytest.mark.parametrize(("data", "message"), RAW.values(), ids=RAW)
def test_a_file_that_is_no_export_is_told(data, message):
    with pytest.raises(ImportRefused) as refused:
        imported(data)
    assert str(refused.value) == f"{message}{END}"


def test_a_repeated_line_is_told(tagged):
    rows = export(tagged).split(b"\n")
    empty()
    with pytest.raises(ImportRefused) as refused:
        imported(b"\n".join([*rows[:6], rows[4], *rows[6:]]))
    assert str(refused.value) == f"Line 7: this line repeats line 5.{END}"


def test_two_tags_where_one_can_stand_are_told(tagged):
    data = export(tagged)
    row = lines(data)[5] | {"note": "again"}
    empty()
    with pytest.raises(ImportRefused) as refused:
        imported(data + json.dumps(row).encode())
    assert str(refused.value) == (
        "Line 11: expected one annotation for each reviewer, label and passage, got that of "
        f"line 6 again.{END}"
    )


def test_two_readings_where_one_can_stand_are_told(tagged):
    data = export(tagged)
    row = lines(data)[8] | {"withdrawn": "2020-01-01T00:00:00Z"}
    empty()
    with pytest.raises(ImportRefused) as refused:
        imported(data + json.dumps(row).encode())
    assert str(refused.value) == (
        "Line 11: expected one reading for each reviewer and sentence, got that of line 9 "
        f"again.{END}"
    )


def test_a_text_that_is_not_canonical_is_refused(tagged):
    text = tagged.text.replace("ledger", "le\u0301dger")
    data = change(export(tagged), 1, text=text)
    with pytest.raises(ImportRefused) as refused:
        imported(data)
    assert str(refused.value) == (
        "Line 1: expected a text in Unicode normal form C, a headline on one line and one "
        "blank line between paragraphs, got “e\u0301dger published by ” at character 110."
        f"{END}"
    )


def test_a_control_character_is_refused_by_name(tagged):
    data = change(export(tagged), 1, text=tagged.text.replace("ledger", "led\x1bger"))
    with pytest.raises(ImportRefused, match=r"^Line 1: “text”: Line 3: the text holds the c"):
        imported(data)


def test_a_file_over_the_limit_is_refused(tagged, settings):
    data = export(tagged)
    settings.IMPORT_MAX_BYTES = len(data) - 1
    with pytest.raises(ImportRefused) as refused:
        imported(data)
    assert str(refused.value) == (
        f"The file has more than {len(data) - 1:,} bytes, the most that is imported.{END}"
    )


def test_byte_order_mark_crlf_and_blank_lines_do_no_harm(tagged):
    data = export(tagged)
    empty()
    article = imported(b"\xef\xbb\xbf" + data.replace(b"\n", b"\r\n") + b"\r\n\r\n")
    assert export(article) == data


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=8)
    | st.sampled_from(["\ud800", "\0", "ana", "claim", 10**40, 2**31, -1, "0001-01-01"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner),
    max_leaves=4,
)


@settings(QUIET, max_examples=120)
@given(data=st.data())
def test_a_spoilt_file_is_imported_or_refused_in_words(tagged, reviewed, data):
    whole = export(tagged)
    set_status(Article.objects.get(pk=tagged.pk), "archived")
    rows = whole.split(b"\n")
    how = data.draw(st.sampled_from(["field", "bytes", "lines", "sentence"]))
    if how == "field":
        number = data.draw(st.integers(1, len(rows) - 1))
        name = data.draw(st.sampled_from([*json.loads(rows[number - 1]), "other"]))
        whole = change(whole, number, **{name: data.draw(JSON | st.just(...))})
    elif how == "sentence":
        sentences = json.loads(rows[0])["sentences"]
        row = data.draw(st.sampled_from(sentences))
        row[data.draw(st.sampled_from(list(row)))] = data.draw(st.integers(-2, 300) | JSON)
        whole = change(whole, 1, sentences=sentences)
    elif how == "bytes":
        at = data.draw(st.integers(0, len(whole)))
        cut = data.draw(st.integers(0, 5))
        whole = whole[:at] + data.draw(st.binary(max_size=4)) + whole[at + cut :]
    else:
        rows = data.draw(st.lists(st.sampled_from(rows), max_size=12))
        whole = b"\n".join([whole.split(b"\n")[0], *rows])
    try:
        article = imported(whole)
    except (ImportRefused, TextStands) as refused:
        words = str(refused).encode().decode()
    else:
        words = "."
        # What was taken is sound: it goes out and comes in again.
        first = export(article)
        set_status(article, "archived")
        again = first.replace(b'"status": "archived"', b'"status": "open"')
        assert export(imported(again)) == again
    finally:
        Article.objects.filter(status="open").update(status="archived")
    assert words.endswith(".")
    assert "\n" not in words


# --- By command ---------------------------------------------------------------------------


def test_commands_write_and_read_files(tagged, tmp_path, capsysbinary):
    file = tmp_path / "story.jsonl"
    call_command("export_article", tagged.pk, "--format", "jsonl", "--output", str(file))
    assert file.read_bytes() == export(tagged)
    call_command("export_article", tagged.pk, "--format", "jsonl")
    assert capsysbinary.readouterr().out == file.read_bytes()
    empty()
    call_command("import_jsonl", str(file))
    article = Article.objects.get()
    assert json.loads(capsysbinary.readouterr().out) == {
        "article": article.pk,
        "sentences": 6,
        "annotations": 4,
        "readings": 2,
    }


def test_one_wrong_file_of_several_imports_none(tagged, tmp_path):
    good, bad = tmp_path / "good.jsonl", tmp_path / "bad.jsonl"
    good.write_bytes(export(tagged))
    bad.write_bytes(b"{}")
    empty()
    with pytest.raises(CommandError) as error:
        call_command("import_jsonl", str(good), str(bad))
    assert str(error.value) == f"{bad}: Line 1: expected the key “type”, got none.{END}"
    assert not Article.objects.exists()


def test_import_of_a_text_that_stands_names_the_article(tagged, tmp_path):
    file = tmp_path / "story.jsonl"
    file.write_bytes(export(tagged))
    with pytest.raises(CommandError) as error:
        call_command("import_jsonl", str(file))
    assert str(error.value) == (
        f"{file}: This text already stands as article {tagged.pk}, “{tagged.title}”.{END}"
    )


def test_import_of_a_missing_file_is_told(tmp_path):
    with pytest.raises(CommandError) as error:
        call_command("import_jsonl", str(tmp_path / "none.jsonl"))
    assert str(error.value) == f"{tmp_path}/none.jsonl: No such file or directory.{END}"


def test_import_reads_standard_input(tagged, monkeypatch):
    data = export(tagged)
    empty()
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(data)))
    call_command("import_jsonl", "-", stdout=io.StringIO())
    assert export(Article.objects.get()) == data


def test_export_of_what_is_not_there_is_told(article):
    with pytest.raises(CommandError, match=r"^There is no article 0\.$"):
        call_command("export_article", 0, "--format", "jsonl")
    with pytest.raises(
        CommandError, match=r"^There is no format “x”\. There are csv and jsonl"
    ):
        call_command("export_article", article.pk, "--format", "x")


def test_export_to_nowhere_is_told(article, tmp_path):
    file = tmp_path / "none" / "story.jsonl"
    with pytest.raises(CommandError) as error:
        call_command("export_article", article.pk, "--format", "jsonl", "--output", str(file))
    assert str(error.value) == f"{file}: No such file or directory."
