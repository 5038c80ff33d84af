"""What people do in a discussion, who may, and what is recorded of it."""

from __future__ import annotations

import datetime
import uuid

import pytest
from django.utils import timezone

from annotate.annotations import actions as tagging
from annotate.annotations.guideline import set_guideline
from annotate.annotations.models import Annotation, Guideline, Label, Precedent
from annotate.articles.actions import set_status
from annotate.discussion import actions
from annotate.discussion.models import Comment, Thread
from annotate.discussion.refusals import (
    ActionRefused,
    ArticleClosed,
    NotAReviewer,
    NotYours,
    WrongPassage,
)
from annotate.discussion.signals import mentioned
from annotate.live.models import Event
from annotate.reviews import actions as reviews

from .conftest import begin


def kinds(thread) -> list[str]:
    return list(thread.steps.values_list("kind", flat=True))


def test_a_thread_keeps_its_passage_and_tells_the_pages(article, ana):
    first = article.sentences.get(position=1)
    thread = begin(article, ana, start=first.start, end=first.end)
    assert thread.exact == article.text[first.start : first.end]
    assert (thread.first_position, thread.last_position) == (1, 1)
    assert thread.comments.get().text == "Is this a claim?"
    assert kinds(thread) == ["begun", "commented"]
    event = Event.objects.latest("number")
    assert (event.kind, event.by, event.first_position) == ("threads", ana.pk, 1)


def test_no_passage_no_thread(article, ana):
    with pytest.raises(WrongPassage):
        begin(article, ana, start=5_000, end=5_001)
    assert not Thread.objects.exists()


def test_the_same_request_is_done_once(article, ana, ben):
    request = uuid.uuid4()
    thread = begin(article, ana, request=request)
    assert begin(article, ana, request=request) == thread
    again = uuid.uuid4()
    first = actions.comment(thread, by=ana, text="And?", request=again)
    assert actions.comment(thread, by=ana, text="And?", request=again) == first
    assert Comment.objects.count() == 2
    begin(article, ben, request=request)  # a name is one's own
    assert Thread.objects.count() == 2


def test_a_request_sent_again_with_other_words_changes_the_comment(article, ana):
    requests = [uuid.uuid4(), uuid.uuid4()]
    thread = begin(article, ana, text="First", request=requests[0])
    assert begin(article, ana, text="First, and more", request=requests[0]) == thread
    actions.comment(thread, by=ana, text="And?", request=requests[1])
    actions.comment(thread, by=ana, text="And then?", request=requests[1])
    assert [one.text for one in thread.comments.all()] == ["First, and more", "And then?"]
    assert kinds(thread) == ["begun", "commented", "edited", "commented", "edited"]


def test_the_same_words_sent_from_a_page_gone_back_to_are_said_once(article, ana, ben):
    thread = begin(article, ana)
    assert begin(article, ana) == thread
    for person in (ana, ana, ben, ben, ana):
        actions.comment(thread, by=person, text="Agreed.")
    assert [one.author for one in thread.comments.all()] == [ana, ana, ben, ana]
    actions.withdraw_comment(thread.comments.last(), by=ana)
    actions.comment(thread, by=ana, text="Agreed.")  # said anew
    assert thread.comments.count() == 5
    assert begin(article, ana) != thread  # its first words are not its last


def test_a_comment_follows_those_before_it_where_the_clock_was_set_back(article, ana, ben):
    thread = begin(article, ana, start=0, end=5)
    ahead = timezone.now() + datetime.timedelta(hours=1)
    thread.comments.update(created_at=ahead)
    for text in ("An answer.", "And another."):
        actions.comment(thread, by=ben, text=text)
    said = [one.text for one in thread.comments.all()]
    assert said == ["Is this a claim?", "An answer.", "And another."]


def test_own_comments_are_edited_and_withdrawn_and_the_log_keeps_them(
    article, revealed, ana, ben
):
    thread = begin(article, ana)
    comment = thread.comments.get()
    with pytest.raises(NotYours, match="only they can change it"):
        actions.edit_comment(comment, by=ben, text="No.")
    actions.edit_comment(comment, by=ana, text="Is this a claim?")
    comment.refresh_from_db()
    assert comment.edited_at is None  # the same text
    actions.edit_comment(comment, by=ana, text="Is it?")
    comment.refresh_from_db()
    assert (comment.text, bool(comment.edited_at)) == ("Is it?", True)
    assert thread.steps.get(kind="edited").before == "Is this a claim?"
    actions.withdraw_comment(comment, by=ana)
    actions.withdraw_comment(comment, by=ana)
    assert kinds(thread) == ["begun", "commented", "edited", "withdrawn"]
    with pytest.raises(ActionRefused, match="was withdrawn"):
        actions.edit_comment(comment, by=ana, text="It is.")


