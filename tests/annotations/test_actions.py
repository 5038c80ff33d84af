"""What a reviewer does, each thing through its action."""

from __future__ import annotations

import uuid

import pytest
from django.db import IntegrityError

from annotate.annotations import actions, wording
from annotate.annotations.models import Annotation, Change, Reading
from annotate.articles.actions import set_status
from annotate.articles.models import Article
from tests.factories import set_hidden


def test_annotation_keeps_the_exact_passage_and_its_surroundings(ana, article, claim):
    start = article.text.index("🧑‍🤝‍🧑")
    done = actions.annotate(
        article=article, reviewer=ana, label=claim, start=start, end=start + 5
    )
    annotation = done.annotation
    assert annotation.exact == "🧑‍🤝‍🧑"
    assert annotation.prefix == article.text[start - 32 : start]
    assert annotation.suffix == article.text[start + 5 : start + 37]
    assert annotation.first_position == annotation.last_position


def test_same_label_on_same_passage_is_recorded_once(ana, article, claim):
    first = actions.annotate(article=article, reviewer=ana, label=claim, start=0, end=12)
    again = actions.annotate(article=article, reviewer=ana, label=claim, start=0, end=12)
    assert again.annotation == first.annotation
    assert again.change is None
    assert list(article.annotations.live()) == [first.annotation]


def test_same_label_on_same_passage_by_another_is_another(ana, ben, article, claim):
    actions.annotate(article=article, reviewer=ana, label=claim, start=0, end=12)
    actions.annotate(article=article, reviewer=ben, label=claim, start=0, end=12)
    assert article.annotations.live().count() == 2


def test_a_note_may_be_long_and_no_longer(ana, article, claim):
    done = actions.annotate(
        article=article, reviewer=ana, label=claim, start=0, end=12, note="😀" * 10_000
    )
    with pytest.raises(IntegrityError, match="annotation_note_is_not_too_long"):
        actions.edit(done.annotation, by=ana, note="😀" * 10_001)


def test_passage_over_several_sentences_touches_each(ana, article, claim):
    first, third = article.sentences.get(position=1), article.sentences.get(position=3)
    done = actions.annotate(
        article=article, reviewer=ana, label=claim, start=first.start + 4, end=third.end - 3
    )
    assert done.positions == [1, 2, 3]


@pytest.mark.parametrize(
    ("start", "end", "message"),
    [
        (5, 10_000, "The passage ends at 10000, after the end of the article's text."),
        (
            9_000,
            9_001,
            "Nothing can be tagged from character 9000 to 9001: "
            "no sentence of the article is there.",
        ),
    ],
)
def test_passage_outside_the_text_is_refused(ana, article, claim, start, end, message):
    with pytest.raises(actions.WrongPassage) as refused:
        actions.annotate(article=article, reviewer=ana, label=claim, start=start, end=end)
    assert str(refused.value) == message
    assert not Annotation.objects.exists()


def test_white_space_between_paragraphs_is_no_passage(ana, article, claim):
    end_of_headline = len(article.title)
    with pytest.raises(actions.WrongPassage):
        actions.annotate(
            article=article,
            reviewer=ana,
            label=claim,
            start=end_of_headline,
            end=end_of_headline + 2,
        )


@pytest.mark.parametrize("status", ["locked", "archived"])
def test_closed_article_takes_no_change(ana, article, claim, sentence, status):
    tag = actions.annotate(
        article=article, reviewer=ana, label=claim, start=0, end=5
    ).annotation
    set_status(article, status)
    refused = pytest.raises(
        actions.ArticleClosed,
        match=f"“Mayor says taxes may fall” is {status}: it takes no more changes.",
    )
    with refused:
        actions.annotate(article=article, reviewer=ana, label=claim, start=0, end=9)
    with refused:
        actions.edit(tag, by=ana, note="too late")
    with refused:
        actions.withdraw(tag, by=ana)
    with refused:
        actions.set_reading(sentence, by=ana)
    with refused:
        actions.undo(article, by=ana)
    with refused:
        actions.redo(article, by=ana)
    tag.refresh_from_db()
    assert (tag.note, tag.withdrawn_at) == ("", None)
    assert Change.objects.count() == 1


def test_somebody_elses_draft_does_not_exist(ana, ben, labels):
    from tests.factories import make_article

    draft = make_article(status="draft", submitted_by=ben)
    with pytest.raises(Article.DoesNotExist):
        actions.annotate(article=draft, reviewer=ana, label=labels["claim"], start=0, end=5)


def test_edit_moves_the_passage_with_its_quote(ana, article, claim, evidence):
    tag = actions.annotate(
        article=article, reviewer=ana, label=claim, start=0, end=5
    ).annotation
    actions.edit(tag, by=ana, end=10, label=evidence, confidence=4, note="Says who?")
    tag.refresh_from_db()
    assert (tag.exact, tag.label, tag.confidence, tag.note) == (
        article.text[:10],
        evidence,
        4,
        "Says who?",
    )


def test_edit_onto_a_passage_that_has_the_label_is_refused(ana, article, claim):
    actions.annotate(article=article, reviewer=ana, label=claim, start=0, end=5)
    tag = actions.annotate(
        article=article, reviewer=ana, label=claim, start=0, end=9
    ).annotation
    with pytest.raises(
        actions.WrongPassage, match="You already have a tag with this label on this passage."
    ):
        actions.edit(tag, by=ana, end=5)
    tag.refresh_from_db()
    assert tag.end == 9


def test_edit_that_changes_nothing_is_no_change(ana, article, claim):
    tag = actions.annotate(
        article=article, reviewer=ana, label=claim, start=0, end=5
    ).annotation
    actions.edit(tag, by=ana, note="", start=0, end=5, label=claim)
    assert Change.objects.count() == 1


