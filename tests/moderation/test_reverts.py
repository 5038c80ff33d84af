"""What one person did, or what happened in one article, is undone, and that is undone."""

from __future__ import annotations

import datetime

import pytest
from django.utils import timezone

from annotate.annotations import actions as tagging
from annotate.annotations.models import Annotation, Change, Reading
from annotate.discussion import actions as discussing
from annotate.discussion.models import Comment, Thread
from annotate.moderation import cases, decisions, people, reverts
from annotate.moderation.effects import Verdict
from annotate.moderation.models import AuditEntry, Case, Decision, Reason, Revert
from annotate.moderation.refusals import ActionRefused, NotYours, Stale
from annotate.moderation.replay import differences
from annotate.reviews import actions as rounds
from tests.factories import make_article, make_user, set_hidden

EVER = datetime.datetime(2000, 1, 1, tzinfo=datetime.UTC)


@pytest.fixture
def shared(article, ana, ben):
    """A story in an open round that ana and ben review."""
    rounds.open_round(article, by=None, mode="open", reviewers=[ana, ben])
    return article


def what(person=None, article=None, since=EVER, until=None) -> reverts.What:
    return reverts.What(person, article, since, until or timezone.now())


def undo(by, *args, **kwargs) -> Revert:
    return reverts.carry_out(what(*args, **kwargs), by=by, why="A test.")


def tag(article, person, label, start=0, end=5, **more) -> Annotation:
    return tagging.annotate(
        article=article, reviewer=person, label=label, start=start, end=end, **more
    ).annotation


def fresh(thing):
    return type(thing).objects.get(pk=thing.pk)


def live(person) -> int:
    return Annotation.objects.live().filter(reviewer=person).count()


def test_what_a_person_did_is_undone_and_nothing_else(shared, ana, ben, mo, claim):
    tag(shared, ana, claim)
    tag(shared, ben, claim)
    tagging.set_reading(shared.sentences.get(position=2), by=ana)
    revert = undo(mo, ana)
    assert (live(ana), live(ben), Reading.objects.live().count()) == (0, 1, 0)
    lines = Change.objects.filter(pk__in=revert.changes)
    assert {(line.kind, line.by) for line in lines} == {("reverted", mo)}
    entry = AuditEntry.objects.get(kind="reverted")
    assert (entry.by, entry.person, entry.why) == (mo, ana, "A test.")
    counts = {"tags": 1, "readings": 1, "comments": 0, "threads": 0, "left": 0}
    assert entry.after == {"revert": revert.pk, **counts}


def test_only_what_lies_between_the_times(shared, ana, mo, claim, evidence):
    first = tag(shared, ana, claim, note="one")
    start = timezone.now()
    tagging.edit(first, by=ana, note="two")
    second = tag(shared, ana, evidence)
    end = timezone.now()
    third = tag(shared, ana, evidence, 7, 12)
    undo(mo, ana, since=start, until=end)
    assert fresh(first).note == "one"
    assert not fresh(second).is_live
    assert fresh(third).is_live


def test_what_was_changed_since_stays(shared, ana, mo, claim, evidence):
    one = tag(shared, ana, claim, note="one")
    start = timezone.now()
    tagging.edit(one, by=ana, note="two", confidence=3, label=evidence)
    end = timezone.now()
    tagging.edit(one, by=ana, note="three")
    plan = reverts.plan(what(ana, since=start, until=end), by=mo)
    assert [item.stays for item in plan.items] == [["note"]]
    undo(mo, ana, since=start, until=end)
    now = fresh(one)
    assert (now.note, now.confidence, now.label) == ("three", None, claim)


def test_undo_and_redo_are_undone_like_anything(shared, ana, mo, claim):
    one = tag(shared, ana, claim)
    start = timezone.now()
    tagging.undo(shared, by=ana)
    undo(mo, ana, since=start)
    assert fresh(one).is_live


