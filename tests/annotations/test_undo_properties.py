"""Undo and redo, whatever was done before: n times back is the start, n times on the end."""

from __future__ import annotations

import threading

import pytest
from django.db import connection
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from annotate.annotations import actions
from annotate.annotations.models import Annotation, Change, Label, Reading
from annotate.articles.models import Article

# One database for all examples of a test: each example makes a story of its own.
many = settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)

# The form refuses NUL before an action sees it.
texts = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=8)
notes = st.lists(st.one_of(st.just(""), texts), min_size=1, max_size=3)  # saved while typing
places = st.tuples(st.integers(0, 30), st.integers(1, 25))
steps = st.lists(
    st.one_of(
        st.tuples(st.just("tag"), st.sampled_from(["claim", "evidence"]), places),
        st.tuples(st.just("edit"), st.integers(0, 5), places),
        st.tuples(st.just("note"), st.integers(0, 5), notes),
        st.tuples(st.just("withdraw"), st.integers(0, 5)),
        st.tuples(st.just("read"), st.integers(0, 3)),
        st.tuples(st.just("undo")),
        st.tuples(st.just("redo")),
    ),
    max_size=14,
)


def fresh_article(number: list[int]) -> Article:
    from tests.factories import make_article

    number[0] += 1
    return make_article(
        title=f"Story {number[0]}",
        body="A cafe\u0301 opened. 👩‍👩‍👧 ate there!\n\nWho paid? Nobody said so.",
    )


def carry_out(step, article, ana) -> Change | None:
    kind, *rest = step
    tags = list(
        Annotation.objects.live().filter(article=article, reviewer=ana).order_by("created_at")
    )
    try:
        match kind:
            case "tag":
                slug, (start, length) = rest
                label = Label.objects.get(slug=slug)
                return actions.annotate(
                    article=article, reviewer=ana, label=label, start=start, end=start + length
                ).change
            case "read":
                sentence = article.sentences.get(position=rest[0])
                return actions.set_reading(sentence, by=ana).change
            case "undo" | "redo":
                return getattr(actions, kind)(article, by=ana).change
        if not tags:
            return None
        tag = tags[rest[0] % len(tags)]
        match kind:
            case "edit":
                start, length = rest[1]
                return actions.edit(tag, by=ana, start=start, end=start + length).change
            case "note":
                return [actions.edit(tag, by=ana, note=note).change for note in rest[1]][-1]
            case "withdraw":
                return actions.withdraw(tag, by=ana).change
    except actions.ActionRefused:
        return None


def state(article) -> tuple:
    tags = Annotation.objects.live().filter(article=article).select_related("label")
    readings = Reading.objects.live().filter(sentence__article=article)
    return (
        sorted(
            (tag.pk, tag.label.slug, tag.start, tag.end, tag.exact, tag.note) for tag in tags
        ),
        sorted(readings.values_list("sentence", "reviewer")),
    )


def walk(action, article, ana) -> int:
    taken, before = 0, state(article)
    while action(article, by=ana).change:
        taken += 1
        assert taken < 200
        after = state(article)
        assert after != before, "a step that does nothing"
        before = after
    return taken


@pytest.fixture
def numbers():
    return [0]


@many
@given(steps=steps)
def test_undo_to_the_first_state_and_redo_to_the_last(ana, labels, numbers, steps):
    article = fresh_article(numbers)
    first = state(article)
    for step in steps:
        carry_out(step, article, ana)
    last = state(article)
    redone = walk(actions.redo, article, ana)
    furthest = state(article)
    undone = walk(actions.undo, article, ana)
    assert state(article) == first
    assert walk(actions.redo, article, ana) == undone
    assert state(article) == furthest
    for _ in range(redone):
        actions.undo(article, by=ana)
    assert state(article) == last


@many
@given(steps=steps)
def test_passages_are_exact_after_any_steps(ana, labels, numbers, steps):
    article = fresh_article(numbers)
    for step in steps:
        carry_out(step, article, ana)
    for tag in Annotation.objects.filter(article=article):
        assert article.text[tag.start : tag.end] == tag.exact
        assert article.text[: tag.start].endswith(tag.prefix)
        assert article.text[tag.end :].startswith(tag.suffix)
        touched = article.sentences.filter(start__lt=tag.end, end__gt=tag.start)
        positions = list(touched.values_list("position", flat=True))
        assert (tag.first_position, tag.last_position) == (positions[0], positions[-1])


@many
@given(steps=steps)
def test_log_replayed_is_the_present_state(ana, labels, numbers, steps):
    article = fresh_article(numbers)
    for step in steps:
        carry_out(step, article, ana)
    tags, readings = {}, {}
    for change in Change.objects.filter(article=article).order_by("pk"):
        if change.annotation_id:
            tags[change.annotation_id] = change.after
        else:
            readings[change.reading.sentence_id] = change.after
    present = {
        (pk, after["label"], after["start"], after["end"], after["note"])
        for pk, after in tags.items()
        if not after["withdrawn"]
    }
    found, read = state(article)
    assert present == {
        (pk, label, start, end, note) for pk, label, start, end, _, note in found
    }
    assert {pk for pk, after in readings.items() if not after["withdrawn"]} == {
        sentence for sentence, _ in read
    }


@pytest.mark.django_db(transaction=True)
def test_two_sessions_at_once_lose_and_double_nothing(ana, labels):
    """Two devices of one person tag and undo at once; then all is undone and redone."""
    article = fresh_article([0])
    first = state(article)
    failures = []

    def device(slug: str) -> None:
        try:
            for start in range(12):
                carry_out(("tag", slug, (start, 5)), article, ana)
                if start % 3 == 2:
                    carry_out(("undo",), article, ana)
        except Exception as error:
            failures.append(error)
        finally:
            connection.close()

    devices = [threading.Thread(target=device, args=(slug,)) for slug in ("claim", "evidence")]
    for thread in devices:
        thread.start()
    for thread in devices:
        thread.join(timeout=60)
    assert not failures
    carry_out(("tag", "claim", (20, 5)), article, ana)  # nothing is left to redo
    log = Change.objects.filter(article=article)
    made, undone = log.filter(kind="created").count(), log.filter(kind="undone").count()
    assert (made, undone) == (25, 8)
    last = state(article)
    assert len(last[0]) == 17
    assert walk(actions.undo, article, ana) == 17
    assert state(article) == first
    assert walk(actions.redo, article, ana) == 17
    assert state(article) == last