def test_resolved_once_and_reopened_once(article, revealed, ana, ben):
    thread = begin(article, ana)
    for _ in range(2):
        actions.resolve(thread, by=ben, outcome="both")
    with pytest.raises(
        ActionRefused, match="resolved already: both are right. Reopen it first."
    ):
        actions.resolve(thread, by=ana, outcome="relabel")
    for _ in range(2):
        actions.reopen(thread, by=ana)
    actions.resolve(thread, by=ana, outcome="relabel")
    assert kinds(thread)[2:] == ["resolved", "reopened", "resolved"]
    assert list(thread.steps.exclude(outcome="").values_list("outcome", flat=True)) == [
        "both",
        "relabel",
    ]


def test_a_guideline_gap_becomes_a_precedent_and_a_new_version(
    article, revealed, ana, mo, claim
):
    text = claim.guideline
    thread = begin(article, ana)
    for _ in range(2):
        actions.resolve(thread, by=mo, outcome="gap", label=claim, text="A title is a claim.")
    precedent = Precedent.objects.get()
    assert (precedent.number, precedent.version, precedent.exact) == (1, 2, article.text[:5])
    thread.refresh_from_db()
    assert thread.precedent == precedent
    claim.refresh_from_db()
    assert (claim.version, claim.guideline) == (2, text)
    assert list(claim.versions.values_list("version", "why")) == [(2, "Precedent 1"), (1, "")]
    actions.reopen(thread, by=mo)
    actions.resolve(thread, by=mo, outcome="gap", label=claim, text="Unless it is a question.")
    assert list(Precedent.objects.values_list("number", "version")) == [(1, 2), (2, 3)]


def test_only_moderators_decide_a_guideline_gap_and_not_while_blind(
    article, blind, ana, mo, claim
):
    thread = begin(article, ana)
    gap = {"outcome": "gap", "label": claim, "text": "A title is a claim."}
    with pytest.raises(ActionRefused, match="Only moderators"):
        actions.resolve(thread, by=ana, **gap)
    with pytest.raises(ActionRefused, match="Reveal the round first"):
        actions.resolve(thread, by=mo, **gap)
    reviews.reveal(blind, by=mo)
    with pytest.raises(ActionRefused, match="needs a label and a sentence"):
        actions.resolve(thread, by=mo, outcome="gap", label=claim)
    assert not Precedent.objects.exists()
    assert not Thread.objects.exclude(outcome="").exists()


def test_a_tag_knows_the_guideline_it_was_made_under(article, ana, mo, claim, evidence):
    tag = tagging.annotate(
        article=article, reviewer=ana, label=claim, start=0, end=5
    ).annotation
    set_guideline(claim, "Another text.", by=mo)
    set_guideline(claim, "Another text.", by=mo)
    set_guideline(evidence, "Evidence is what can be looked up.", by=mo)
    tagging.edit(tag, by=ana, note="A note leaves it as it is.")
    assert Annotation.objects.get().guideline == 1
    tagging.edit(tag, by=ana, label=Label.objects.get(slug="evidence"))
    assert Annotation.objects.get().guideline == 2
    tagging.undo(article, by=ana)
    assert Annotation.objects.get().guideline == 1
    assert Guideline.objects.filter(label=claim).count() == 2


# --- Who may write ---------------------------------------------------------------------------


def test_reviewers_and_moderators_write_others_do_not(article, revealed, ana, ben, mo, cleo):
    thread = begin(article, ana)
    for person in (ben, mo):
        actions.comment(thread, by=person, text="Yes.")
    assert not revealed.assignments.filter(reviewer=mo).exists()
    with pytest.raises(NotAReviewer, match="discussed by its reviewers and moderators"):
        actions.comment(thread, by=cleo, text="And I?")


def test_who_submitted_writes_again_after_the_reveal(article, blind, ana, mo):
    thread = begin(article, ana)
    reviews.submit(article, by=ana)
    with pytest.raises(ArticleClosed, match="Reopen it to write a comment"):
        actions.comment(thread, by=ana, text="One more thing.")
    reviews.reveal(blind, by=mo)
    actions.comment(thread, by=ana, text="One more thing.")