def test_what_somebody_did_as_a_moderator_is_undone(shared, ana, ben, mo, ada, claim, evidence):
    one, two = tag(shared, ana, claim), tag(shared, ana, evidence)
    case = cases.flag(two, by=ben, reason=Reason.OFF_GUIDELINE).case
    verdict = Verdict(Decision.Kind.RELABEL, Reason.OFF_GUIDELINE, label=claim)
    assert decisions.decide({case.pk: case.version}, verdict, by=mo).refused
    other = tag(shared, ana, evidence, 7, 12)
    case = cases.flag(other, by=ben, reason=Reason.OFF_GUIDELINE).case
    assert decisions.decide({case.pk: case.version}, verdict, by=mo).decided
    set_hidden(one, by=mo, hidden=True)
    undo(ada, mo)
    assert fresh(one).hidden_at is None
    assert (fresh(other).label, fresh(other).corrected_at) == (evidence, None)
    assert live(ana) == 3


def test_another_moderators_decision_in_between_stays(shared, ana, mo, ada, claim):
    mia = make_user("mia", "moderator")
    one = tag(shared, ana, claim)
    set_hidden(one, by=mo, hidden=True)
    set_hidden(one, by=mia, hidden=False)
    set_hidden(one, by=mia, hidden=True)
    set_hidden(one, by=mo, hidden=False)
    undo(ada, mo)
    assert fresh(one).hidden_at


def test_all_of_an_article(shared, ana, ben, mo, claim):
    """Locked, with its round closed."""
    tag(shared, ana, claim)
    tag(shared, ben, claim)
    rounds.close(shared.rounds.get(), by=mo)
    other = tag(make_article("Another story", "It has a sentence."), ana, claim)
    undo(mo, article=shared)
    assert Annotation.objects.live().get() == other


def test_what_has_been_reverted_is_not_reverted_again(shared, ana, mo, claim):
    one = tag(shared, ana, claim)
    undo(mo, ana)
    with pytest.raises(ActionRefused, match="There is nothing to undo"):
        undo(mo, ana)
    back = reverts.carry_out(reverts.What.done_by(Revert.objects.get()), by=mo, why="Too much.")
    assert fresh(one).is_live
    with pytest.raises(Stale, match="was undone already"):
        reverts.carry_out(reverts.What.done_by(back.of), by=mo, why="Twice.")
    undo(mo, ana)
    assert not fresh(one).is_live


def test_a_part_that_a_revert_took_back_does_not_hold_up_the_whole(shared, ana, mo, claim):
    one = tag(shared, ana, claim, note="one")
    start = timezone.now()
    tagging.edit(one, by=ana, note="two")
    middle = timezone.now()
    tagging.edit(one, by=ana, confidence=2)
    tagging.edit(one, by=ana, note="three")
    tagging.edit(one, by=ana, confidence=3)
    undo(mo, ana, since=middle)
    assert fresh(one).note == "two"
    undo(mo, ana, since=start)
    assert (fresh(one).note, fresh(one).confidence) == ("one", None)


def test_a_place_that_is_taken_is_told_and_the_rest_is_done(shared, ana, mo, claim, evidence):
    one, two = tag(shared, ana, claim), tag(shared, ana, evidence)
    start = timezone.now()
    tagging.withdraw(one, by=ana)
    tagging.withdraw(two, by=ana)
    end = timezone.now()
    again = tag(shared, ana, claim)
    plan = reverts.plan(what(ana, since=start, until=end), by=mo)
    refusals = {item.thing.pk: item.refusal for item in plan.items}
    assert refusals == {
        one.pk: "The same reviewer has another tag with this label on this passage.",
        two.pk: "",
    }
    undo(mo, ana, since=start, until=end)
    assert set(Annotation.objects.live()) == {two, again}


def test_tags_change_places_again(shared, ana, mo, claim):
    one, two = tag(shared, ana, claim, 0, 5), tag(shared, ana, claim, 7, 12)
    start = timezone.now()
    tagging.edit(one, by=ana, start=13, end=17)
    tagging.edit(two, by=ana, start=0, end=5)
    tagging.edit(one, by=ana, start=7, end=12)
    undo(mo, ana, since=start)
    places = {tag.pk: (tag.start, tag.exact) for tag in Annotation.objects.live()}
    assert places == {one.pk: (0, one.exact), two.pk: (7, two.exact)}


