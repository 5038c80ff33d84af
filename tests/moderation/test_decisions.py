"""Flags make cases, moderators decide them, authors answer."""

from __future__ import annotations

import datetime

import pytest
from django.db import InternalError, ProgrammingError, connection, transaction
from django.utils import timezone

from annotate.annotations import actions as tagging
from annotate.annotations.models import Annotation, Change
from annotate.discussion import actions as discussing
from annotate.moderation import cases, decisions, people
from annotate.moderation.effects import Verdict
from annotate.moderation.models import AuditEntry, Case, Decision, Flag, Reason
from annotate.moderation.refusals import ActionRefused, Claimed, NotYours, Stale
from annotate.reviews import actions as rounds
from tests.factories import make_user, set_hidden

Kind = Decision.Kind


@pytest.fixture
def tag(article, ana, ben, claim):
    """Ana's tag in an open round that ben sees."""
    rounds.open_round(article, by=None, mode="open", reviewers=[ana, ben])
    return tagging.annotate(
        article=article, reviewer=ana, label=claim, start=0, end=5
    ).annotation


@pytest.fixture
def mia(db):
    return make_user("mia", "moderator")


def flagged(tag, by, reason=Reason.OFF_GUIDELINE) -> Case:
    return cases.flag(tag, by=by, reason=reason, text="Look at this.").case


def decide(case, by, kind, **more) -> Decision:
    verdict = Verdict(kind, Reason.OFF_GUIDELINE, **more)
    outcome = decisions.decide({case.pk: fresh(case).version}, verdict, by=by)
    if outcome.refused:
        raise outcome.refused[0][1]
    return outcome.decided[0]


def fresh(thing):
    return type(thing).objects.get(pk=thing.pk)


def test_several_flags_are_one_case_with_its_count(tag, ben, mo, mia):
    flagged(tag, ben)
    flagged(tag, ben)
    flagged(tag, mo)
    flagged(tag, mia, Reason.SPAM)
    case = Case.objects.get()
    assert (case.flags_standing, case.reasons) == (3, ["off_guideline", "spam"])
    assert case.risk == 2 * 2 + 3
    assert case.risk_because == [[3, "Spam"], [4, "2 × Off guideline"]]


def test_nobody_flags_their_own(tag, ana):
    with pytest.raises(NotYours, match="This is your own"):
        flagged(tag, ana)


def test_with_the_last_flag_taken_back_there_is_nothing_to_decide(tag, ben):
    flag = cases.flag(tag, by=ben, reason=Reason.SPAM)
    cases.withdraw_flag(flag, by=ben)
    assert fresh(flag.case).state == "gone"
    cases.flag(tag, by=ben, reason=Reason.SPAM)
    assert fresh(flag.case).is_open
    assert Flag.objects.count() == 2


def test_kept_it_comes_back_for_a_new_reason_only(tag, ben, mo, mia):
    case = flagged(tag, ben)
    decide(case, mo, Kind.KEEP)
    assert fresh(case).state == "decided"
    flagged(tag, mia)
    assert fresh(case).state == "decided"
    flagged(tag, mia, Reason.ABUSIVE)
    assert fresh(case).is_open


def test_kept_it_comes_back_for_the_same_reason_once_it_was_changed(tag, ana, ben, mo, mia):
    case = flagged(tag, ben)
    decide(case, mo, Kind.KEEP)
    tagging.edit(tag, by=ana, note="Something else")
    flagged(tag, mia)
    assert fresh(case).is_open


def test_hidden_and_restored(tag, ben, mo):
    case = flagged(tag, ben)
    decide(case, mo, Kind.HIDE)
    assert not Annotation.objects.visible_to(ben).exists()
    decide(case, mo, Kind.RESTORE)
    assert Annotation.objects.visible_to(ben).get() == tag
    kinds = Change.objects.filter(by=mo).values_list("kind", flat=True)
    assert [*kinds] == ["hidden", "shown"]