def test_writing_in_an_open_round_takes_a_part_in_it(article, ana, mo, cleo):
    round = reviews.open_round(article, by=mo, mode="open", reviewers=[ana])
    begin(article, cleo)
    begin(article, mo)
    assert {one.reviewer for one in round.assignments.all()} == {ana, cleo}


@pytest.mark.parametrize("status", ["locked", "archived"])
def test_nobody_writes_where_the_story_is_not_open(article, ana, mo, status):
    thread = begin(article, ana)
    comment = thread.comments.get()
    set_status(article, status)
    for action in (
        lambda: begin(article, ana),
        lambda: actions.comment(thread, by=mo, text="Late."),
        lambda: actions.edit_comment(comment, by=ana, text="Late."),
        lambda: actions.withdraw_comment(comment, by=ana),
        lambda: actions.resolve(thread, by=mo, outcome="both"),
    ):
        with pytest.raises(ArticleClosed, match=f"is {status}: it takes no more changes"):
            action()


def test_nobody_writes_in_a_thread_of_an_earlier_round(article, revealed, ana, mo):
    thread = begin(article, ana)
    reviews.close(revealed, by=mo)
    reviews.open_round(article, by=mo, reviewers=[ana])
    with pytest.raises(ArticleClosed, match="belongs to an earlier round"):
        actions.comment(thread, by=mo, text="Late.")
    assert begin(article, ana).round.number == 2


def test_the_first_round_begins_with_what_was_discussed_before(article, ana, mo):
    mine, theirs = begin(article, ana), begin(article, mo)
    round = reviews.open_round(article, by=mo)
    assert set(round.threads.all()) == {mine, theirs}
    assert [one.reviewer for one in round.assignments.all()] == [ana]


# --- Who is named ---------------------------------------------------------------------------


@pytest.fixture
def told():
    heard = []

    def hear(sender, comment, people, **kwargs):
        heard.append((comment.author.username, [one.username for one in people]))

    mentioned.connect(hear)
    yield heard
    mentioned.disconnect(hear)


def test_people_who_may_read_it_are_named_the_longest_name_first(
    article, revealed, ana, ben, mo, cleo, told
):
    ben.public_name = "ana lopez"
    ben.save()
    thread = begin(
        article, ana, text="@ana lopez, @mo: see. a@mo and @cleo are not meant, nor @ana"
    )
    comment = thread.comments.get()
    assert {one.username for one in comment.mentions.all()} == {"ben", "mo", "ana"}
    assert told == [("ana", ["ben", "mo"])]
    actions.edit_comment(comment, by=ana, text="@mo: see.")
    actions.edit_comment(comment, by=ana, text="@mo, @ana lopez: see.")
    assert told[1:] == [("ana", ["ben"])]


def test_in_a_blind_round_only_moderators_are_named(article, blind, ana, ben, mo, told):
    begin(article, ana, text="@ben @mo?")
    begin(article, mo, text="@ana?")
    assert told == [("ana", ["mo"])]


def test_pseudonyms_stand_for_names_also_in_what_moderators_write(article, ana, ben, mo, told):
    round = reviews.open_round(
        article, by=mo, mode="open", pseudonyms=True, reviewers=[ana, ben]
    )
    called = round.assignments.get(reviewer=ben).pseudonym
    thread = begin(article, mo, text="@ben, what do you say?")
    assert thread.comments.get().text == f"@{called}, what do you say?"
    begin(article, ana, text=f"@{called}? @ben?")
    assert (
        Comment.objects.latest("created_at").text == f"@{called}? @ben?"
    )  # who guesses learns nothing
    for person in (mo, ana):
        last = Comment.objects.filter(author=person).latest("created_at")
        actions.edit_comment(last, by=person, text="Was it @ben?")
    texts = Comment.objects.order_by("created_at").values_list("text", flat=True)
    assert list(texts) == [f"Was it @{called}?", "Was it @ben?"]
    assert told == [("mo", ["ben"]), ("ana", ["ben"])]


def test_a_name_in_a_blind_round_with_pseudonyms_is_hidden_before_the_reveal(article, ana, mo):
    round = reviews.open_round(article, by=mo, pseudonyms=True, reviewers=[ana])
    thread = begin(article, mo, text="As @ana asked.")
    assert thread.comments.get().text == f"As @{round.assignments.get().pseudonym} asked."