def test_comments_and_the_end_of_a_thread(shared, ana, ben, mo):
    thread = discussing.begin_thread(shared, by=ben, start=0, end=5, text="A question?")
    bens = thread.comments.get()
    first = discussing.comment(thread, by=ana, text="One answer")
    start = timezone.now()
    discussing.edit_comment(first, by=ana, text="Another answer")
    second = discussing.comment(thread, by=ana, text="And one more")
    discussing.resolve(thread, by=ana, outcome="both")
    revert = undo(mo, ana, since=start)
    assert (fresh(first).text, fresh(first).hidden_at) == ("One answer", None)
    assert fresh(second).hidden_at
    assert (fresh(bens).hidden_at, fresh(thread).outcome) == (None, "")
    assert len(revert.steps) == 3
    reverts.carry_out(reverts.What.done_by(revert), by=mo, why="They were right.")
    assert (fresh(first).text, fresh(second).hidden_at) == ("Another answer", None)
    assert (fresh(thread).outcome, fresh(thread).resolved_by) == ("both", ana)
    assert [*differences()] == []


def test_a_withdrawn_comment_comes_back(shared, ana, mo):
    thread = discussing.begin_thread(shared, by=ana, start=0, end=5, text="A question?")
    start = timezone.now()
    discussing.withdraw_comment(thread.comments.get(), by=ana)
    undo(mo, ana, since=start)
    assert Comment.objects.get().withdrawn_at is None


def test_a_thread_in_which_others_went_on_stays_as_it_is(shared, ana, ben, mo):
    thread = discussing.begin_thread(shared, by=ben, start=0, end=5, text="A question?")
    discussing.resolve(thread, by=ana, outcome="no_change")
    discussing.comment(thread, by=ben, text="Settled, then.")
    plan = reverts.plan(what(ana), by=mo)
    assert [(item.kind, item.stays) for item in plan.items] == [("thread", ["resolution"])]
    assert Thread.objects.get().outcome == "no_change"


def test_who_may(shared, ana, mo, ada, claim):
    for person, by, why in (
        (ana, ana, "Only moderators undo what others did."),
        (mo, mo, "This is about you: somebody else decides it."),
        (ada, mo, "This is about an admin: only admins decide it."),
    ):
        with pytest.raises(NotYours, match=why):
            undo(by, person)
    theirs = tag(shared, ada, claim), tag(shared, mo, claim)
    plan = reverts.plan(what(article=shared), by=mo)
    assert {item.thing: item.refusal for item in plan.items} == {
        theirs[0]: "It is an admin’s: only admins decide about it.",
        theirs[1]: "It is yours: somebody else decides about it.",
    }
    eve = make_user("eve", "admin")
    undo(eve, article=shared)
    assert not Annotation.objects.live().exists()


def test_nothing_is_done_if_the_plan_is_not_the_one_that_was_shown(shared, ana, mo, claim):
    tag(shared, ana, claim)
    until = timezone.now() + datetime.timedelta(minutes=1)
    shown = reverts.plan(what(ana, until=until), by=mo).digest
    tag(shared, ana, claim, 7, 12)
    with pytest.raises(Stale, match="Something changed since this list was shown"):
        reverts.carry_out(what(ana, until=until), by=mo, why="A test.", shown=shown)
    assert live(ana) == 2
    assert not Revert.objects.exists()


def test_nothing_comes_into_view_that_no_moderator_has_seen(article, ana, mo, claim):
    one = tag(article, ana, claim, note="one")
    people.premoderate_article(article, True, by=mo)
    start = timezone.now()
    tagging.edit(one, by=ana, note="two")
    end = timezone.now()
    tagging.edit(one, by=ana, note="three")
    plan = reverts.plan(what(ana, since=start, until=end), by=mo)
    assert [item.stays for item in plan.items] == [["note", "hidden"]]
    assert fresh(one).pending


def test_a_waiting_tag_that_is_withdrawn_leaves_the_queue(article, ana, mo, claim):
    people.premoderate_article(article, True, by=mo)
    tag(article, ana, claim)
    assert Case.objects.open().count() == 1
    revert = undo(mo, ana)
    assert Case.objects.open().count() == 0
    reverts.carry_out(reverts.What.done_by(revert), by=mo, why="They wait again.")
    assert Case.objects.open().count() == 1


def test_a_revert_costs_the_same_queries_for_many(
    shared, ana, mo, claim, django_assert_num_queries
):
    mo.is_moderator  # noqa: B018 - asked for once a request
    for many in (2, 12):
        for end in range(1, many):
            tag(shared, ana, claim, 0, end)
        with django_assert_num_queries(17):
            undo(mo, ana)