def test_relabelled_and_trimmed_the_original_comes_back(tag, ana, ben, mo, evidence):
    case = flagged(tag, ben)
    decide(case, mo, Kind.RELABEL, label=evidence)
    decide(case, mo, Kind.TRIM, start=0, end=3)
    changed = fresh(tag)
    assert (changed.label, changed.exact) == (evidence, tag.exact[:3])
    with pytest.raises(ActionRefused, match="A moderator corrected this tag"):
        tagging.edit(tag, by=ana, start=0, end=9)
    tagging.edit(tag, by=ana, note="I see.")
    tagging.undo(tag.article, by=ana)
    assert fresh(tag).label == evidence
    decide(case, mo, Kind.RESTORE)
    restored = fresh(tag)
    assert (restored.label, restored.exact, restored.corrected_at) == (
        tag.label,
        tag.exact,
        None,
    )


def test_relabel_to_a_tag_that_the_author_has_is_refused(tag, ana, ben, mo, evidence):
    tagging.annotate(article=tag.article, reviewer=ana, label=evidence, start=0, end=5)
    with pytest.raises(ActionRefused, match="another tag with this label on this passage"):
        decide(flagged(tag, ben), mo, Kind.RELABEL, label=evidence)


def test_a_hidden_comment(article, tag, ana, ben, mo):
    thread = discussing.begin_thread(article, by=ana, start=0, end=5, text="An insult")
    comment = thread.comments.get()
    case = cases.flag(comment, by=ben, reason=Reason.ABUSIVE).case
    decide(case, mo, Kind.HIDE)
    assert type(comment).objects.visible_to(ben).count() == 0
    assert type(comment).objects.visible_to(ana).count() == 1
    decisions.take_back(by=mo)
    assert type(comment).objects.visible_to(ben).count() == 1


def test_suspended_until_the_decision_is_taken_back(tag, ana, ben, mo):
    case = flagged(tag, ben)
    decide(case, mo, Kind.SUSPEND, until=timezone.now() + datetime.timedelta(days=3))
    assert fresh(ana).is_suspended
    assert decisions.take_back(by=mo)[0].kind == Kind.SUSPEND
    assert not fresh(ana).is_suspended
    assert fresh(case).is_open
    assert decisions.take_back(by=mo) == []


def test_an_answer_goes_to_another_moderator_where_there_is_one(tag, ana, ben, mo):
    case = flagged(tag, ben)
    decision = decide(case, mo, Kind.HIDE)
    cases.appeal(decision, by=ana, text="It follows the guideline.")
    assert fresh(case).is_appealed
    assert Case.objects.decidable_by(mo).filter(pk=case.pk).exists()
    mia = make_user("mia", "moderator")
    with pytest.raises(ActionRefused, match="another moderator looks at the answer"):
        decide(case, mo, Kind.KEEP)
    decide(case, mia, Kind.RESTORE)
    assert fresh(tag).hidden_at is None
    with pytest.raises(ActionRefused, match="once is the most"):
        cases.appeal(decision, by=ana, text="Again.")


def test_moderators_decide_neither_about_themselves_nor_about_admins(article, mo, mia, ada):
    about_mo = cases.flag(mo, by=mia, reason=Reason.BAD_FAITH).case
    about_ada = cases.flag(ada, by=mo, reason=Reason.BAD_FAITH).case
    assert not Case.objects.visible_to(mo).filter(pk=about_mo.pk).exists()
    with pytest.raises(ActionRefused, match="about you"):
        decide(about_mo, mo, Kind.WARN)
    with pytest.raises(ActionRefused, match="only admins decide it"):
        decide(about_ada, mia, Kind.WARN)
    decide(about_mo, ada, Kind.WARN)
    eve = make_user("eve", "admin")
    decide(about_ada, eve, Kind.WARN)


def test_a_claim_keeps_others_out_for_a_quarter_of_an_hour(tag, ben, mo, mia):
    case = flagged(tag, ben)
    cases.claim(case, by=mo)
    with pytest.raises(Claimed, match="mo works on this case, for 15 more min"):
        cases.claim(case, by=mia)
    with pytest.raises(ActionRefused, match="mo works on this case"):
        decide(case, mia, Kind.KEEP)
    Case.objects.update(claimed_until=timezone.now())
    decide(case, mia, Kind.KEEP)