def test_typing_a_note_is_one_step_of_undo(ana, article, claim):
    tag = actions.annotate(
        article=article, reviewer=ana, label=claim, start=0, end=5
    ).annotation
    for note in ("Says", "Says who", "Says who?"):
        actions.edit(tag, by=ana, note=note)
    actions.undo(article, by=ana)
    tag.refresh_from_db()
    assert (tag.note, tag.withdrawn_at) == ("", None)
    actions.redo(article, by=ana)
    tag.refresh_from_db()
    assert tag.note == "Says who?"


def test_reading_is_taken_back_by_the_second(ana, sentence):
    actions.set_reading(sentence, by=ana)
    assert Reading.objects.live().count() == 1
    actions.set_reading(sentence, by=ana)
    assert Reading.objects.live().count() == 0
    assert [change.kind for change in Change.objects.all()] == ["read", "unread"]


def test_undo_and_redo_walk_the_whole_log(ana, article, claim, sentence):
    tag = actions.annotate(
        article=article, reviewer=ana, label=claim, start=0, end=5
    ).annotation
    actions.edit(tag, by=ana, end=9)
    actions.set_reading(sentence, by=ana)
    actions.withdraw(tag, by=ana)
    for _ in range(4):
        assert actions.undo(article, by=ana).change
    assert actions.undo(article, by=ana).change is None
    assert not Annotation.objects.live().exists()
    for _ in range(4):
        assert actions.redo(article, by=ana).change
    assert actions.redo(article, by=ana).change is None
    tag.refresh_from_db()
    assert (tag.end, tag.withdrawn_at is None) == (9, False)
    assert Reading.objects.live().count() == 1


def test_new_change_after_undo_drops_what_could_be_redone(ana, article, claim, evidence):
    actions.annotate(article=article, reviewer=ana, label=claim, start=0, end=5)
    actions.undo(article, by=ana)
    actions.annotate(article=article, reviewer=ana, label=evidence, start=0, end=5)
    assert actions.redo(article, by=ana).change is None
    actions.undo(article, by=ana)
    actions.redo(article, by=ana)
    assert [tag.label for tag in Annotation.objects.live()] == [evidence]


def test_undo_is_a_persons_own_and_an_articles_own(ana, ben, article, claim):
    from tests.factories import make_article

    other = make_article(title="Another story", body="One sentence. Two.")
    actions.annotate(article=article, reviewer=ana, label=claim, start=0, end=5)
    assert actions.undo(article, by=ben).change is None
    assert actions.undo(other, by=ana).change is None
    assert Annotation.objects.live().count() == 1


def test_undo_leaves_what_a_moderator_hid(ana, mo, article, claim):
    tag = actions.annotate(
        article=article, reviewer=ana, label=claim, start=0, end=5
    ).annotation
    actions.edit(tag, by=ana, confidence=2)
    set_hidden(tag, by=mo, hidden=True)
    actions.undo(article, by=ana)
    tag.refresh_from_db()
    assert tag.confidence is None
    assert tag.hidden_at
    assert actions.undo(article, by=mo).change is None


def test_a_note_typed_and_deleted_leaves_no_step_that_does_nothing(ana, article, claim):
    tag = actions.annotate(
        article=article, reviewer=ana, label=claim, start=0, end=5
    ).annotation
    for note in ("x", "", "y"):
        actions.edit(tag, by=ana, note=note)
    found = []
    while actions.undo(article, by=ana).change:
        tag.refresh_from_db()
        found.append((tag.note, tag.is_live))
    assert found == [("x", True), ("", True), ("", False)]
    for left in found[-2::-1]:
        actions.redo(article, by=ana)
        tag.refresh_from_db()
        assert (tag.note, tag.is_live) == left
    actions.redo(article, by=ana)
    tag.refresh_from_db()
    assert tag.note == "y"
    names = {"claim": "Claim"}
    told = {wording.of_change(one, names) for one in tag.changes.filter(kind="edited")}
    assert told == {"Changed the note of Claim on the headline"}


def test_a_note_deleted_while_typing_is_brought_back_by_undo(ana, article, claim):
    tag = actions.annotate(
        article=article, reviewer=ana, label=claim, start=0, end=5
    ).annotation
    actions.edit(tag, by=ana, note="All that was thought of")
    actions.edit(tag, by=ana, note="")
    actions.undo(article, by=ana)
    tag.refresh_from_db()
    assert tag.note == "All that was thought of"


@pytest.mark.parametrize("what", ["annotate", "reading", "undo", "redo", "edit", "withdraw"])
def test_request_sent_twice_is_done_once(ana, article, claim, sentence, what):
    tag = actions.annotate(
        article=article, reviewer=ana, label=claim, start=0, end=5
    ).annotation
    actions.annotate(article=article, reviewer=ana, label=claim, start=0, end=7)
    actions.undo(article, by=ana)
    request = uuid.uuid4()
    send = {
        "annotate": lambda: actions.annotate(
            article=article, reviewer=ana, label=claim, start=3, end=9, request=request
        ),
        "reading": lambda: actions.set_reading(sentence, by=ana, request=request),
        "undo": lambda: actions.undo(article, by=ana, request=request),
        "redo": lambda: actions.redo(article, by=ana, request=request),
        "edit": lambda: actions.edit(tag, by=ana, note="Once", request=request),
        "withdraw": lambda: actions.withdraw(tag, by=ana, request=request),
    }[what]
    change = send().change
    before = _state(article)
    try:
        again = send().change
    except actions.AlreadyDone as done:
        again = done.change
    assert again in (change, None)
    assert _state(article) == before


def _state(article):
    return (
        list(Annotation.objects.order_by("pk").values()),
        list(Reading.objects.order_by("pk").values()),
        Change.objects.count(),
    )