def test_taken_back_it_is_open_again_and_kept_for_who_decided(tag, ben, mo, mia):
    case = flagged(tag, ben, Reason.SPAM)
    decisions.decide({case.pk: fresh(case).version}, Verdict(Kind.HIDE), by=mo)
    assert Decision.objects.get().reason == Reason.SPAM
    decisions.take_back(by=mo)
    with pytest.raises(Claimed, match="mo works on this case"):
        decide(case, mia, Kind.KEEP)
    decide(case, mo, Kind.KEEP)


def test_what_was_decided_meanwhile_is_not_decided_twice(tag, ben, mo, mia):
    case = fresh(flagged(tag, ben))
    verdict = Verdict(Kind.KEEP, Reason.OTHER)
    assert decisions.decide({case.pk: case.version}, verdict, by=mo).decided
    again = decisions.decide({case.pk: case.version}, verdict, by=mia)
    ((refused, why),) = again.refused
    assert refused == case
    assert isinstance(why, Stale)
    assert str(why) == "Another moderator has decided this case meanwhile."


def test_what_changed_since_is_not_taken_back(tag, ana, ben, mo, mia):
    case = flagged(tag, ben)
    decide(case, mo, Kind.HIDE)
    set_hidden(tag, by=mia, hidden=False)
    with pytest.raises(Stale, match="changed since"):
        decisions.take_back(by=mo)


def test_a_tag_waits_in_a_story_whose_tags_are_seen_first(tag, article, ana, ben, mo, claim):
    people.premoderate_article(article, True, by=mo)
    made = tagging.annotate(article=article, reviewer=ana, label=claim, start=4, end=9)
    waiting = made.annotation
    assert not Annotation.objects.visible_to(ben).filter(pk=waiting.pk).exists()
    assert Annotation.objects.visible_to(ana).filter(pk=waiting.pk).exists()
    case = Case.objects.get(annotation=waiting)
    assert case.is_open
    decide(case, mo, Kind.KEEP)
    assert Annotation.objects.visible_to(ben).filter(pk=waiting.pk).exists()
    tagging.edit(waiting, by=ana, note="Now I say something else.")
    assert fresh(case).is_open
    assert fresh(waiting).pending
    tagging.withdraw(waiting, by=ana)
    assert fresh(case).state == "gone"
    tagging.undo(article, by=ana)
    assert fresh(case).is_open
    decide(case, mo, Kind.HIDE)
    assert (fresh(waiting).pending, fresh(waiting).hidden_at is None) == (False, False)


def test_the_first_tags_of_somebody_wait(tag, article, ana, mo, claim):
    people.premoderate_person(ana, 3, by=mo)
    ana = fresh(ana)
    waited = [
        tagging.annotate(
            article=article, reviewer=ana, label=claim, start=0, end=end
        ).annotation.pending
        for end in (6, 7, 8)
    ]
    assert waited == [True, True, False]


def test_the_database_refuses_to_change_the_audit_log(tag, ben, mo):
    decide(flagged(tag, ben), mo, Kind.HIDE)
    assert AuditEntry.objects.filter(kind="decided", by=mo).exists()
    for statement in (
        "UPDATE moderation_auditentry SET why = ''",
        "DELETE FROM moderation_auditentry",
    ):
        with (
            pytest.raises((ProgrammingError, InternalError), match="append only"),
            transaction.atomic(),
            connection.cursor() as cursor,
        ):
            cursor.execute(statement)


def test_an_erased_person_keeps_their_tags_under_a_pseudonym(tag, article, ana, ben, ada):
    discussing.begin_thread(article, by=ben, start=0, end=5, text="What says @ana?")
    case = cases.ask_for_erasure(by=ana)
    decide(case, ada, Kind.ERASE)
    gone = fresh(ana)
    assert gone.public_name == f"Former reviewer {ana.pk}"
    assert (gone.email, gone.is_active, gone.has_usable_password()) == ("", False, False)
    assert fresh(tag).reviewer == gone
    assert article.threads.get().comments.get().text == f"What says @{gone.public_name}?"
